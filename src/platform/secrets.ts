// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Random names and codes, and their comparison. What opens something is kept as its SHA-256 and
 * compared in constant time.
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { toBase64Url } from '../protocol/scope.ts';

/** Source of randomness: that many bytes. */
export type Random = (length: number) => Uint8Array;

/** Bytes of a random name or token. */
const TOKEN_BYTES = 32;
/** Crockford's base32: no I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 256 random bits, base64url, 43 characters. */
export function randomToken(random: Random): string {
  return toBase64Url(random(TOKEN_BYTES));
}

/** A code that a person can type: 40 random bits as `XXXX-XXXX`. */
export function randomTypedCode(random: Random): string {
  // 256 is a multiple of 32, so each character is uniform.
  const characters = Array.from(random(8), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return `${characters.slice(0, 4)}-${characters.slice(4)}`;
}

/** A typed code in one form, whatever case, spaces, hyphens and look-alikes a person typed. */
export function normalizeTypedCode(code: string): string {
  const plain = code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return `${plain.slice(0, 4)}-${plain.slice(4)}`;
}

/** SHA-256 of a secret, base64url. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('base64url');
}

/** Whether a secret has a hash of {@link secretHash}; in constant time. */
export function secretMatches(secret: string, hash: string): boolean {
  const actual = Buffer.from(secretHash(secret));
  const expected = Buffer.from(hash);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
