// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Points in buckets, and the sum of each bucket. Points are added in pairs, all in affine coordinates: the
 * denominators of the slopes of many pairs are inverted together (Montgomery's trick), which makes an
 * addition about 6 multiplications instead of the 11 of a mixed Jacobian addition.
 *
 * @module
 */
import type { Address, Curve, Group } from './curve.ts';

/** Pairs whose denominators are inverted together: their scratch memory fits a processor's first cache. */
const BATCH = 256;

/** Addresses of the coordinates of points, grouped; bucket i ends before `ends[i]`. */
export interface Buckets {
  readonly x: Int32Array;
  readonly y: Int32Array;
  readonly ends: Int32Array;
}

/** Memory in bytes that {@link addWithinBuckets} reserves for that many points with coordinates of that many bytes. */
export function additionMemory(coordinate: number, points: number): number {
  return (2 * points + BATCH + 4) * coordinate;
}

/** Where the point of a bucket is after {@link addWithinBuckets}, by its place in `x` and `y`; -1 for none. */
export function placeOf({ x, ends }: Buckets, bucket: number): number {
  const start = bucket === 0 ? 0 : (ends[bucket - 1] ?? 0);
  return start < (ends[bucket] ?? 0) && x[start] !== 0 ? start : -1;
}

/** Adds the points of each bucket, pair by pair, until one is left: at its bucket's start, or 0 for none. */
export function addWithinBuckets(curve: Curve, group: Group, { x, y, ends }: Buckets): void {
  const adder = pairAdder(curve, group, x, y);
  const lengths = new Int32Array(ends.length);
  for (let i = 0; i < ends.length; i++) lengths[i] = (ends[i] ?? 0) - (i === 0 ? 0 : (ends[i - 1] ?? 0));
  for (let open = true; open;) {
    open = false;
    for (let i = 0; i < ends.length; i++) {
      const length = lengths[i] ?? 0;
      if (length < 2) continue;
      // Of an odd number the first stays where it is.
      const odd = length & 1;
      const start = (i === 0 ? 0 : (ends[i - 1] ?? 0)) + odd;
      for (let pair = 0; pair < length >> 1; pair++) adder.add(start + 2 * pair, start + pair);
      lengths[i] = (length >> 1) + odd;
      open ||= length > 2;
    }
    adder.flush();
  }
}

/** What a pair comes to: the slope of a chord, of a tangent, or no addition at all. */
const CHORD = 0;
const TANGENT = 1;
const NONE = 2;

interface PairAdder {
  /** Plans to add the points at `from` and `from + 1`, and to put the sum at `to`, not above `from`. */
  add(from: number, to: number): void;
  /** Does what is planned, in the order of planning. */
  flush(): void;
}

/**
 * Adds pairs of affine points, many at a time:
 * l = (y2 - y1) / (x2 - x1), x3 = l^2 - x1 - x2, y3 = l (x1 - x3) - y1.
 * Equal points take the tangent's slope 3 x^2 / 2 y instead; opposite ones leave no point, address 0.
 */
function pairAdder(curve: Curve, group: Group, x: Int32Array, y: Int32Array): PairAdder {
  const { words } = curve;
  const { coordinate, add, sub, mul, square, isZero, inverseAll } = group;
  let next = curve.reserve(x.length * 2 * coordinate);
  const denominators = curve.reserve(BATCH * coordinate);
  const numerator = curve.reserve(coordinate);
  const slope = curve.reserve(coordinate);
  const froms = new Int32Array(BATCH);
  const tos = new Int32Array(BATCH);
  const kinds = new Uint8Array(BATCH);
  let planned = 0;

  /** Writes the denominator of a pair and tells what the pair comes to. */
  function prepare(from: number, denominator: Address): number {
    const x1 = x[from] ?? 0;
    const x2 = x[from + 1] ?? 0;
    sub(x2, x1, denominator);
    if (x1 !== 0 && x2 !== 0 && (words[denominator >>> 2] !== 0 || isZero(denominator) === 0)) return CHORD;
    const y1 = y[from] ?? 0;
    sub(y1, y[from + 1] ?? 0, denominator);
    if (x1 !== 0 && x2 !== 0 && isZero(denominator) !== 0) {
      add(y1, y1, denominator);
      return TANGENT;
    }
    sub(denominator, denominator, denominator);
    return NONE;
  }

  /** Puts the sum of a pair in place, given the inverse of its denominator. */
  function finish(kind: number, from: number, to: number, inverse: Address): void {
    const x1 = x[from] ?? 0;
    const y1 = y[from] ?? 0;
    const x2 = x[from + 1] ?? 0;
    const y2 = y[from + 1] ?? 0;
    if (kind === NONE) {
      // One of the two, if the other is no point; none, if they are opposite.
      x[to] = x1 === 0 ? x2 : x2 === 0 ? x1 : 0;
      y[to] = x1 === 0 ? y2 : y1;
      return;
    }
    if (kind === TANGENT) {
      square(x1, slope);
      add(slope, slope, numerator);
      add(numerator, slope, numerator);
    } else {
      sub(y2, y1, numerator);
    }
    mul(numerator, inverse, slope);
    const x3 = next;
    const y3 = next + coordinate;
    next += 2 * coordinate;
    square(slope, x3);
    sub(x3, x1, x3);
    sub(x3, x2, x3);
    sub(x1, x3, numerator);
    mul(numerator, slope, y3);
    sub(y3, y1, y3);
    x[to] = x3;
    y[to] = y3;
  }

  function flush(): void {
    for (let i = 0; i < planned; i++) kinds[i] = prepare(froms[i] ?? 0, denominators + i * coordinate);
    if (planned > 0) inverseAll(denominators, coordinate, planned, denominators, coordinate);
    for (let i = 0; i < planned; i++) {
      finish(kinds[i] ?? NONE, froms[i] ?? 0, tos[i] ?? 0, denominators + i * coordinate);
    }
    planned = 0;
  }

  return {
    add(from, to) {
      froms[planned] = from;
      tos[planned] = to;
      planned++;
      if (planned === BATCH) flush();
    },
    flush,
  };
}
