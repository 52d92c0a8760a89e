// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A log read from its tiles, wherever they lie: entries, the tree head, proofs. Tiles need no trust:
 * what is made of them is verified against a checkpoint, by `verifyInclusion`, `verifyConsistency` or
 * the root over all entries. https://c2sp.org/tlog-tiles; docs/protocol.md section 7.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { EMPTY_LOG_ROOT, equalBytes, merkleRoot, nodeHash } from './merkle.ts';
import { consistencyRanges, inclusionRanges } from './proofs.ts';
import { decodeBundle, splitHashes, type Tile, TILE_WIDTH, tilePath, tileWidth } from './tiles.ts';

/**
 * Reads a file of the log.
 *
 * @param path - As {@link tilePath} writes it.
 * @returns Its bytes, or undefined if there is no such file.
 */
export type ReadTile = (path: string) => Promise<Uint8Array | undefined>;

/** Levels of nodes inside a tile. */
const TILE_HEIGHT = 8;

/** A log of a size, read from tiles. */
export class TileLog {
  readonly size: number;
  readonly #read: ReadTile;
  /** Hash tiles by path: proofs share them. */
  readonly #tiles = new Map<string, Promise<readonly Uint8Array[]>>();

  /**
   * @param read - Where the tiles come from.
   * @param size - Size of a checkpoint.
   */
  constructor(read: ReadTile, size: number) {
    this.#read = read;
    this.size = size;
  }

  /**
   * The root over the log's hashes; it says nothing about the entries.
   *
   * @throws {@link ProtocolError} `tile_unknown`, `tile_invalid`, and as the reader says.
   */
  root(): Promise<Uint8Array> {
    return this.#rangeRoot(0, this.size);
  }

  /** Proves that an entry is in this log; throws `entry_unknown` if it is not. */
  async inclusionProof(position: number): Promise<readonly Uint8Array[]> {
    return await this.#rangeRoots(inclusionRanges(position, this.size));
  }

  /**
   * Proves that this log continues an earlier state.
   *
   * @param size - Size of the earlier state, at least 1.
   */
  async consistencyProof(size: number): Promise<readonly Uint8Array[]> {
    return await this.#rangeRoots(consistencyRanges(size, this.size));
  }

  /**
   * Reads entries in order, a bundle at a time.
   *
   * @param from - Position of the first; whole bundles are fetched, so that nobody learns it exactly.
   * @returns Entries from each bundle that has any, with the position of the first.
   * @throws {@link ProtocolError} `tile_unknown`, `tile_invalid`, and as the reader says.
   */
  async *entries(from = 0): AsyncGenerator<{ readonly position: number; readonly entries: readonly Uint8Array[] }> {
    for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < this.size; index++) {
      const width = tileWidth('entries', index, this.size);
      const { bytes, found } = await this.#fetch({ level: 'entries', index, width });
      const start = index * TILE_WIDTH;
      const skipped = Math.max(0, from - start);
      yield { position: start + skipped, entries: decodeBundle(bytes, found).slice(skipped, width) };
    }
  }

  /**
   * Compares hashes of entries with those that stand in the tiles.
   *
   * @param from - Position of the first.
   * @param hashes - Entry hashes.
   * @returns Position of the first that differs, or undefined.
   */
  async firstDifference(from: number, hashes: readonly Uint8Array[]): Promise<number | undefined> {
    for (const [i, hash] of hashes.entries()) {
      const position = from + i;
      const tile = await this.#hashes(0, Math.floor(position / TILE_WIDTH));
      if (!equalBytes(hash, tile[position % TILE_WIDTH] ?? EMPTY_LOG_ROOT)) return position;
    }
    return undefined;
  }

  async #rangeRoots(ranges: readonly (readonly [number, number])[]): Promise<readonly Uint8Array[]> {
    const roots: Uint8Array[] = [];
    for (const [start, end] of ranges) {
      roots.push(await this.#rangeRoot(start, end));
    }
    return roots;
  }

  /** Root of the subtree of entries `[start, end)`; `start` is a multiple of its width's power of two. */
  async #rangeRoot(start: number, end: number): Promise<Uint8Array> {
    const complete: Uint8Array[] = [];
    for (let from = start; from < end;) {
      let height = 0;
      while (from + 2 ** (height + 1) <= end && from % 2 ** (height + 1) === 0) height += 1;
      complete.push(await this.#subtree(from, height));
      from += 2 ** height;
    }
    return (
      complete.reduceRight<Uint8Array | undefined>(
        (right, left) => (right === undefined ? left : nodeHash(left, right)),
        undefined,
      ) ?? EMPTY_LOG_ROOT
    );
  }

  /** Root of a complete subtree of 2^height entries. */
  async #subtree(from: number, height: number): Promise<Uint8Array> {
    const level = Math.floor(height / TILE_HEIGHT);
    const first = from / TILE_WIDTH ** level;
    const index = Math.floor(first / TILE_WIDTH);
    const hashes = await this.#hashes(level, index);
    const offset = first - index * TILE_WIDTH;
    return merkleRoot(hashes.slice(offset, offset + 2 ** (height - level * TILE_HEIGHT)));
  }

  #hashes(level: number, index: number): Promise<readonly Uint8Array[]> {
    const tile = { level, index, width: tileWidth(level, index, this.size) };
    const path = tilePath(tile);
    const known = this.#tiles.get(path);
    if (known !== undefined) return known;
    const reading = this.#fetch(tile).then(({ bytes, found }) => splitHashes(bytes, found).slice(0, tile.width));
    this.#tiles.set(path, reading);
    reading.catch(() => this.#tiles.delete(path));
    return reading;
  }

  /** A partial tile may have been deleted once it is full: then the full one begins with it. */
  async #fetch(tile: Tile): Promise<{ readonly bytes: Uint8Array; readonly found: number }> {
    const bytes = await this.#read(tilePath(tile));
    if (bytes !== undefined) return { bytes, found: tile.width };
    const full = tile.width < TILE_WIDTH ? await this.#read(tilePath({ ...tile, width: TILE_WIDTH })) : undefined;
    if (full === undefined) {
      throw new ProtocolError('tile_unknown', `the log does not have its file ${tilePath(tile)}`);
    }
    return { bytes: full, found: TILE_WIDTH };
  }
}
