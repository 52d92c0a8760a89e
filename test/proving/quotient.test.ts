// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import { createCurve, type Curve } from '../../src/proving/curve.ts';
import { createDomain, type Domain } from '../../src/proving/quotient.ts';
import { createLateRows, writeLateLinear, writeLateSquare } from '../../src/proving/late.ts';

const SIZE = 16;
const value = fc.bigInt({ min: 0n, max: FIELD_ORDER - 1n });
const vector = fc.array(fc.oneof(value, fc.constantFrom(0n, 0n, 1n)), { minLength: SIZE, maxLength: SIZE });
const mod = (x: bigint): bigint => ((x % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}
const inverse = (x: bigint): bigint => power(x, FIELD_ORDER - 2n);

/** The root of unity of order 16 that snarkjs uses: a power of 5, the smallest number that is no square. */
const ROOT = power(5n, (FIELD_ORDER - 1n) / BigInt(SIZE));
const points = Array.from({ length: SIZE }, (_, i) => power(ROOT, BigInt(i)));

/** Coefficients of the polynomial with these values, by the definition. */
function interpolate(values: readonly bigint[]): bigint[] {
  return values.map((_, k) =>
    mod(values.reduce((sum, v, j) => sum + v * power(points[j] ?? 0n, BigInt(SIZE - k)), 0n) * inverse(BigInt(SIZE))),
  );
}
const evaluate = (coefficients: readonly bigint[], x: bigint): bigint =>
  coefficients.reduceRight((sum, c) => mod(sum * x + c), 0n);
const multiply = (p: readonly bigint[], q: readonly bigint[]): bigint[] => {
  const product = Array.from({ length: p.length + q.length - 1 }, () => 0n);
  p.forEach((a, i) => q.forEach((b, j) => (product[i + j] = mod((product[i + j] ?? 0n) + a * b))));
  return product;
};
/** p / (x^16 - 1), which must divide it. */
function quotient(p: readonly bigint[]): bigint[] {
  const rest = [...p];
  const result: bigint[] = [];
  for (let i = rest.length - 1; i >= SIZE; i--) {
    result[i - SIZE] = rest[i] ?? 0n;
    rest[i - SIZE] = mod((rest[i - SIZE] ?? 0n) + (rest[i] ?? 0n));
  }
  expect(rest.slice(0, SIZE).every((c) => c === 0n)).toBe(true);
  return Array.from(result, (c: bigint | undefined) => c ?? 0n);
}

let curve: Curve;
let domain: Domain;

beforeAll(async () => {
  curve = await createCurve(1 << 20);
  domain = createDomain(curve, SIZE);
});

const bytesOf = (x: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((x >> BigInt(8 * i)) & 0xffn));
function write(values: readonly bigint[]): number {
  const at = domain.vector();
  values.forEach((x, i) => {
    curve.bytes.set(bytesOf(x), at + 32 * i);
    curve.fr.toMontgomery(at + 32 * i, at + 32 * i);
  });
  return at;
}
function read(at: number): bigint[] {
  return Array.from({ length: SIZE }, (_, i) => {
    curve.fr.fromMontgomery(at + 32 * i, at + 32 * i);
    return curve.bytes.subarray(at + 32 * i, at + 32 * i + 32).reduceRight((x, byte) => (x << 8n) | BigInt(byte), 0n);
  });
}

describe('the domain', () => {
  it("derives: x f' at the roots of unity that snarkjs uses", () => {
    const property = fc.property(vector, (values) => {
      const derived = interpolate(values).map((c, i) => mod(c * BigInt(i)));
      const got = curve.scratch(() => {
        const at = write(values);
        domain.derive(at);
        return read(at);
      });
      expect(got).toEqual(points.map((x) => evaluate(derived, x)));
    });
    fc.assert(property, { numRuns: 20 });
  });

  it('gives the quotient (a b - c) / Z by its values on the domain itself', () => {
    const property = fc.property(vector, vector, (a, b) => {
      const c = a.map((x, i) => mod(x * (b[i] ?? 0n)));
      const product = multiply(interpolate(a), interpolate(b));
      interpolate(c).forEach((x, i) => (product[i] = mod((product[i] ?? 0n) - x)));
      const h = quotient(product);
      const got = curve.scratch(() => {
        const [pa, pb, pc, da, db, out] = [write(a), write(b), write(c), write(a), write(b), domain.vector()];
        for (const at of [pc, da, db]) domain.derive(at);
        domain.multiply(pa, db, out);
        domain.addProduct(pb, da, out);
        domain.subtract(out, pc);
        return read(out);
      });
      expect(got.map((x) => mod(x * inverse(BigInt(SIZE))))).toEqual(points.map((x) => evaluate(h, x)));
    });
    fc.assert(property, { numRuns: 20 });
  });

  it('gives the quotient as a polynomial in the late input', () => {
    // The late wire stands in rows 3 (squared) and 11 (as snarkjs appends public inputs), and nothing else does.
    const LATE = 7;
    const constraints = {
      addWire(wire: number, change: number, a: number, b: number): void {
        expect(wire).toBe(LATE);
        for (const [side, row] of [
          [a, 3],
          [a, 11],
          [b, 3],
        ] as const) {
          const at = side + 32 * row;
          curve.scratch(() => {
            const one = curve.reserve(32);
            curve.fr.toMontgomery(change, one);
            curve.fr.add(at, one, at);
          });
        }
      },
    };
    const property = fc.property(vector, vector, value, (a, b, m) => {
      for (const row of [3, 11]) a[row] = b[row] = 0n;
      const whole = (side: bigint[], rows: number[]): bigint[] => side.map((x, i) => (rows.includes(i) ? m : x));
      const [left, right] = [whole(a, [3, 11]), whole(b, [3])];
      const c = left.map((x, i) => mod(x * (right[i] ?? 0n)));
      const product = multiply(interpolate(left), interpolate(right));
      interpolate(c).forEach((x, i) => (product[i] = mod((product[i] ?? 0n) - x)));
      const h = quotient(product);
      const [h0, h1, h2] = curve.scratch(() => {
        const late = createLateRows(curve, domain, constraints, LATE);
        const [pa, pb, da, db] = [write(a), write(b), write(a), write(b)];
        const dc = write(a.map((x, i) => mod(x * (b[i] ?? 0n))));
        for (const at of [da, db, dc]) domain.derive(at);
        const [constant, linear, square] = [domain.vector(), domain.vector(), domain.vector()];
        domain.multiply(pa, db, constant);
        domain.addProduct(pb, da, constant);
        domain.subtract(constant, dc);
        writeLateLinear(domain, late, { a: pa, b: pb, da, db }, linear);
        writeLateSquare(curve, domain, late, square);
        return [read(constant), read(linear), read(square)];
      });
      const at = (i: number): bigint => mod((h0[i] ?? 0n) + m * (h1[i] ?? 0n) + m * m * (h2[i] ?? 0n));
      expect(points.map((_, i) => mod(at(i) * inverse(BigInt(SIZE))))).toEqual(points.map((x) => evaluate(h, x)));
    });
    fc.assert(property, { numRuns: 20 });
  });
});
