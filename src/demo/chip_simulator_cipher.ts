// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Part of the chip simulator: its ciphers (ICAO 9303-11 section 9.7), written from ISO/IEC 9797-1,
 * NIST SP 800-38B and OpenSSL's block ciphers, and nothing of the reader's.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { join } from './der.ts';

/** Ciphers of a chip. */
export type SimulatedCipher = '3des' | 'aes-128' | 'aes-192' | 'aes-256';

/** Two session keys. */
export interface ChipKeys {
  readonly encryption: Uint8Array;
  readonly authentication: Uint8Array;
}

/** Bytes of a block. */
export function blockOf(cipher: SimulatedCipher): number {
  return cipher === '3des' ? 8 : 16;
}

/** Key 1, 2 or 3 of a secret; DES parity is left as it falls, since DES does not look at it. */
export function deriveKey(cipher: SimulatedCipher, secret: Uint8Array, counter: number): Uint8Array {
  const hash = cipher === 'aes-192' || cipher === 'aes-256' ? 'sha256' : 'sha1';
  const length = cipher === '3des' ? 16 : Number(cipher.slice(4)) / 8;
  const digest = createHash(hash)
    .update(secret)
    .update(Uint8Array.of(0, 0, 0, counter))
    .digest();
  return new Uint8Array(digest.subarray(0, length));
}

/** Both session keys of a secret. */
export function deriveKeys(cipher: SimulatedCipher, secret: Uint8Array): ChipKeys {
  return { encryption: deriveKey(cipher, secret, 1), authentication: deriveKey(cipher, secret, 2) };
}

function openssl(cipher: SimulatedCipher, mode: 'cbc' | 'ecb'): string {
  if (cipher === '3des') return mode === 'cbc' ? 'des-ede-cbc' : 'des-ede';
  return `${cipher}-${mode}`;
}

/** CBC over whole blocks; without `iv` it is zero. */
export function encryptBlocks(
  cipher: SimulatedCipher,
  key: Uint8Array,
  data: Uint8Array,
  iv: Uint8Array = new Uint8Array(blockOf(cipher)),
): Uint8Array {
  const running = createCipheriv(openssl(cipher, 'cbc'), key, iv).setAutoPadding(false);
  return join([running.update(data), running.final()]);
}

/** The inverse of {@link encryptBlocks}. */
export function decryptBlocks(
  cipher: SimulatedCipher,
  key: Uint8Array,
  data: Uint8Array,
  iv: Uint8Array = new Uint8Array(blockOf(cipher)),
): Uint8Array {
  const running = createDecipheriv(openssl(cipher, 'cbc'), key, iv).setAutoPadding(false);
  return join([running.update(data), running.final()]);
}

/** ISO/IEC 9797-1 padding method 2. */
export function padBlocks(data: Uint8Array, block: number): Uint8Array {
  return join([data, Uint8Array.of(0x80), new Uint8Array((2 * block - 1 - (data.length % block)) % block)]);
}

/** The data before the padding, or undefined where there is none. */
export function stripPadding(data: Uint8Array): Uint8Array | undefined {
  const end = Buffer.from(data).lastIndexOf(0x80);
  return end >= 0 && data.subarray(end + 1).every((byte) => byte === 0) ? data.subarray(0, end) : undefined;
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, index) => byte ^ (b[index] ?? 0));
}

/** ISO/IEC 9797-1 algorithm 3, block by block: single DES, and at the end D by the other half and E again. */
function retail(key: Uint8Array, data: Uint8Array): Uint8Array {
  const single = (half: Uint8Array, block: Uint8Array, decrypt: boolean): Uint8Array => {
    const make = decrypt ? createDecipheriv : createCipheriv;
    return new Uint8Array(
      make('des-ede', join([half, half]), null)
        .setAutoPadding(false)
        .update(block),
    );
  };
  const [first, second] = [key.subarray(0, 8), key.subarray(8, 16)];
  let state: Uint8Array = new Uint8Array(8);
  for (let offset = 0; offset < data.length; offset += 8) {
    state = single(first, xor(state, data.subarray(offset, offset + 8)), false);
  }
  return single(first, single(second, state, true), false);
}

/** SP 800-38B section 6. */
function cmac(cipher: SimulatedCipher, key: Uint8Array, data: Uint8Array): Uint8Array {
  const one = (block: Uint8Array): Uint8Array =>
    new Uint8Array(createCipheriv(openssl(cipher, 'ecb'), key, null).setAutoPadding(false).update(block));
  const double = (block: Uint8Array): Uint8Array => {
    const shifted = block.map((byte, index) => ((byte << 1) & 0xff) | ((block[index + 1] ?? 0) >> 7));
    shifted[15] = (shifted[15] ?? 0) ^ ((block[0] ?? 0) > 0x7f ? 0x87 : 0);
    return shifted;
  };
  const k1 = double(one(new Uint8Array(16)));
  const isWhole = data.length > 0 && data.length % 16 === 0;
  const blocks = isWhole ? data : padBlocks(data, 16);
  const last = xor(blocks.subarray(-16), isWhole ? k1 : double(k1));
  let state: Uint8Array = new Uint8Array(16);
  for (let offset = 0; offset < blocks.length - 16; offset += 16) {
    state = one(xor(state, blocks.subarray(offset, offset + 16)));
  }
  return one(xor(state, last)).subarray(0, 8);
}

/** Eight bytes; with 3DES over whole blocks, with AES over anything. */
export function authenticate(cipher: SimulatedCipher, key: Uint8Array, data: Uint8Array): Uint8Array {
  return cipher === '3des' ? retail(key, data) : cmac(cipher, key, data);
}
