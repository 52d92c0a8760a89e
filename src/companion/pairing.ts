// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pairing: six digits on the person's screen, typed into the page, so that a page which merely has the right
 * origin (a forged name, another program of this computer) cannot have documents read. The code lasts as
 * long as the program; five wrong ones, whoever sends them, end it. docs/protocol.md section 8, "The companion".
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';

/** Digits of the code. */
export const CODE_DIGITS = 6;
/** Wrong codes in one run, all together; a right one gives none back. */
export const MAX_WRONG_CODES = 5;
/** Pages that are paired at once; one more, and the oldest is forgotten. */
export const MAX_PAIRED = 8;

const TOKEN_BYTES = 32;
/** Random numbers of four bytes from here on would favour some codes. */
const FAIR = 2 ** 32 - (2 ** 32 % 10 ** CODE_DIGITS);

function same(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** The pairing of one run. */
export class Pairing {
  /** For the person's screen and nothing else. */
  readonly code: string;
  readonly #random: (length: number) => Uint8Array;
  /** Oldest first. */
  #tokens: readonly string[] = [];
  #wrong = 0;

  /** @param random - Cryptographically secure source. */
  constructor(random: (length: number) => Uint8Array) {
    this.#random = random;
    let number = FAIR;
    while (number >= FAIR) number = random(4).reduce((sum, byte) => sum * 256 + byte, 0);
    this.code = String(number % 10 ** CODE_DIGITS).padStart(CODE_DIGITS, '0');
  }

  /** Whether there were too many wrong codes. Pages that are paired stay so. */
  get locked(): boolean {
    return this.#wrong >= MAX_WRONG_CODES;
  }

  /**
   * Pairs a page.
   *
   * @returns Its token.
   * @throws {@link ProtocolError} `companion_code_wrong`, `companion_locked`.
   */
  pair(code: string): string {
    if (this.locked) {
      throw new ProtocolError('companion_locked', 'there were too many wrong codes; start the companion again');
    }
    if (!same(code, this.code)) {
      this.#wrong++;
      const left = MAX_WRONG_CODES - this.#wrong;
      throw new ProtocolError('companion_code_wrong', `this is not the code on the screen; ${String(left)} tries left`);
    }
    const token = toBase64Url(this.#random(TOKEN_BYTES));
    this.#tokens = [...this.#tokens, token].slice(-MAX_PAIRED);
    return token;
  }

  /**
   * Checks the token of a request.
   *
   * @param header - Authorization.
   * @returns The token.
   * @throws {@link ProtocolError} `companion_unpaired`.
   */
  require(header: string | undefined): string {
    const given = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(header ?? '')?.[1] ?? '';
    const token = this.#tokens.find((known) => same(known, given));
    if (token === undefined) {
      throw new ProtocolError('companion_unpaired', 'pair this page first, with the code that the companion shows');
    }
    return token;
  }
}
