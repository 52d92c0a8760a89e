// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Collects proofs that arrive at about the same time into batches, which cost about a third a proof.
 *
 * A batch is handed over when the first of its proofs has waited for a window of a few milliseconds, or when
 * the largest batch is full, to whichever lanes of the verifier are free; while none is, proofs wait in a
 * bounded queue, and beyond its bound they are refused at once (`verifier_busy`, 503 with Retry-After). What
 * one proof gets never depends on its neighbours. docs/protocol.md section 6, docs/operations.md.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import type { Groth16Proof } from '../protocol/presentation.ts';
import type { BatchItem, Verdict } from '../verifying/batch.ts';
import { type BatchVerifier, type JudgedBatch, verifierBusy } from './batch_verifier.ts';

/** Bounds of a collector. */
export interface CollectorLimits {
  /** Longest wait of a proof for others while a lane is free, milliseconds. */
  readonly window: number;
  /** Proofs of a batch, at most. */
  readonly batch: number;
  /** Proofs below which a batch is not divided among free lanes. */
  readonly share: number;
  /** Proofs that may wait, beside those that are being verified. */
  readonly queue: number;
}

/** Half a second of work for one thread. */
export const COLLECTOR_LIMITS: CollectorLimits = { window: 3, batch: 64, share: 8, queue: 512 };

/**
 * Turns of the event loop between two verdicts. What a verdict sets off ends in a commit, and Node accepts one connection
 * in a turn: were a batch told in one, callers would wait in the system's queue, where nothing counts or refuses them.
 * With several turns, callers are let in faster than they are served, and thus served or refused.
 */
const TURNS = 4;

/** Whether a proof holds, and its part of the CPU time of its batch, milliseconds. */
export interface CheckedProof {
  readonly holds: boolean;
  readonly cpuMs: number;
}

/** Checks proofs one by one, as they arrive. Its functions need no `this`. */
export interface Collector {
  /**
   * Checks a proof of `show`.
   *
   * @param signals - Values that the caller computed or checked, as for `verifyProof`.
   * @param proof - Untrusted.
   * @throws {@link ProtocolError} as `verifyProof`; `verifier_busy` if too many wait, `verifier_unavailable`.
   */
  checkProof: (signals: readonly FieldElement[], proof: Groth16Proof) => Promise<CheckedProof>;
  /** Refuses what waits and what comes with `verifier_unavailable`, and closes the verifier. */
  close: () => Promise<void>;
}

/** Runs something later; the function that it returns prevents that. */
export type Timer = (run: () => void, milliseconds: number) => () => void;

const nodeTimer: Timer = (run, milliseconds) => {
  const timeout = setTimeout(run, milliseconds);
  return () => {
    clearTimeout(timeout);
  };
};

interface Waiting {
  readonly item: BatchItem;
  readonly resolve: (checked: CheckedProof) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes a collector.
 *
 * @param verifier - Judges the batches; at most as many at once as it has lanes.
 * @param limits - Where they differ from {@link COLLECTOR_LIMITS}.
 * @param timer - Of the window.
 */
export function createCollector(
  verifier: BatchVerifier,
  limits: Partial<CollectorLimits> = {},
  timer: Timer = nodeTimer,
): Collector {
  const { window, batch, share, queue } = { ...COLLECTOR_LIMITS, ...limits };
  const waiting: Waiting[] = [];
  let running = 0;
  let isClosed = false;
  /** Whether those that wait have waited for others long enough, and now wait for a lane. */
  let isDue = false;
  let stopWindow: (() => void) | undefined;

  function handOver(): void {
    stopWindow?.();
    stopWindow = undefined;
    while (waiting.length > 0 && running < verifier.lanes) {
      const each = Math.ceil(waiting.length / (verifier.lanes - running));
      void run(waiting.splice(0, Math.min(batch, Math.max(share, each))));
    }
    isDue = waiting.length > 0;
  }

  async function run(members: readonly Waiting[]): Promise<void> {
    running++;
    let judged: JudgedBatch;
    try {
      judged = await verifier.judge(members.map(({ item }) => item));
    } catch (error) {
      for (const { reject } of members) reject(error);
      return;
    } finally {
      running--;
      if (isDue) handOver();
    }
    const { verdicts, cpuMs } = judged;
    for (const [i, member] of members.entries()) {
      // The first is told at once.
      for (let turn = 0; i > 0 && turn < TURNS; turn++) await setImmediate();
      settle(member, verdicts[i], cpuMs / members.length);
    }
  }

  return {
    checkProof: async (signals, proof) => {
      if (isClosed) throw closed();
      if (waiting.length >= queue) {
        throw verifierBusy();
      }
      const checked = new Promise<CheckedProof>((resolve, reject) => {
        waiting.push({ item: { signals, proof }, resolve, reject });
      });
      if (isDue || waiting.length >= batch) handOver();
      else stopWindow ??= timer(handOver, window);
      return checked;
    },
    close: async () => {
      isClosed = true;
      stopWindow?.();
      for (const { reject } of waiting.splice(0)) reject(closed());
      await verifier.close();
    },
  };
}

function settle({ resolve, reject }: Waiting, verdict: Verdict | undefined, cpuMs: number): void {
  if (typeof verdict === 'boolean') resolve({ holds: verdict, cpuMs });
  else reject(verdict ?? new Error('the verifier gave no verdict on a proof'));
}

function closed(): ProtocolError {
  return new ProtocolError('verifier_unavailable', 'the verifier is closing; try again');
}
