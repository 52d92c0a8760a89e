// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The log as everyone can read it: tiles and entry bundles of C2SP `tlog-tiles`, and all checkpoints
 * that there were, 256 epochs in a file. docs/protocol.md section 7.
 *
 * @module
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Kysely } from 'kysely';
import { TileLog } from '../log/tile_log.ts';
import { encodeBundle, parseTilePath, type Tile, TILE_WIDTH } from '../log/tiles.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { logTilesOf, readLogTile } from '../storage/log_tiles.ts';
import type { RegisterTables } from '../storage/register.ts';
import { cosignedNotes } from './witnessing.ts';

/** Epochs in one file of checkpoints. */
export const HISTORY_EPOCHS = 256;
const HASH_BYTES = 32;

type Db = Kysely<RegisterTables>;

/**
 * A file of the log.
 *
 * @param path - Path of the request; untrusted.
 * @throws {@link ProtocolError} `tile_unknown` for any path but those of full tiles that the log has come
 * to, and of partial ones for the size of a checkpoint.
 */
export async function readLogFile(db: Db, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const tile = parseTilePath(path);
  if (tile === undefined || !(await isPublished(db, tile))) {
    throw new ProtocolError('tile_unknown', 'the log has no such tile; take its address from a checkpoint');
  }
  if (tile.level === 'entries') {
    return encodeBundle(await readEntries(db, tile));
  }
  const hashes = await readLogTile(logTilesOf(db), tile.level, tile.index);
  const bytes = hashes?.slice(0, tile.width * HASH_BYTES);
  if (bytes?.length !== tile.width * HASH_BYTES) {
    throw inconsistent();
  }
  return bytes;
}

/** Whether a checkpoint has the tile: as it is if it is full, as its last one of the level if it is not. */
async function isPublished(db: Db, { level, index, width }: Tile): Promise<boolean> {
  const span = TILE_WIDTH ** (level === 'entries' ? 0 : level);
  const needed = (index * TILE_WIDTH + width) * span;
  if (!Number.isSafeInteger(needed + span)) {
    return false;
  }
  let query = db.selectFrom('checkpoints').select('size').where('size', '>=', needed);
  if (width < TILE_WIDTH) {
    query = query.where('size', '<', needed + span);
  }
  return (await query.limit(1).executeTakeFirst()) !== undefined;
}

async function readEntries(db: Db, { index, width }: Tile): Promise<readonly Uint8Array[]> {
  const start = index * TILE_WIDTH;
  const rows = await db
    .selectFrom('events')
    .select('entry')
    .where('position', '>=', start)
    .where('position', '<', start + width)
    .orderBy('position')
    .execute();
  if (rows.length !== width) {
    throw inconsistent();
  }
  return rows.map(({ entry }) => utf8ToBytes(entry));
}

/**
 * RFC 6962 consistency proof between two states of the log.
 *
 * @param size - Size of the earlier, at least 1.
 * @param later - Size of the later: of a checkpoint.
 * @throws {@link ProtocolError} `entry_unknown` for sizes that the log never had.
 */
export async function proveConsistency(db: Db, size: number, later: number): Promise<readonly Uint8Array[]> {
  return new TileLog((path) => readLogFile(db, path), later).consistencyProof(size);
}

/**
 * Checkpoints of the past, with the cosignatures that they have.
 *
 * @param file - Epochs `256 * file` to `256 * file + 255`.
 * @returns Notes by epoch, and whether the file is complete: it then changes no more.
 * @throws {@link ProtocolError} `checkpoint_unknown` if there is none of those epochs.
 */
export async function readHistory(
  db: Db,
  file: number,
): Promise<{ readonly checkpoints: readonly string[]; readonly complete: boolean }> {
  const first = file * HISTORY_EPOCHS;
  const rows = Number.isSafeInteger(first + HISTORY_EPOCHS)
    ? await db
        .selectFrom('checkpoints')
        .select(['epoch', 'note'])
        .where('epoch', '>=', first)
        .where('epoch', '<=', first + HISTORY_EPOCHS)
        .orderBy('epoch')
        .execute()
    : [];
  const inside = rows.filter(({ epoch }) => epoch < first + HISTORY_EPOCHS);
  if (inside.length === 0) {
    throw new ProtocolError('checkpoint_unknown', 'there are no checkpoints of those epochs yet');
  }
  // The last epoch of a file may still get cosignatures, until the next is cut.
  return { checkpoints: await cosignedNotes(db, inside), complete: rows.length > HISTORY_EPOCHS };
}

function inconsistent(): ProtocolError {
  return new ProtocolError('register_inconsistent', 'the log in the database has a gap; restore the database');
}
