// SPDX-License-Identifier: GPL-3.0-or-later
import { serve, type ServerType } from '@hono/node-server';
import { afterEach, expect, it } from 'vitest';
import { encodeEvent } from '../../src/log/events.ts';
import { entryHash, merkleRoot } from '../../src/log/merkle.ts';
import { verifyConsistency, verifyInclusion } from '../../src/log/proofs.ts';
import { tilePath, tilesOf } from '../../src/log/tiles.ts';
import { openCheckpoint } from '../../src/log/checkpoint.ts';
import { HISTORY_EPOCHS, proveConsistency } from '../../src/register/log_files.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { expectProblem, leafOf, openTestRegister, REGISTER_KEY, type TestRegister } from './harness.ts';
import { type Get, openHead, SecondReader, vkeyOf } from './log_reader.ts';

/** Submits so many leaves, by other names each time, and cuts. */
async function grow(register: TestRegister, name: string, leaves: number): Promise<number> {
  for (let i = 0; i < leaves; i++) await register.submit(leafOf(`${name} ${String(i)}`));
  await register.nextEpoch();
  return (await register.checkpoint()).size;
}

describeOnEachDatabase('the tiles of a register', (fresh) => {
  it('are those of its checkpoints, whole and partial, and nothing else', async () => {
    const register = await openTestRegister(await fresh());
    const sizes = [(await register.checkpoint()).size];
    sizes.push(await grow(register, 'a', 3), await grow(register, 'b', 250), await grow(register, 'c', 4));
    expect(sizes.at(-1)).toBeGreaterThan(257);
    const entries = (await register.events()).map(encodeEvent);
    const hashes = entries.map(entryHash);

    const bytesOf = async (path: string): Promise<Buffer> => {
      const response = await register.get(path);
      expect(response.status, path).toBe(200);
      expect(response.headers.get('Content-Type')).toBe('application/octet-stream');
      expect(response.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
      expect(response.headers.has('ETag') || response.headers.has('Set-Cookie')).toBe(false);
      return Buffer.from(await response.arrayBuffer());
    };
    for (const size of sizes) {
      for (const tile of tilesOf(size)) {
        const bytes = await bytesOf(tilePath(tile));
        const from = tile.index * 256;
        if (tile.level === 'entries') {
          const wanted = entries.slice(from, from + tile.width).map((entry) => {
            const length = Buffer.alloc(2);
            length.writeUInt16BE(Buffer.byteLength(entry));
            return Buffer.concat([length, Buffer.from(entry)]);
          });
          expect(bytes.equals(Buffer.concat(wanted)), tilePath(tile)).toBe(true);
        } else if (tile.level === 0) {
          expect(bytes.equals(Buffer.concat(hashes.slice(from, from + tile.width))), tilePath(tile)).toBe(true);
        } else {
          expect(bytes.equals(Buffer.from(merkleRoot(hashes.slice(0, 256))))).toBe(true);
        }
      }
    }

    const other = Array.from({ length: 255 }, (_, i) => i + 1).filter((width) => !sizes.includes(width));
    const last = sizes.at(-1) ?? 0;
    for (const path of [
      ...other.slice(0, 20).map((width) => `/tile/0/000.p/${String(width)}`),
      ...other.slice(0, 3).map((width) => `/tile/entries/000.p/${String(width)}`),
      `/tile/0/001.p/${String(last - 256 + 1)}`,
      '/tile/0/001',
      '/tile/1/000',
      '/tile/1/000.p/2',
      '/tile/2/000.p/1',
      '/tile/63/000',
      '/tile/64/000',
      '/tile/0/x999/x999/x999/x999/x999/999',
      '/tile/00/000',
      '/tile/0/0',
      '/tile/0/x000/000',
      '/tile/0/%30%30%30',
      '/tile/0/000/',
      '/tile/0/000.p/0',
      '/tile/entries/../0/001',
      '/tile/',
      '/tile/0/000;select',
    ]) {
      await expectProblem(await register.get(path), 404, 'tile_unknown');
    }
    // What waits is in no tile.
    await register.submit(leafOf('waiting'));
    await expectProblem(await register.get(`/tile/0/001.p/${String(last - 256 + 1)}`), 404, 'tile_unknown');
    await register.close();
  });

  it('prove that each checkpoint continues every earlier one', async () => {
    const register = await openTestRegister(await fresh());
    const heads = [await register.checkpoint()];
    for (const [i, leaves] of [2, 260, 5].entries()) {
      await grow(register, `e${String(i)}`, leaves);
      heads.push(await register.checkpoint());
    }
    for (const [i, later] of heads.entries()) {
      for (const earlier of heads.slice(0, i + 1)) {
        const proof = await proveConsistency(register.database.kysely, earlier.size, later.size);
        expect(verifyConsistency(earlier.size, later.size, earlier.rootHash, later.rootHash, proof)).toBe(true);
      }
    }
    await register.close();
  });

  it('come with all checkpoints of the past', async () => {
    const register = await openTestRegister(await fresh());
    for (let i = 0; i < 5; i++) await grow(register, String(i), 1);
    const response = await register.get('/checkpoints/0.json');
    expect(response.headers.get('Cache-Control')).toBe('no-cache');
    const { checkpoints } = (await response.json()) as { checkpoints: string[] };
    expect(checkpoints.map((note) => openCheckpoint(note, REGISTER_KEY).epoch)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const path of ['/checkpoints/1.json', '/checkpoints/9999999999999.json']) {
      await expectProblem(await register.get(path), 404, 'checkpoint_unknown');
    }
    for (const path of ['/checkpoints/00.json', '/checkpoints/-1.json', '/checkpoints/0', '/checkpoints/x.json']) {
      await expectProblem(await register.get(path), 404, 'not_found');
    }

    // A file is complete when the epoch behind it has come: copies of the last row stand for a year of them.
    const { kysely } = register.database;
    const row = await kysely.selectFrom('checkpoints').selectAll().where('epoch', '=', 5).executeTakeFirstOrThrow();
    const upTo = async (first: number, last: number): Promise<void> => {
      const rows = Array.from({ length: last - first + 1 }, (_, i) => ({
        ...row,
        epoch: first + i,
        active_from: row.active_from + first + i,
      }));
      await kysely.insertInto('checkpoints').values(rows).execute();
    };
    await upTo(6, HISTORY_EPOCHS - 1);
    expect((await register.get('/checkpoints/0.json')).headers.get('Cache-Control')).toBe('no-cache');
    await upTo(HISTORY_EPOCHS, HISTORY_EPOCHS);
    const full = await register.get('/checkpoints/0.json');
    expect(full.headers.get('Cache-Control')).toContain('immutable');
    expect(((await full.json()) as { checkpoints: string[] }).checkpoints).toHaveLength(HISTORY_EPOCHS);
    const next = (await (await register.get('/checkpoints/1.json')).json()) as { checkpoints: string[] };
    expect(next.checkpoints).toHaveLength(1);
    await register.close();
  });
});

describeOnEachDatabase('a reader of tlog-tiles that is not ours', (fresh) => {
  let server: ServerType | undefined;
  afterEach(() => {
    server?.close();
  });

  it('reads and proves the log over HTTP', async () => {
    const register = await openTestRegister(await fresh());
    const first = await register.checkpoint();
    await grow(register, 'a', 300);
    const origin = await new Promise<string>((resolve) => {
      server = serve({ fetch: register.app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
        resolve(`http://127.0.0.1:${String(port)}`);
      });
    });
    const get: Get = async (path) => {
      const response = await fetch(origin + path);
      const type = response.headers.get('content-type') ?? '';
      return { status: response.status, type, body: Buffer.from(await response.arrayBuffer()) };
    };
    const note = await get('/checkpoint');
    expect(note.type).toBe('text/plain; charset=utf-8');
    const head = openHead(note.body.toString(), vkeyOf(REGISTER_KEY.name, 1, REGISTER_KEY.publicKey));
    expect(head.extensions.map((line) => line.split(' ')[0])).toEqual([
      'epoch',
      'active-from',
      'presentation-root',
      'counts',
      'reasons',
    ]);

    const reader = new SecondReader(get, head);
    expect((await reader.root()).equals(head.root)).toBe(true);
    const entries = await reader.entries();
    expect(entries).toHaveLength(Number(head.size));
    expect(entries.map(String)).toEqual((await register.events()).map(encodeEvent));
    for (const position of [0, 1, 255, 256, entries.length - 1]) {
      const proof = await reader.path(BigInt(position));
      const hash = entryHash(new Uint8Array(entries[position] ?? []));
      expect(verifyInclusion(position, head.size, hash, proof.map(plain), plain(head.root))).toBe(true);
    }
    const proof = await reader.consistency(BigInt(first.size));
    expect(verifyConsistency(first.size, head.size, first.rootHash, plain(head.root), proof.map(plain))).toBe(true);
    await register.close();
  });
});

const plain = (bytes: Buffer): Uint8Array => new Uint8Array(bytes);
