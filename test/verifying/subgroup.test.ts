// SPDX-License-Identifier: GPL-3.0-or-later
/** The test by endomorphism against mcl's multiplication by r, and the numbers from which it follows. */
import { bn254 } from '@noble/curves/bn254.js';
import fc from 'fast-check';
import * as mcl from 'mcl-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { BASE_FIELD_ORDER, FIELD_ORDER } from '../../src/protocol/field.ts';
import { startCurve } from '../../src/verifying/curve.ts';
import { CURVE_PARAMETER, isInSubgroup } from '../../src/verifying/subgroup.ts';
import { COFACTOR, COFACTOR_PRIMES, fromG2, type G2, isOnTwist, pointOfOrder, pointOfTwist, times } from './points.ts';

const x = CURVE_PARAMETER;
const [q, r] = [BASE_FIELD_ORDER, FIELD_ORDER];
/** Trace of Frobenius. */
const t = 6n * x ** 2n + 1n;

beforeAll(startCurve);

/** The point in mcl's form, with Z = 1. */
function toMcl(point: G2): mcl.G2 {
  const result = new mcl.G2();
  if (point.is0()) return result;
  const [px, py] = fromG2(point);
  const read = (parts: readonly string[]): mcl.Fp2 => {
    const value = new mcl.Fp2();
    value.setStr(parts.join(' '), 10);
    return value;
  };
  result.setX(read(px));
  result.setY(read(py));
  result.setZ(read(['1', '0']));
  return result;
}

/** Both verdicts, which must agree. */
function verdict(point: mcl.G2): boolean {
  expect(isInSubgroup(point)).toBe(point.isValidOrder());
  return isInSubgroup(point);
}

const scalar = fc.bigInt({ min: 1n, max: r - 1n });
const inGroup = scalar.map((k) => bn254.G2.Point.BASE.multiply(k));
const onTwist = fc.bigInt({ min: 0n, max: q >> 1n }).map(pointOfTwist);

describe('agrees with the multiplication by r', () => {
  it('on points of the group: in', () => {
    fc.assert(
      fc.property(inGroup, (point) => verdict(toMcl(point))),
      { numRuns: 200 },
    );
  });

  it('on points of the twist at random: out', () => {
    fc.assert(
      fc.property(onTwist, (point) => !verdict(toMcl(point))),
      { numRuns: 100 },
    );
  });

  it('on points of the twist brought into the group by the cofactor: in', () => {
    const property = fc.property(onTwist, (point) => verdict(toMcl(times(point, COFACTOR))));
    fc.assert(property, { numRuns: 10 });
  });

  it.each(COFACTOR_PRIMES)('on points of order %s, alone and added to points of the group: out', (prime) => {
    const small = pointOfOrder(prime);
    expect(isOnTwist(small)).toBe(true);
    expect(times(small, prime).is0()).toBe(true);
    const multiple = fc.bigInt({ min: 1n, max: prime - 1n }).map((k) => times(small, k));
    const property = fc.property(multiple, inGroup, (outside, inside) => {
      expect(verdict(toMcl(outside))).toBe(false);
      expect(verdict(toMcl(outside.add(inside)))).toBe(false);
      expect(verdict(toMcl(inside.subtract(outside)))).toBe(false);
    });
    fc.assert(property, { numRuns: 40 });
  });

  it('on points of composite order: out', () => {
    const sum = COFACTOR_PRIMES.map(pointOfOrder).reduce((all, point) => all.add(point));
    expect(verdict(toMcl(sum))).toBe(false);
    expect(verdict(toMcl(sum.add(bn254.G2.Point.BASE)))).toBe(false);
  });

  it('at infinity, which belongs to every subgroup: in', () => {
    expect(verdict(new mcl.G2())).toBe(true);
  });

  it('in whatever coordinates a point is', () => {
    const property = fc.property(inGroup, onTwist, (inside, outside) => {
      const [a, b] = [toMcl(inside), toMcl(outside)];
      expect(verdict(mcl.add(mcl.dbl(a), a))).toBe(true);
      expect(verdict(mcl.add(mcl.dbl(a), b))).toBe(false);
    });
    fc.assert(property, { numRuns: 20 });
  });

  it('takes less time', () => {
    const point = toMcl(bn254.G2.Point.BASE);
    const time = (check: () => boolean): number => {
      const start = performance.now();
      check();
      return performance.now() - start;
    };
    const wins = Array.from(
      { length: 300 },
      () => time(() => isInSubgroup(point)) < time(() => point.isValidOrder()),
    ).filter(Boolean);
    // What runs beside the tests slows some of them.
    expect(wins.length).toBeGreaterThan(150);
  });
});

describe('the numbers from which it follows', () => {
  it('belong to this curve', () => {
    expect(36n * x ** 4n + 36n * x ** 3n + 24n * x ** 2n + 6n * x + 1n).toBe(q);
    expect(q + 1n - t).toBe(r);
    expect(COFACTOR_PRIMES.reduce((product, prime) => product * prime)).toBe(COFACTOR);
  });

  it('psi multiplies by q in the group, where the relation holds', () => {
    expect((x + 1n + x * q + x * q ** 2n - 2n * x * q ** 3n) % r).toBe(0n);
  });

  it('on the twist, the relation holds for no order but r', () => {
    // x + 1 + x psi + x psi^2 - 2x psi^3, reduced by psi^2 = t psi - q, is a + b psi
    const [square, cube] = [
      [-q, t],
      [-t * q, t * t - q],
    ] as const;
    const a = x + 1n + x * square[0] - 2n * x * cube[0];
    const b = x + x * square[1] - 2n * x * cube[1];
    const norm = a * a + a * b * t + b * b * q;
    const gcd = (m: bigint, n: bigint): bigint => (n === 0n ? m : gcd(n, m % n));
    expect(gcd(norm, r * COFACTOR)).toBe(r);
  });
});
