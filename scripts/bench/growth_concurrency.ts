// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How many proofs processes verify in a second together: each loads the key and verifies for the same few
 * seconds, one by one or in batches of 64. Forked by itself, this module is such a process.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { toField } from '../../src/protocol/field.ts';
import { verifyBatch } from '../../src/verifying/batch.ts';
import { loadVerificationKey, verifyProof } from '../../src/verifying/groth16.ts';
import type { ProofResult } from './bauta.ts';
import { openLab } from './lab.ts';
import { NODE } from './node_place.ts';
import type { GrowthPoint } from './results.ts';
import { rounded } from './stats.ts';

const PROCESSES = [1, 2, 4];
const BATCH = 64;
const SECONDS = { full: 5, quick: 1 } as const;
const SELF = fileURLToPath(import.meta.url);

interface Material {
  readonly vkey: unknown;
  readonly proofs: readonly ProofResult[];
}
interface Task {
  readonly kind: 'single' | 'batch';
  readonly seconds: number;
}

async function ask(child: ChildProcess, message: Material | Task): Promise<number> {
  const answered = once(child, 'message') as Promise<[number]>;
  child.send(message);
  return (await answered)[0];
}

async function together(count: number, material: Material, seconds: number): Promise<Record<string, number>> {
  const children = Array.from({ length: count }, () => fork(SELF));
  try {
    await Promise.all(children.map((child) => ask(child, material)));
    const perSecond = async (kind: Task['kind']): Promise<number> => {
      const done = await Promise.all(children.map((child) => ask(child, { kind, seconds })));
      return done.reduce((a, b) => a + b, 0);
    };
    // Kept as milliseconds a proof, as everything is.
    return {
      'bauta.verify': rounded(1000 / (await perSecond('single'))),
      'bauta.verifyBatch64PerProof': rounded(1000 / (await perSecond('batch'))),
    };
  } finally {
    for (const child of children) child.kill();
  }
}

/** Measures verification by 1, 2 and 4 processes, in milliseconds a proof over all of them. */
export async function measureConcurrency(quick: boolean, say: (line: string) => void): Promise<GrowthPoint[]> {
  const lab = openLab(NODE);
  const material = { vkey: await lab.vkey(), proofs: await lab.proofs(BATCH) };
  await lab.end();
  const points: GrowthPoint[] = [];
  for (const count of PROCESSES) {
    say(`${String(count)} processes`);
    points.push({ size: count, ms: await together(count, material, SECONDS[quick ? 'quick' : 'full']) });
  }
  return points;
}

/** Answers the parent: first gets ready, then tells how many proofs a second it verified. */
async function serve(): Promise<void> {
  const [{ vkey, proofs }] = (await once(process, 'message')) as [Material];
  const key = await loadVerificationKey(vkey);
  const items = proofs.map(({ proof, publicSignals }) => ({
    proof,
    signals: publicSignals.map((value) => toField(BigInt(value))),
  }));
  const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
  await verifyBatch(key, items, random); // compiled now
  process.on('message', ({ kind, seconds }: Task) => {
    const work = async (): Promise<number> => {
      const began = performance.now();
      let done = 0;
      while (performance.now() - began < seconds * 1000) {
        const item = items[done % items.length];
        if (kind === 'batch') await verifyBatch(key, items, random);
        else if (item !== undefined) await verifyProof(key, item.signals, item.proof);
        done += kind === 'batch' ? items.length : 1;
      }
      return (done * 1000) / (performance.now() - began);
    };
    work().then(
      (perSecond) => process.send?.(perSecond),
      () => process.exit(1),
    );
  });
  process.send?.(0);
}

if (process.argv[1] === SELF) await serve();
