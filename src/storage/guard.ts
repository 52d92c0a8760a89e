// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a PIN guard keeps: OPAQUE records under random ids, with how often each was guessed at. No
 * person, no address, no time but that before which a record that was guessed at does not answer.
 * docs/protocol.md section 8.
 *
 * @module
 */
import type { Kysely } from 'kysely';
import type { Migrations } from './migrate.ts';
import type { Database } from './open.ts';

/** Tables of a guard. */
export interface GuardSchema {
  /** One row: the public key under which all records were made. */
  guard_key: { public_key: string };
  guard_record: {
    /** 128 random bits, base64url. */
    id: string;
    /** OPAQUE's registration record, base64url. */
    record: string;
    /** SHA-256 of the token that erases the record, base64url. */
    erase_hash: string;
    /** Guesses since the last that was right. */
    failures: number;
    /** Unix milliseconds: no guess is answered before, and a spent record is deleted then. 0 without failures. */
    next_at: number;
  };
}

/** Database of a guard. */
export type GuardDatabase = Database<GuardSchema>;

/** Migrations of {@link GuardSchema}, in order. */
export const guardMigrations: Migrations = {
  '001_records': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('guard_key')
        .addColumn('public_key', 'text', (column) => column.primaryKey())
        .execute();
      await db.schema
        .createTable('guard_record')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('record', 'text', (column) => column.notNull())
        .addColumn('erase_hash', 'text', (column) => column.notNull())
        .addColumn('failures', 'integer', (column) => column.notNull())
        .addColumn('next_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('guard_record_failures').on('guard_record').column('failures').execute();
    },
  },
};

/** Binds an empty database to a key. Returns whether the database is that key's. */
export async function claimGuardKey(db: GuardDatabase, publicKey: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    const known = await tx.selectFrom('guard_key').select('public_key').executeTakeFirst();
    if (known !== undefined) return known.public_key === publicKey;
    await tx.insertInto('guard_key').values({ public_key: publicKey }).execute();
    return true;
  });
}

/** Keeps a new record. Returns false, and changes nothing, if its id is taken. */
export async function insertRecord(
  db: GuardDatabase,
  record: { readonly id: string; readonly record: string; readonly eraseHash: string },
): Promise<boolean> {
  const inserted = await db.kysely
    .insertInto('guard_record')
    .values({ id: record.id, record: record.record, erase_hash: record.eraseHash, failures: 0, next_at: 0 })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** How guesses are counted. */
export interface GuessRules {
  /** Failures after which a record is spent. */
  readonly attempts: number;
  /** Milliseconds to wait after so many failures. */
  readonly waitAfter: (failures: number) => number;
  /** Milliseconds for which a guess can turn out to have been right. */
  readonly pending: number;
}

/** What became of a guess. */
export type Counted =
  | { readonly outcome: 'counted'; readonly record: string; readonly failures: number }
  | { readonly outcome: 'wait'; readonly until: number }
  | { readonly outcome: 'unknown' };

/**
 * Counts a guess as failed before anything is answered; durable when this returns.
 *
 * @param now - Unix milliseconds.
 */
export async function countGuess(db: GuardDatabase, id: string, now: number, rules: GuessRules): Promise<Counted> {
  return db.transaction<Counted>(async (tx) => {
    const row = await tx.selectFrom('guard_record').selectAll().where('id', '=', id).executeTakeFirst();
    // A spent record is as good as deleted: its last guess can still turn out right, another is not answered.
    if (row === undefined || row.failures >= rules.attempts) return { outcome: 'unknown' };
    if (row.next_at > now) return { outcome: 'wait', until: row.next_at };
    const failures = row.failures + 1;
    const wait = failures >= rules.attempts ? rules.pending : rules.waitAfter(failures);
    await tx
      .updateTable('guard_record')
      .set({ failures, next_at: wait === 0 ? 0 : now + wait })
      .where('id', '=', id)
      .execute();
    return { outcome: 'counted', record: row.record, failures };
  });
}

/** Notes that a guess at this record was right. Returns false if the record is gone. */
export async function forgiveGuesses(db: GuardDatabase, id: string): Promise<boolean> {
  const updated = await db.kysely
    .updateTable('guard_record')
    .set({ failures: 0, next_at: 0 })
    .where('id', '=', id)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Reads how a record stands; undefined if there is none or it is spent. */
export async function guessesAt(
  db: GuardDatabase,
  id: string,
  attempts: number,
): Promise<{ readonly failures: number; readonly nextAt: number } | undefined> {
  const row = await db.kysely
    .selectFrom('guard_record')
    .select(['failures', 'next_at'])
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined || row.failures >= attempts ? undefined : { failures: row.failures, nextAt: row.next_at };
}

/**
 * Deletes a record for whoever has the token that erases it.
 *
 * @param mayErase - Compares the stored hash with the token at hand, in constant time.
 * @returns What was there: nothing, a record of another token, or the record, which is now gone.
 */
export async function eraseRecord(
  db: GuardDatabase,
  id: string,
  mayErase: (eraseHash: string) => boolean,
): Promise<'unknown' | 'refused' | 'erased'> {
  return db.transaction(async (tx) => {
    const row = await tx.selectFrom('guard_record').select('erase_hash').where('id', '=', id).executeTakeFirst();
    if (row === undefined) return 'unknown';
    if (!mayErase(row.erase_hash)) return 'refused';
    await tx.deleteFrom('guard_record').where('id', '=', id).execute();
    return 'erased';
  });
}

/** Deletes a record whose last guess was wrong. */
export async function deleteIfSpent(db: GuardDatabase, id: string, attempts: number): Promise<void> {
  await db.kysely.deleteFrom('guard_record').where('id', '=', id).where('failures', '>=', attempts).execute();
}

/** Deletes the records whose last guess can no longer turn out right. */
export async function deleteSpent(db: GuardDatabase, now: number, attempts: number): Promise<void> {
  await db.kysely.deleteFrom('guard_record').where('failures', '>=', attempts).where('next_at', '<=', now).execute();
}
