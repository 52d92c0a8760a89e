// SPDX-License-Identifier: Apache-2.0
/**
 * Points of BN254 from untrusted decimal coordinates, by mcl-wasm's BN_SNARK1.
 *
 * A point is taken only if its coordinates are canonical (below q), it lies on the curve, it is not
 * at infinity, and it has the prime order r. For G1 the curve itself has order r. For G2 the twist has
 * a cofactor divisible by 10069, so a point of the twist may well lie outside the group.
 *
 *     G1 on E : Y^2 = X^3 + 3        G2 on E': Y^2 = X^3 + 3 / (9 + u)
 *
 * Points of G1 are read and checked by mcl. Points of G2 are put together from their coordinates and checked
 * here: mcl's reader would ask for the order by a multiplication by r, or not at all, as a process-wide flag
 * says. `subgroup.ts` asks faster, and whatever that flag says. docs/protocol.md section 6.
 *
 * @module
 */
import * as mcl from 'mcl-wasm';
import { ProtocolError } from '../protocol/errors.ts';
import { BASE_FIELD_ORDER } from '../protocol/field.ts';
import { isInSubgroup } from './subgroup.ts';

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
  const point = new mcl.G1();
  const text = `1 ${coordinate(x, name)} ${coordinate(y, name)}`;
  try {
    point.setStr(text, 10);
  } catch (cause) {
    throw refusal(name, OFF_CURVE, { cause });
  }
  if (point.isZero()) {
    throw refusal(name, 'it is at infinity');
  }
  return point;
}

/**
 * Reads a point of G2.
 *
 * @param affine - Coordinates.
 * @param name - Name of the point, for the error.
 * @throws {@link ProtocolError} `point_invalid` unless the point is canonical, on the twist, finite and of order r.
 */
export function readG2([x, y]: AffineG2, name: string): G2 {
  const point = new mcl.G2();
  point.setX(readFp2(x, name));
  point.setY(readFp2(y, name));
  // With Z = 1 the point is finite.
  point.setZ(fp2(1, 0));
  if (!isOnTwist(point)) {
    throw refusal(name, OFF_CURVE);
  }
  if (!isInSubgroup(point)) {
    throw refusal(name, 'it is outside the group of prime order');
  }
  return point;
}

const OFF_CURVE = 'it is not a point of the curve';

function coordinate(text: string, name: string): string {
  // mcl reads hexadecimal and reduces in some modes; only the canonical decimal form reaches it.
  if (!/^(0|[1-9][0-9]{0,76})$/.test(text) || BigInt(text) >= BASE_FIELD_ORDER) {
    throw refusal(name, 'coordinates are decimal and below the order of the base field');
  }
  return text;
}

function fp2(real: number, imaginary: number): mcl.Fp2 {
  const value = new mcl.Fp2();
  value.setInt(real, imaginary);
  return value;
}

function readFp2([real, imaginary]: readonly [string, string], name: string): mcl.Fp2 {
  const value = new mcl.Fp2();
  value.setStr(`${coordinate(real, name)} ${coordinate(imaginary, name)}`, 10);
  return value;
}

/** Constant of the twist, 3 / (9 + u); made at first use, when mcl runs. */
let twist: mcl.Fp2 | undefined;

/** The equation of the twist, for a point with Z = 1. */
function isOnTwist(point: G2): boolean {
  twist ??= mcl.div(fp2(3, 0), fp2(9, 1));
  const x = point.getX();
  return mcl.sqr(point.getY()).isEqual(mcl.add(mcl.mul(mcl.sqr(x), x), twist));
}

function refusal(name: string, reason: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('point_invalid', `the point ${name} is refused: ${reason}`, options);
}
