// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Who judges batches of proofs: the calling thread here, or other threads in `verifying_pool.ts`.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { type BatchItem, judgeBatch, type Verdict } from '../verifying/batch.ts';
import type { VerificationKey } from '../verifying/groth16.ts';
import { measureCpuTime } from './cpu_time.ts';
import type { Random } from './secrets.ts';

/** What became of a batch. */
export interface JudgedBatch {
  /** For each proof, in order. */
  readonly verdicts: readonly Verdict[];
  /** CPU time of the batch, milliseconds. */
  readonly cpuMs: number;
}

/** Judges batches. */
export interface BatchVerifier {
  /** Batches that can be judged at once. */
  readonly lanes: number;
  /**
   * Judges a batch.
   *
   * @throws ProtocolError `verifier_busy` when every lane is taken, `verifier_unavailable`, `randomness_broken`.
   */
  judge(items: readonly BatchItem[]): Promise<JudgedBatch>;
  /** Ends it; what is being judged fails with `verifier_unavailable`. */
  close(): Promise<void>;
}

/** Refuses what is more than can be judged soon; nobody has looked at it. */
export function verifierBusy(): ProtocolError {
  return new ProtocolError('verifier_busy', 'many proofs are being verified; try again in a second');
}

/** `judgeBatch` with its CPU time. */
export async function judgeMeasured(
  key: VerificationKey,
  items: readonly BatchItem[],
  random: Random,
): Promise<JudgedBatch> {
  const elapsed = measureCpuTime();
  const verdicts = await judgeBatch(key, items, random);
  return { verdicts, cpuMs: elapsed() };
}

/** Judges on the calling thread: for tests, and for platforms that see few visitors. */
export function createLocalVerifier(key: VerificationKey, random: Random): BatchVerifier {
  return {
    lanes: 1,
    judge: (items) => judgeMeasured(key, items, random),
    close: () => Promise.resolve(),
  };
}
