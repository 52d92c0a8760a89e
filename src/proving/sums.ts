// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sums of multiples of a key's points, shared out among its lanes.
 *
 * @module
 */
import { type Address, FIELD_WORDS } from './curve.ts';
import { fitsLane, type PointSet } from './lane.ts';
import { groupOf, type ProvingKey } from './load.ts';
import { splitWindows, sumCost, type Windows, windowsFor } from './msm.ts';

/** Scalars of some of the points of a set: positions, and eight words for each. */
export interface Multiples {
  readonly positions: Uint32Array;
  readonly scalars: Uint32Array;
}

/** Additions in G1 that an addition in G2 costs. */
const G2_COST = 3;

/** Leaves out the points at infinity. */
function finiteOnly(key: ProvingKey, set: PointSet, { positions, scalars }: Multiples): Multiples {
  const finite = key.finite[set];
  const kept = [...positions.keys()].filter((i) => finite[positions[i] ?? 0] === 1);
  if (kept.length === positions.length) return { positions, scalars };
  const words = new Uint32Array(kept.length * FIELD_WORDS);
  kept.forEach((i, at) => words.set(scalars.subarray(i * FIELD_WORDS, (i + 1) * FIELD_WORDS), at * FIELD_WORDS));
  return { positions: Uint32Array.from(kept, (i) => positions[i] ?? 0), scalars: words };
}

/** A sum that is ready to be dealt out. */
export interface PlannedSum {
  /** About the additions in G1 that it takes. */
  readonly cost: number;
  /**
   * Adds it up.
   *
   * @param previous - A Jacobian point to add to.
   * @param onDone - Told of each part that is done, with its cost.
   * @returns A Jacobian point.
   */
  run(previous: Uint8Array, signal: AbortSignal | undefined, onDone: (cost: number) => void): Promise<Uint8Array>;
}

/** Plans a sum: sum of scalar * point over all positions. */
export function planSum(key: ProvingKey, set: PointSet, multiples: Multiples): PlannedSum {
  const group = groupOf(key.curve, set);
  const { positions, scalars } = finiteOnly(key, set, multiples);
  const count = positions.length;
  const windows = windowsFor(count);
  const shares = count === 0 ? [] : sharesOf(key.lanes.count, set, count, windows);
  const cost = (count === 0 ? 0 : sumCost(count, windows)) * (set === 'B2' ? G2_COST : 1);
  return {
    cost,
    async run(previous, signal, onDone) {
      const parts = await Promise.all(
        shares.map(async (share) => {
          const part = await key.lanes.run({ kind: 'sum', set, positions, scalars, windows: share }, signal);
          onDone(cost / shares.length);
          return part;
        }),
      );
      return key.curve.scratch(() => {
        const bytes = 3 * group.coordinate;
        const [sum, part]: readonly [Address, Address] = [key.curve.reserve(bytes), key.curve.reserve(bytes)];
        key.curve.bytes.set(previous, sum);
        shares.forEach((share, i) => {
          key.curve.bytes.set(parts[i] ?? new Uint8Array(), part);
          for (let doubling = 0; doubling < share.bits * share.from; doubling++) group.double(part, part);
          group.sum(sum, part, sum);
        });
        return key.curve.bytes.slice(sum, sum + bytes);
      });
    },
  };
}

/** Shares that keep all lanes busy and fit their memory. */
function sharesOf(lanes: number, set: PointSet, count: number, windows: Windows): Windows[] {
  const group = set === 'B2' ? 'g2' : 'g1';
  let parts = lanes;
  let shares = splitWindows(windows, parts);
  while (!shares.every((share) => fitsLane(group, count, share))) shares = splitWindows(windows, ++parts);
  return shares;
}
