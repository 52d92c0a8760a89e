// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Threads of Node for the prover (`bauta/proving/node`).
 *
 * @module
 */
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { availableParallelism } from 'node:os';
import { startThread } from '../http/threads.ts';
import type { LaneThread, Threads } from '../proving/lanes.ts';

/** One thread a core; they do not keep the process alive. */
export function nodeThreads(count: number = availableParallelism()): Threads {
  return { count, start: startLane };
}

function startLane(): LaneThread {
  const worker = startThread(import.meta.url, '../proving/node_lane');
  return {
    endpoint: nodeEndpoint(worker),
    onFailure(listener) {
      worker.on('error', listener);
      worker.on('exit', () => listener(undefined));
    },
    end() {
      void worker.terminate();
    },
  };
}
