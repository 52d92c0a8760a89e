// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * When a checkpoint is cut, and from when on it is active. One rule holds for every register: a new
 * checkpoint is cut only once the latest has become active, so that there is never more than one next
 * root, and it becomes active about one epoch later. docs/protocol.md section 7.
 *
 * @module
 */

/** How a register turns its epochs. */
export interface Schedule {
  readonly epochSeconds: number;
  readonly turn: 'schedule' | 'on_demand';
}

/** Times of the latest checkpoint, Unix seconds. */
export interface LatestCut {
  readonly activeFrom: number;
  readonly cutAt: number;
}

/**
 * Whether to cut now.
 *
 * @param schedule - The register's.
 * @param latest - Undefined before the first checkpoint, which is cut at once.
 * @param now - Unix seconds, a fraction included.
 * @param waiting - Whether anything waits to be published.
 */
export function isDue(
  { epochSeconds, turn }: Schedule,
  latest: LatestCut | undefined,
  now: number,
  waiting: boolean,
): boolean {
  if (latest === undefined) {
    return true;
  }
  if (latest.activeFrom > now) {
    return false;
  }
  const slot = (time: number): number => Math.floor(time / epochSeconds);
  return turn === 'on_demand' ? waiting : slot(now) > slot(latest.cutAt);
}

/**
 * From when on a checkpoint that is cut now is active, Unix seconds. On schedule it is the first
 * multiple of the epoch's length that is at least half an epoch away: the next, unless this cut is
 * late. The first checkpoint of a register, which holds no leaf, is active at once.
 */
export function activeFrom({ epochSeconds, turn }: Schedule, latest: LatestCut | undefined, now: number): number {
  if (latest === undefined) {
    return Math.floor(now);
  }
  return turn === 'on_demand'
    ? Math.ceil(now) + epochSeconds
    : Math.ceil((now + epochSeconds / 2) / epochSeconds) * epochSeconds;
}
