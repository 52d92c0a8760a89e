// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What witnesses answered, kept by the register: a line for each checkpoint and witness.
 *
 * @module
 */
import type { Kysely } from 'kysely';

/** A cosignature. */
export interface CosignatureRow {
  /** Epoch of the checkpoint. */
  readonly epoch: number;
  /** Name of the witness. */
  readonly witness: string;
  /** When it was made, by the witness's clock, Unix seconds. */
  readonly time: number;
  /** The signature line, with its final newline. */
  readonly line: string;
}

/** The table, part of the register's schema. */
export interface CosignatureTables {
  cosignatures: CosignatureRow;
}

/** Creates the table; part of a migration. */
export async function createCosignatureTable<Schema>(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('cosignatures')
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('witness', 'text', (column) => column.notNull())
    .addColumn('time', 'bigint', (column) => column.notNull())
    .addColumn('line', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('cosignatures_key', ['epoch', 'witness'])
    .execute();
}
