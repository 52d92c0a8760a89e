// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The hashes of a log in SQL, a row for each tile of C2SP `tlog-tiles`, at most 8 kB. A tile grows until
 * it has 256 hashes: each partial tile is the beginning of it. Entries lie in rows of their own.
 *
 * @module
 */
import type { Kysely, Transaction } from 'kysely';
import { appendToTiles, type HashTile, TILE_WIDTH } from '../log/tiles.ts';

/** A tile as far as the log has come. */
export interface LogTileRow {
  readonly level: number;
  /** Counts within the level, from 0. */
  readonly number: number;
  /** Hashes, 32 bytes each. A `Uint8Array` from PostgreSQL, an `ArrayBuffer` from libsql. */
  readonly hashes: Uint8Array | ArrayBuffer;
}

/** The table, part of a service's schema. */
export interface LogTileTables {
  log_tiles: LogTileRow;
}

/** Tiles in one statement: some 4 MB. */
const BATCH = 500;

type Db = Kysely<LogTileTables>;

/** The part of a service's database that holds its log's hashes. */
export function logTilesOf<Schema extends LogTileTables>(db: Kysely<Schema> | Transaction<Schema>): Db {
  return db as unknown as Db;
}

/** Creates the table; part of a migration. */
export async function createLogTileTable<Schema>(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('log_tiles')
    .addColumn('level', 'integer', (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('hashes', 'bytea', (column) => column.notNull())
    .addPrimaryKeyConstraint('log_tiles_key', ['level', 'number'])
    .execute();
}

/**
 * The hashes of a tile.
 *
 * @returns As many as the log has come to, or undefined if there is none.
 */
export async function readLogTile(db: Db, level: number, number: number): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('log_tiles')
    .select('hashes')
    .where('level', '=', level)
    .where('number', '=', number)
    .executeTakeFirst();
  return row && new Uint8Array(row.hashes);
}

/**
 * Grows the tiles of a log.
 *
 * @param db - Transaction of the cut.
 * @param size - Size of the log before.
 * @param hashes - Entry hashes to append.
 */
export async function appendLogTiles(db: Db, size: number, hashes: readonly Uint8Array[]): Promise<void> {
  const changed = appendToTiles(size, await readPartial(db, size), hashes);
  for (let start = 0; start < changed.length; start += BATCH) {
    const rows = changed.slice(start, start + BATCH).map(toRow);
    await db
      .insertInto('log_tiles')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['level', 'number']).doUpdateSet((query) => ({ hashes: query.ref('excluded.hashes') })),
      )
      .execute();
  }
}

async function readPartial(db: Db, size: number): Promise<ReadonlyMap<number, Uint8Array>> {
  const partial = new Map<number, Uint8Array>();
  for (let level = 0; TILE_WIDTH ** level <= size; level++) {
    const hashes = Math.floor(size / TILE_WIDTH ** level);
    const tile = hashes % TILE_WIDTH === 0 ? undefined : await readLogTile(db, level, Math.floor(hashes / TILE_WIDTH));
    if (tile !== undefined) partial.set(level, tile);
  }
  return partial;
}

function toRow({ level, index, bytes }: HashTile): LogTileRow {
  return { level, number: index, hashes: Buffer.from(bytes) };
}
