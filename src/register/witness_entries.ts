// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The new entries of a log, fetched as tiles from the register or a mirror, and held against the root
 * of the checkpoint before anything is made of them: what a mirror damaged is not the register's fault.
 *
 * @module
 */
import { readAtMost } from '../http/streams.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import { append, entryHash, equalBytes, type Frontier, frontierRoot } from '../log/merkle.ts';
import { TileLog } from '../log/tile_log.ts';
import { MAX_TILE_BYTES } from '../log/tiles.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { WitnessContext } from './witness_config.ts';

/** Milliseconds to wait for a tile. */
const TIMEOUT = 10_000;
/**
 * Most bytes of entries that one checkpoint may add: they are held in memory. A register publishes at most
 * 2^19 leaves at a time, of less than 300 bytes each.
 */
const MAX_ADDED_BYTES = 256 * 1024 * 1024;

/**
 * Fetches the entries that a checkpoint adds.
 *
 * @param witness - Whose.
 * @param frontier - Of the log as it was cosigned last.
 * @param checkpoint - Opened; its log continues that one.
 * @returns The entries in order, bundle by bundle.
 * @throws {@link ProtocolError} `tiles_unavailable` if they cannot be had now, `tiles_mismatch` if they
 * do not have the root of the checkpoint, `checkpoint_too_large`.
 */
export async function fetchEntries(
  witness: WitnessContext,
  frontier: Frontier,
  { size, rootHash }: Checkpoint,
): Promise<readonly (readonly Uint8Array[])[]> {
  const log = new TileLog((path) => readTile(witness, path), size);
  const bundles: (readonly Uint8Array[])[] = [];
  let grown = frontier;
  let bytes = 0;
  for await (const { entries } of entriesOf(log, frontier.size)) {
    bytes += entries.reduce((sum, entry) => sum + entry.length, 0);
    if (bytes > (witness.maxAddedBytes ?? MAX_ADDED_BYTES)) {
      throw new ProtocolError('checkpoint_too_large', 'the checkpoint adds more than this witness takes at once');
    }
    bundles.push(entries);
    grown = append(grown, entries.map(entryHash));
  }
  if (!equalBytes(frontierRoot(grown), rootHash)) {
    throw new ProtocolError('tiles_mismatch', 'the tiles do not have the entries of the checkpoint');
  }
  return bundles;
}

async function* entriesOf(log: TileLog, from: number): ReturnType<TileLog['entries']> {
  try {
    yield* log.entries(from);
  } catch (cause) {
    throw new ProtocolError('tiles_unavailable', 'the tiles of the log cannot be had or are damaged', { cause });
  }
}

async function readTile({ fetch, register }: WitnessContext, path: string): Promise<Uint8Array | undefined> {
  const response = await fetch(`${register.url}${path}`, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (response.status === 404) {
    return undefined;
  }
  const bytes = response.ok ? await readAtMost(response.body, MAX_TILE_BYTES) : undefined;
  if (bytes === undefined) {
    throw new ProtocolError('tiles_unavailable', `a tile was answered with ${String(response.status)}`);
  }
  return bytes;
}
