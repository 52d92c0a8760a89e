// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The thread in which batches of proofs are judged. `verifying_pool.ts` starts it and gives it one batch at a
 * time. It draws the weights itself, after it has read a batch, so no other thread ever holds them.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { ProtocolError } from '../protocol/errors.ts';
import { openVerificationKey } from '../verifying/artifacts.ts';
import type { BatchItem } from '../verifying/batch.ts';
import type { VerificationKey } from '../verifying/groth16.ts';
import { judgeMeasured } from './batch_verifier.ts';
import type { ThreadData, ThreadReply } from './verifying_pool.ts';

const port = parentPort;
if (port === null) {
  throw new Error('verifying_worker.ts is started by verifying_pool.ts');
}
const { manifest, vkey } = workerData as ThreadData;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

function reply(message: ThreadReply): void {
  port?.postMessage(message);
}

/** Any error but a foreseen one ends the thread: its memory may be damaged. */
async function answer(work: () => Promise<ThreadReply>): Promise<void> {
  try {
    reply(await work());
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    reply({ kind: 'failed', code: error.code, message: error.message });
  }
}

async function judge(key: VerificationKey, items: readonly BatchItem[]): Promise<ThreadReply> {
  const { verdicts, cpuMs } = await judgeMeasured(key, items, random);
  // An error loses its code on the way to another thread.
  const told = verdicts.map((verdict) =>
    verdict instanceof ProtocolError ? { code: verdict.code, message: verdict.message } : verdict,
  );
  return { kind: 'judged', verdicts: told, cpuMs };
}

void answer(async () => {
  const key = await openVerificationKey(manifest, 'show', vkey);
  port.on('message', (items: readonly BatchItem[]) => {
    void answer(() => judge(key, items));
  });
  return { kind: 'ready' };
});
