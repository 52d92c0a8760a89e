// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Points between their three forms: as a key file and a message carry them (affine `x | y`), as sums take
 * them (`x | y | -y`), and Jacobian.
 *
 * @module
 */
import { type Address, type Curve, FIELD_BYTES, type Group } from './curve.ts';

/** Reserves memory for points and writes them as `x | y | -y`. */
export function placePoints(curve: Curve, group: Group, affine: Uint8Array): Address {
  const { coordinate, stride } = group;
  const count = affine.length / (2 * coordinate);
  const start = curve.reserve(count * stride);
  for (let i = 0; i < count; i++) {
    const at = start + i * stride;
    curve.bytes.set(affine.subarray(i * 2 * coordinate, (i + 1) * 2 * coordinate), at);
    group.neg(at + coordinate, at + 2 * coordinate);
  }
  return start;
}

/** Writes an affine point as a Jacobian one. */
export function placeJacobian(curve: Curve, group: Group, affine: Uint8Array, out: Address): void {
  curve.scratch(() => {
    const at = curve.reserve(2 * group.coordinate);
    curve.bytes.set(affine, at);
    group.toJacobian(at, out);
  });
}

/** Reads a Jacobian point as affine bytes. */
export function readAffine(curve: Curve, group: Group, jacobian: Address): Uint8Array {
  return curve.scratch(() => {
    const at = curve.reserve(2 * group.coordinate);
    group.toAffine(jacobian, at);
    return curve.bytes.slice(at, at + 2 * group.coordinate);
  });
}

/** Coordinates of an affine point out of Montgomery form: two numbers in G1, four in G2. */
export function coordinatesOf(curve: Curve, affine: Uint8Array): bigint[] {
  return curve.scratch(() => {
    const at = curve.reserve(affine.length);
    curve.bytes.set(affine, at);
    return Array.from({ length: affine.length / FIELD_BYTES }, (_, i) => {
      const coordinate = at + i * FIELD_BYTES;
      curve.fromMontgomery(coordinate, coordinate);
      return curve.bytes
        .subarray(coordinate, coordinate + FIELD_BYTES)
        .reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    });
  });
}
