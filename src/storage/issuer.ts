// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What an issuer keeps: keyed tags that hold one person to one seed, and the leaves it signed. No
 * name, number or portrait has a column here. docs/protocol.md section 8.
 *
 * @module
 */
import type { Migration } from 'kysely';
import { createPhoneTable, type PhoneTables } from './phone.ts';

/** Tables of an issuer. */
export interface IssuerSchema extends PhoneTables {
  person: {
    /** HMAC of the person number, hex. */
    dedup_tag: string;
    /** Poseidon tag of the seed, decimal. */
    seed_tag: string;
    generation: number;
    /** YYYYMMDD, a month's start. */
    secret_since: number;
  };
  credential: {
    /** Decimal field element. */
    leaf: string;
    dedup_tag: string;
    document: number;
    /** YYYYMMDD, a month's start. */
    expiry: number;
    /** Ed25519 signature over the leaf, base64url. */
    signature: string;
    /** False until the register has acknowledged the leaf. */
    submitted: number;
    /** Month of issue, YYYYMMDD, a month's start; 0 if it was made before this was kept. */
    issued: number;
    /** The holder's wish to have it revoked: 0 none, 1 not yet acknowledged by the register, 2 acknowledged. */
    revocation: number;
    /** The leaf whose place it takes, until the log says so; null for one with a place of its own. */
    replaces: string | null;
  };
  /** Seeds that a reset has put out of use: never anyone's again. */
  retired_seed: {
    /** Poseidon tag, decimal. */
    seed_tag: string;
  };
  /** What the register is told of resets: one row. */
  reset_report: {
    id: number;
    /** Resets since the report that is on its way, or was last. */
    waiting: number;
    /** The report on its way; 0 if there is none. */
    sent: number;
    /** Log position that it names. */
    previous: number;
  };
  backup: {
    dedup_tag: string;
    /** Name of a kind of `BACKUP_KINDS`. */
    kind: string;
    /** Sealed by the wallet, base64url. */
    sealed: string;
  };
  /** An appeal that waits for a decision; deleted with it. */
  appeal: {
    /** Random, base64url. */
    reference: string;
    leaf: string;
    /** Log position of the announcement. */
    announcement: number;
    reason: string;
    /** When the revocation takes effect, Unix seconds. */
    effective: number;
    /** The holder's own words. */
    text: string;
  };
}

/** Migrations of {@link IssuerSchema}, in order. */
export const issuerMigrations: Record<string, Migration> = {
  '0001_persons_and_credentials': {
    async up(db) {
      await db.schema
        .createTable('person')
        .addColumn('dedup_tag', 'text', (column) => column.primaryKey())
        .addColumn('seed_tag', 'text', (column) => column.notNull().unique())
        .addColumn('generation', 'integer', (column) => column.notNull())
        .addColumn('secret_since', 'integer', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('credential')
        .addColumn('leaf', 'text', (column) => column.primaryKey())
        .addColumn('dedup_tag', 'text', (column) => column.notNull().references('person.dedup_tag'))
        .addColumn('document', 'integer', (column) => column.notNull())
        .addColumn('expiry', 'integer', (column) => column.notNull())
        .addColumn('signature', 'text', (column) => column.notNull())
        .addColumn('submitted', 'integer', (column) => column.notNull())
        .execute();
    },
  },
  '0002_requests_and_appeals': {
    async up(db) {
      for (const name of ['issued', 'revocation']) {
        await db.schema
          .alterTable('credential')
          .addColumn(name, 'integer', (column) => column.notNull().defaultTo(0))
          .execute();
      }
      await db.schema
        .createTable('appeal')
        .addColumn('reference', 'text', (column) => column.primaryKey())
        .addColumn('leaf', 'text', (column) => column.notNull().unique().references('credential.leaf'))
        .addColumn('announcement', 'bigint', (column) => column.notNull())
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('effective', 'bigint', (column) => column.notNull())
        .addColumn('text', 'text', (column) => column.notNull())
        .execute();
    },
  },
  '0003_life': {
    async up(db) {
      await db.schema.alterTable('credential').addColumn('replaces', 'text').execute();
      await db.schema
        .createTable('retired_seed')
        .addColumn('seed_tag', 'text', (column) => column.primaryKey())
        .execute();
      await db.schema
        .createTable('reset_report')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('waiting', 'integer', (column) => column.notNull())
        .addColumn('sent', 'integer', (column) => column.notNull())
        .addColumn('previous', 'bigint', (column) => column.notNull())
        .execute();
      await db.insertInto('reset_report').values({ id: 1, waiting: 0, sent: 0, previous: -1 }).execute();
      await db.schema
        .createTable('backup')
        .addColumn('dedup_tag', 'text', (column) => column.notNull().references('person.dedup_tag'))
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('sealed', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('backup_key', ['dedup_tag', 'kind'])
        .execute();
    },
  },
  '0004_phone_tags': { up: createPhoneTable },
};
