// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How often somebody may call: so many requests in each window, counted in memory by name. Each process counts
 * for itself, so behind a balancer of n processes the limit is at most n times as high.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ProtocolError } from '../protocol/errors.ts';
import { problem } from './problems.ts';

/** So many requests in so many seconds. */
export interface RateLimit {
  readonly count: number;
  readonly seconds: number;
}

/** Counts something under a name: 0 if it is within the limit, or else the seconds until the next is. */
export type RateCounter = (name: string) => Promise<number>;

/** Makes a counter. Names stay in memory for one window. */
export function rateCounter({ count, seconds }: RateLimit): RateCounter {
  const limiter = new RateLimiterMemory({ points: count, duration: seconds });
  return async (name) => {
    try {
      await limiter.consume(name);
      return 0;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    }
  };
}

/**
 * Makes middleware that answers `too_many_requests` (429) with `Retry-After` beyond a limit.
 *
 * @param limit - See {@link RateLimit}.
 * @param nameOf - Who is counted; undefined counts nobody. Names stay in memory for one window.
 */
export function rateLimit(limit: RateLimit, nameOf: (c: Context) => string | undefined): MiddlewareHandler {
  const counted = rateCounter(limit);
  return async (c, next) => {
    const name = nameOf(c);
    const wait = name === undefined ? 0 : await counted(name);
    if (wait === 0) return next();
    c.header('Retry-After', String(wait));
    return problem(
      c,
      new ProtocolError('too_many_requests', 'too many requests; try again when Retry-After has passed'),
    );
  };
}
