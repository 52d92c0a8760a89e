// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the driver asks of the page, carried out in its worker or on its own thread.
 *
 * @module
 */
import { borrowThreads } from '../../../src/wallet/ui/lanes.ts';
import type { FigureName } from '../figures.ts';
import { openLab } from '../lab.ts';
import type { Peers } from '../peers_types.ts';
import { measure, type Measured, type Rounds } from '../runner.ts';
import { subjectsOf } from '../subjects.ts';

/** What to measure. */
export interface Order {
  readonly figures: readonly FigureName[];
  /** Undefined: run each once and measure nothing, for the memory that it takes. */
  readonly rounds?: Rounds;
  /** In a worker to which the page lends threads, or on the page's thread alone, which a browser can slow down. */
  readonly where: 'worker' | 'page';
}

/** What the page's functions are called. */
export interface BenchPage {
  readonly bench: (order: Order) => Promise<Record<string, Measured>>;
  /** Milliseconds that a fixed loop takes on the page's thread. */
  readonly spin: () => number;
}

async function read(path: string): Promise<Uint8Array> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${String(response.status)}`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Carries out an order on the calling thread.
 *
 * @param lender - Where the prover asks for threads; in a worker.
 */
export async function carryOut({ figures, rounds }: Order, lender?: MessagePort): Promise<Record<string, Measured>> {
  const peers = '/peers.js'; // a file beside the page, so that nothing of it is typed or bundled with ours
  const lab = openLab({
    read: (file) => read(`/artifacts/${file}`),
    readSemaphore: (file) => read(`/semaphore/${file}`),
    peers: () => import(/* @vite-ignore */ peers) as Promise<Peers>,
    threads: lender !== undefined,
    proverThreads: lender && borrowThreads(lender),
  });
  const subjects = subjectsOf(lab, figures);
  if (rounds === undefined) {
    for (const subject of subjects) await (await subject.prepare()).run();
    return {};
  }
  try {
    return await measure(subjects, rounds, { say: (line) => console.log(line) });
  } finally {
    await lab.end();
  }
}
