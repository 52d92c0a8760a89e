// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/http/logs.ts';
import type { Manifest } from '../../src/protocol/artifacts.ts';
import { buildParts } from '../../src/server/artifact_parts.ts';
import { createWalletHost } from '../../src/server/wallet_host.ts';
import { PART_BYTES, partsOf } from '../../src/wallet/artifact_parts.ts';
import { committedArtifacts } from '../proving/sample.ts';

const ARTIFACTS = new URL('../../circuits/artifacts', import.meta.url).pathname;

let folder: string;
let parts: string;
let manifest: Manifest;
let host: Hono;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bauta-host-'));
  parts = join(folder, 'parts');
  const pages = join(folder, 'pages');
  await mkdir(join(pages, 'assets'), { recursive: true });
  await writeFile(join(pages, 'index.html'), '<title>the one page</title>');
  await writeFile(join(pages, 'assets', 'page.js'), 'plain');
  await writeFile(join(pages, 'assets', 'page.js.br'), 'smaller');
  ({ manifest } = await committedArtifacts());
  await buildParts(manifest, ARTIFACTS, parts);
  host = createWalletHost({
    pages,
    parts,
    config: () => {
      throw new Error('not used here');
    },
    logger: createLogger('wallet', { write: () => undefined }),
    clock: () => 0,
  });
}, 60_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const get = async (path: string, encoding = 'identity'): Promise<Response> =>
  host.request(path, { headers: { 'accept-encoding': encoding } });
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

describe("the wallet's host", () => {
  it('serves a proving file in parts, compressed or as it is', async () => {
    const file = manifest.circuits.show.key;
    const whole = await readFile(join(ARTIFACTS, file.file));
    for (const { path, from, bytes } of partsOf(file)) {
      const plain = await get(path);
      expect(plain.headers.get('content-encoding')).toBeNull();
      const expected = whole.subarray(from, from + bytes);
      expect((await bytesOf(plain)).equals(expected)).toBe(true);
      const compressed = await get(path, 'gzip, br');
      expect(compressed.headers.get('content-encoding')).toBe('br');
      expect(compressed.headers.get('vary')).toBe('Accept-Encoding');
      const sent = await bytesOf(compressed);
      expect(compressed.headers.get('content-length')).toBe(String(sent.length));
      expect(brotliDecompressSync(sent).equals(expected)).toBe(true);
    }
  });

  it('sends key and calculator of a login in less than 5 MB', async () => {
    const { key, wasm } = manifest.circuits.show;
    let sum = 0;
    for (const { path } of [key, wasm].flatMap(partsOf)) sum += (await bytesOf(await get(path, 'br'))).length;
    expect(sum).toBeLessThan(5_000_000);
    expect(sum).toBeGreaterThan(1_000_000);
  });

  it('gives nothing by which a visitor could be known again', async () => {
    for (const path of ['/artifacts/show.key/0', '/assets/page.js', '/']) {
      const { headers } = await get(path);
      expect(headers.get('etag')).toBeNull();
      expect(headers.get('set-cookie')).toBeNull();
    }
  });

  it.each([
    '/artifacts/manifest.json',
    '/artifacts/made-of.json',
    '/artifacts/show.zkey/0',
    '/artifacts/powers-of-tau-13.ptau/0',
    '/artifacts/show.key',
    '/artifacts/show.key/',
    '/artifacts/show.key/0.br',
    '/artifacts/show.key/7',
    '/artifacts/show.key/-1',
    '/artifacts/show.key/00',
    '/artifacts/show.key/0/0',
    '/artifacts/..%2f..%2fpackage.json/0',
    '/artifacts/show.key%2f0/1',
  ])('does not serve %s', async (path) => {
    const answer = await get(path, 'br');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('serves the pages compressed where the browser takes it, and the one page everywhere else', async () => {
    expect(await (await get('/assets/page.js')).text()).toBe('plain');
    const compressed = await get('/assets/page.js', 'br');
    expect(compressed.headers.get('content-encoding')).toBe('br');
    expect(await compressed.text()).toBe('smaller');
    expect(compressed.headers.get('cache-control')).toContain('immutable');
    expect(await (await get('/present')).text()).toContain('the one page');
    // A file of an earlier build: the page in its place would be kept for a year.
    const gone = await get('/assets/page-of-last-year.js', 'br');
    expect([gone.status, gone.headers.get('cache-control')]).toEqual([404, 'no-store']);
  });
});

describe('buildParts', () => {
  const small = async (name: string): Promise<{ from: string; to: string; made: Pick<Manifest, 'circuits'> }> => {
    const from = join(folder, name);
    await mkdir(from);
    const file = async (file: string, bytes: number): Promise<Manifest['circuits']['show']['key']> => {
      const content = randomBytes(bytes);
      await writeFile(join(from, file), content);
      return { file, bytes, sha256: createHash('sha256').update(content).digest('hex') };
    };
    const show = { ...manifest.circuits.show, key: await file('a.key', PART_BYTES + 1), wasm: await file('a.wasm', 1) };
    const issue = { ...manifest.circuits.issue, key: await file('b.key', PART_BYTES), wasm: await file('b.wasm', 2) };
    return { from, to: join(folder, `${name}-parts`), made: { circuits: { show, issue } } };
  };

  it('builds once, and again when a file or the folder changes', async () => {
    const { from, to, made } = await small('once');
    let builds = 0;
    const build = (): Promise<void> => buildParts(made, from, to, () => (builds += 1));
    await build();
    expect(await readdir(join(to, 'a.key'))).toEqual(['0', '0.br', '1', '1.br']);
    expect(await readdir(join(to, 'b.key'))).toEqual(['0', '0.br']);
    await build();
    expect(builds).toBe(1);
    const other = await small('once-more');
    await buildParts(other.made, other.from, to, () => (builds += 1));
    expect(builds).toBe(2);
    expect((await readFile(join(to, 'a.wasm', '0'))).equals(await readFile(join(other.from, 'a.wasm')))).toBe(true);
    await rm(to, { recursive: true });
    await build();
    expect(builds).toBe(3);
  });

  it('refuses a file that is not the manifest’s, and keeps what was there', async () => {
    const { from, to, made } = await small('changed');
    await buildParts(made, from, to);
    const before = (await stat(join(to, 'a.key', '0'))).mtimeMs;
    const changed = await small('changed-again');
    await cp(join(from, 'b.wasm'), join(changed.from, 'a.wasm'));
    await expect(buildParts(changed.made, changed.from, to)).rejects.toMatchObject({ code: 'artifact_hash_mismatch' });
    expect((await stat(join(to, 'a.key', '0'))).mtimeMs).toBe(before);
  });
});
