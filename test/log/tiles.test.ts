// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryHash, merkleRoot } from '../../src/log/merkle.ts';
import { verifyConsistency, verifyInclusion } from '../../src/log/proofs.ts';
import { type ReadTile, TileLog } from '../../src/log/tile_log.ts';
import {
  appendToTiles,
  decodeBundle,
  encodeBundle,
  MAX_ENTRY_BYTES,
  parseTilePath,
  splitHashes,
  tilePath,
  tilesOf,
  tileWidth,
} from '../../src/log/tiles.ts';

const code = (text: string): Error => expect.objectContaining({ code: text }) as Error;
const entriesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => new TextEncoder().encode(`entry ${String(i)}`));

describe('addresses of tiles', () => {
  it.each([
    [{ level: 0, index: 0, width: 256 }, '/tile/0/000'],
    [{ level: 63, index: 999, width: 255 }, '/tile/63/999.p/255'],
    [{ level: 1, index: 1000, width: 1 }, '/tile/1/x001/000.p/1'],
    // The example of the specification.
    [{ level: 0, index: 1_234_067, width: 256 }, '/tile/0/x001/x234/067'],
    [{ level: 'entries', index: 1_234_067, width: 12 }, '/tile/entries/x001/x234/067.p/12'],
    [{ level: 0, index: Number.MAX_SAFE_INTEGER, width: 256 }, '/tile/0/x009/x007/x199/x254/x740/991'],
  ] as const)('%o is %s', (tile, path) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it.each([
    '/tile/0/0',
    '/tile/0/0000',
    '/tile/0/x000/001',
    '/tile/0/001/',
    '/tile/0//001',
    '/tile/0/x001',
    '/tile/0/001/002',
    '/tile/0/X001/002',
    '/tile/00/001',
    '/tile/64/001',
    '/tile/-1/001',
    '/tile/0/-01',
    '/tile/0/001.p/0',
    '/tile/0/001.p/01',
    '/tile/0/001.p/256',
    '/tile/0/001.p/',
    '/tile/0/001.p',
    '/tile/0/001.P/3',
    '/tile/0/001.p/3/',
    '/tile/0/001\n',
    '/tile/entry/001',
    '/tile/entries/../0/001',
    '/tile/0/%30%30%31',
    '/tile/0/x009/x007/x199/x254/x740/992',
    '/tile/0/x001/x001/x001/x001/x001/x001/x001/001',
    'tile/0/001',
    '/x/tile/0/001',
    '',
  ])('%j is none', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });
});

describe('the tiles of a size', () => {
  it('are those of the example of the specification: 70,000 entries', () => {
    const tiles = [...tilesOf(70_000)];
    const at = (level: number | 'entries') => tiles.filter((tile) => tile.level === level);
    expect(at(0)).toHaveLength(274);
    expect(at(0).at(-1)).toEqual({ level: 0, index: 273, width: 112 });
    expect(at(1)).toEqual([
      { level: 1, index: 0, width: 256 },
      { level: 1, index: 1, width: 17 },
    ]);
    expect(at(2)).toEqual([{ level: 2, index: 0, width: 1 }]);
    expect(at(3)).toEqual([]);
    expect(at('entries').map(tilePath)).toEqual(at(0).map((tile) => tilePath({ ...tile, level: 'entries' })));
  });

  it('have no empty ones', () => {
    expect([...tilesOf(256)].filter(({ level }) => level !== 'entries')).toEqual([
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ]);
    expect([...tilesOf(0)]).toEqual([]);
    expect(tileWidth(1, 0, 255)).toBe(0);
    expect(tileWidth(0, 5, 256)).toBe(0);
  });

  it('can leave out what an earlier size had', () => {
    fc.assert(
      fc.property(fc.nat(70_000), fc.nat(70_000), (a, b) => {
        const [from, size] = [Math.min(a, b), Math.max(a, b)];
        const before = new Set([...tilesOf(from)].map(tilePath));
        const wanted = [...tilesOf(size)].map(tilePath).filter((path) => !before.has(path));
        expect([...tilesOf(size, from)].map(tilePath)).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });
});

/** Grows tiles in steps, as a register does, and reads any tile as the beginning of the latest. */
class Store {
  readonly tiles = new Map<string, Uint8Array>();
  size = 0;

  append(hashes: readonly Uint8Array[]): void {
    const partial = new Map<number, Uint8Array>();
    for (let level = 0; level < 4; level++) {
      const all = Math.floor(this.size / 256 ** level);
      const bytes = this.tiles.get(`${String(level)}/${String(Math.floor(all / 256))}`);
      if (all % 256 > 0 && bytes !== undefined) partial.set(level, bytes);
    }
    for (const { level, index, bytes } of appendToTiles(this.size, partial, hashes)) {
      this.tiles.set(`${String(level)}/${String(index)}`, bytes);
    }
    this.size += hashes.length;
  }

  read =
    (entries: readonly Uint8Array[]): ReadTile =>
    (path) => {
      const tile = parseTilePath(path);
      if (tile === undefined) throw new Error(`no address of a tile: ${path}`);
      if (tile.level === 'entries') {
        return Promise.resolve(encodeBundle(entries.slice(tile.index * 256, tile.index * 256 + tile.width)));
      }
      const bytes = this.tiles.get(`${String(tile.level)}/${String(tile.index)}`);
      const part = bytes?.subarray(0, tile.width * 32);
      return Promise.resolve(part?.length === tile.width * 32 ? part : undefined);
    };
}

describe('tiles that grow', () => {
  it('hold MTH of the ranges that the specification names, however the log grew', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { maxLength: 3 }), (steps) => {
        const store = new Store();
        const hashes = entriesOf(steps.reduce((sum, step) => sum + step, 0)).map(entryHash);
        for (const step of steps) store.append(hashes.slice(store.size, store.size + step));
        const shown = [...tilesOf(store.size)].filter(({ level }) => level !== 'entries');
        expect([...store.tiles.keys()].sort()).toEqual(
          shown.map(({ level, index }) => `${String(level)}/${String(index)}`).sort(),
        );
        for (const { level, index, width } of shown) {
          const span = 256 ** Number(level);
          const wanted = Array.from({ length: width }, (_, i) =>
            merkleRoot(hashes.slice((index * 256 + i) * span, (index * 256 + i + 1) * span)),
          );
          expect(splitHashes(store.tiles.get(`${String(level)}/${String(index)}`) ?? new Uint8Array())).toEqual(wanted);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('go on from the tiles of their size only', () => {
    const hashes = entriesOf(3).map(entryHash);
    expect(() => appendToTiles(2, new Map(), hashes)).toThrow(code('frontier_invalid'));
    expect(() => appendToTiles(256, new Map([[1, new Uint8Array(64)]]), entriesOf(256).map(entryHash))).toThrow(
      code('frontier_invalid'),
    );
    expect(appendToTiles(2, new Map(), [])).toEqual([]);
  });
});

describe('a log read from tiles', () => {
  const SIZE = 66_000;
  const entries = entriesOf(SIZE);
  const hashes = entries.map(entryHash);
  const store = new Store();
  store.append(hashes);
  const open = (size: number, read = store.read(entries)): TileLog => new TileLog(read, size);

  it.each([0, 1, 2, 255, 256, 257, 511, 65_536, SIZE])('has the root of %d entries', async (size) => {
    expect(await open(size).root()).toEqual(merkleRoot(hashes.slice(0, size)));
  });

  it('proves what it holds', async () => {
    const log = open(SIZE);
    const root = await log.root();
    for (const position of [0, 1, 255, 256, 65_535, 65_536, SIZE - 1]) {
      const proof = await log.inclusionProof(position);
      expect(verifyInclusion(position, SIZE, hashes[position] ?? new Uint8Array(), proof, root)).toBe(true);
    }
    for (const size of [1, 2, 3, 255, 256, 257, 65_536, SIZE]) {
      const proof = await log.consistencyProof(size);
      expect(verifyConsistency(size, SIZE, merkleRoot(hashes.slice(0, size)), root, proof), String(size)).toBe(true);
    }
    await expect(log.inclusionProof(SIZE)).rejects.toThrow(code('entry_unknown'));
    await expect(log.consistencyProof(0)).rejects.toThrow(code('entry_unknown'));
    await expect(log.consistencyProof(SIZE + 1)).rejects.toThrow(code('entry_unknown'));
  });

  it.each([0, 1, 256, 300, 65_990, SIZE])('gives the entries from %d on', async (from) => {
    let next = from;
    for await (const part of open(SIZE).entries(from)) {
      expect(part.position).toBe(next);
      expect(part.entries.every((entry, i) => Buffer.compare(entry, entries[next + i] ?? entry) === 0)).toBe(true);
      next += part.entries.length;
    }
    expect(next).toBe(SIZE);
  });

  it('takes the beginning of a full tile where a partial one is gone', async () => {
    const read: ReadTile = (path) => (path.includes('.p/') ? Promise.resolve(undefined) : store.read(entries)(path));
    const log = open(65_540, read);
    expect(await log.root().catch((error: unknown) => error)).toMatchObject({ code: 'tile_unknown' });
    const small = open(300, read);
    expect(await small.root()).toEqual(merkleRoot(hashes.slice(0, 300)));
    const found: Uint8Array[] = [];
    for await (const part of small.entries(250)) found.push(...part.entries);
    expect(found).toEqual(entries.slice(250, 300));
  });

  it('refuses tiles that are too short or too long', async () => {
    for (const change of [
      (bytes: Uint8Array) => bytes.subarray(1),
      (bytes: Uint8Array) => Uint8Array.of(...bytes, 0),
    ]) {
      const log = open(300, async (path) => change((await store.read(entries)(path)) ?? new Uint8Array()));
      await expect(log.root()).rejects.toThrow(code('tile_invalid'));
      await expect(log.entries().next()).rejects.toThrow(code('tile_invalid'));
    }
  });
});

describe('bundles of entries', () => {
  it('are lengths and entries', () => {
    const bytes = encodeBundle([Uint8Array.of(7), new Uint8Array(), new Uint8Array(258)]);
    expect([...bytes.subarray(0, 7)]).toEqual([0, 1, 7, 0, 0, 1, 2]);
    expect(decodeBundle(bytes, 3)).toEqual([Uint8Array.of(7), new Uint8Array(), new Uint8Array(258)]);
  });

  it('hold entries up to 65,535 bytes', () => {
    const largest = new Uint8Array(MAX_ENTRY_BYTES).fill(1);
    expect(decodeBundle(encodeBundle([largest]), 1)).toEqual([largest]);
    expect(() => encodeBundle([new Uint8Array(MAX_ENTRY_BYTES + 1)])).toThrow(code('entry_too_large'));
  });

  it.each([
    ['fewer entries than its width', [0, 1, 7], 2],
    ['more', [0, 1, 7, 0, 0], 1],
    ['half a length', [0, 1, 7, 0], 2],
    ['an entry that is cut short', [0, 2, 7], 1],
    ['none where there should be one', [], 1],
  ])('are refused with %s', (_, bytes, width) => {
    expect(() => decodeBundle(Uint8Array.from(bytes), width)).toThrow(code('tile_invalid'));
  });
});
