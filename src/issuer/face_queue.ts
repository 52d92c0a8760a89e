// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The queue before the networks, which do one thing at a time: first come, first served, bounded in tasks
 * and in bytes, and telling everyone their place and how long it will take. The estimate is
 *
 * ```text
 * wait = what is left of the running task + one typical duration for each task up to and including this one
 * ```
 *
 * with the typical duration, by kind of task, as measured: the mean of the last {@link MEASURED} of its kind.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';

/** Durations of which the mean is taken. */
export const MEASURED = 8;

/** Bounds of a {@link FaceQueue}. */
export interface QueueLimits {
  /** Tasks that may run and wait. */
  readonly tasks: number;
  /** Bytes of pictures that may wait or be examined. */
  readonly bytes: number;
}

/** Where a task stands. */
export interface Place {
  /** Tasks before it; 0 while it runs. */
  readonly position: number;
  /** Estimate until it is done. */
  readonly waitMs: number;
}

/** A task in the queue. */
export interface Ticket<Result> {
  readonly result: Promise<Result>;
  /** Undefined when it is done. */
  readonly place: () => Place | undefined;
  /** Gives up the place and what it keeps, unless its turn has come; tells whether it did. */
  readonly cancel: () => boolean;
}

interface Task {
  readonly kind: string;
  readonly bytes: number;
  startedAt: number | undefined;
}

/** Runs tasks one after another. */
export class FaceQueue {
  readonly #limits: QueueLimits;
  readonly #clock: () => number;
  readonly #guesses: Map<string, number>;
  readonly #durations = new Map<string, number[]>();
  #tasks: readonly Task[] = [];
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param limits - Bounds.
   * @param guesses - Milliseconds by kind, until one was measured.
   * @param clock - Milliseconds that never go back.
   */
  constructor(limits: QueueLimits, guesses: Readonly<Record<string, number>>, clock: () => number) {
    this.#limits = limits;
    this.#guesses = new Map(Object.entries(guesses));
    this.#clock = clock;
  }

  /** Has a better guess take the place of an earlier one: milliseconds of a kind, until one was measured. */
  expect(kind: string, ms: number): void {
    this.#guesses.set(kind, ms);
  }

  /**
   * Takes a task in.
   *
   * @param kind - Tasks of a kind take about the same time.
   * @param bytes - What it keeps in memory.
   * @throws {@link ProtocolError} `face_busy` if it would exceed the bounds.
   */
  add<Result>(kind: string, bytes: number, run: () => Promise<Result>): Ticket<Result> {
    const held = this.#tasks.reduce((sum, task) => sum + task.bytes, bytes);
    if (this.#tasks.length >= this.#limits.tasks || held > this.#limits.bytes) {
      throw new ProtocolError('face_busy', 'many pictures are being compared; try again in a minute');
    }
    const task: Task = { kind, bytes, startedAt: undefined };
    this.#tasks = [...this.#tasks, task];
    // Nothing else keeps the pictures, so that they can be let go before their turn.
    let waiting: (() => Promise<Result>) | undefined = run;
    let refuse: (error: ProtocolError) => void = () => undefined;
    const cancelled = new Promise<never>((_, reject) => {
      refuse = reject;
    });
    const turn = this.#last.then(() => {
      const begun = waiting;
      waiting = undefined;
      return begun === undefined ? cancelled : this.#run(task, begun);
    });
    this.#last = turn.catch(() => undefined);
    const cancel = (): boolean => {
      if (waiting === undefined) return false;
      waiting = undefined;
      this.#tasks = this.#tasks.filter((other) => other !== task);
      refuse(new ProtocolError('enrolment_unknown', 'the enrolment ended before its pictures had their turn'));
      return true;
    };
    return { result: Promise.race([turn, cancelled]), place: () => this.#placeOf(task), cancel };
  }

  async #run<Result>(task: Task, run: () => Promise<Result>): Promise<Result> {
    const startedAt = this.#clock();
    task.startedAt = startedAt;
    try {
      return await run();
    } finally {
      this.#tasks = this.#tasks.filter((other) => other !== task);
      const durations = [...(this.#durations.get(task.kind) ?? []), this.#clock() - startedAt];
      this.#durations.set(task.kind, durations.slice(-MEASURED));
    }
  }

  #placeOf(task: Task): Place | undefined {
    const position = this.#tasks.indexOf(task);
    if (position < 0) return undefined;
    const now = this.#clock();
    const waitMs = this.#tasks.slice(0, position + 1).reduce((sum, { kind, startedAt }) => {
      const typical = this.#typical(kind);
      // What runs longer than usual is about to end, for all that is known.
      return sum + (startedAt === undefined ? typical : Math.max(0, typical - (now - startedAt)));
    }, 0);
    return { position, waitMs };
  }

  #typical(kind: string): number {
    const durations = this.#durations.get(kind) ?? [];
    return durations.length === 0
      ? (this.#guesses.get(kind) ?? 0)
      : durations.reduce((sum, duration) => sum + duration, 0) / durations.length;
  }
}
