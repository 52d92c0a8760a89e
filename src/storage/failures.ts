// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tells a database that is away from a statement that is wrong: the first is nobody's fault, passes by itself, and is
 * worth another attempt.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { LATE } from './hurried.ts';

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
/** Outside those classes: a connection that the server ended because its transaction stood idle. */
const ENDED_IDLE = '25P03';
/** What the driver of PostgreSQL says where it gives no code, and what we say of a late answer. */
const MESSAGES = [
  LATE,
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
  if (typeof code === 'string' && (CLASSES.test(code) || code === ENDED_IDLE)) return true;
  return MESSAGES.some((start) => error.message.startsWith(start));
}

/** SQLSTATE of PostgreSQL for a text that it cannot keep: U+0000 is in none. */
const UNKEPT_TEXT = '22021';

/**
 * Turns the error of a database that is away into `database_unreachable` (503), that of a text which no database keeps
 * into `body_invalid` (400), and leaves every other.
 */
export function translateDatabaseFailure(error: unknown): unknown {
  if (error instanceof Error && (error as { code?: unknown }).code === UNKEPT_TEXT) {
    return new ProtocolError('body_invalid', 'a text in the request holds a control character', { cause: error });
  }
  return isDatabaseAway(error)
    ? new ProtocolError('database_unreachable', 'the service cannot reach its database at the moment; try again', {
        cause: error,
      })
    : error;
}
