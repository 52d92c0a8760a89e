// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Compares the portrait of a document with a live picture, or with a capture whose liveness it examines, in
 * a thread of its own so that the service keeps answering. One task at a time; a queue (`face_queue.ts`); a
 * time for each phase, after which the thread is ended and the next task gets a new one. Neither picture
 * nor descriptor outlives the task. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import type { Worker } from 'node:worker_threads';
import { startThread } from '../http/threads.ts';
import { type ErrorCode, ProtocolError } from '../protocol/errors.ts';
import type { LivenessAction } from '../protocol/liveness.ts';
import type { CaptureFrame } from './face_capture.ts';
import type { FaceVerdict, PictureRole } from './face_matcher.ts';
import { FaceQueue, type QueueLimits, type Ticket } from './face_queue.ts';

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
  /**
   * Queues a capture. Its ticket's result fails as `face_capture.ts` says.
   *
   * @throws {@link ProtocolError} `face_busy` if too much waits.
   */
  checkLiveness: (portrait: Uint8Array, capture: FaceCapture) => Ticket<FaceComparison>;
  /** Describes the one face of a picture, by matcher; see `face_distances.ts`. */
  describeFace: (picture: Uint8Array, role: PictureRole) => Promise<readonly (readonly number[])[]>;
  /** Loads the networks ahead of the first comparison, and learns how fast this machine is. */
  warm: () => Promise<void>;
  /** Ends the thread; what runs or waits fails with `face_unavailable`. */
  close: () => Promise<void>;
}

/** A capture: what was asked, and the pictures. */
export interface FaceCapture {
  readonly actions: readonly LivenessAction[];
  readonly frames: readonly CaptureFrame[];
}

/** Bounds of a {@link FaceComparer}. */
export interface FaceLimits {
  readonly queue: QueueLimits;
  /** Milliseconds until the networks are loaded. */
  readonly load: number;
  /** Milliseconds to decode both pictures, or to warm. */
  readonly decode: number;
  /** Milliseconds to find, describe and compare. */
  readonly match: number;
}

/** Generous for a machine that does other work too: a capture takes a few seconds. */
export const FACE_LIMITS: FaceLimits = {
  queue: { tasks: 256, bytes: 256 * 1024 * 1024 },
  load: 120_000,
  decode: 30_000,
  match: 120_000,
};

/** Looks of the detectors at a picture that take as long as a task of a kind, as measured. */
const LOOKS = { compare: 3, liveness: 8, describe: 1.5 } as const;
/** Milliseconds that tasks are said to take until this machine was seen at work. */
const GUESSES = { warm: 5_000, compare: 1_000, liveness: 2_500, describe: 500 } as const;

/** What the thread is asked. @internal */
export type FaceTask =
  | { readonly kind: 'warm' }
  | { readonly kind: 'compare'; readonly portrait: Uint8Array<ArrayBuffer>; readonly live: Uint8Array<ArrayBuffer> }
  | ({ readonly kind: 'liveness'; readonly portrait: Uint8Array<ArrayBuffer> } & FaceCapture)
  | { readonly kind: 'describe'; readonly picture: Uint8Array<ArrayBuffer>; readonly role: PictureRole };

/** What it answers: phases as they begin, then one result. @internal */
export type FaceReply =
  | { readonly kind: 'phase'; readonly phase: 'decode' | 'match' }
  | { readonly kind: 'warmed'; readonly lookMs: number }
  | ({ readonly kind: 'compared' } & FaceComparison)
  | { readonly kind: 'described'; readonly descriptors: readonly (readonly number[])[] }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** The pictures of a task, which are handed over to the thread. @internal */
export function picturesOf(task: FaceTask): readonly Uint8Array<ArrayBuffer>[] {
  switch (task.kind) {
    case 'warm':
      return [];
    case 'compare':
      return [task.portrait, task.live];
    case 'liveness':
      return [task.portrait, ...task.frames.map(({ jpeg }) => jpeg)];
    case 'describe':
      return [task.picture];
  }
}

/**
 * Makes a comparer. The thread starts at the first use, keeps about 350 MB while it lives, and does not
 * keep the process alive while it is idle.
 */
export function createFaceComparer(
  limits: FaceLimits = FACE_LIMITS,
  clock: () => number = () => performance.now(),
): FaceComparer {
  let worker: Worker | undefined;
  let isClosed = false;
  const queue = new FaceQueue(limits.queue, GUESSES, clock);

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

  const enqueue = <Kind extends FaceReply['kind']>(
    task: FaceTask,
    kind: Kind,
  ): Ticket<Extract<FaceReply, { kind: Kind }>> => {
    const bytes = picturesOf(task).reduce((sum, { length }) => sum + length, 0);
    return queue.add(task.kind, bytes, async () => {
      const reply = await run(task);
      if (reply.kind !== kind) throw unavailable('unexpected reply');
      return reply as Extract<FaceReply, { kind: Kind }>;
    });
  };

  return {
    // Copies: they are handed over to the thread, which wipes them.
    compareFaces: async (portrait, live) =>
      verdictOf(
        await enqueue({ kind: 'compare', portrait: new Uint8Array(portrait), live: new Uint8Array(live) }, 'compared')
          .result,
      ),
    checkLiveness: (portrait, { actions, frames }) => {
      const copies = frames.map(({ step, jpeg }) => ({ step, jpeg: new Uint8Array(jpeg) }));
      const task: FaceTask = { kind: 'liveness', portrait: new Uint8Array(portrait), actions, frames: copies };
      const { result, place, cancel } = enqueue(task, 'compared');
      return {
        result: result.then(verdictOf),
        place,
        cancel: () => {
          const isCancelled = cancel();
          if (isCancelled) for (const bytes of picturesOf(task)) bytes.fill(0);
          return isCancelled;
        },
      };
    },
    describeFace: async (picture, role) =>
      (await enqueue({ kind: 'describe', picture: new Uint8Array(picture), role }, 'described').result).descriptors,
    warm: async () => {
      const { lookMs } = await enqueue({ kind: 'warm' }, 'warmed').result;
      for (const [kind, looks] of Object.entries(LOOKS)) queue.expect(kind, looks * lookMs);
    },
    close: async () => {
      isClosed = true;
      await worker?.terminate();
    },
  };
}

function verdictOf({ match, distances, ms }: FaceComparison): FaceComparison {
  return { match, distances, ms };
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
          failure = phase === 'decode' && task.kind !== 'warm' ? endless() : unavailable(`${phase} took too long`);
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
      worker.postMessage(
        task,
        picturesOf(task).map(({ buffer }) => buffer),
      );
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
