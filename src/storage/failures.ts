// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tells a database that is away from a statement that is wrong: the first is nobody's fault, passes by itself, and is
 * worth another attempt.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';

/** System errors of a connection that is gone or never came. */
const NETWORK: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);
/** Classes of SQLSTATE: connection exception, insufficient resources, operator intervention. */
const CLASSES = /^(08|53|57)[0-9A-Z]{3}$/;
/** What the driver of PostgreSQL says where it gives no code. */
const MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
];

/** Whether an error means that the database cannot be reached. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  if (NETWORK.has(code) && 'syscall' in error) return true;
  if (typeof code === 'string' && CLASSES.test(code)) return true;
  return MESSAGES.some((start) => error.message.startsWith(start));
}

/** Turns the error of a database that is away into `database_unreachable` (503), and leaves every other. */
export function translateDatabaseFailure(error: unknown): unknown {
  return isDatabaseAway(error)
    ? new ProtocolError('database_unreachable', 'the service cannot reach its database at the moment; try again', {
        cause: error,
      })
    : error;
}
