// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a verifier's database must not keep any longer.
 *
 * @module
 */
import type { PlatformDatabase } from './platform.ts';

/** Most rows that one statement deletes: each is short, however many are past their time together. */
const DELETED_AT_ONCE = 1_000;

/**
 * Deletes what is past its time, little by little.
 *
 * @param db - Of the verifier.
 * @param before - Verifications that expired before it, Unix milliseconds.
 * @param now - Unix milliseconds: idempotency keys and used limits that ended before it.
 */
export async function deleteOutdated({ kysely }: PlatformDatabase, before: number, now: number): Promise<void> {
  await untilFewer(() =>
    kysely
      .deleteFrom('verification')
      .where('id', 'in', (rows) =>
        rows.selectFrom('verification').select('id').where('expires_at', '<', before).limit(DELETED_AT_ONCE),
      )
      .executeTakeFirst(),
  );
  await untilFewer(() =>
    kysely
      .deleteFrom('idempotency')
      .where('name', 'in', (rows) =>
        rows.selectFrom('idempotency').select('name').where('expires_at', '<', now).limit(DELETED_AT_ONCE),
      )
      .executeTakeFirst(),
  );
  await untilFewer(() =>
    kysely
      .deleteFrom('limit_used')
      .where((where) =>
        where(
          where.refTuple('scope', 'context', 'nullifier'),
          'in',
          where
            .selectFrom('limit_used')
            .select(['scope', 'context', 'nullifier'])
            .where('ends_at', '<', now)
            .limit(DELETED_AT_ONCE)
            .$asTuple('scope', 'context', 'nullifier'),
        ),
      )
      .executeTakeFirst(),
  );
}

/** Repeats until there was less to delete than at once; others get their turn in between, on SQLite too. */
async function untilFewer(deleteSome: () => Promise<{ readonly numDeletedRows: bigint }>): Promise<void> {
  for (;;) {
    const { numDeletedRows } = await deleteSome();
    if (numDeletedRows < BigInt(DELETED_AT_ONCE)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
