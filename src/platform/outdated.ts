// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Deletes what is past its time, whether or not anybody asks the verifier for anything: what was promised to be
 * forgotten must not wait for the next visitor. docs/operations.md.
 *
 * @module
 */
import type { Logger } from '../http/logs.ts';
import { deleteOutdated } from '../storage/outdated.ts';
import type { PlatformDatabase } from '../storage/platform.ts';
import { KEPT_AFTER_EXPIRY } from './deps.ts';

/** Milliseconds between two rounds. */
const INTERVAL = 60_000;

/** What {@link startForgetting} is given. */
export interface ForgettingOptions {
  readonly database: PlatformDatabase;
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  readonly logger?: Logger;
  /** Milliseconds between two rounds; a minute by default. */
  readonly interval?: number;
}

/**
 * Deletes at once and then every minute.
 *
 * @returns Ends it, after the round that is under way.
 */
export function startForgetting({ database, clock, logger, interval = INTERVAL }: ForgettingOptions): {
  readonly close: () => Promise<void>;
} {
  let running: Promise<void> | undefined;
  const round = (): void => {
    const now = clock();
    running ??= deleteOutdated(database, now - KEPT_AFTER_EXPIRY, now)
      // A database that is away keeps what it has, until the next round.
      .catch(() => logger?.warn({ outdated: 'not_deleted' }))
      .finally(() => {
        running = undefined;
      });
  };
  round();
  const timer = setInterval(round, interval);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
