// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How often a platform's backend and a wallet's address may call a verifier, and how much it does at once.
 * docs/operations.md.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono';
import { networkOf } from '../http/addresses.ts';
import { rateLimit, type RateLimit } from '../http/rate_limits.ts';
import { verifierBusy } from './batch_verifier.ts';
import { secretHash } from './secrets.ts';

/** See the module's description. */
export interface PlatformLimits {
  /** Requests of one bearer key to `/v1`; undefined: no limit. */
  readonly perKey?: RateLimit | undefined;
  /** Requests of one address to `/oid4vp`, and requests without a valid key; undefined: no limit. */
  readonly perAddress?: RateLimit | undefined;
  /** The caller's address: of the connection, or what a trusted proxy says. */
  readonly address: (c: Context) => string;
}

/** Generous for people, and narrow for who tries something out. */
export const DEFAULT_LIMITS = {
  perKey: { count: 60_000, seconds: 60 },
  perAddress: { count: 600, seconds: 60 },
} as const;

/** Presentations that a process works on at once: about half a second of work for one thread. */
export const MOST_UNDER_WAY = 256;

/** Does work, or refuses it. */
export type Admission = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Bounds the work under way. It is counted from before the database is asked until the reply is made, and not while a
 * body is received: whoever sends slowly holds nobody up.
 *
 * @param most - Beyond so many, work is refused with `verifier_busy` and not begun.
 */
export function createAdmission(most = MOST_UNDER_WAY): Admission {
  let underWay = 0;
  return async (work) => {
    if (underWay >= most) {
      throw verifierBusy();
    }
    underWay++;
    try {
      return await work();
    } finally {
      underWay--;
    }
  };
}

/** What is counted where. */
export interface LimitMiddleware {
  readonly perKey: MiddlewareHandler;
  readonly perAddress: MiddlewareHandler;
}

const unlimited: MiddlewareHandler = (_, next) => next();

/** Makes the middleware of an app. */
export function limitMiddleware(limits: PlatformLimits | undefined): LimitMiddleware {
  const { perKey, perAddress, address } = limits ?? {};
  return {
    // The hash, so that no key is a name in memory.
    perKey:
      perKey === undefined ? unlimited : rateLimit(perKey, (c) => secretHash(c.req.header('authorization') ?? '')),
    perAddress:
      perAddress === undefined || address === undefined
        ? unlimited
        : rateLimit(perAddress, (c) => networkOf(address(c))),
  };
}
