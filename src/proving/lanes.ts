// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The prover's threads. Tasks wait in one queue and each goes to the next lane that is free, so that all
 * cores are busy until the last task. Without threads one lane works on the calling thread, and gives way
 * to other work between tasks.
 *
 * Messages are comlink's; vectors are copied, which costs little beside the work, and points are sent once.
 *
 * @module
 */
import { type Endpoint, releaseProxy, type Remote, wrap } from 'comlink';
import { ProtocolError } from '../protocol/errors.ts';
import { createLane, type Lane, type LanePoints, type LaneTask } from './lane.ts';

/** A thread on which `expose(createLane())` of comlink was called. */
export interface LaneThread {
  readonly endpoint: Endpoint;
  /** Registers what to do when the thread fails. */
  onFailure(listener: (cause: unknown) => void): void;
  end(): void;
}

/** Threads for a prover. */
export interface Threads {
  /** How many; best one a core. */
  readonly count: number;
  readonly start: () => LaneThread;
}

/** The threads of one proving key. */
export interface Lanes {
  readonly count: number;
  /**
   * Does one task.
   *
   * @throws The signal's reason, when it is aborted before the task began; {@link ProtocolError}
   * `prover_failed` when a thread ended.
   */
  run(task: LaneTask, signal?: AbortSignal): Promise<Uint8Array>;
  /** Ends the threads and gives their memory back; waiting tasks fail. */
  close(): void;
}

interface Waiting {
  readonly task: LaneTask;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
}

const failed = (cause?: unknown): ProtocolError =>
  new ProtocolError('prover_failed', 'the prover stopped; load it again', { cause });

/** Starts all threads, or leaves none behind. */
function startAll({ count, start }: Threads): readonly LaneThread[] {
  const started: LaneThread[] = [];
  try {
    while (started.length < count) started.push(start());
  } catch (error) {
    for (const thread of started) thread.end();
    throw error;
  }
  return started;
}

/** Starts the threads of a key, or none, and gives each the points; where one fails, none stays. */
export async function openLanes(points: LanePoints, threads?: Threads): Promise<Lanes> {
  const started = threads === undefined ? [] : startAll(threads);
  const remotes: Remote<Lane>[] = started.map(({ endpoint }) => wrap<Lane>(endpoint));
  const lanes: readonly (Lane | Remote<Lane>)[] = remotes.length > 0 ? remotes : [createLane()];
  const queue: Waiting[] = [];
  const idle = [...lanes];
  const working = new Set<Waiting>();
  let broken: ProtocolError | undefined;

  function close(reason: ProtocolError): void {
    if (broken !== undefined) return;
    broken = reason;
    for (const { reject } of [...queue.splice(0), ...working]) reject(reason);
    for (const remote of remotes) remote[releaseProxy]();
    for (const thread of started) thread.end();
    idle.length = 0;
  }

  async function work(lane: Lane | Remote<Lane>, waiting: Waiting): Promise<void> {
    working.add(waiting);
    try {
      // On the calling thread others come first; a message to a thread gives way by itself.
      if (remotes.length === 0) await new Promise((resolve) => setTimeout(resolve));
      waiting.signal?.throwIfAborted();
      waiting.resolve(await lane.run(waiting.task));
    } catch (error) {
      waiting.reject(error);
    } finally {
      working.delete(waiting);
      if (broken === undefined) {
        idle.push(lane);
        next();
      }
    }
  }

  function next(): void {
    while (idle.length > 0 && queue.length > 0) {
      const waiting = queue.shift();
      if (waiting === undefined) return;
      if (waiting.signal?.aborted === true) {
        waiting.reject(waiting.signal.reason);
        continue;
      }
      const lane = idle.shift();
      if (lane !== undefined) void work(lane, waiting);
    }
  }

  await new Promise<void>((resolve, reject) => {
    for (const thread of started) {
      thread.onFailure((cause) => {
        close(failed(cause));
        reject(failed(cause));
      });
    }
    Promise.all(lanes.map((lane) => lane.open(points))).then(() => resolve(), reject);
  }).catch((cause: unknown) => {
    close(failed(cause));
    throw cause;
  });
  return {
    count: lanes.length,
    run(task, signal) {
      if (broken !== undefined) return Promise.reject(broken);
      return new Promise((resolve, reject) => {
        queue.push({ task, signal, resolve, reject });
        next();
      });
    },
    close: () => close(failed()),
  };
}
