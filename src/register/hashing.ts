// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hashing in threads of its own: the register answers while a cut hashes, and a nation's cut takes as
 * many cores as it is given.
 *
 * ```text
 * to a thread     families, eight values of 32 bytes each, big-endian
 * from a thread   their hashes, 32 bytes each, in the same order
 * ```
 *
 * @module
 */
import type { Worker } from 'node:worker_threads';
import { startThread } from '../http/threads.ts';
import type { Family, HashAll } from '../log/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { fieldsFromBytes, fieldsToBytes } from '../storage/field_bytes.ts';

/** Families that a thread gets at a time: some 50 ms of work. */
const CHUNK = 256;

/** Threads that hash. */
export interface Hashing {
  readonly hashAll: HashAll;
  /** Ends the threads; nothing can be hashed afterwards. */
  readonly close: () => Promise<void>;
}

/** A place for a thread; who dies is replaced. */
interface Slot {
  worker: Worker;
  closed: boolean;
}

function openSlot(): Slot {
  const start = (): Worker => {
    const worker = startThread(import.meta.url, './hashing_worker');
    worker.once('exit', () => {
      if (!slot.closed) slot.worker = start();
    });
    return worker;
  };
  const slot: Slot = { worker: undefined as never, closed: false };
  slot.worker = start();
  return slot;
}

/**
 * Starts threads.
 *
 * @param threads - How many, at least 1; not more than there are cores to spare.
 */
export function startHashing(threads: number): Hashing {
  const slots = Array.from({ length: threads }, openSlot);
  const run = async (families: readonly Family[]): Promise<readonly FieldElement[]> => {
    const chunks = Array.from({ length: Math.ceil(families.length / CHUNK) }, (_, i) =>
      families.slice(i * CHUNK, (i + 1) * CHUNK),
    );
    const hashes: (readonly FieldElement[])[] = [];
    let next = 0;
    const work = async ({ worker }: Slot): Promise<void> => {
      for (let i = next++; i < chunks.length; i = next++) {
        hashes[i] = await hashChunk(worker, chunks[i] ?? []);
      }
    };
    await Promise.all(slots.map(work));
    return hashes.flat();
  };
  // One after another: a thread answers the question that it was asked last.
  let last: Promise<unknown> = Promise.resolve();
  return {
    hashAll: (families) => {
      const result = last.then(() => run(families));
      last = result.catch(() => undefined);
      return result;
    },
    close: async () => {
      for (const slot of slots) slot.closed = true;
      await Promise.all(slots.map(({ worker }) => worker.terminate()));
    },
  };
}

function hashChunk(worker: Worker, families: readonly Family[]): Promise<readonly FieldElement[]> {
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      worker.off('message', answered);
      reject(new ProtocolError('hashing_failed', 'a thread that hashes has ended; the cut is made again later'));
    };
    const answered = (bytes: Uint8Array): void => {
      worker.off('exit', ended);
      resolve(fieldsFromBytes(bytes));
    };
    worker.once('message', answered);
    worker.once('exit', ended);
    const bytes = fieldsToBytes(families.flatMap(({ children }) => children));
    worker.postMessage(bytes, [bytes.buffer]);
  });
}
