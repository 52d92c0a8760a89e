// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Threads of a browser for the prover: module workers, started by the proving worker.
 *
 * @module
 */
import type { Threads } from '../../proving/lanes.ts';
import laneUrl from './lane_worker.ts?worker&url';
import { canStartWorkers, startWorker } from './own_worker.ts';

/** Each thread takes some 20 MB, and more of them hardly shorten the wait. */
const MOST = 4;

/** One thread a core; none where there is one core, or where a worker can start no others. */
export function browserThreads(): Threads | undefined {
  const count = Math.min(navigator.hardwareConcurrency, MOST);
  if (!canStartWorkers || !(count > 1)) return undefined;
  return {
    count,
    start() {
      const own = startWorker(laneUrl, 'lane');
      return { ...own, endpoint: own.worker };
    },
  };
}
