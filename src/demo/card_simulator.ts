// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Card simulator: the four cards that are not passports, and the part of their authority that makes and
 * decodes them. What real chips hold is not public, so this form is invented; what it shares with real ones
 * is that nobody but the authority can read or make it, and that the card itself can answer a challenge:
 *
 * ```text
 * bytes  = "SIMCARD1" || 0 || sealed                       read without a challenge
 *        | "SIMCARD1" || 1 || answer (32) || sealed        read under one
 * answer = HMAC-SHA-256(secret of the card, challenge)
 * sealed = IV (12) || AES-256-GCM(key of the authority, IV, JSON of the content) with its tag (16)
 * ```
 *
 * No card of a real authority is like this, and none of these is a card of a real authority.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { CARD_KINDS, type CardKind } from '../documents/numbers.ts';
import type { CalendarDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';

/** What is printed on a simulated card. */
export interface CardPerson {
  readonly kind: CardKind;
  readonly name: string;
  readonly number: string;
  /** Three letters. */
  readonly nationality: string;
  readonly birth: CalendarDate;
  /** Undefined for a card without an end. */
  readonly expiry: CalendarDate | undefined;
}

/** A simulated card. */
export interface SimulatedCard {
  /**
   * Reads the card.
   *
   * @param challenge - What it is to answer; without one the bytes are a copy that anyone could have kept.
   */
  read(challenge?: Uint8Array): Uint8Array;
}

/** What a card turns out to hold. */
export interface DecodedCard extends CardPerson {
  readonly portrait: Uint8Array;
  readonly answered: boolean;
}

/** Makes cards and decodes them. */
export interface CardAuthority {
  issue(person: CardPerson, portrait: Uint8Array): SimulatedCard;
  /**
   * Decodes a card.
   *
   * @throws {@link ProtocolError} `card_unknown` for bytes that this authority did not make, and for an
   * answer to another challenge.
   */
  decode(bytes: Uint8Array, challenge: Uint8Array): DecodedCard;
}

const MAGIC = new TextEncoder().encode('SIMCARD1');
const ANSWER = 32;
const IV = 12;
const TAG = 16;

const content = z.object({
  kind: z.enum(CARD_KINDS),
  name: z.string(),
  number: z.string(),
  nationality: z.string(),
  birth: z.number().transform((date) => date as CalendarDate),
  expiry: z
    .number()
    .transform((date) => date as CalendarDate)
    .nullable(),
  portrait: z.string().transform(fromBase64Url),
  secret: z.string().transform(fromBase64Url),
});

function unknown(): ProtocolError {
  return new ProtocolError('card_unknown', 'this authority did not make the card, or it answered something else');
}

function answerOf(secret: Uint8Array, challenge: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(challenge).digest();
}

/**
 * Makes an authority with a fresh key.
 *
 * @param random - Cryptographically secure.
 */
export function createCardAuthority(random: (length: number) => Uint8Array): CardAuthority {
  const key = random(32);

  const open = (sealed: Uint8Array): z.output<typeof content> => {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV));
      decipher.setAAD(MAGIC).setAuthTag(sealed.subarray(-TAG));
      const text = Buffer.concat([decipher.update(sealed.subarray(IV, -TAG)), decipher.final()]);
      return content.parse(JSON.parse(text.toString()));
    } catch {
      throw unknown();
    }
  };

  return {
    issue(person, portrait) {
      const [secret, iv] = [random(32), random(IV)];
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(MAGIC);
      const text = JSON.stringify({
        ...person,
        expiry: person.expiry ?? null,
        portrait: toBase64Url(portrait),
        secret: toBase64Url(secret),
      });
      const sealed = Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
      return {
        read: (challenge) => {
          const answer = challenge === undefined ? [Buffer.of(0)] : [Buffer.of(1), answerOf(secret, challenge)];
          return new Uint8Array(Buffer.concat([MAGIC, ...answer, sealed]));
        },
      };
    },
    decode(bytes, challenge) {
      const flag = bytes[MAGIC.length];
      const start = MAGIC.length + 1 + (flag === 1 ? ANSWER : 0);
      const hasForm = MAGIC.every((byte, index) => bytes[index] === byte) && (flag === 0 || flag === 1);
      if (!hasForm || bytes.length < start + IV + TAG) throw unknown();
      const { secret, expiry, ...person } = open(bytes.subarray(start));
      const answered = flag === 1;
      if (answered && !timingSafeEqual(bytes.subarray(MAGIC.length + 1, start), answerOf(secret, challenge))) {
        throw unknown();
      }
      return { ...person, expiry: expiry ?? undefined, answered };
    },
  };
}
