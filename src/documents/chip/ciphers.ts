// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The symmetric side of every chip protocol (ICAO 9303-11 sections 9.7 and 9.8):
 *
 *     KDF(K, c) = H(K || c as four bytes), cut to the key        c: 1 encrypts, 2 authenticates, 3 password
 *     3DES      CBC with a zero IV, retail MAC of 8 bytes (ISO/IEC 9797-1 algorithm 3), SHA-1
 *     AES       CBC, CMAC cut to 8 bytes, SHA-1 for 128 bits and SHA-256 above
 *     padding   80 00 … up to a whole block, always (ISO/IEC 9797-1 method 2)
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { cbc, cmac } from '@noble/ciphers/aes.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from './apdu.ts';
import { desDecrypt, desEncrypt, retailMac, withParity } from './des.ts';

/** Ciphers by name. */
export type CipherName = '3des' | 'aes-128' | 'aes-192' | 'aes-256';

/** What a cipher does; all data is whole blocks, padded by {@link pad}. */
export interface Cipher {
  readonly name: CipherName;
  /** Bytes of a block, which are those of a send sequence counter too. */
  readonly block: 8 | 16;
  encrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  decrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  /** Eight bytes over data that the caller has padded as its protocol says. */
  mac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** Key number `counter` of a shared secret. */
  derive(secret: Uint8Array, counter: 1 | 2 | 3): Uint8Array;
}

/** A pair of session keys. */
export interface SessionKeys {
  readonly kEnc: Uint8Array;
  readonly kMac: Uint8Array;
}

/** Bytes of a message authentication code. */
export const MAC_BYTES = 8;

function aes(bits: 128 | 192 | 256): Cipher {
  const hash = bits === 128 ? sha1 : sha256;
  return {
    name: `aes-${String(bits) as '128' | '192' | '256'}`,
    block: 16,
    encrypt: (key, iv, data) => cbc(key, iv, { disablePadding: true }).encrypt(data),
    decrypt: (key, iv, data) => cbc(key, iv, { disablePadding: true }).decrypt(data),
    mac: (key, data) => cmac(data, key).subarray(0, MAC_BYTES),
    derive: (secret, counter) => hash(concat(secret, Uint8Array.of(0, 0, 0, counter))).slice(0, bits / 8),
  };
}

const TRIPLE_DES: Cipher = {
  name: '3des',
  block: 8,
  encrypt: desEncrypt,
  decrypt: desDecrypt,
  mac: retailMac,
  derive: (secret, counter) => withParity(sha1(concat(secret, Uint8Array.of(0, 0, 0, counter))).slice(0, 16)),
};

/** Every cipher. */
export const CIPHERS: Readonly<Record<CipherName, Cipher>> = {
  '3des': TRIPLE_DES,
  'aes-128': aes(128),
  'aes-192': aes(192),
  'aes-256': aes(256),
};

/** The session keys of a shared secret. */
export function sessionKeys(cipher: Cipher, secret: Uint8Array): SessionKeys {
  return { kEnc: cipher.derive(secret, 1), kMac: cipher.derive(secret, 2) };
}

/** Pads to whole blocks; a whole block is added to whole blocks. */
export function pad(data: Uint8Array, block: number): Uint8Array {
  const padded = new Uint8Array(data.length + block - (data.length % block));
  padded.set(data);
  padded[data.length] = 0x80;
  return padded;
}

/**
 * Removes the padding.
 *
 * @throws {@link ProtocolError} `chip_response_invalid` where there is none.
 */
export function unpad(data: Uint8Array, block: number): Uint8Array {
  const end = data.findLastIndex((byte) => byte !== 0);
  if (data[end] !== 0x80 || data.length - end > block)
    throw new ProtocolError('chip_response_invalid', 'a cryptogram is not padded');
  return data.subarray(0, end);
}

/** Whether two codes are equal, in time that does not depend on where they differ. */
export function sameCode(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.reduce((difference, byte, index) => difference | (byte ^ (b[index] ?? 0)), 0) === 0;
}
