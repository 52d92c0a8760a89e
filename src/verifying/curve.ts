// SPDX-License-Identifier: Apache-2.0
/**
 * Points of BN254 from untrusted decimal coordinates, by mcl-wasm's BN_SNARK1.
 *
 * A point is taken only if its coordinates are canonical (below q), it lies on the curve, it is not
 * at infinity, and it has the prime order r. For G1 the curve itself has order r. For G2 the twist has
 * a cofactor divisible by 10069, so a point of the twist may well lie outside the group. mcl refuses
 * points off the curve when it reads them; the order is asked for here, whatever mcl's process-wide flag
 * says. docs/protocol.md section 6.
 *
 * @module
 */
import * as mcl from 'mcl-wasm';
import { ProtocolError } from '../protocol/errors.ts';
import { BASE_FIELD_ORDER } from '../protocol/field.ts';

/** Point of the first group. */
export type G1 = mcl.G1;
/** Point of the second group. */
export type G2 = mcl.G2;

/** Affine coordinates, decimal. */
export type AffineG1 = readonly [x: string, y: string];
/** Affine coordinates, decimal, each as real and imaginary part. */
export type AffineG2 = readonly [x: readonly [string, string], y: readonly [string, string]];

let starting: Promise<void> | undefined;

/** Starts mcl once per process; about 150 ms the first time. */
export function startCurve(): Promise<void> {
  starting ??= mcl.init(mcl.BN_SNARK1);
  return starting;
}

/**
 * Reads a point of G1.
 *
 * @param affine - Coordinates.
 * @param name - Name of the point, for the error.
 * @throws {@link ProtocolError} `point_invalid` unless the point is canonical, on the curve and finite.
 */
export function readG1([x, y]: AffineG1, name: string): G1 {
  return readPoint(new mcl.G1(), [x, y], name);
}

/**
 * Reads a point of G2.
 *
 * @param affine - Coordinates.
 * @param name - Name of the point, for the error.
 * @throws {@link ProtocolError} `point_invalid` unless the point is canonical, on the twist, finite and of order r.
 */
export function readG2([x, y]: AffineG2, name: string): G2 {
  const point = readPoint(new mcl.G2(), [...x, ...y], name);
  if (!point.isValidOrder()) {
    throw refusal(name, 'it is outside the group of prime order');
  }
  return point;
}

function coordinate(text: string, name: string): string {
  // mcl reads hexadecimal and reduces in some modes; only the canonical decimal form reaches it.
  if (!/^(0|[1-9][0-9]{0,76})$/.test(text) || BigInt(text) >= BASE_FIELD_ORDER) {
    throw refusal(name, 'coordinates are decimal and below the order of the base field');
  }
  return text;
}

function readPoint<Point extends G1 | G2>(point: Point, coordinates: readonly string[], name: string): Point {
  const text = coordinates.map((part) => coordinate(part, name)).join(' ');
  try {
    point.setStr(`1 ${text}`, 10);
  } catch (cause) {
    throw refusal(name, 'it is not a point of the curve', { cause });
  }
  if (point.isZero()) {
    throw refusal(name, 'it is at infinity');
  }
  return point;
}

function refusal(name: string, reason: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('point_invalid', `the point ${name} is refused: ${reason}`, options);
}
