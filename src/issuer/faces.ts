// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Compares the portrait of a document with a live picture, in a thread of its own so that the service
 * keeps answering. One pair at a time; a short queue; a time for each phase, after which the thread is
 * ended and the next pair gets a new one. Neither picture nor descriptor outlives the comparison.
 * docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import type { Worker } from 'node:worker_threads';
import { startThread } from '../http/threads.ts';
import { type ErrorCode, ProtocolError } from '../protocol/errors.ts';
import type { FaceVerdict } from './face_matcher.ts';

/** A verdict and how long it took, in milliseconds, without waiting and loading. */
export interface FaceComparison extends FaceVerdict {
  readonly ms: number;
}

/** Compares faces; made by {@link createFaceComparer}. Its functions need no `this`. */
export interface FaceComparer {
  /**
   * Compares two image files: JPEG, PNG or JPEG 2000.
   *
   * @throws {@link ProtocolError} `face_missing`, `face_multiple`, `image_malformed`, `image_too_large`;
   *   `face_busy` if too many wait; `face_unavailable` if the thread failed.
   */
  compareFaces: (portrait: Uint8Array, live: Uint8Array) => Promise<FaceComparison>;
  /** Loads the networks ahead of the first comparison. */
  warm: () => Promise<void>;
  /** Ends the thread; what runs or waits fails with `face_unavailable`. */
  close: () => Promise<void>;
}

/** Bounds of a {@link FaceComparer}. */
export interface FaceLimits {
  /** Comparisons that may run and wait. */
  readonly queue: number;
  /** Milliseconds until the networks are loaded. */
  readonly load: number;
  /** Milliseconds to decode both pictures, or to warm. */
  readonly decode: number;
  /** Milliseconds to find, describe and compare. */
  readonly match: number;
}

/** Generous for a machine that does other work too: a comparison takes about two seconds. */
export const FACE_LIMITS: FaceLimits = { queue: 16, load: 120_000, decode: 30_000, match: 120_000 };

/** What the thread is asked. @internal */
export type FaceTask =
  | { readonly kind: 'warm' }
  | { readonly kind: 'compare'; readonly portrait: Uint8Array<ArrayBuffer>; readonly live: Uint8Array<ArrayBuffer> };

/** What it answers: phases as they begin, then one result. @internal */
export type FaceReply =
  | { readonly kind: 'phase'; readonly phase: 'decode' | 'match' }
  | { readonly kind: 'warmed' }
  | ({ readonly kind: 'compared' } & FaceComparison)
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/**
 * Makes a comparer. The thread starts at the first use, keeps about 350 MB while it lives, and does not
 * keep the process alive while it is idle.
 */
export function createFaceComparer(limits: FaceLimits = FACE_LIMITS): FaceComparer {
  let worker: Worker | undefined;
  let isClosed = false;
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  function start(): Worker {
    const started = startThread(import.meta.url, './face_worker');
    started.once('exit', () => {
      if (worker === started) {
        worker = undefined;
      }
    });
    return started;
  }

  async function run(task: FaceTask): Promise<FaceReply> {
    if (isClosed) {
      throw unavailable('the comparer is closed');
    }
    worker ??= start();
    return exchange(worker, task, limits);
  }

  async function queued(task: FaceTask): Promise<FaceReply> {
    if (waiting >= limits.queue) {
      throw new ProtocolError('face_busy', 'many pictures are being compared; try again in a minute');
    }
    waiting++;
    const turn = last.then(() => run(task));
    last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      waiting--;
    }
  }

  return {
    compareFaces: async (portrait, live) => {
      // Copies: they are handed over to the thread, which wipes them.
      const reply = await queued({ kind: 'compare', portrait: new Uint8Array(portrait), live: new Uint8Array(live) });
      if (reply.kind !== 'compared') {
        throw unavailable('unexpected reply');
      }
      const { match, distances, ms } = reply;
      return { match, distances, ms };
    },
    warm: async () => {
      await queued({ kind: 'warm' });
    },
    close: async () => {
      isClosed = true;
      await worker?.terminate();
    },
  };
}

/** Gives the thread a task and waits for its result, ending the thread if a phase takes too long. */
async function exchange(worker: Worker, task: FaceTask, limits: FaceLimits): Promise<FaceReply> {
  let phase: 'load' | 'decode' | 'match' = 'load';
  let timer: NodeJS.Timeout | undefined;
  let failure: ProtocolError | undefined;
  const listeners = new AbortController();
  worker.ref();
  try {
    return await new Promise<FaceReply>((resolve, reject) => {
      const limitPhase = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          failure = phase === 'decode' && task.kind === 'compare' ? endless() : unavailable(`${phase} took too long`);
          void worker.terminate();
        }, limits[phase]);
      };
      const onMessage = (reply: FaceReply): void => {
        if (reply.kind === 'phase') {
          phase = reply.phase;
          limitPhase();
        } else if (reply.kind === 'failed') {
          const { code, message } = reply;
          reject(code === 'face_unavailable' ? unavailable(message) : new ProtocolError(code, message));
        } else {
          resolve(reply);
        }
      };
      const onError = (cause: unknown): void => {
        failure ??= unavailable(cause);
      };
      // Only the exit rejects, so that no later task is given to a thread that is ending.
      const onExit = (): void => reject(failure ?? unavailable('the thread ended'));
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      listeners.signal.addEventListener('abort', () => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      });
      limitPhase();
      worker.postMessage(task, task.kind === 'compare' ? [task.portrait.buffer, task.live.buffer] : []);
    });
  } finally {
    clearTimeout(timer);
    listeners.abort();
    worker.unref();
  }
}

function endless(): ProtocolError {
  return new ProtocolError('image_malformed', 'the picture takes too long to decode; take another');
}

function unavailable(cause: unknown): ProtocolError {
  const reason = cause instanceof Error ? cause : new Error(String(cause));
  return new ProtocolError('face_unavailable', 'faces cannot be compared at the moment; try again', { cause: reason });
}
