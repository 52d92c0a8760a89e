// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBlock } from '../../src/log/block.ts';
import { openCheckpoint } from '../../src/log/checkpoint.ts';
import { decodeDelta, DELTA_EPOCHS } from '../../src/log/delta.ts';
import { TileLog } from '../../src/log/tile_log.ts';
import { mirror, type MirrorDeps } from '../../src/register/mirror.ts';
import { serveFolder } from '../static_server.ts';
import { leafOf, openTestRegister, REGISTER_KEY, type TestRegister } from './harness.ts';

let out: string;
let register: TestRegister & { close(): Promise<void> };
/** Paths that the mirror asked for. */
let asked: string[];
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'bauta-mirror-'));
  register = await openTestRegister(':memory:');
  asked = [];
});
afterEach(async () => {
  await register.close();
  await rm(out, { recursive: true, force: true });
});

const fromRegister: MirrorDeps['fetch'] = (url) => {
  asked.push(new URL(url).pathname);
  return register.get(new URL(url).pathname);
};
const run = (fetch = fromRegister): ReturnType<typeof mirror> =>
  mirror({ url: 'https://register.example', out, fetch });
const epoch = async (...leaves: readonly string[]): Promise<void> => {
  for (const leaf of leaves) await register.submit(leafOf(leaf));
  await register.nextEpoch();
};
const files = async (folder = out): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort();

/** What the mirror's checkpoints speak of is there, and whole. */
async function expectWhole(): Promise<void> {
  const { checkpoints } = JSON.parse(await readFile(join(out, 'v1/checkpoints'), 'utf8')) as { checkpoints: string[] };
  for (const note of checkpoints) {
    const { size } = openCheckpoint(note, REGISTER_KEY);
    expect(decodeBlock(await readFile(join(out, 'blocks', String(size), '0.bin'))).size).toBe(size);
  }
}

describe('a mirror', () => {
  it('has every public file as the register has it, under the same path', async () => {
    await epoch('a', 'b');
    await epoch('c');
    const done = await run();
    const { size } = await register.checkpoint();
    expect(done).toMatchObject({ size, epoch: 2, filesWritten: (await files()).length });
    for (const path of (await files()).filter((name) => !name.startsWith('/.'))) {
      const original = new Uint8Array(await (await register.get(path)).arrayBuffer());
      expect(new Uint8Array(await readFile(join(out, path))), path).toEqual(original);
    }
    expect(await files()).toEqual(
      expect.arrayContaining(['/checkpoint', '/v1/checkpoints', '/deltas/1/0.bin', '/deltas/2/0.bin']),
    );
    await expectWhole();
    const log = new TileLog((path) => readFile(join(out, path)).catch(() => undefined), size);
    expect(await log.root()).toEqual((await register.checkpoint()).rootHash);
  });

  it('fetches only what is new', async () => {
    await epoch('a', 'b');
    await run();
    asked = [];
    expect(await run()).toMatchObject({ filesWritten: 0, bytesWritten: 0 });
    expect(asked.filter((path) => /^\/(blocks|deltas|tile)/.test(path))).toEqual([]);
    await epoch('c');
    asked = [];
    const { size } = await run();
    expect(asked.filter((path) => /^\/(blocks|deltas)/.test(path))).toEqual([
      `/blocks/${String(size)}/0.bin`,
      '/deltas/2/0.bin',
    ]);
    await expectWhole();
  });

  it('shows nothing half: a run that breaks off anywhere leaves a whole mirror, and the next one goes on', async () => {
    await epoch('a', 'b');
    await run();
    await epoch('c');
    asked = [];
    await run();
    const steps = asked.length;
    await epoch('d');
    for (let last = 0; last <= steps; last++) {
      let count = 0;
      const broken: MirrorDeps['fetch'] = (url, init) => {
        if (count++ >= last) throw new TypeError('fetch failed');
        return fromRegister(url, init);
      };
      await run(broken).catch((error: unknown) => expect(error).toMatchObject({ code: 'register_unreachable' }));
      await expectWhole();
    }
    await run();
    await expectWhole();
    expect((await files()).filter((name) => name.includes('.part-'))).toEqual([]);
  });

  it('refuses what was cut off or is none, and keeps what it has', async () => {
    await epoch('a', 'b');
    await run();
    const before = await files();
    for (const [part, code, body] of [
      ['/blocks/', 'block_invalid', (bytes: Uint8Array) => bytes.slice(0, -1)],
      ['/deltas/', 'block_invalid', () => new TextEncoder().encode('<html>')],
      ['/tile/entries/', 'tile_invalid', (bytes: Uint8Array) => bytes.slice(1)],
      ['/tile/0/', 'tile_invalid', (bytes: Uint8Array) => bytes.slice(1)],
      ['/v1/checkpoints', 'checkpoint_invalid', () => new TextEncoder().encode('<html>')],
    ] as const) {
      await epoch(part);
      const damaging: MirrorDeps['fetch'] = async (url, init) => {
        const response = await fromRegister(url, init);
        if (!new URL(url).pathname.startsWith(part)) return response;
        return new Response(body(new Uint8Array(await response.arrayBuffer())) as BodyInit, {
          status: response.status,
        });
      };
      await expect(run(damaging), part).rejects.toMatchObject({ code });
      await expectWhole();
    }
    await expect(run(() => Promise.resolve(new Response('', { status: 502 })))).rejects.toMatchObject({
      code: 'register_unreachable',
    });
    expect(await files()).toEqual(expect.arrayContaining(before));
  });

  it('begins again when the epoch turns in the middle', async () => {
    await epoch('a');
    await epoch('b');
    await epoch('c');
    let turned = false;
    const turning: MirrorDeps['fetch'] = async (url, init) => {
      if (!turned && url.includes('/blocks/')) {
        turned = true;
        await epoch('d');
        await epoch('e');
        await epoch('f');
      }
      return fromRegister(url, init);
    };
    expect(await run(turning)).toMatchObject({ epoch: 6 });
    await expectWhole();
  });

  it('deletes what nobody is sent to any more, one run later than the register', async () => {
    const folders = async (name: string): Promise<number[]> =>
      (await readdir(join(out, name))).map(Number).sort((a, b) => a - b);
    const sizes: number[] = [];
    for (let i = 1; i <= DELTA_EPOCHS + 2; i++) {
      await epoch(`leaf ${String(i)}`);
      sizes.push((await run()).size);
    }
    expect(await folders('blocks')).toEqual(sizes.slice(-4));
    expect(await folders('deltas')).toEqual(Array.from({ length: DELTA_EPOCHS }, (_, i) => i + 3));
  });

  it('serves as the source of another mirror', async () => {
    await epoch('a', 'b');
    await run();
    const server = await serveFolder(out);
    const second = await mkdtemp(join(tmpdir(), 'bauta-mirror-'));
    try {
      await mirror({ url: server.url, out: second, fetch: (url, init) => fetch(url, init) });
      expect(await files(second)).toEqual(await files());
      for (const path of await files()) {
        expect(await readFile(join(second, path))).toEqual(await readFile(join(out, path)));
      }
      expect(decodeDelta(await readFile(join(second, 'deltas/1/0.bin'))).epoch).toBe(1);
    } finally {
      await server.close();
      await rm(second, { recursive: true, force: true });
    }
  });
});
