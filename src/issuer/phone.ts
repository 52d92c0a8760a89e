// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Confirming a phone: a one-time code goes to the number, and whoever brings it back within five minutes
 * holds the phone. The number is forgotten as soon as the message is on its way; what stays is
 *
 * ```text
 * number tag = HMAC(key, "bauta/phone/v1" || 0 || number)
 * holder tag = HMAC(key, "bauta/phone-holder/v1" || 0 || number || 0 || person tag)
 * code hash  = HMAC(key, "bauta/phone-code/v1" || 0 || session || 0 || number tag || 0 || code)
 * ```
 *
 * the first two for 30 days, the hash in the session's memory. What one number was sent shows in no answer:
 * else anybody could ask whose number has been here. docs/protocol.md section 8.
 *
 * @module
 */
import { timingSafeEqual } from 'node:crypto';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { networkOf } from '../http/addresses.ts';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { PHONE_CODE_DIGITS } from '../protocol/phone.ts';
import type { Database } from '../storage/open.ts';
import { claimPhone, dropExpiredPhones, type PhoneTables } from '../storage/phone.ts';
import { parsePhone } from './phone_numbers.ts';
import { PHONE_LIMITS, type PhoneLimits, phoneCounters } from './phone_limits.ts';
import { countAttempt, evidenceOf, type Session } from './session.ts';

/** How long a code is good, in milliseconds. */
export const CODE_MILLISECONDS = 5 * 60 * 1000;
/** Guesses at one code. */
export const MAX_CODE_ATTEMPTS = 5;
/** Codes in one session. */
export const MAX_CODES = 5;
/** Time between two codes of a session, in milliseconds. */
export const RESEND_MILLISECONDS = 60 * 1000;
/** People that may confirm one number within {@link PHONE_TAG_MILLISECONDS}: a family shares one. */
export const MAX_PEOPLE_PER_PHONE = 3;
/** For how long a confirmation counts, in milliseconds. */
export const PHONE_TAG_MILLISECONDS = 30 * 86_400 * 1000;
/** Each answer takes at least so many milliseconds, whether or not a message was sent. */
export const ANSWER_MILLISECONDS = 1500;

/** Sends short messages. */
export interface SmsSender {
  /**
   * Sends a message.
   *
   * @param to - E.164.
   * @param text - Any characters.
   * @returns Once the network has taken it over.
   * @throws {@link ProtocolError} `sms_unavailable`; `sms_refused` if it takes none for this number.
   */
  send(to: string, text: string): Promise<void>;
}

/** What phones need from outside. */
export interface PhoneDeps {
  /** Key of the tags, 32 bytes. */
  readonly key: Uint8Array;
  readonly sms: SmsSender;
  readonly limits?: PhoneLimits;
  /** People that may confirm one number; {@link MAX_PEOPLE_PER_PHONE} by default. */
  readonly people?: number;
  /** Waits so many milliseconds; by default with a timer. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** A code that was asked for, in its session. */
export interface PhoneCode {
  readonly numberTag: string;
  readonly holderTag: string;
  /** Undefined if no message was sent: then no code is right. */
  readonly hash: Uint8Array | undefined;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  attempts: number;
}

/** What came of asking for a code. */
export type CodeRequest =
  | { readonly outcome: 'sent'; readonly expiresAt: number; readonly resendAt: number }
  | { readonly outcome: 'wait'; readonly seconds: number };

/** What came of a code. */
export type Confirmation =
  { readonly outcome: 'confirmed' } | { readonly outcome: 'wrong'; readonly attemptsLeft: number };

/** The message, in both languages and within the 70 characters of one. */
export function codeText(code: string): string {
  return `验证码 Bauta code: ${code}。5分钟有效，勿告诉他人。Valid 5 min, tell nobody.`;
}

/** Confirms phones for one issuer process. Each call runs inside of `Sessions.run`. */
export class Phones<Schema extends PhoneTables> {
  readonly #deps: PhoneDeps;
  readonly #clock: () => number;
  readonly #random: (length: number) => Uint8Array;
  readonly #database: Database<Schema>;
  readonly #counters: ReturnType<typeof phoneCounters>;

  constructor(
    deps: PhoneDeps,
    outside: {
      readonly clock: () => number;
      readonly random: (length: number) => Uint8Array;
      readonly database: Database<Schema>;
    },
  ) {
    this.#deps = deps;
    this.#clock = outside.clock;
    this.#random = outside.random;
    this.#database = outside.database;
    this.#counters = phoneCounters(deps.limits ?? PHONE_LIMITS);
  }

  /**
   * Sends a code to a number; an earlier one is void. What could not be sent since the message centre was away
   * counts neither in the session nor for person or number.
   *
   * @param text - The number as the person wrote it.
   * @param address - Network address of who asks.
   * @throws {@link ProtocolError} `enrolment_out_of_order` before a document was accepted, those of
   * `parsePhone`, `attempts_exhausted`, `sms_unavailable`, `sms_refused`.
   */
  async request(session: Session, text: string, address: string): Promise<CodeRequest> {
    const { dedupTag } = evidenceOf(session);
    const number = parsePhone(text);
    const early = session.nextCode - this.#clock();
    if (early > 0) return { outcome: 'wait', seconds: Math.ceil(early / 1000) };
    countAttempt(++session.codes, MAX_CODES);
    const { address: networks, person: people } = this.#counters;
    const seconds = Math.max(await networks.count(networkOf(address)), await people.count(dedupTag));
    if (seconds > 0) return { outcome: 'wait', seconds };

    const numberTag = bytesToHex(this.#tag('phone', number));
    const holderTag = bytesToHex(this.#tag('phoneHolder', number, dedupTag));
    const code = this.#randomCode();
    const isSent = (await this.#counters.number.count(numberTag)) === 0;
    const { sms, pause = timer } = this.#deps;
    const sending = isSent ? sms.send(number, codeText(code)) : Promise.resolve();
    const [sent] = await Promise.allSettled([sending, pause(ANSWER_MILLISECONDS)]);
    if (sent.status === 'rejected') {
      if (isAway(sent.reason)) await this.#giveBack(session, numberTag, dedupTag);
      throw sent.reason;
    }
    const now = this.#clock();
    const expiresAt = now + CODE_MILLISECONDS;
    const hash = isSent ? this.#codeHash(session, numberTag, code) : undefined;
    session.phone = { numberTag, holderTag, hash, expiresAt, attempts: 0 };
    session.nextCode = now + RESEND_MILLISECONDS;
    return { outcome: 'sent', expiresAt, resendAt: session.nextCode };
  }

  /**
   * Takes a code. A right one may be sent again, should the answer be lost.
   *
   * @throws {@link ProtocolError} `phone_code_missing` if none was asked for, `phone_code_expired` after five
   * minutes or five guesses, `phone_limit` if enough others have confirmed this number.
   */
  async confirm(session: Session, code: string): Promise<Confirmation> {
    const evidence = evidenceOf(session);
    const { phone } = session;
    if (phone === undefined) {
      throw new ProtocolError('phone_code_missing', 'no code was asked for; ask for one');
    }
    const now = this.#clock();
    if (phone.expiresAt <= now || phone.attempts >= MAX_CODE_ATTEMPTS) {
      throw new ProtocolError('phone_code_expired', 'the code has expired, or was wrong too often; ask for another');
    }
    phone.attempts += 1;
    const given = this.#codeHash(session, phone.numberTag, code);
    if (phone.hash === undefined || !timingSafeEqual(given, phone.hash)) {
      return { outcome: 'wrong', attemptsLeft: MAX_CODE_ATTEMPTS - phone.attempts };
    }
    const { numberTag, holderTag } = phone;
    const claim = {
      ...{ numberTag, holderTag, now, expiresAt: now + PHONE_TAG_MILLISECONDS },
      limit: this.#deps.people ?? MAX_PEOPLE_PER_PHONE,
    };
    if (!(await claimPhone(this.#database, claim))) {
      throw new ProtocolError('phone_limit', 'enough people have confirmed this number lately; take another');
    }
    session.evidence = { ...evidence, attributes: { ...evidence.attributes, phone: 1 } };
    return { outcome: 'confirmed' };
  }

  /**
   * Uncounts a code that was not sent. The network's count stays: a centre that sends late and answers never must
   * not have a number flooded.
   */
  async #giveBack(session: Session, numberTag: string, dedupTag: string): Promise<void> {
    session.codes -= 1;
    await this.#counters.person.giveBack(dedupTag);
    await this.#counters.number.giveBack(numberTag);
  }

  /** Deletes the tags that count no more; call it often. */
  tend(): Promise<void> {
    return dropExpiredPhones(this.#database, this.#clock());
  }

  #tag(kind: 'phone' | 'phoneHolder' | 'phoneCode', ...parts: readonly string[]): Uint8Array {
    // None of the parts holds a zero byte.
    return hmac(sha256, this.#deps.key, utf8ToBytes([MESSAGE_TAG[kind], ...parts].join('\0')));
  }

  #codeHash(session: Session, numberTag: string, code: string): Uint8Array {
    return this.#tag('phoneCode', session.id, numberTag, code);
  }

  /** All codes are equally likely: numbers at the end of the range are drawn again. */
  #randomCode(): string {
    const codes = 10 ** PHONE_CODE_DIGITS;
    const end = 2 ** 32 - (2 ** 32 % codes);
    for (let tries = 0; tries < 128; tries++) {
      const bytes = concatBytes(this.#random(4));
      const drawn = new DataView(bytes.buffer).getUint32(0);
      if (drawn < end) return String(drawn % codes).padStart(PHONE_CODE_DIGITS, '0');
    }
    throw new ProtocolError('randomness_broken', 'the random source returns the same bytes again and again');
  }
}

/** Whether the message centre was away; one that refuses a number has answered. */
function isAway(error: unknown): boolean {
  return error instanceof ProtocolError && error.code === 'sms_unavailable';
}

function timer(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
