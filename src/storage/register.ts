// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tables of the register. Everything in them is public, except that a leaf waits unseen for the end
 * of its epoch. No time of arrival is kept: it would undo the shuffling.
 *
 * @module
 */
import { type CosignatureTables, createCosignatureTable } from './cosignatures.ts';
import { createDecisionTables, type DecisionTables } from './decisions.ts';
import { createLogTileTable, type LogTileTables } from './log_tiles.ts';
import type { Migrations } from './migrate.ts';
import { createTreeTable, type TreeTables } from './tree.ts';

/** An entry of the log. */
export interface EventRow {
  /** Position in the log, from 0. */
  readonly position: number;
  /** The entry, RFC 8785 JSON. */
  readonly entry: string;
}

/** A leaf that an issuer submitted. */
export interface LeafRow {
  /** Decimal. */
  readonly leaf: string;
  /** `replacing` is a leaf that waits to take the position of another. */
  readonly status: 'pending' | 'replacing' | 'published' | 'replaced' | 'revoked';
  /** The leaf whose position it takes or took, or null if it has one of its own. */
  readonly replaces: string | null;
  readonly issuer: string;
  readonly signature: string;
  /** Position in the tree, from when it is published until it is replaced. */
  readonly tree_index: number | null;
  /** Size of the first checkpoint that holds it, once published. */
  readonly checkpoint: number | null;
}

/** A checkpoint. */
export interface CheckpointRow {
  readonly epoch: number;
  readonly size: number;
  /** Unix seconds. */
  readonly active_from: number;
  /** When it was signed, Unix seconds. */
  readonly cut_at: number;
  readonly issued: number;
  readonly revoked: number;
  /** The signed note. */
  readonly note: string;
  /** Roots of the complete subtrees of the log, largest first: base64url, separated by spaces. */
  readonly frontier: string;
}

/** A key that the log names as allowed. */
export interface KeyRow {
  readonly role: 'issuer' | 'approver';
  readonly id: string;
  /** Ed25519 public key, base64url. */
  readonly key: string;
}

/** All tables. */
export interface RegisterTables extends CosignatureTables, DecisionTables, LogTileTables, TreeTables {
  keys: KeyRow;
  events: EventRow;
  leaves: LeafRow;
  checkpoints: CheckpointRow;
}

/** Migrations of the register's database. */
export const registerMigrations: Migrations = {
  '001_register': {
    up: async (db) => {
      await db.schema
        .createTable('events')
        .addColumn('position', 'bigint', (column) => column.primaryKey())
        .addColumn('entry', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('keys')
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('key', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('keys_key', ['role', 'id'])
        .execute();
      await db.schema
        .createTable('leaves')
        .addColumn('leaf', 'text', (column) => column.primaryKey())
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('issuer', 'text', (column) => column.notNull())
        .addColumn('signature', 'text', (column) => column.notNull())
        .addColumn('tree_index', 'bigint', (column) => column.unique())
        .addColumn('checkpoint', 'bigint')
        .execute();
      await db.schema.createIndex('leaves_status').on('leaves').column('status').execute();
      await createDecisionTables(db);
      await createTreeTable(db);
      await createLogTileTable(db);
      await createCosignatureTable(db);
      await db.schema
        .createTable('checkpoints')
        .addColumn('epoch', 'bigint', (column) => column.primaryKey())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addColumn('active_from', 'bigint', (column) => column.notNull().unique())
        .addColumn('cut_at', 'bigint', (column) => column.notNull())
        .addColumn('issued', 'bigint', (column) => column.notNull())
        .addColumn('revoked', 'bigint', (column) => column.notNull())
        .addColumn('note', 'text', (column) => column.notNull())
        .addColumn('frontier', 'text', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('checkpoints_size').on('checkpoints').column('size').execute();
    },
  },
  '002_replacements': {
    up: async (db) => {
      await db.schema.alterTable('leaves').addColumn('replaces', 'text').execute();
      // A leaf is replaced once.
      await db.schema.createIndex('leaves_replaces').on('leaves').column('replaces').unique().execute();
    },
  },
};
