// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reads large bodies of an enrolment: only within its session's turn, one a session, and all sessions together
 * within a budget of memory. What strangers send is never read.
 *
 * @module
 */
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from '../http/limits.ts';
import { ProtocolError } from '../protocol/errors.ts';

/** What bodies of a kind may take. */
export interface BodyBounds {
  /** Largest body, bytes. */
  readonly limit: number;
  /** Bytes that are read at once, over all sessions; more are refused. */
  readonly together: number;
  /** Code and message of that refusal. */
  readonly busy: readonly [Lowercase<string>, string];
}

type Context = Parameters<MiddlewareHandler>[0];

/** Reads a body; made by {@link bodyReader}. */
export type ReadBody = <T>(c: Context, read: () => Promise<T>) => Promise<T>;

/**
 * Makes a reader of bodies, to be called in a session's turn.
 *
 * @returns Its `read` finds the whole body in memory, within its bounds. It throws {@link ProtocolError}
 * `body_too_large`, and `busy` while others are read.
 */
export function bodyReader({ limit, together, busy: [code, message] }: BodyBounds): ReadBody {
  const limited = bodyLimit(limit);
  let held = 0;
  return async <T>(c: Context, read: () => Promise<T>): Promise<T> => {
    // By what is declared, which the server holds a sender to, so that nobody is refused halfway.
    const bytes = Math.min(limit, Number(c.req.header('content-length') ?? limit) || limit);
    if (held + bytes > together) throw new ProtocolError(code, message);
    held += bytes;
    const given: T[] = [];
    try {
      await limited(c, async () => {
        given.push(await read());
      });
    } finally {
      held -= bytes;
    }
    return given[0] as T;
  };
}
