// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Lists of field elements as bytes, 32 each, big-endian: in rows of the tree and between threads.
 *
 * @module
 */
import { type FieldElement, toField } from '../protocol/field.ts';

/** Bytes of a value. */
export const VALUE_BYTES = 32;
const WORDS = [0, 8, 16, 24] as const;
const REVERSED = WORDS.toReversed();

/** Writes values. */
export function fieldsToBytes(values: readonly FieldElement[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(values.length * VALUE_BYTES));
  for (const [i, value] of values.entries()) {
    let rest: bigint = value;
    for (const word of REVERSED) {
      view.setBigUint64(i * VALUE_BYTES + word, BigInt.asUintN(64, rest));
      rest >>= 64n;
    }
  }
  return new Uint8Array(view.buffer);
}

/**
 * Reads a value.
 *
 * @param bytes - 32 bytes for each value.
 * @param i - Which one.
 * @throws ProtocolError `field_not_canonical`.
 */
export function fieldAt(bytes: Uint8Array, i: number): FieldElement {
  const view = new DataView(bytes.buffer, bytes.byteOffset + i * VALUE_BYTES, VALUE_BYTES);
  return toField(WORDS.reduce((value, word) => (value << 64n) | view.getBigUint64(word), 0n));
}

/** Reads all values, as {@link fieldAt}. */
export function fieldsFromBytes(bytes: Uint8Array): readonly FieldElement[] {
  return Array.from({ length: bytes.length / VALUE_BYTES }, (_, i) => fieldAt(bytes, i));
}
