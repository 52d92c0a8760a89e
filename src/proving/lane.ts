// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A lane: what one thread of the prover does. It holds the points of a proving key in a memory of its own
 * and answers one task after another. `lanes.ts` deals the tasks out.
 *
 * @module
 */
import { createCurve, FIELD_BYTES, type Group } from './curve.ts';
import type { KeyFile } from './key_file.ts';
import { sumMemory, sumMultiples, type Windows } from './msm.ts';
import { placePoints } from './points.ts';
import { createDomain } from './quotient.ts';

/** Names of the sets of points, one point a wire or, in H, a row. */
export const POINT_SETS = ['A', 'B1', 'C', 'H', 'B2'] as const;
export type PointSet = (typeof POINT_SETS)[number];

/** What a lane holds. */
export type LanePoints = Pick<KeyFile, PointSet | 'domain'>;

/** Adds multiples of points; see `sumMultiples`. */
export interface SumTask {
  readonly kind: 'sum';
  readonly set: PointSet;
  readonly positions: Uint32Array;
  readonly scalars: Uint32Array;
  readonly windows: Windows;
}

/** Derives a vector; see `Domain.derive`. */
export interface DeriveTask {
  readonly kind: 'derive';
  readonly values: Uint8Array;
}

/** One task of a lane. */
export type LaneTask = SumTask | DeriveTask;

/** What a thread offers; see `lanes.ts`. */
export interface Lane {
  /** Takes the points; before anything else, once. */
  open(points: LanePoints): Promise<void>;
  /** @returns A Jacobian point, or the derived vector. */
  run(task: LaneTask): Uint8Array | Promise<Uint8Array>;
}

/** Memory for the tables of additions, bytes: tasks are cut to fit it. */
export const SUM_MEMORY = 12 * 1024 * 1024;

/** Makes a lane on the calling thread. */
export function createLane(): Lane {
  let run: ((task: LaneTask) => Uint8Array) | undefined;
  return {
    async open(points) {
      run = await openLane(points);
    },
    run(task) {
      if (run === undefined) throw new TypeError('a lane must be opened first');
      return run(task);
    },
  };
}

async function openLane(points: LanePoints): Promise<(task: LaneTask) => Uint8Array> {
  const kept = POINT_SETS.reduce((sum, set) => sum + points[set].length * 1.5, 0);
  const curve = await createCurve(kept + SUM_MEMORY + 4 * points.domain * FIELD_BYTES);
  const groupOf = (set: PointSet): Group => (set === 'B2' ? curve.g2 : curve.g1);
  const places = Object.fromEntries(
    POINT_SETS.map((set) => [set, placePoints(curve, groupOf(set), points[set])]),
  ) as Record<PointSet, number>;
  const domain = createDomain(curve, points.domain);
  return (task) =>
    curve.scratch(() => {
      if (task.kind === 'derive') {
        const at = domain.vector();
        curve.bytes.set(task.values, at);
        domain.derive(at);
        return curve.bytes.slice(at, at + task.values.length);
      }
      const { set, positions, scalars, windows } = task;
      const group = groupOf(set);
      const out = curve.reserve(3 * group.coordinate);
      sumMultiples(curve, group, { points: places[set], positions, scalars }, windows, out);
      return curve.bytes.slice(out, out + 3 * group.coordinate);
    });
}

/** Whether a sum fits the memory of a lane. */
export function fitsLane(group: 'g1' | 'g2', count: number, windows: Windows): boolean {
  return sumMemory(group === 'g1' ? FIELD_BYTES : 2 * FIELD_BYTES, count, windows) <= SUM_MEMORY;
}
