// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Semaphore 4, whose proofs say less than ours (a member of a group, a nullifier, a message), by its own
 * published code, circuits and keys. A group of a hundred in a circuit of depth 20 or 32.
 *
 * @module
 */
import { type Lab, startSnarkjs } from './lab.ts';
import type { SemaphoreProof } from './peers_types.ts';
import type { Subject } from './runner.ts';

const MEMBERS = 100;

async function prover(lab: Lab, depth: number): Promise<() => Promise<SemaphoreProof>> {
  await startSnarkjs(lab.threads);
  const { Identity, Group, generateProof } = await lab.peers();
  const [wasm, zkey] = await Promise.all(
    ['wasm', 'zkey'].map((kind) => lab.readSemaphore(`semaphore-${String(depth)}.${kind}`)),
  );
  if (wasm === undefined || zkey === undefined) throw new Error('no such files');
  const identity = new Identity('bench');
  const group = new Group([
    ...Array.from({ length: MEMBERS - 1 }, (_, i) => new Identity(`member ${String(i)}`).commitment),
    identity.commitment,
  ]);
  let message = 0;
  return () => generateProof(identity, group, String(message++), 'platform.example', depth, { wasm, zkey });
}

/** Semaphore's subjects. */
export function semaphoreSubjects(lab: Lab): Subject[] {
  return [20, 32].flatMap((depth): Subject[] => [
    {
      name: `semaphore${String(depth)}.prove`,
      prepare: async () => {
        const prove = await prover(lab, depth);
        const { verifyProof } = await lab.peers();
        let last: SemaphoreProof | undefined;
        return {
          run: async () => {
            last = await prove();
          },
          check: async () => {
            if (last === undefined || !(await verifyProof(last))) throw new Error('refused');
          },
        };
      },
    },
    {
      name: `semaphore${String(depth)}.verify`,
      prepare: async () => {
        const proof = await (await prover(lab, depth))();
        const { verifyProof } = await lab.peers();
        return {
          run: async () => {
            if (!(await verifyProof(proof))) throw new Error('refused');
          },
        };
      },
    },
  ]);
}
