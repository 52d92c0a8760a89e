// SPDX-License-Identifier: Apache-2.0
/**
 * Canonical scalars of BN254. A value at or above the order is refused at every boundary and never
 * reduced: `n` and `n + p` would otherwise be two names of one nullifier. docs/protocol.md section 2.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from './errors.ts';

/** Order of the BN254 groups, the field of the circuits. */
export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
/** Order of the base field of BN254, the field of point coordinates. */
export const BASE_FIELD_ORDER = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

declare const fieldElement: unique symbol;
/** An integer in `[0, FIELD_ORDER)`. */
export type FieldElement = bigint & { readonly [fieldElement]: true };

/**
 * Checks that an integer is canonical.
 *
 * @throws {@link ProtocolError} `field_not_canonical`.
 */
export function toField(value: bigint): FieldElement {
  if (value < 0n || value >= FIELD_ORDER) {
    throw new ProtocolError('field_not_canonical', 'a field element must lie between 0 and the order of BN254');
  }
  return value as FieldElement;
}

/**
 * Reads a field element from its wire form, a decimal string without sign or leading zero.
 *
 * @param text - Untrusted value.
 * @throws {@link ProtocolError} `field_not_canonical`.
 */
export function parseField(text: unknown): FieldElement {
  if (typeof text !== 'string' || !/^(0|[1-9][0-9]{0,76})$/.test(text)) {
    throw new ProtocolError('field_not_canonical', 'a field element is written as a decimal string');
  }
  return toField(BigInt(text));
}

/** 32 bytes, big-endian. */
export function fieldToBytes(value: FieldElement): Uint8Array {
  const bytes = new Uint8Array(32);
  let rest: bigint = value;
  for (let i = 31; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/**
 * Reads 32 bytes, big-endian.
 *
 * @throws {@link ProtocolError} `field_not_canonical` if the length is not 32 or the value not canonical.
 */
export function fieldFromBytes(bytes: Uint8Array): FieldElement {
  if (bytes.length !== 32) {
    throw new ProtocolError('field_not_canonical', 'a field element has 32 bytes');
  }
  return toField(bytesToInteger(bytes));
}

/** Reads an unsigned big-endian integer of any length. */
export function bytesToInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) {
    value = (value << 8n) | BigInt(byte);
  }
  return value;
}

/**
 * SHA-256 of the tag and the parts, less its last 8 bits: below 2^248, so canonical without reduction.
 *
 * @param tag - A {@link HASH_TAG}.
 * @param parts - Bytes that follow the tag; the caller makes their concatenation unambiguous.
 */
export function hashToField(tag: string, ...parts: readonly Uint8Array[]): FieldElement {
  const digest = sha256(concatBytes(utf8ToBytes(tag), ...parts));
  return bytesToInteger(digest.subarray(0, 31)) as FieldElement;
}

/**
 * Prefixes UTF-8 text with its length in two bytes, big-endian.
 *
 * @throws {@link ProtocolError} `text_too_long` above 65535 bytes.
 */
export function lengthPrefixed(text: string): Uint8Array {
  const bytes = utf8ToBytes(text);
  if (bytes.length > 0xffff) {
    throw new ProtocolError('text_too_long', 'a length-prefixed text has at most 65535 bytes');
  }
  return concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
}
