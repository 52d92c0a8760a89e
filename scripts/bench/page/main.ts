// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page that the driver opens to measure in Chromium.
 *
 * @module
 */
import { lendThreads } from '../../../src/wallet/ui/lender.ts';
import type { Measured } from '../runner.ts';
import { type BenchPage, carryOut, type Order } from './order.ts';
import type { Answer, Task } from './worker.ts';

function inWorker(order: Order): Promise<Record<string, Measured>> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  return new Promise<Record<string, Measured>>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ('figures' in data) resolve(data.figures);
      else reject(new Error(data.error));
    };
    worker.onerror = ({ message }) => reject(new Error(message));
    const { port } = lendThreads();
    worker.postMessage({ order, lender: port } satisfies Task, [port]);
  });
}

const page: BenchPage = {
  bench: (order) => (order.where === 'worker' ? inWorker(order) : carryOut(order)),
  spin: () => {
    const began = performance.now();
    let value = 0;
    for (let i = 0; i < 60_000_000; i++) value = (value * 31 + i) | 0;
    return value === 0.5 ? 0 : performance.now() - began;
  },
};
Object.assign(window, page);
