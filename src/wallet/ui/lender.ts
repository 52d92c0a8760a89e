// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's side of the prover's threads: it starts and ends them all, and lends them to the worker that
 * proves. In Chromium a worker that is ended while workers of its own end may stay for ever, with its memory.
 *
 * @module
 */
import { expose } from 'comlink';
import laneUrl from './lane_worker.ts?worker&url';
import { type OwnWorker, startWorker } from './own_worker.ts';

/** Names a thread that is lent. */
export type LaneNumber = number;

/** What the prover asks of the page. */
export interface Lender {
  /**
   * Starts a thread.
   *
   * @param port - The lane is exposed there.
   * @param failed - Called when the thread does not start, or dies.
   */
  start(number: LaneNumber, port: MessagePort, failed: (why: string) => void): void;
  end(number: LaneNumber): void;
}

/** What is lent. */
export interface Loan {
  /** For `borrowThreads` in the worker that proves. */
  readonly port: MessagePort;
  /** Ends all threads that are lent. */
  end(): void;
}

/** Lends threads to a worker, as many as it asks for. */
export function lendThreads(): Loan {
  const { port1, port2 } = new MessageChannel();
  const lent = new Map<LaneNumber, OwnWorker>();
  const lender: Lender = {
    start(number, port, failed) {
      const own = startWorker(laneUrl, 'lane');
      lent.set(number, own);
      own.onFailure(({ message }) => failed(message));
      own.worker.postMessage(port, [port]);
    },
    end(number) {
      lent.get(number)?.end();
      lent.delete(number);
    },
  };
  expose(lender, port1);
  return {
    port: port2,
    end() {
      port1.close();
      for (const own of lent.values()) own.end();
      lent.clear();
    },
  };
}
