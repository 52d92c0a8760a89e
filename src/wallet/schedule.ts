// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * When the wallet syncs by itself: once an epoch, at a moment drawn at random beforehand, so that it has
 * nothing to do with what its holder does, and so that wallets come evenly and not all at the turn of an
 * epoch. docs/protocol.md section 7.
 *
 * @module
 */
import type { Random, RegisterConfig } from './environment.ts';
import { fraction } from './mirrors.ts';
import { needsSync, type Positions, type Synced } from './synced.ts';

/** Part of an epoch that is left to the register to publish its next checkpoint. */
const PUBLISHING = 0.05;
/** Least pause between two syncs by plan, milliseconds. */
const LEAST_PAUSE = 15 * 60_000;
/** Pause after the first failure, and the longest, milliseconds; each is stretched or halved at random. */
const FIRST_RETRY = 60_000;
const LAST_RETRY = 60 * 60_000;

/**
 * Plans the next sync: the checkpoint after the last one that is known appears when that one becomes
 * active, and any moment of the epoch that then begins will do.
 *
 * @param now - Unix time in milliseconds.
 * @returns Unix time in milliseconds.
 */
export function planSync(
  positions: Positions,
  { epochSeconds }: Pick<RegisterConfig, 'epochSeconds'>,
  now: number,
  random: Random,
): number {
  const epoch = epochSeconds * 1000;
  const active = (positions.at(-1) ?? positions[0]).activeFrom * 1000;
  const start = Math.max(now, active + PUBLISHING * epoch);
  const end = active + (Math.floor((start - active) / epoch) + 1) * epoch;
  const planned = Math.floor(start) + Math.floor(fraction(random) * (end - start));
  return Math.max(planned, Math.ceil(now + LEAST_PAUSE * (1 + fraction(random))));
}

/**
 * When to sync.
 *
 * @param synced - The last sync, if any.
 * @returns Unix time in milliseconds; 0 for at once.
 */
export function syncDue(
  synced: Synced | undefined,
  register: Pick<RegisterConfig, 'epochSeconds'>,
  now: number,
): number {
  // A plan that a wrong clock made long ago, or will have made, does not count.
  const sane = synced !== undefined && synced.at <= now && synced.next <= planLimit(synced, register);
  return !sane || needsSync(synced, register, now) ? 0 : synced.next;
}

function planLimit({ at }: Synced, { epochSeconds }: Pick<RegisterConfig, 'epochSeconds'>): number {
  return at + 3 * epochSeconds * 1000 + 2 * LEAST_PAUSE;
}

/**
 * How long to wait after failures.
 *
 * @param failures - In a row; at least 1.
 * @returns Milliseconds.
 */
export function retryPause(failures: number, random: Random): number {
  const pause = Math.min(FIRST_RETRY * 2 ** (failures - 1), LAST_RETRY);
  return Math.floor(pause * (0.5 + fraction(random)));
}
