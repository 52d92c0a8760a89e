// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Threads of Node for the prover.
 *
 * @module
 */
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { LaneThread, Threads } from './lanes.ts';

/** One thread a core; they do not keep the process alive. */
export function nodeThreads(count: number = availableParallelism()): Threads {
  return { count, start: startThread };
}

function startThread(): LaneThread {
  const extension = extname(fileURLToPath(import.meta.url));
  const entry = new URL(`./node_lane${extension}`, import.meta.url);
  const worker =
    extension === '.ts'
      ? new Worker(fromTypeScript(entry), { execArgv: [], eval: true })
      : new Worker(entry, { execArgv: [] });
  worker.unref();
  return {
    endpoint: nodeEndpoint(worker),
    onFailure(listener) {
      worker.on('error', listener);
    },
    end() {
      void worker.terminate();
    },
  };
}

/** The hooks of the main thread do not reach a thread, which must get the loader by hand. */
function fromTypeScript(entry: URL): string {
  const tsx = createRequire(import.meta.url).resolve('tsx/cjs/api');
  return `require(${JSON.stringify(tsx)}).register(); require(${JSON.stringify(fileURLToPath(entry))});`;
}
