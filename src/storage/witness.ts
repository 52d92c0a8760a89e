// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tables of a witness: what it replayed, what it cosigned, and what it refused. All of it is public.
 *
 * @module
 */
import type { Migrations } from './migrate.ts';
import { createTreeTable, type TreeTables } from './tree.ts';

/** The log that is watched: one row. */
export interface WatchedRow {
  readonly origin: string;
  /** State of the replay after the checkpoint that was cosigned last: JSON. */
  readonly state: string;
}

/** A leaf that the log has named. */
export interface WatchedLeafRow {
  /** Decimal. */
  readonly leaf: string;
  readonly tree_index: number;
  /** Key id. */
  readonly issuer: string;
  /** 0 or 1. */
  readonly revoked: number;
  /** 0 or 1. */
  readonly replaced: number;
  /** Log position of its latest announcement; -1 if there was none. */
  readonly announcement: number;
  /** Of the open announcement. */
  readonly reason: string | null;
  /** From when on it may be carried out, Unix seconds. */
  readonly due: number | null;
}

/** A checkpoint that was cosigned. */
export interface CosignedRow {
  readonly epoch: number;
  readonly size: number;
  /** The checkpoint as the register signed it. */
  readonly note: string;
  /** When it was cosigned first, Unix seconds. */
  readonly time: number;
}

/** Evidence: a checkpoint that the register signed and the witness refused. */
export interface RefusalRow {
  /** Code and SHA-256 of the note: the same is kept once. */
  readonly id: string;
  readonly code: string;
  /** When it was refused first, Unix seconds. */
  readonly time: number;
  readonly message: string;
  readonly note: string;
}

/** All tables. */
export interface WitnessTables extends TreeTables {
  watched: WatchedRow;
  watched_leaves: WatchedLeafRow;
  cosigned: CosignedRow;
  refusals: RefusalRow;
}

/** Migrations of a witness's database. */
export const witnessMigrations: Migrations = {
  '001_witness': {
    up: async (db) => {
      await db.schema
        .createTable('watched')
        .addColumn('origin', 'text', (column) => column.primaryKey())
        .addColumn('state', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('watched_leaves')
        .addColumn('leaf', 'text', (column) => column.primaryKey())
        .addColumn('tree_index', 'bigint', (column) => column.notNull())
        .addColumn('issuer', 'text', (column) => column.notNull())
        .addColumn('revoked', 'integer', (column) => column.notNull())
        .addColumn('announcement', 'bigint', (column) => column.notNull())
        .addColumn('reason', 'text')
        .addColumn('due', 'bigint')
        .execute();
      await createTreeTable(db);
      await db.schema
        .createTable('cosigned')
        .addColumn('epoch', 'bigint', (column) => column.primaryKey())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addColumn('note', 'text', (column) => column.notNull())
        .addColumn('time', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('refusals')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('code', 'text', (column) => column.notNull())
        .addColumn('time', 'bigint', (column) => column.notNull())
        .addColumn('message', 'text', (column) => column.notNull())
        .addColumn('note', 'text', (column) => column.notNull())
        .execute();
    },
  },
  '002_replacements': {
    up: async (db) => {
      await db.schema
        .alterTable('watched_leaves')
        .addColumn('replaced', 'integer', (column) => column.notNull().defaultTo(0))
        .execute();
    },
  },
};
