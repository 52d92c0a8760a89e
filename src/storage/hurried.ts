// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Connections to PostgreSQL whose every statement must be answered in time. A host that falls silent, without a word to
 * the connections that it had, would otherwise hold each of them, and whoever waits for it, for many minutes.
 *
 * @module
 */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Pool, PoolClient } from 'pg';

/**
 * A pool that gives up a connection together with the statement that is late on it: a connection whose statement still
 * runs, or whose transaction is still open, must not be handed to anyone else.
 *
 * @param pool - The connections.
 * @param milliseconds - In which a statement must be answered. Whether it was carried out nobody knows afterwards.
 */
export function hurried(pool: Pool, milliseconds: number): PostgresPool {
  return {
    connect: async () => hurriedClient(await pool.connect(), milliseconds),
    end: () => pool.end(),
  };
}

function hurriedClient(client: PoolClient, milliseconds: number): PostgresPoolClient {
  let isReturned = false;
  /** Returns the client to the pool, once: afterwards it may be somebody else's. */
  const release = (broken: boolean): void => {
    if (isReturned) return;
    isReturned = true;
    client.release(broken);
  };
  const query = async (sql: string, parameters: readonly unknown[]): Promise<unknown> => {
    if (isReturned) throw new Error(LATE);
    const answer = { isLate: false };
    const timer = setTimeout(() => {
      answer.isLate = true;
      // Ends the connection at once, since a statement is under way: the statement fails by it.
      release(true);
    }, milliseconds);
    try {
      return await client.query(sql, [...parameters]);
    } catch (cause) {
      throw answer.isLate ? new Error(LATE, { cause }) : cause;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    query: query as PostgresPoolClient['query'],
    release: () => {
      release(false);
    },
  };
}

/** What a late statement, and every later one on its connection, fails with. */
export const LATE = 'The database did not answer a statement in time';
