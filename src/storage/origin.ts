// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The origin that a platform's database was made with, and which pseudonyms have come along from an earlier
 * one. Neither says when: a row of a move says no more than that these two are one person's.
 * docs/protocol.md section 6, docs/operations.md.
 *
 * @module
 */
import type { Kysely } from 'kysely';
import { ProtocolError } from '../protocol/errors.ts';
import { type Migrations, migrate } from './migrate.ts';
import type { Database } from './open.ts';

/** A move that a holder has begun, until it is over. */
export interface MoveRow {
  /** SHA-256 of the nonce that both requests carry, base64url. */
  nonce_hash: string;
  /** Verification at the old origin. */
  old_id: string;
  /** Verification at this origin. */
  new_id: string;
  /** Unix milliseconds. */
  expires_at: number;
}

/** Tables of a platform's origin. */
export interface OriginSchema {
  platform_origin: { id: number; origin: string };
  move: MoveRow;
  /** One old pseudonym for one new one, and the other way round. */
  moved: { sub: string; old_sub: string };
}

/** Database of {@link OriginSchema}; the tables of others may stand beside. */
export type OriginDatabase = Database<OriginSchema>;

const migrations: Migrations = {
  '001_origin_and_moves': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('platform_origin')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('origin', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('move')
        .addColumn('nonce_hash', 'text', (column) => column.primaryKey())
        .addColumn('old_id', 'text', (column) => column.notNull())
        .addColumn('new_id', 'text', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('moved')
        .addColumn('sub', 'text', (column) => column.primaryKey())
        .addColumn('old_sub', 'text', (column) => column.notNull().unique())
        .execute();
    },
  },
};

/**
 * Holds a platform to the origin that its database was made with.
 *
 * @param db - Of the platform's verifier.
 * @param origin - The configured origin.
 * @throws {@link ProtocolError} `origin_changed`, which says what another origin would do and what to do instead.
 */
export async function pinOrigin<Schema>(db: Database<Schema>, origin: string): Promise<OriginDatabase> {
  await migrate(db, migrations, 'origin');
  const database = db as unknown as OriginDatabase;
  const pinned = await database.transaction(async (tx) => {
    await tx
      .insertInto('platform_origin')
      .values({ id: 1, origin })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    return (await tx.selectFrom('platform_origin').select('origin').where('id', '=', 1).executeTakeFirstOrThrow())
      .origin;
  });
  if (pinned !== origin) {
    throw new ProtocolError(
      'origin_changed',
      `this database was made at ${pinned}, and the configuration says ${origin}. Every pseudonym follows from the ` +
        'origin: with another one, every sub would be another, nobody would find their account again, and everyone could ' +
        `repeat what can be done once. Configure ${pinned}; or, to move, leave that verifier running, start one at ` +
        `${origin} with a database of its own, and let holders bring their accounts along: docs/operations.md, ` +
        '“Moving to another origin”',
    );
  }
  return database;
}

/** Keeps a move that a holder begins; deletes those that ended before now. */
export async function insertMove(db: OriginDatabase, row: MoveRow, now: number): Promise<void> {
  await db.kysely.deleteFrom('move').where('expires_at', '<', now).execute();
  await db.kysely.insertInto('move').values(row).execute();
}

/** Takes a begun move, once. */
export async function takeMove(db: OriginDatabase, nonceHash: string, now: number): Promise<MoveRow | undefined> {
  const row = await db.kysely.deleteFrom('move').where('nonce_hash', '=', nonceHash).returningAll().executeTakeFirst();
  return row !== undefined && row.expires_at > now ? row : undefined;
}

/**
 * Keeps that two pseudonyms are one person's. Repeating it changes nothing.
 *
 * @throws {@link ProtocolError} `moved_before` if either has come along with another one.
 */
export async function linkMoved(db: OriginDatabase, oldSub: string, sub: string): Promise<void> {
  await db.transaction(async (tx) => {
    const known = await tx
      .selectFrom('moved')
      .selectAll()
      .where((where) => where.or([where('sub', '=', sub), where('old_sub', '=', oldSub)]))
      .execute();
    if (known.some((row) => row.sub !== sub || row.old_sub !== oldSub)) {
      throw new ProtocolError('moved_before', 'this account has come along under another pseudonym');
    }
    if (known.length === 0) await tx.insertInto('moved').values({ sub, old_sub: oldSub }).execute();
  });
}

/** The pseudonym that someone had at the earlier origin, if they have shown it. */
export async function previousSubOf(db: OriginDatabase, sub: string): Promise<string | undefined> {
  const row = await db.kysely.selectFrom('moved').select('old_sub').where('sub', '=', sub).executeTakeFirst();
  return row?.old_sub;
}
