// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Judges batches of proofs in threads of their own, one batch a thread, so that the service keeps answering
 * and all cores verify.
 *
 * A thread that ends or does not answer in its time is replaced. Its batch is given to the next thread once
 * more; a batch that ends two threads is taken apart, so that whatever ends threads fails alone. A batch in
 * flight is never lost: it is judged or answered with `verifier_unavailable`.
 *
 * @module
 */
import type { Worker } from 'node:worker_threads';
import { startThread } from '../http/threads.ts';
import type { Manifest } from '../protocol/artifacts.ts';
import { type ErrorCode, ProtocolError } from '../protocol/errors.ts';
import type { BatchItem } from '../verifying/batch.ts';
import { type BatchVerifier, type JudgedBatch, verifierBusy } from './batch_verifier.ts';

/** What a thread finds as `workerData`. @internal */
export interface ThreadData {
  readonly manifest: Manifest;
  /** File of the verification key of `show`; the thread checks it against the manifest. */
  readonly vkey: Uint8Array;
}

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What a thread answers: once that it is ready, then one reply to each batch. @internal */
export type ThreadReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'judged'; readonly verdicts: readonly (boolean | Failure)[]; readonly cpuMs: number }
  | ({ readonly kind: 'failed' } & Failure);

/** What {@link createVerifyingPool} is given. */
export interface VerifyingPoolOptions extends ThreadData {
  /** Threads, at least 1. Each takes a core while it judges, and about 60 MB. */
  readonly threads: number;
  /** Milliseconds in which a thread must load its key, or judge a batch. */
  readonly limits?: { readonly load: number; readonly judge: number };
  /** Starts a thread; tests start others. */
  readonly start?: (data: ThreadData) => Worker;
}

/** Generous for a machine that does other work too: a batch of 64 takes about a tenth of a second. */
const LIMITS = { load: 60_000, judge: 10_000 };

const startVerifyingThread = (data: ThreadData): Worker => startThread(import.meta.url, './verifying_worker', data);

/**
 * Starts the threads. Idle ones do not keep the process alive.
 *
 * @param options - See {@link VerifyingPoolOptions}.
 * @throws {@link ProtocolError} `verifier_unavailable` if a thread does not start; `artifact_hash_mismatch` and
 * others of `openVerificationKey` for the key.
 */
export async function createVerifyingPool(options: VerifyingPoolOptions): Promise<BatchVerifier> {
  const { threads, limits = LIMITS, start = startVerifyingThread, manifest, vkey } = options;
  let isClosed = false;
  const lanes = Array.from({ length: threads }, () => new Lane(() => start({ manifest, vkey }), limits));
  const close = async (): Promise<void> => {
    isClosed = true;
    await Promise.all(lanes.map((lane) => lane.close()));
  };
  try {
    await Promise.all(lanes.map((lane) => lane.ready()));
  } catch (error) {
    await close();
    throw error;
  }
  const idle = [...lanes];
  return {
    lanes: threads,
    judge: async (items) => {
      if (isClosed) throw unavailable('the pool is closed');
      const lane = idle.pop();
      if (lane === undefined) {
        throw verifierBusy();
      }
      try {
        return await judgeStubbornly(lane, items);
      } finally {
        idle.push(lane);
      }
    },
    close,
  };
}

async function judgeStubbornly(lane: Lane, items: readonly BatchItem[], isRetry = false): Promise<JudgedBatch> {
  try {
    return await lane.judge(items);
  } catch (error) {
    if (!(error instanceof ThreadEnded)) throw error;
    if (!isRetry) return judgeStubbornly(lane, items, true);
    if (items.length === 1) return { verdicts: [unavailable(error)], cpuMs: 0 };
    const parts: JudgedBatch[] = [];
    for (const item of items) parts.push(await judgeStubbornly(lane, [item], true));
    return {
      verdicts: parts.flatMap(({ verdicts }) => verdicts),
      cpuMs: parts.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    };
  }
}

/** A thread ended, or was ended, with a batch in its hands. */
class ThreadEnded extends Error {}

/** Place of a thread, and of those that replace it. */
class Lane {
  readonly #start: () => Worker;
  readonly #limits: typeof LIMITS;
  #worker: Worker | undefined;
  #isClosed = false;

  constructor(start: () => Worker, limits: typeof LIMITS) {
    this.#start = start;
    this.#limits = limits;
  }

  /** A thread that has loaded its key. */
  async ready(): Promise<Worker> {
    if (this.#isClosed) throw unavailable('the pool is closed');
    if (this.#worker !== undefined) return this.#worker;
    const worker = this.#start();
    this.#worker = worker;
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    try {
      const reply = await exchange(worker, this.#limits.load);
      if (reply.kind === 'ready') return worker;
      throw refused(reply);
    } catch (error) {
      this.#worker = undefined;
      await worker.terminate();
      // A thread that does not start is no fault of a batch.
      throw error instanceof ThreadEnded ? unavailable(error) : error;
    }
  }

  /** @throws {@link ThreadEnded}, {@link ProtocolError}. */
  async judge(items: readonly BatchItem[]): Promise<JudgedBatch> {
    const worker = await this.ready();
    const reply = await exchange(worker, this.#limits.judge, items);
    if (reply.kind !== 'judged') throw refused(reply);
    const verdicts = reply.verdicts.map((verdict) =>
      typeof verdict === 'boolean' ? verdict : new ProtocolError(verdict.code, verdict.message),
    );
    return { verdicts, cpuMs: reply.cpuMs };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }
}

/** Gives a thread a batch, if there is one, and waits for its next reply. */
async function exchange(worker: Worker, limit: number, items?: readonly BatchItem[]): Promise<ThreadReply> {
  worker.ref();
  const listeners = new AbortController();
  try {
    return await new Promise<ThreadReply>((resolve, reject) => {
      const timer = setTimeout(() => void worker.terminate(), limit);
      let cause: unknown;
      const onError = (error: unknown): void => {
        cause = error;
      };
      // Only the exit rejects, so that nothing more is given to a thread that is ending.
      const onExit = (): void => {
        reject(new ThreadEnded('a verifying thread ended', { cause }));
      };
      worker.on('message', resolve).on('error', onError).on('exit', onExit);
      listeners.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        worker.off('message', resolve).off('error', onError).off('exit', onExit);
      });
      if (items !== undefined) worker.postMessage(items);
    });
  } finally {
    listeners.abort();
    worker.unref();
  }
}

function refused(reply: ThreadReply): ProtocolError {
  return reply.kind === 'failed' ? new ProtocolError(reply.code, reply.message) : unavailable('unexpected reply');
}

function unavailable(cause: unknown): ProtocolError {
  return new ProtocolError('verifier_unavailable', 'proofs cannot be verified at the moment; try again', {
    cause: cause instanceof Error ? cause : new Error(String(cause)),
  });
}
