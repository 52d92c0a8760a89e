// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Node as a place to measure in.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeThreads } from '../../src/server/prover_threads.ts';
import { ARTIFACTS, ROOT } from '../circuits/compile.ts';
import type { FigureName } from './figures.ts';
import { openLab, type Place } from './lab.ts';
import { loadPeers, readSemaphore } from './peers.ts';
import type { Figures } from './results.ts';
import { measure, type Rounds } from './runner.ts';
import { subjectsOf } from './subjects.ts';

/** Where the benchmarks keep what they make. */
export const BUILD = join(ROOT, 'build', 'bench');

/** Reads a circuit artifact. */
export async function readArtifact(file: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(ARTIFACTS, file)));
}

/** Node with all its cores. */
export const NODE: Place = {
  read: readArtifact,
  readSemaphore,
  peers: loadPeers,
  threads: true,
  proverThreads: nodeThreads(),
};

/** CPU time of all threads of this process so far, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Measures figures here. */
export async function measureInNode(
  names: readonly FigureName[],
  rounds: Rounds,
  say: (line: string) => void,
): Promise<Figures> {
  const lab = openLab(NODE);
  try {
    return await measure(subjectsOf(lab, names), rounds, { cpu: cpuMs, say });
  } finally {
    await lab.end();
  }
}
