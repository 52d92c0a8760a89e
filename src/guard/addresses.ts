// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Limits by network address, so that one machine neither fills a guard's memory nor tries many records.
 * Addresses live in memory only, for one window. It is no defence of a record: that is the count.
 *
 * @module
 */
import { networkOf } from '../http/addresses.ts';

/** Most addresses that are remembered; the ones counted first are forgotten first. */
const CAPACITY = 50_000;

/** How often an address may do something. */
export interface Limit {
  readonly count: number;
  /** Length of the window, which begins with an address' first request in it. */
  readonly seconds: number;
}

/**
 * Makes a counter of one kind of request.
 *
 * @param limit - How many in which time.
 * @param clock - Unix milliseconds.
 * @param capacity - Most addresses.
 * @returns Counts a request: 0 if it is within the limit, or else the seconds until the next is.
 */
export function createAddressLimit(
  limit: Limit,
  clock: () => number,
  capacity = CAPACITY,
): (address: string) => number {
  const windows = new Map<string, { count: number; readonly endsAt: number }>();
  return (address) => {
    const now = clock();
    const network = networkOf(address);
    const window = windows.get(network);
    if (window === undefined || window.endsAt <= now) {
      // Deleted first, so that windows stand in the order of their ends.
      windows.delete(network);
      for (const [oldest, { endsAt }] of windows) {
        if (endsAt > now && windows.size < capacity) break;
        windows.delete(oldest);
      }
      windows.set(network, { count: 1, endsAt: now + limit.seconds * 1000 });
      return 0;
    }
    if (window.count >= limit.count) return Math.ceil((window.endsAt - now) / 1000);
    window.count += 1;
    return 0;
  };
}
