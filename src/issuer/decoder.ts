// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Decoding of cards whose chips only their authority can read: the issuer passes on what the reader gave it
 * and gets back a signed answer. Names, addresses and fingerprints are not asked for, and are dropped if
 * they come.
 *
 * ```text
 * POST /v1/decode { kind, card, challenge, nonce } -> { request, time, kind, number, nationality, birth,
 *                                                       expiry, portrait, answered }
 * ```
 *
 * `challenge` is what the issuer had the card read under; `answered` says that the card itself answered it,
 * so that bytes which someone once read from it are told from the card. docs/protocol.md section 8.
 *
 * @module
 */
import { z } from 'zod';
import type { CardReading } from '../documents/cards.ts';
import { CARD_KINDS, type CardKind } from '../documents/numbers.ts';
import { imageOf } from '../documents/portrait.ts';
import { toDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { askAuthority, type AuthorityDeps, type AuthorityErrors, type AuthorityService } from './authority.ts';

/** Largest card as it is handed over, in bytes: chips hold a few kilobytes, readers add their own. */
export const MAX_CARD_BYTES = 131_072;
/** Largest portrait that a decoding service may answer with, in bytes. */
export const MAX_CARD_PORTRAIT_BYTES = 262_144;
/** Largest answer: the portrait in base64url twice, and room for the rest. */
const MAX_ANSWER_BYTES = Math.ceil((MAX_CARD_PORTRAIT_BYTES * 16) / 9) + 8192;

/** Decodes cards. */
export interface DocumentDecoder {
  /** Kinds that it decodes. */
  readonly kinds: readonly CardKind[];
  /**
   * Decodes a card.
   *
   * @param kind - What it is said to be.
   * @param card - What the reader gave.
   * @param challenge - What the issuer had it read under.
   * @throws {@link ProtocolError} `decoder_unreachable`, `decoder_refused`, `decoder_answer_invalid`.
   */
  decode(kind: CardKind, card: Uint8Array, challenge: Uint8Array): Promise<CardReading>;
}

const ERRORS: AuthorityErrors = {
  unreachable: (cause) =>
    new ProtocolError('decoder_unreachable', 'the authority’s decoding service does not answer; try again later', {
      cause,
    }),
  refused: () =>
    new ProtocolError('decoder_refused', 'the authority does not take this for one of its cards; read it again'),
  invalid: (what) =>
    new ProtocolError('decoder_answer_invalid', `the answer of the decoding service cannot be believed: ${what}`),
};

const date = z
  .number()
  .int()
  .transform((value, context) => {
    try {
      return toDate(value);
    } catch {
      context.addIssue('no date');
      return z.NEVER;
    }
  });
const schema = z.object({
  kind: z.enum(CARD_KINDS),
  number: z.string().min(1).max(32),
  nationality: z.string().regex(/^[A-Z]{3}$/),
  birth: date,
  expiry: date.nullable(),
  portrait: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .max(Math.ceil((MAX_CARD_PORTRAIT_BYTES * 4) / 3))
    .transform(fromBase64Url),
  answered: z.boolean(),
});

/**
 * A decoder that asks a service over HTTP.
 *
 * @param service - Where, and by which keys it signs.
 * @param deps - Everything from outside.
 * @param kinds - Kinds to ask it for.
 */
export function createHttpDecoder(
  service: AuthorityService,
  deps: AuthorityDeps,
  kinds: readonly CardKind[] = CARD_KINDS,
): DocumentDecoder {
  return {
    kinds,
    async decode(kind, card, challenge) {
      const body = { kind, card: toBase64Url(card), challenge: toBase64Url(challenge) };
      const answer = await askAuthority(
        service,
        { path: '/v1/decode', body, tag: 'decoded', schema, maxBytes: MAX_ANSWER_BYTES, errors: ERRORS },
        deps,
      );
      if (answer.kind !== kind) throw ERRORS.invalid('it is about another kind of card');
      const { expiry, portrait, ...rest } = answer;
      return { ...rest, expiry: expiry ?? undefined, portrait: imageOf(portrait) };
    },
  };
}
