// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tables of what is decided about leaves: orders that wait for the next cut, announcements that wait for
 * their delay, resets that issuers counted, and what the log said last about rules and artifacts.
 *
 * @module
 */
import type { Kysely } from 'kysely';

/** What waits for the next cut: at most one order a leaf. */
export interface OrderRow {
  /** Decimal. */
  readonly leaf: string;
  /** The event that it becomes. */
  readonly kind: 'revocation_announced' | 'revocation_reversed' | 'leaf_revoked';
  /** JSON of the event without its `index`, which a leaf that waits does not have yet. */
  readonly event: string;
}

/** An announcement in the log. */
export interface AnnouncementRow {
  /** Log position. */
  readonly position: number;
  /** Decimal. */
  readonly leaf: string;
  readonly tree_index: number;
  readonly reason: string;
  /** Time of the checkpoint that first holds it, plus the delay; Unix seconds. */
  readonly effective: number;
  /** `closed`: the leaf has been revoked, for this announcement or at once. */
  readonly status: 'open' | 'reversed' | 'closed';
}

/** Resets that an issuer counted. */
export interface ResetRow {
  /** Key id. */
  readonly issuer: string;
  /** Log position of its latest `resets_counted`, -1 for none. */
  readonly position: number;
  /** People reset, as far as the log tells. */
  readonly total: number;
  /** A count that waits for the next cut, 0 for none, with its signature. */
  readonly pending: number;
  readonly signature: string;
}

/** The latest event of a kind of which only the latest counts. */
export interface SettingRow {
  readonly kind: 'rules_set' | 'artifacts_published';
  /** The log entry. */
  readonly entry: string;
}

/** The tables, part of the register's schema. */
export interface DecisionTables {
  orders: OrderRow;
  announcements: AnnouncementRow;
  resets: ResetRow;
  settings: SettingRow;
}

/** Creates the tables; part of a migration, after the table of leaves. */
export async function createDecisionTables<Schema>(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('orders')
    .addColumn('leaf', 'text', (column) => column.primaryKey().references('leaves.leaf'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('announcements')
    .addColumn('position', 'bigint', (column) => column.primaryKey())
    .addColumn('leaf', 'text', (column) => column.notNull().references('leaves.leaf'))
    .addColumn('tree_index', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('effective', 'bigint', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('announcements_leaf').on('announcements').column('leaf').execute();
  await db.schema.createIndex('announcements_due').on('announcements').columns(['status', 'effective']).execute();
  await db.schema.createIndex('announcements_block').on('announcements').columns(['status', 'tree_index']).execute();
  await db.schema
    .createTable('resets')
    .addColumn('issuer', 'text', (column) => column.primaryKey())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('total', 'bigint', (column) => column.notNull())
    .addColumn('pending', 'bigint', (column) => column.notNull())
    .addColumn('signature', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('settings')
    .addColumn('kind', 'text', (column) => column.primaryKey())
    .addColumn('entry', 'text', (column) => column.notNull())
    .execute();
}
