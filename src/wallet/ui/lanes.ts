// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Threads of a browser for the prover, which works in a worker; the page lends them, see `lender.ts`.
 *
 * @module
 */
import { proxy, transfer, wrap } from 'comlink';
import type { Threads } from '../../proving/lanes.ts';
import type { LaneNumber, Lender } from './lender.ts';

/** Each thread takes some 20 MB, and more of them hardly shorten the wait. */
const MOST = 4;

/**
 * One thread a core; none where there is one core.
 *
 * @param port - Of the page's loan.
 */
export function borrowThreads(port: MessagePort): Threads | undefined {
  const count = Math.min(navigator.hardwareConcurrency, MOST);
  if (!(count > 1)) return undefined;
  const lender = wrap<Lender>(port);
  let last: LaneNumber = 0;
  return {
    count,
    start() {
      const number = (last += 1);
      const { port1, port2 } = new MessageChannel();
      let fail: (cause: unknown) => void = () => undefined;
      const told = proxy((why: string) => fail(why));
      lender.start(number, transfer(port2, [port2]), told).catch((cause: unknown) => fail(cause));
      return {
        endpoint: port1,
        onFailure: (listener) => (fail = listener),
        end: () => void lender.end(number),
      };
    },
  };
}
