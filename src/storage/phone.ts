// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which numbers people confirmed lately, as keyed tags: enough to hold a number to a few people, and for no
 * longer than that limit counts. No number has a column here. docs/protocol.md section 8.
 *
 * @module
 */
import type { Kysely } from 'kysely';
import type { Database } from './open.ts';

/** A confirmation. */
interface PhoneTagRow {
  /** HMAC of number and person, hex: the same person counts once. */
  readonly holder_tag: string;
  /** HMAC of the number, hex. */
  readonly number_tag: string;
  /** Unix milliseconds. */
  readonly expires_at: number;
}

/** The table, part of an issuer's schema. */
export interface PhoneTables {
  phone_tag: PhoneTagRow;
}

/** Creates the table; part of a migration. */
export async function createPhoneTable<Schema>(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('phone_tag')
    .addColumn('holder_tag', 'text', (column) => column.primaryKey())
    .addColumn('number_tag', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('phone_tag_number').on('phone_tag').column('number_tag').execute();
  await db.schema.createIndex('phone_tag_expires').on('phone_tag').column('expires_at').execute();
}

/** A confirmation that is to be counted. */
export interface PhoneClaim {
  readonly holderTag: string;
  readonly numberTag: string;
  /** Unix milliseconds. */
  readonly now: number;
  readonly expiresAt: number;
  /** People that may have confirmed one number at a time. */
  readonly limit: number;
}

/**
 * Counts a confirmation; one person's is counted once, from the latest on.
 *
 * @returns False if enough others have confirmed this number.
 */
export async function claimPhone<Schema extends PhoneTables>(
  database: Database<Schema>,
  { holderTag, numberTag, now, expiresAt, limit }: PhoneClaim,
): Promise<boolean> {
  return (database as unknown as Database<PhoneTables>).transaction(async (tx) => {
    const { others } = await tx
      .selectFrom('phone_tag')
      .select(({ fn }) => fn.countAll<number>().as('others'))
      .where('number_tag', '=', numberTag)
      .where('holder_tag', '!=', holderTag)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow();
    if (others >= limit) {
      return false;
    }
    await tx
      .insertInto('phone_tag')
      .values({ holder_tag: holderTag, number_tag: numberTag, expires_at: expiresAt })
      .onConflict((conflict) => conflict.column('holder_tag').doUpdateSet({ expires_at: expiresAt }))
      .execute();
    return true;
  });
}

/** Deletes what counts no more. */
export async function dropExpiredPhones<Schema extends PhoneTables>(
  database: Database<Schema>,
  now: number,
): Promise<void> {
  await (database.kysely as unknown as Kysely<PhoneTables>)
    .deleteFrom('phone_tag')
    .where('expires_at', '<=', now)
    .execute();
}
