// SPDX-License-Identifier: Apache-2.0
/**
 * Products of Miller loops. mcl has a function that shares the squarings of many loops and takes about
 * three quarters of the time, but its JavaScript side gives it no name. It is called here by what the module
 * exports beside its typed interface, with points copied to the module's memory, and only after it has given
 * what the named functions give. Where it is missing or gives something else, as another version of mcl might,
 * the loops are multiplied one by one.
 *
 * @module
 */
import * as mcl from 'mcl-wasm';

/** Points of the two groups, to be paired. */
export interface Pair {
  readonly p: mcl.G1;
  readonly q: mcl.G2;
}

/** What the module exports untyped, as far as it is used here. */
interface Internals {
  _malloc(bytes: number): number;
  _free(position: number): void;
  _mclBn_millerLoopVec(result: number, p: number, q: number, count: number): void;
}

/** Bytes of a coordinate in the module's memory; points are kept as three coordinates, those of G2 as two each. */
const COORDINATE = 48;
const G1_BYTES = 3 * COORDINATE;
const G2_BYTES = 6 * COORDINATE;
const GT_BYTES = 12 * COORDINATE;

let shared: ((pairs: readonly Pair[]) => mcl.GT) | undefined | 'unknown' = 'unknown';

/**
 * The product of the Miller loops of some pairs.
 *
 * @param pairs - One at least. mcl runs (`startCurve`).
 */
export function millerLoops(pairs: readonly Pair[]): mcl.GT {
  if (shared === 'unknown') shared = findShared();
  return pairs.length === 1 || shared === undefined ? oneByOne(pairs) : shared(pairs);
}

/** Whether squarings are shared; tests ask. @internal */
export function sharesSquarings(): boolean {
  if (shared === 'unknown') shared = findShared();
  return shared !== undefined;
}

/** The loops, multiplied one by one. @internal */
export function oneByOne(pairs: readonly Pair[]): mcl.GT {
  return pairs.map(({ p, q }) => mcl.millerLoop(p, q)).reduce((product, value) => mcl.mul(product, value));
}

function findShared(): ((pairs: readonly Pair[]) => mcl.GT) | undefined {
  const internals = findInternals();
  if (internals === undefined) return undefined;
  const together = (pairs: readonly Pair[]): mcl.GT => loopTogether(internals, pairs);
  const sample = ['a', 'b', 'c'].map((text) => ({ p: mcl.hashAndMapToG1(text), q: mcl.hashAndMapToG2(text) }));
  return mcl.finalExp(together(sample)).isEqual(mcl.finalExp(oneByOne(sample))) ? together : undefined;
}

/** Bundlers give the live module, Node a copy from before it was started, and the live one as its default. */
function findInternals(): Internals | undefined {
  type Exports = { readonly mod?: Partial<Internals>; readonly default?: Exports };
  const exports = mcl as unknown as Exports;
  const mod = exports.mod ?? exports.default?.mod;
  return [mod?._malloc, mod?._free, mod?._mclBn_millerLoopVec].every((found) => typeof found === 'function')
    ? (mod as Internals)
    : undefined;
}

function loopTogether(internals: Internals, pairs: readonly Pair[]): mcl.GT {
  // Twice the room: mcl built for longer coordinates would be found out before it could write elsewhere.
  const result = internals._malloc(2 * (GT_BYTES + pairs.length * (G1_BYTES + G2_BYTES)));
  if (result === 0) throw new RangeError('no memory for so many pairs');
  try {
    const p = result + GT_BYTES;
    const q = p + pairs.length * G1_BYTES;
    pairs.forEach((pair, i) => {
      pair.p.copyToMem(p + i * G1_BYTES);
      pair.q.copyToMem(q + i * G2_BYTES);
    });
    internals._mclBn_millerLoopVec(result, p, q, pairs.length);
    const product = new mcl.GT();
    product.copyFromMem(result);
    return product;
  } finally {
    internals._free(result);
  }
}
