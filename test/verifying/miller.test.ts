// SPDX-License-Identifier: GPL-3.0-or-later
import * as mcl from 'mcl-wasm';
import { beforeAll, expect, it } from 'vitest';
import { startCurve } from '../../src/verifying/curve.ts';
import { millerLoops, oneByOne, type Pair, sharesSquarings } from '../../src/verifying/miller.ts';

beforeAll(startCurve);

/** Pairs of points; those of G1 in coordinates of any Z. */
const pairs = (count: number): Pair[] =>
  Array.from({ length: count }, (_, i) => ({
    p: mcl.mul(mcl.hashAndMapToG1(`p${String(i)}`), mcl.hashToFr(`k${String(i)}`)),
    q: mcl.hashAndMapToG2(`q${String(i)}`),
  }));

it('shares squarings with the version of mcl that is installed', () => {
  expect(sharesSquarings()).toBe(true);
});

it.each([1, 2, 3, 7, 15, 16, 17, 40])('computes the product of %i loops', (count) => {
  const some = pairs(count);
  expect(mcl.finalExp(millerLoops(some)).isEqual(mcl.finalExp(oneByOne(some)))).toBe(true);
  const others = some.map(({ p, q }, i) => ({ p: i === 0 ? mcl.dbl(p) : p, q }));
  expect(mcl.finalExp(millerLoops(others)).isEqual(mcl.finalExp(oneByOne(some)))).toBe(false);
});

it('gives the product of the pairings', () => {
  const some = pairs(5);
  const product = some.map(({ p, q }) => mcl.pairing(p, q)).reduce((all, value) => mcl.mul(all, value));
  expect(mcl.finalExp(millerLoops(some)).isEqual(product)).toBe(true);
});

it('takes a point at infinity for a factor of one', () => {
  const [first, second, third] = pairs(3) as [Pair, Pair, Pair];
  const withInfinity = [first, { p: new mcl.G1(), q: second.q }, third];
  expect(mcl.finalExp(millerLoops(withInfinity)).isEqual(mcl.finalExp(oneByOne([first, third])))).toBe(true);
});

it('keeps no memory', () => {
  const some = pairs(16);
  millerLoops(some);
  const before = mcl.getMemory().buffer.byteLength;
  // A megabyte and a half, if it were kept.
  for (let i = 0; i < 200; i++) millerLoops(some);
  expect(mcl.getMemory().buffer.byteLength).toBe(before);
});
