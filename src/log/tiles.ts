// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The log as static files: C2SP `tlog-tiles`.
 *
 * ```text
 * /tile/LEVEL/N[.p/W]      256 hashes (or W < 256): MTH(D[(n * 256 + i) * 256^level : (n * 256 + i + 1) * 256^level])
 * /tile/entries/N[.p/W]    256 entries (or W < 256), each as its length u16 and its bytes
 * ```
 *
 * Integers are big-endian. `N` is written in groups of three digits, all but the last behind an `x`:
 * `x001/x234/067`. A tile of W hashes is the beginning of the full one, and exists for the sizes of
 * checkpoints. https://c2sp.org/tlog-tiles; docs/protocol.md section 7.
 *
 * @module
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from '../protocol/errors.ts';
import { merkleRoot } from './merkle.ts';

/** Hashes or entries of a full tile. */
export const TILE_WIDTH = 256;
/** Longest entry, bytes: its length is written in 16 bits. */
export const MAX_ENTRY_BYTES = 65_535;
/** Largest tile of either kind, bytes. */
export const MAX_TILE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES);
/** Length of a hash, bytes. */
const HASH_BYTES = 32;
const MAX_LEVEL = 63;

/** A file of the log. */
export interface Tile {
  /** 0 holds hashes of entries, each level above the roots of full tiles; `entries` the entries. */
  readonly level: number | 'entries';
  /** Counts within the level, from 0. */
  readonly index: number;
  /** Hashes or entries in it, 1 to 256. */
  readonly width: number;
}

/** Address of a tile on the register or a mirror. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const number = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `/tile/${String(level)}/${number}${width < TILE_WIDTH ? `.p/${String(width)}` : ''}`;
}

/**
 * Reads the address of a tile.
 *
 * @param path - Untrusted.
 * @returns Undefined unless it is the one way to write that address.
 */
export function parseTilePath(path: string): Tile | undefined {
  const form = /^\/tile\/(?<level>\d{1,2}|entries)\/(?<number>(?:x\d{3}\/){0,5}\d{3})(?:\.p\/(?<width>\d{1,3}))?$/;
  const groups = form.exec(path)?.groups;
  if (groups === undefined) {
    return undefined;
  }
  const level: Tile['level'] = groups['level'] === 'entries' ? 'entries' : Number(groups['level']);
  const index = Number(groups['number']?.replace(/[x/]/g, ''));
  const width = Number(groups['width'] ?? TILE_WIDTH);
  const tile: Tile = { level, index, width };
  const sound = (level === 'entries' || level <= MAX_LEVEL) && Number.isSafeInteger(index) && width >= 1;
  return sound && tilePath(tile) === path ? tile : undefined;
}

/** Hashes or entries that a tile has in a log of a size, 0 to 256. */
export function tileWidth(level: Tile['level'], index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/**
 * All tiles of a log, entries first: what a mirror holds.
 *
 * @param size - Size of a checkpoint.
 * @param from - Size of an earlier one: full tiles that it had already are left out.
 */
export function* tilesOf(size: number, from = 0): Iterable<Tile> {
  yield* tilesAt('entries', size, from);
  for (let level = 0; tileWidth(level, 0, size) > 0; level++) {
    yield* tilesAt(level, size, from);
  }
}

function* tilesAt(level: Tile['level'], size: number, from: number): Iterable<Tile> {
  const hashes = (of: number): number => Math.floor(of / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  for (let index = Math.floor(hashes(from) / TILE_WIDTH); ; index++) {
    const width = tileWidth(level, index, size);
    if (width === 0) return;
    if (width > tileWidth(level, index, from)) yield { level, index, width };
  }
}

/** A tile with its hashes, as far as a log has come. */
export interface HashTile {
  readonly level: number;
  readonly index: number;
  /** Hashes, 32 bytes each. */
  readonly bytes: Uint8Array;
}

/**
 * Grows the tiles of a log.
 *
 * @param size - Size of the log before.
 * @param partial - By level, the last tile of that level where it is not full; not changed.
 * @param hashes - Entry hashes to append.
 * @returns The tiles that changed, level by level. Of each tile it holds the latest state only.
 * @throws {@link ProtocolError} `frontier_invalid` if the tiles before are not those of the size.
 */
export function appendToTiles(
  size: number,
  partial: ReadonlyMap<number, Uint8Array>,
  hashes: readonly Uint8Array[],
): readonly HashTile[] {
  const changed: HashTile[] = [];
  let added = hashes;
  for (let level = 0; added.length > 0; level++) {
    const before = Math.floor(size / TILE_WIDTH ** level);
    const begun = partial.get(level) ?? new Uint8Array();
    if (begun.length !== (before % TILE_WIDTH) * HASH_BYTES) {
      throw new ProtocolError('frontier_invalid', 'the tiles of the log are not those of its size');
    }
    const all = [...splitHashes(begun), ...added];
    const first = Math.floor(before / TILE_WIDTH);
    const roots: Uint8Array[] = [];
    for (let start = 0; start < all.length; start += TILE_WIDTH) {
      const part = all.slice(start, start + TILE_WIDTH);
      changed.push({ level, index: first + start / TILE_WIDTH, bytes: concatBytes(...part) });
      if (part.length === TILE_WIDTH) {
        roots.push(merkleRoot(part));
      }
    }
    added = roots;
  }
  return changed;
}

/**
 * Splits a tile into its hashes.
 *
 * @throws {@link ProtocolError} `tile_invalid` unless it has as many as it should.
 */
export function splitHashes(bytes: Uint8Array, width = bytes.length / HASH_BYTES): readonly Uint8Array[] {
  if (bytes.length !== width * HASH_BYTES) {
    throw invalid();
  }
  return Array.from({ length: width }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

/**
 * Writes entries into a bundle.
 *
 * @param entries - At most 65,535 bytes each.
 * @throws {@link ProtocolError} `entry_too_large`.
 */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concatBytes(
    ...entries.flatMap((entry) => {
      if (entry.length > MAX_ENTRY_BYTES) {
        throw new ProtocolError('entry_too_large', 'a log entry has at most 65,535 bytes');
      }
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
    }),
  );
}

/**
 * Reads the entries of a bundle.
 *
 * @param bytes - Untrusted.
 * @param width - How many entries it should have.
 * @throws {@link ProtocolError} `tile_invalid` unless it has exactly those.
 */
export function decodeBundle(bytes: Uint8Array, width: number): readonly Uint8Array[] {
  const entries: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length && entries.length < width) {
    const [high, low] = [bytes[offset], bytes[offset + 1]];
    if (high === undefined || low === undefined) {
      throw invalid();
    }
    const end = offset + 2 + high * 256 + low;
    if (end > bytes.length) {
      throw invalid();
    }
    entries.push(bytes.subarray(offset + 2, end));
    offset = end;
  }
  if (entries.length !== width || offset !== bytes.length) {
    throw invalid();
  }
  return entries;
}

function invalid(): ProtocolError {
  return new ProtocolError('tile_invalid', 'a tile of the log is damaged; take it from another mirror');
}
