// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Numbers that look random and follow from a seed, so that a case can be made again: xoshiro128**, seeded
 * through SHA-256. For tests only.
 *
 * @module
 */
import { createHash } from 'node:crypto';

/** A stream of numbers. */
export interface Numbers {
  /** An integer from 0 to `bound - 1`. */
  readonly below: (bound: number) => number;
  /** One of a list. */
  readonly of: <T>(list: readonly T[]) => T;
  readonly bytes: (length: number) => Uint8Array;
}

const rotated = (value: number, by: number): number => ((value << by) | (value >>> (32 - by))) >>> 0;

/** The stream of a seed and the number of a case. */
export function numbersOf(seed: string, index: number): Numbers {
  const digest = createHash('sha256')
    .update(`${seed} ${String(index)}`)
    .digest();
  const state = Uint32Array.from([0, 4, 8, 12].map((offset) => digest.readUInt32LE(offset)));
  const next = (): number => {
    const [a = 0, b = 0, c = 0, d = 0] = state;
    const result = Math.imul(rotated(Math.imul(b, 5) >>> 0, 7), 9) >>> 0;
    state.set([a ^ b ^ d, a ^ b ^ c, a ^ c ^ (b << 9), rotated((b ^ d) >>> 0, 11)]);
    return result;
  };
  const below = (bound: number): number => Math.floor((next() / 2 ** 32) * bound);
  return {
    below,
    of: (list) => {
      const chosen = list[below(list.length)];
      if (chosen === undefined) throw new RangeError('nothing to choose from');
      return chosen;
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
