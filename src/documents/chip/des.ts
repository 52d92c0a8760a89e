// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Two-key triple DES for chips that know nothing newer. node:crypto keeps DES out of OpenSSL's
 * default provider except as triple DES, in which single DES is `des-ede` with K || K:
 *
 *     retail MAC = 3DES(Ka || Kb, last block xor DES-CBC(Ka, all blocks but the last))
 *
 * The one module of this folder that needs Node: a browser would bring its own.
 *
 * @module
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concat } from './apdu.ts';

const CIPHER = 'des-ede-cbc';
const BLOCK = 8;

/** Triple DES in CBC over whole blocks; `key` of 16 bytes, `iv` of 8. */
export function desEncrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, iv).setAutoPadding(false);
  return concat(cipher.update(data), cipher.final());
}

/** The inverse of {@link desEncrypt}. */
export function desDecrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  const cipher = createDecipheriv(CIPHER, key, iv).setAutoPadding(false);
  return concat(cipher.update(data), cipher.final());
}

/** ISO/IEC 9797-1 algorithm 3 over at least one whole block; eight bytes. */
export function retailMac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const first = key.subarray(0, BLOCK);
  const single = concat(first, first);
  const zero = new Uint8Array(BLOCK);
  const chained = concat(zero, desEncrypt(single, zero, data.subarray(0, -BLOCK))).slice(-BLOCK);
  return desEncrypt(key, chained, data.subarray(-BLOCK));
}

/** Sets the last bit of each byte so that the byte has an odd number of ones. */
export function withParity(key: Uint8Array): Uint8Array {
  return key.map((byte) => {
    let ones = 0;
    for (let bits = byte >> 1; bits > 0; bits >>= 1) ones += bits & 1;
    return (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0);
  });
}
