// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Accounts with a name and a password: the other way to sign in, for whoever does not want a wallet. In
 * memory, like everything that a sample platform knows; passwords as scrypt hashes with a salt each.
 *
 * @module
 */
import { type BinaryLike, scrypt, timingSafeEqual } from 'node:crypto';

/** Shortest password, characters. */
export const SHORTEST_PASSWORD = 10;
/** Longest password, characters. */
export const LONGEST_PASSWORD = 200;
/** Wrong passwords for a name in a row after which it waits. */
export const WRONG_PASSWORDS = 10;
/** For how long it waits, milliseconds. */
export const WAIT = 60_000;
/** Accounts at most. */
export const MOST_ACCOUNTS = 10_000;

const NAME = /^[\p{L}\p{N}-]{3,30}$/u;
const HASH_BYTES = 32;
const COST = { N: 16_384, r: 8, p: 1 } as const;

interface Account {
  readonly salt: Uint8Array;
  readonly hash: Buffer;
  wrong: number;
  waitsUntil: number;
}

/** How an attempt ends; a name is given where it went well. */
export type AccountOutcome =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly code: 'name_invalid' | 'name_taken' | 'password_wrong' | 'password_wait' };

/** Accounts by name. */
export class Accounts {
  readonly #accounts = new Map<string, Account>();
  readonly #clock: () => number;
  readonly #random: (length: number) => Uint8Array;

  constructor(clock: () => number, random: (length: number) => Uint8Array) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Makes an account. */
  async create(name: string, password: string): Promise<AccountOutcome> {
    const sound = NAME.test(name) && password.length >= SHORTEST_PASSWORD && password.length <= LONGEST_PASSWORD;
    if (!sound || this.#accounts.size >= MOST_ACCOUNTS) return { ok: false, code: 'name_invalid' };
    const salt = this.#random(16);
    const hash = await hashOf(password, salt);
    const key = keyOf(name);
    // Looked at after the hash, which takes a while: two may want one name at once.
    if (this.#accounts.has(key)) return { ok: false, code: 'name_taken' };
    this.#accounts.set(key, { salt, hash, wrong: 0, waitsUntil: 0 });
    return { ok: true, name };
  }

  /** Checks a password; takes as long for a name that nobody has. */
  async signIn(name: string, password: string): Promise<AccountOutcome> {
    const account = this.#accounts.get(keyOf(name));
    if (account !== undefined && account.waitsUntil > this.#clock()) return { ok: false, code: 'password_wait' };
    if (account !== undefined) account.wrong += 1;
    const hash = await hashOf(password.slice(0, LONGEST_PASSWORD), account?.salt ?? new Uint8Array(16));
    if (account !== undefined && timingSafeEqual(hash, account.hash)) {
      account.wrong = 0;
      return { ok: true, name };
    }
    if (account !== undefined && account.wrong >= WRONG_PASSWORDS) {
      Object.assign(account, { wrong: 0, waitsUntil: this.#clock() + WAIT });
    }
    return { ok: false, code: 'password_wrong' };
  }
}

function keyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

function hashOf(password: string, salt: BinaryLike): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, COST, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}
