// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Makes captures of stills (`sample_frames.ts`) in a thread of its own, since the networks hold the processor.
 * The thread starts at the first use, and makes one capture at a time.
 *
 * @module
 */
import type { Worker } from 'node:worker_threads';
import { startThread } from '../http/threads.ts';
import { type ErrorCode, ProtocolError } from '../protocol/errors.ts';
import type { LivenessAction } from '../protocol/liveness.ts';
import type { SampleFrame } from './sample_frames.ts';

/** Makes captures of stills. */
export interface FrameMaker {
  /**
   * Pictures of a person who follows a sequence.
   *
   * @param still - A picture of a face from the front.
   * @throws {@link ProtocolError} `face_missing` if there is none in it; `face_unavailable` once closed.
   */
  frames: (still: Uint8Array, actions: readonly LivenessAction[]) => Promise<readonly SampleFrame[]>;
  close: () => Promise<void>;
}

/** What the thread is asked. @internal */
export interface FrameTask {
  readonly still: Uint8Array;
  readonly actions: readonly LivenessAction[];
}

/** What it answers. @internal */
export type FrameReply =
  { readonly frames: readonly SampleFrame[] } | { readonly code: ErrorCode; readonly message: string };

/** Makes a {@link FrameMaker}. */
export function createFrameMaker(): FrameMaker {
  let worker: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const run = async (task: FrameTask): Promise<readonly SampleFrame[]> => {
    worker ??= startThread(import.meta.url, './frame_worker');
    const reply = await exchange(worker, task);
    if ('frames' in reply) return reply.frames;
    throw new ProtocolError(reply.code, reply.message);
  };
  return {
    frames: (still, actions) => {
      const made = last.then(() => run({ still, actions }));
      last = made.catch(() => undefined);
      return made;
    },
    close: async () => {
      await worker?.terminate();
    },
  };
}

function exchange(worker: Worker, task: FrameTask): Promise<FrameReply> {
  worker.ref();
  return new Promise<FrameReply>((resolve) => {
    const onExit = (): void => resolve({ code: 'face_unavailable', message: 'the thread ended' });
    worker.once('exit', onExit);
    worker.once('message', (reply: FrameReply) => {
      worker.off('exit', onExit);
      resolve(reply);
    });
    worker.postMessage(task);
  }).finally(() => worker.unref());
}
