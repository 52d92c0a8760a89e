// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sums of multiples of points, sum_i k_i P_i, by buckets (Pippenger, On the evaluation of powers and
 * monomials, 1980), in the form that suits keys of some thousand points:
 *
 * - A scalar k above r/2 counts as r - k of the negated point: small negative numbers stay small.
 * - Digits are signed, from -2^(c-1) to 2^(c-1) - 1, which halves the buckets. They are the digits of
 *   k + sum_w 2^(cw + c - 1), less 2^(c-1) each: no carry, so windows are independent and several
 *   threads share them. Zero digits cost nothing, so small scalars are cheap.
 * - Within a bucket points are added in pairs (`buckets.ts`), at half the price of a running sum.
 *
 * Not constant-time: the holder's device is trusted with the holder's secrets (docs/threat-model.md).
 *
 * @module
 */
import { additionMemory, addWithinBuckets, type Buckets, placeOf } from './buckets.ts';
import { type Address, type Curve, FIELD_WORDS, type Group } from './curve.ts';

/** Bits of a scalar and its bias: |k| is at most r/2, so below 2^253. */
const SCALAR_BITS = 255;
/** Scalars whose highest word is above that of r/2 are negated. */
const HALF_ORDER_WORD = 0x18322739;
const ORDER_WORDS = [
  0xf0000001, 0x43e1f593, 0x79b97091, 0x2833e848, 0x8181585d, 0xb85045b6, 0xe131a029, 0x30644e72,
] as const;
/** Cost of closing a bucket, in additions within buckets. */
const BUCKET_COST = 1.4;

/** Part of a sum: which windows of which size. */
export interface Windows {
  /** Bits of a window. */
  readonly bits: number;
  /** First window, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/** Points in memory and scalars for some of them. */
export interface Terms {
  /** The first of the points, `x | y | -y` each. */
  readonly points: Address;
  /** Which points, by position; points at infinity are passed over. */
  readonly positions: Uint32Array;
  /** Canonical scalars, not in Montgomery form, eight words each, in the order of `positions`. */
  readonly scalars: Uint32Array;
}

/** About how many additions a sum of that many full scalars takes. */
export function sumCost(count: number, { bits, from, to }: Windows): number {
  return (to - from) * (count + BUCKET_COST * 2 ** (bits - 1));
}

/** All windows, of the size that costs least for that many scalars of full length. */
export function windowsFor(count: number): Windows {
  const all = Array.from({ length: 14 }, (_, i) => ({ bits: i + 2, from: 0, to: Math.ceil(SCALAR_BITS / (i + 2)) }));
  return all.reduce((best, windows) => (sumCost(count, windows) < sumCost(count, best) ? windows : best));
}

/** Shares of the windows for that many threads; one at least, and none without a window. */
export function splitWindows({ bits, from, to }: Windows, parts: number): Windows[] {
  const edge = (part: number): number => from + Math.round(((to - from) * part) / parts);
  const shares = Array.from({ length: parts }, (_, part) => ({ bits, from: edge(part), to: edge(part + 1) }));
  return shares.filter((share) => share.from < share.to);
}

/** Memory in bytes that {@link sumMultiples} reserves at most, for coordinates of that many bytes. */
export function sumMemory(coordinate: number, count: number, { bits, from, to }: Windows): number {
  const [points, buckets] = [count * (to - from), 2 ** bits * (to - from)];
  return additionMemory(coordinate, points) + additionMemory(coordinate, buckets);
}

/**
 * Adds the multiples that some of the windows contribute.
 *
 * @param out - Where the Jacobian point is written: the sum of 2^(bits (w - from)) S_w over the windows w,
 * where S_w is the sum of the points times their digits of window w. The whole sum takes the shares of all
 * windows, each doubled `bits * from` times.
 */
export function sumMultiples(curve: Curve, group: Group, terms: Terms, windows: Windows, out: Address): void {
  curve.scratch(() => {
    const digits = intoBuckets(curve, group, terms, windows);
    addWithinBuckets(curve, group, digits);
    const columnBits = (windows.bits - 1) >> 1;
    const columns = 2 ** columnBits;
    const rows = 2 ** (windows.bits - 1 - columnBits) - 1;
    const lines = intoLines(digits, windows.to - windows.from, rows, columns);
    addWithinBuckets(curve, group, lines);
    const sum = curve.reserve(3 * group.coordinate);
    group.zero(out);
    for (let window = windows.to - windows.from - 1; window >= 0; window--) {
      const first = window * (rows + columns);
      addWeighted(curve, group, lines, first, rows, sum);
      for (let i = 0; i < columnBits; i++) group.double(sum, sum);
      for (let i = 0; i < windows.bits; i++) group.double(out, out);
      group.sum(out, sum, out);
      addWeighted(curve, group, lines, first + rows, columns, sum);
      group.sum(out, sum, out);
    }
  });
}

/**
 * Regroups the points of each window's buckets, whose weights are d = 1, 2, ... With d - 1 = row * columns +
 * column, sum d P = columns * sum row * (sum of its row) + sum (column + 1) * (sum of its column): two
 * additions a bucket in pairs, and few buckets left to weigh.
 */
function intoLines(digits: Buckets, windows: number, rows: number, columns: number): Buckets {
  const buckets = (rows + 1) * columns;
  const lines = rows + columns;
  const ends = new Int32Array(windows * lines);
  const members: [bucket: number, line: number][] = [];
  for (let bucket = 0; bucket < windows * buckets; bucket++) {
    if (placeOf(digits, bucket) < 0) continue;
    const first = Math.floor(bucket / buckets) * lines;
    const row = Math.floor((bucket % buckets) / columns);
    if (row > 0) members.push([bucket, first + row - 1]);
    members.push([bucket, first + rows + (bucket % columns)]);
  }
  for (const [, line] of members) ends[line] = (ends[line] ?? 0) + 1;
  toStarts(ends);
  const x = new Int32Array(members.length);
  const y = new Int32Array(members.length);
  for (const [bucket, line] of members) {
    const place = ends[line] ?? 0;
    const from = placeOf(digits, bucket);
    x[place] = digits.x[from] ?? 0;
    y[place] = digits.y[from] ?? 0;
    ends[line] = place + 1;
  }
  return { x, y, ends };
}

/** Writes the sum of the points of `count` buckets times 1, 2, ...: B_top + (B_top + B_(top-1)) + ... */
function addWeighted(curve: Curve, group: Group, buckets: Buckets, first: number, count: number, out: Address): void {
  const { coordinate } = group;
  curve.scratch(() => {
    const running = curve.reserve(3 * coordinate);
    const point = curve.reserve(2 * coordinate);
    group.zero(running);
    group.zero(out);
    for (let bucket = first + count - 1; bucket >= first; bucket--) {
      const place = placeOf(buckets, bucket);
      if (place >= 0) {
        group.copy(buckets.x[place] ?? 0, point);
        group.copy(buckets.y[place] ?? 0, point + coordinate);
        group.sumMixed(running, point, running);
      }
      group.sum(out, running, out);
    }
  });
}

/** Turns sizes into starts, in place, and returns the sum of the sizes. */
function toStarts(sizes: Int32Array): number {
  let total = 0;
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i] ?? 0;
    sizes[i] = total;
    total += size;
  }
  return total;
}

function intoBuckets(curve: Curve, group: Group, terms: Terms, { bits, from, to }: Windows): Buckets {
  const { points, positions, scalars } = terms;
  const count = positions.length;
  const windows = to - from;
  const buckets = 2 ** (bits - 1);
  const digits = new Int16Array(count * windows);
  const ends = new Int32Array(windows * buckets);
  const biased = new Uint32Array(FIELD_WORDS + 2);
  const bias = biasOf(bits);
  for (let i = 0; i < count; i++) {
    if (isInfinity(curve, group, points + (positions[i] ?? 0) * group.stride)) continue;
    const sign = toBiased(scalars, i * FIELD_WORDS, bias, biased);
    for (let window = 0; window < windows; window++) {
      const bit = (from + window) * bits;
      const [low, high, shift] = [biased[bit >>> 5] ?? 0, biased[(bit >>> 5) + 1] ?? 0, bit & 31];
      const value = shift === 0 ? low : (low >>> shift) | (high << (32 - shift));
      const digit = (value & (2 * buckets - 1)) - buckets;
      if (digit === 0) continue;
      digits[i * windows + window] = sign * digit;
      const at = window * buckets + Math.abs(digit) - 1;
      ends[at] = (ends[at] ?? 0) + 1;
    }
  }
  // Until it is filled, a bucket's end is its start.
  const total = toStarts(ends);
  const x = new Int32Array(total);
  const y = new Int32Array(total);
  for (let i = 0; i < count; i++) {
    const point = points + (positions[i] ?? 0) * group.stride;
    for (let window = 0; window < windows; window++) {
      const digit = digits[i * windows + window] ?? 0;
      if (digit === 0) continue;
      const at = window * buckets + Math.abs(digit) - 1;
      const place = ends[at] ?? 0;
      x[place] = point;
      y[place] = point + (digit > 0 ? 1 : 2) * group.coordinate;
      ends[at] = place + 1;
    }
  }
  return { x, y, ends };
}

/** sum_w 2^(cw + c - 1) over all windows of c bits. */
function biasOf(bits: number): Uint32Array {
  const bias = new Uint32Array(FIELD_WORDS + 2);
  for (let bit = bits - 1; bit < Math.ceil(SCALAR_BITS / bits) * bits; bit += bits) {
    bias[bit >>> 5] = (bias[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }
  return bias;
}

/** Writes |k| + bias, for k taken nearest to zero, and returns its sign. */
function toBiased(scalars: Uint32Array, at: number, bias: Uint32Array, out: Uint32Array): 1 | -1 {
  const negate = (scalars[at + FIELD_WORDS - 1] ?? 0) > HALF_ORDER_WORD;
  let carry = 0;
  let borrow = 0;
  for (let word = 0; word < out.length; word++) {
    let value = word < FIELD_WORDS ? (scalars[at + word] ?? 0) : 0;
    if (negate) {
      value = (ORDER_WORDS[word] ?? 0) - value - borrow;
      borrow = value < 0 ? 1 : 0;
      if (value < 0) value += 0x1_0000_0000;
    }
    const sum = value + (bias[word] ?? 0) + carry;
    carry = sum > 0xffff_ffff ? 1 : 0;
    out[word] = sum;
  }
  return negate ? -1 : 1;
}

function isInfinity({ words }: Curve, { coordinate }: Group, point: Address): boolean {
  for (let word = point >>> 2; word < (point + 2 * coordinate) >>> 2; word++) if (words[word] !== 0) return false;
  return true;
}
