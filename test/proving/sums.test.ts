// SPDX-License-Identifier: GPL-3.0-or-later
import { bn254 } from '@noble/curves/bn254.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import { createCurve, type Curve, type Group, SCRATCH } from '../../src/proving/curve.ts';
import { splitWindows, sumCost, sumMemory, sumMultiples, type Windows, windowsFor } from '../../src/proving/msm.ts';
import { coordinatesOf, placeJacobian, placePoints, readAffine } from '../../src/proving/points.ts';
import { addMultiples, makeTable } from '../../src/proving/table.ts';

const MEMORY = 16 * 1024 * 1024;
const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;
type Point = InstanceType<typeof G1> | InstanceType<typeof G2>;

let curve: Curve;

beforeAll(async () => {
  curve = await createCurve(MEMORY);
});

const R = 1n << 256n;
const Q = G1.Fp.ORDER;
const montgomery = (value: bigint): Uint8Array => {
  const stored = (value * R) % Q;
  return Uint8Array.from({ length: 32 }, (_, i) => Number((stored >> BigInt(8 * i)) & 0xffn));
};

/** A point of noble's as a key file has it. */
function affine(point: Point): Uint8Array {
  const bytes = point instanceof G1 ? 64 : 128;
  if (point.is0()) return new Uint8Array(bytes);
  const { x, y } = point.toAffine();
  const parts = typeof x === 'bigint' ? [x, y as bigint] : [x.c0, x.c1, (y as typeof x).c0, (y as typeof x).c1];
  return new Uint8Array(Buffer.concat(parts.map(montgomery)));
}

/** Coordinates as decimal text, or `infinity`. */
function told(point: Point): string {
  return point.is0() ? 'infinity' : coordinatesOf(curve, affine(point)).join(' ');
}

/** Adds k_i P_i by the code under test, the windows in shares. */
function sum(group: Group, points: readonly Point[], scalars: readonly bigint[], windows?: Windows, parts = 1): string {
  const words = Uint32Array.from(
    scalars.flatMap((k) => Array.from({ length: 8 }, (_, i) => Number((k >> BigInt(32 * i)) & 0xffff_ffffn))),
  );
  return curve.scratch(() => {
    const place = placePoints(curve, group, new Uint8Array(Buffer.concat(points.map(affine))));
    const positions = Uint32Array.from(points.keys());
    const jacobian = 3 * group.coordinate;
    const [total, part] = [curve.reserve(jacobian), curve.reserve(jacobian)];
    group.zero(total);
    for (const share of splitWindows(windows ?? windowsFor(points.length), parts)) {
      const before = curve.words[0] ?? 0;
      sumMultiples(curve, group, { points: place, positions, scalars: words }, share, part);
      expect(curve.words[0]).toBe(before);
      for (let i = 0; i < share.bits * share.from; i++) group.double(part, part);
      group.sum(total, part, total);
    }
    const result = readAffine(curve, group, total);
    return result.every((byte) => byte === 0) ? 'infinity' : coordinatesOf(curve, result).join(' ');
  });
}

/** The same by noble. */
function expected(zero: Point, points: readonly Point[], scalars: readonly bigint[]): string {
  const add = (a: Point, b: Point): Point => (a as InstanceType<typeof G1>).add(b as InstanceType<typeof G1>);
  return told(points.reduce((total, point, i) => add(total, point.multiplyUnsafe(scalars[i] ?? 0n)), zero));
}

const EDGES = [0n, 1n, 2n, 15n, 16n, 17n, 31n, 32n, (1n << 128n) - 1n, FIELD_ORDER >> 1n, (FIELD_ORDER >> 1n) + 1n];
const scalar = fc.oneof(
  fc.constantFrom(...EDGES, FIELD_ORDER - 1n, FIELD_ORDER - 2n, FIELD_ORDER - 1000n),
  fc.bigInt({ min: 0n, max: FIELD_ORDER - 1n }),
);
/** Multiples of the generator, few of them, so that equal, opposite and infinite points meet. */
const multiple = fc.constantFrom(0n, 1n, 1n, 2n, 3n, FIELD_ORDER - 1n, FIELD_ORDER - 2n, 12345678901234567890n);
const terms = fc.array(fc.tuple(multiple, scalar), { minLength: 1, maxLength: 24 });
const times = <P extends Point>(base: P, k: bigint): P => base.multiplyUnsafe(k) as P;

describe('sums of multiples', () => {
  it.each(['g1', 'g2'] as const)('agree with noble in %s, for any window, shared out in any way', (name) => {
    const base = name === 'g1' ? G1.BASE : G2.BASE;
    const zero = name === 'g1' ? G1.ZERO : G2.ZERO;
    const property = fc.property(
      terms,
      fc.integer({ min: 2, max: 11 }),
      fc.integer({ min: 1, max: 5 }),
      (all, bits, parts) => {
        const points = all.map(([k]) => times<Point>(base, k));
        const scalars = all.map(([, k]) => k);
        const windows = { bits, from: 0, to: Math.ceil(255 / bits) };
        const want = expected(zero, points, scalars);
        expect(sum(curve[name], points, scalars, windows, parts)).toBe(want);
      },
    );
    fc.assert(property, { numRuns: name === 'g1' ? 60 : 15 });
  });

  it('agree with noble on more points than one batch of additions takes', () => {
    const points = Array.from({ length: 700 }, (_, i) => times(G1.BASE, BigInt(i * i + 1)));
    const scalars = points.map(
      (_, i) => (BigInt(i + 1) * 0x1234567890abcdef1234567890abcdef1234567890abcdefn) % FIELD_ORDER,
    );
    expect(sum(curve.g1, points, scalars)).toBe(expected(G1.ZERO, points, scalars));
    const many = points.map(() => G1.BASE); // all in one bucket
    const ones = points.map(() => 1n);
    expect(sum(curve.g1, many, ones)).toBe(told(times(G1.BASE, 700n)));
  });

  it('reserve no more memory than they say', async () => {
    const windows = windowsFor(300);
    const points = Array.from({ length: 300 }, (_, i) => times(G1.BASE, BigInt(i + 1)));
    const need = sumMemory(32, 300, windows);
    const tight = await createCurve(need + 1024 * 1024);
    const place = placePoints(tight, tight.g1, new Uint8Array(Buffer.concat(points.map(affine))));
    const out = tight.reserve(96);
    const spare = tight.words.length * 4 - SCRATCH - (tight.words[0] ?? 0);
    tight.reserve(spare - need);
    expect(() => tight.reserve(need + 8)).toThrow(RangeError);
    const scalars = Uint32Array.from({ length: 300 * 8 }, (_, i) =>
      i % 8 === 7 ? 0x10000000 : (i * 2654435761) >>> 0,
    );
    const positions = Uint32Array.from(points.keys());
    expect(() => sumMultiples(tight, tight.g1, { points: place, positions, scalars }, windows, out)).not.toThrow();
  });

  it('take windows by what they cost, and share them without a gap', () => {
    for (const count of [1, 2, 10, 311, 8192, 65_536]) {
      const { bits, from, to } = windowsFor(count);
      expect(bits * to).toBeGreaterThanOrEqual(255);
      for (const other of [bits - 1, bits + 1].filter((size) => size >= 2)) {
        const cost = sumCost(count, { bits: other, from: 0, to: Math.ceil(255 / other) });
        expect(sumCost(count, { bits, from, to })).toBeLessThanOrEqual(cost);
      }
      for (const parts of [1, 2, 7, 300]) {
        const shares = splitWindows({ bits, from, to }, parts);
        expect(shares.map((share) => share.from)).toEqual([0, ...shares.slice(0, -1).map((share) => share.to)]);
        expect(shares.at(-1)?.to).toBe(to);
      }
    }
  });
});

describe('tables', () => {
  it.each(['g1', 'g2'] as const)('give the multiples of a point of %s', (name) => {
    const group = curve[name];
    const base = name === 'g1' ? G1.BASE : G2.BASE;
    const [point, start, other] = [times<Point>(base, 77n), times<Point>(base, 5n), times<Point>(base, 6n)];
    const [table, second] = [makeTable(curve, group, affine(point)), makeTable(curve, group, affine(other))];
    const property = fc.property(scalar, scalar, (k, l) => {
      const got = curve.scratch(() => {
        const at = curve.reserve(3 * group.coordinate);
        placeJacobian(curve, group, affine(start), at);
        addMultiples(
          curve,
          group,
          [
            [table, k],
            [second, l],
          ],
          at,
        );
        return readAffine(curve, group, at);
      });
      const want = times<Point>(base, (5n + 77n * k + 6n * l) % FIELD_ORDER);
      expect(got).toEqual(affine(want));
    });
    fc.assert(property, { numRuns: name === 'g1' ? 60 : 15, examples: EDGES.map((k) => [k, 0n]) });
  });
});
