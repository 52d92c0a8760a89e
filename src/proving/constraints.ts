// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The matrices A and B of a circuit, wire by wire: a change of one wire changes only the rows that name
 * it. Lives in a curve's memory.
 *
 * @module
 */
import { type Address, type Curve, FIELD_BYTES } from './curve.ts';
import type { KeyFile } from './key_file.ts';

/** The matrices of a proving key. */
export interface Constraints {
  /**
   * Adds a change of one wire to the rows.
   *
   * @param change - Address of the change, canonical, not in Montgomery form.
   * @param a - Vector of the left sides, Montgomery form; `b` likewise of the right sides.
   */
  readonly addWire: (wire: number, change: Address, a: Address, b: Address) => void;
}

/** Reads the matrices of a key into memory. */
export function createConstraints(curve: Curve, key: KeyFile): Constraints {
  const { fr, bytes } = curve;
  const u16 = (part: Uint8Array): Uint16Array => new Uint16Array(part.slice().buffer);
  const [perWire, rows, numbers] = [u16(key.perWire), u16(key.rows), u16(key.numbers)];
  const starts = new Uint32Array(perWire.length + 1);
  perWire.forEach((count, i) => (starts[i + 1] = (starts[i] ?? 0) + count));
  // In Montgomery form twice, since multiplying with a plain number takes one of the two away.
  const values = curve.reserve(key.values.length);
  bytes.set(key.values, values);
  for (let at = values; at < values + key.values.length; at += FIELD_BYTES) {
    fr.toMontgomery(at, at);
    fr.toMontgomery(at, at);
  }
  const product = curve.reserve(FIELD_BYTES);

  function addColumn(column: number, change: Address, side: Address): void {
    const end = starts[column + 1] ?? 0;
    for (let entry = starts[column] ?? 0; entry < end; entry++) {
      const row = side + (rows[entry] ?? 0) * FIELD_BYTES;
      fr.mul(values + (numbers[entry] ?? 0) * FIELD_BYTES, change, product);
      fr.add(row, product, row);
    }
  }

  return {
    addWire(wire, change, a, b) {
      addColumn(wire, change, a);
      addColumn(key.variables + wire, change, b);
    },
  };
}
