// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The worker in which the page measures.
 *
 * @module
 */
import type { Measured } from '../runner.ts';
import { carryOut, type Order } from './order.ts';

/** What it is sent. */
export interface Task {
  readonly order: Order;
  /** Where the page lends threads. */
  readonly lender: MessagePort;
}

/** What it answers. */
export type Answer = { readonly figures: Record<string, Measured> } | { readonly error: string };

const scope = globalThis as unknown as { onmessage: unknown; postMessage: (answer: Answer) => void };
scope.onmessage = ({ data }: MessageEvent<Task>): void => {
  carryOut(data.order, data.lender).then(
    (figures) => scope.postMessage({ figures }),
    (error: unknown) =>
      scope.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : 'failed' }),
  );
};
