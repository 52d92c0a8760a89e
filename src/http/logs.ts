// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a service may log: method, route pattern, status, duration. Never an address as sent (it may
 * hold ids and tokens), a query, a header, a body, a network address, or the message of an unexpected
 * error (a database driver quotes values in its messages). pitfalls: logs that keep what the product
 * promises not to keep.
 *
 * @module
 */
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { type DestinationStream, type Logger, pino } from 'pino';
import { ProtocolError } from '../protocol/errors.ts';

export type { Logger } from 'pino';

/**
 * Makes a service's logger: JSON lines.
 *
 * @param service - Its name, in every line.
 * @param destination - Where lines go; standard output unless given.
 */
export function createLogger(service: string, destination?: DestinationStream): Logger {
  const options = { base: { service }, level: 'info' };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/**
 * Logs each request when it is answered.
 *
 * @param logger - Where to.
 * @param clock - Milliseconds; differences only.
 */
export function requestLog(logger: Logger, clock: () => number): MiddlewareHandler {
  return async (c, next) => {
    const start = clock();
    await next();
    logger.info({ method: c.req.method, route: routePath(c, -1), status: c.res.status, ms: clock() - start });
  };
}

/**
 * Logs an unexpected error by its class, code and place, without its message.
 *
 * @param logger - Where to.
 * @returns The second argument of `installProblems`.
 */
export function logUnexpected(logger: Logger): (error: unknown) => void {
  return (error) => {
    logger.error(describeError(error));
  };
}

function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) {
    return { error: typeof error };
  }
  const { code } = error as { code?: unknown };
  return {
    error: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    at: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8),
    ...(error instanceof ProtocolError && error.cause !== undefined ? { cause: describeError(error.cause) } : {}),
  };
}
