// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Multiples of a point that is known before its scalar: with d 2^(5w) P in a table for d from 1 to 16 and all
 * windows w, k P takes one addition for each of the 51 signed digits of k, and no doubling.
 *
 * @module
 */
import { type Address, type Curve, FIELD_BYTES, type Group } from './curve.ts';
import { placeJacobian } from './points.ts';

const WINDOW = 5;
/** Entries of a window: digits are from -15 to 16. */
const ENTRIES = 2 ** (WINDOW - 1);
/** Enough for 254 bits and a carry. */
const WINDOWS = 51;

/** A table of one point: affine entries, 816 of them. */
export type Table = Uint8Array;

/** Memory in bytes that {@link makeTable} reserves for a while. */
export const TABLE_MEMORY = WINDOWS * ENTRIES * 5 * 2 * FIELD_BYTES + 1024;

/** Makes the table of an affine point; about 800 additions. */
export function makeTable(curve: Curve, group: Group, affine: Uint8Array): Table {
  const { coordinate } = group;
  const jacobian = 3 * coordinate;
  return curve.scratch(() => {
    const entries = curve.reserve(WINDOWS * ENTRIES * jacobian);
    const out = curve.reserve(WINDOWS * ENTRIES * 2 * coordinate);
    let entry = entries;
    placeJacobian(curve, group, affine, entry);
    for (let window = 0; window < WINDOWS; window++) {
      const first = entry;
      if (window > 0) group.double(first - jacobian, first); // 2 * 16 * 2^(5 (w - 1))
      for (let i = 1; i < ENTRIES; i++, entry += jacobian) {
        if (i === 1) group.double(first, entry + jacobian);
        else group.sum(entry, first, entry + jacobian);
      }
      entry += jacobian;
    }
    group.toAffineAll(entries, WINDOWS * ENTRIES, out);
    return curve.bytes.slice(out, out + WINDOWS * ENTRIES * 2 * coordinate);
  });
}

/**
 * Adds multiples of points with tables to a Jacobian point, in place.
 *
 * @param terms - Each a table and a canonical scalar.
 */
export function addMultiples(
  curve: Curve,
  group: Group,
  terms: readonly (readonly [table: Table, scalar: bigint])[],
  sum: Address,
): void {
  const { coordinate } = group;
  curve.scratch(() => {
    const point = curve.reserve(2 * coordinate);
    for (const [table, scalar] of terms) {
      signedDigits(scalar).forEach((digit, window) => {
        if (digit === 0) return;
        const start = (window * ENTRIES + Math.abs(digit) - 1) * 2 * coordinate;
        curve.bytes.set(table.subarray(start, start + 2 * coordinate), point);
        if (digit < 0) group.neg(point + coordinate, point + coordinate);
        group.sumMixed(sum, point, sum);
      });
    }
  });
}

/** Digits of a scalar, least significant first: the sum of digit * 32^w, digits from -15 to 16. */
function signedDigits(scalar: bigint): number[] {
  const digits: number[] = [];
  let rest = scalar;
  for (let window = 0; window < WINDOWS; window++) {
    let digit = Number(rest & 31n);
    rest >>= BigInt(WINDOW);
    if (digit > ENTRIES) {
      digit -= 2 * ENTRIES;
      rest += 1n;
    }
    digits.push(digit);
  }
  return digits;
}
