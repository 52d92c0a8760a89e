// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { pathRoot } from '../../src/commitment/tree.ts';
import { DELTA_EPOCHS } from '../../src/log/delta.ts';
import { FIELD_ORDER, toField } from '../../src/protocol/field.ts';
import { mirror } from '../../src/register/mirror.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import type { RegisterConfig } from '../../src/wallet/environment.ts';
import { sourcesOf } from '../../src/wallet/mirrors.ts';
import { sync, type Synced } from '../../src/wallet/sync.ts';
import { serveFolder } from '../static_server.ts';
import { publishedCredentials } from './published.ts';
import { EPOCH_SECONDS, random, World } from './world.ts';

let world: World;
let credential: Credential;
let other: Credential;
/** Leaves that others got, so far. */
let issued: bigint;

beforeEach(async () => {
  world = await World.open();
  issued = 1n;
  await world.submitLeaf(toField(issued++));
  [credential, other] = (await publishedCredentials(world, 2)) as [Credential, Credential];
  world.now += (EPOCH_SECONDS + 1) * 1000;
});

/** An epoch in which somebody else gets a leaf. */
async function epoch(): Promise<void> {
  await world.submitLeaf(toField(issued++));
  await world.turnEpoch();
}

const syncAs = (held: Credential, previous?: Synced, config: RegisterConfig = world.registerConfig): Promise<Synced> =>
  sync(held, config, { fetch: world.fetch, clock: world.clock, random, poseidon }, previous);

/** What a sync asks for. */
async function asked(work: () => Promise<unknown>): Promise<string[]> {
  world.sent.length = 0;
  await work();
  return world.sent.map(({ url }) => url.replace(world.registerConfig.url, ''));
}

/** Changes what an origin answers to paths that begin so. */
function intercept(
  path: string,
  change: (body: Uint8Array) => Uint8Array | Response,
  origin = world.registerConfig.url,
) {
  const honest = world.handlers.get(origin);
  world.handlers.set(origin, async (request) => {
    const response = await honest?.(request);
    if (response === undefined || !new URL(request.url).pathname.startsWith(path)) return response ?? Response.error();
    const changed = change(new Uint8Array(await response.arrayBuffer()));
    return changed instanceof Response ? changed : new Response(changed as BodyInit, { headers: response.headers });
  });
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const ORDER = FIELD_ORDER.toString(16).padStart(64, '0');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

function expectSound({ positions }: Synced, held: Credential): void {
  for (const { path, root } of positions) expect(pathRoot(poseidon, held.leaf, held.index, path)).toBe(root);
}

describe('a wallet that has synced before', () => {
  it('takes deltas, a few more than it needs, and arrives where the full block would lead', async () => {
    for (let i = 0; i < 6; i++) await epoch();
    const before = await syncAs(credential);
    await epoch();
    let after = before;
    expect(await asked(async () => (after = await syncAs(credential, before)))).toEqual([
      '/v1/checkpoints',
      ...[5, 6, 7, 8].map((number) => `/deltas/${String(number)}/0.bin`),
    ]);
    expectSound(after, credential);
    expect(after.positions).toEqual((await syncAs(credential)).positions);
    expect(after.bytes).toBeLessThan(8192);
  });

  it('goes through active and next root in one chain', async () => {
    const before = await syncAs(credential);
    await epoch();
    await world.submitLeaf(toField(issued++));
    await world.turn();
    let after = before;
    const paths = await asked(async () => (after = await syncAs(credential, before)));
    expect(paths).toEqual(['/v1/checkpoints', '/deltas/1/0.bin', '/deltas/2/0.bin', '/deltas/3/0.bin']);
    expect(after.positions).toHaveLength(2);
    expectSound(after, credential);
  });

  it('takes the full block when it is further behind than deltas reach', async () => {
    const before = await syncAs(credential);
    for (let i = 0; i < DELTA_EPOCHS; i++) await epoch();
    const reached = await syncAs(credential, before);
    expectSound(reached, credential);
    expect(await asked(() => syncAs(credential, before))).toHaveLength(1 + DELTA_EPOCHS);
    await epoch();
    const paths = await asked(async () => expectSound(await syncAs(credential, before), credential));
    expect(paths).toEqual(['/v1/checkpoints', expect.stringMatching(/^\/blocks\/\d+\/0\.bin$/)]);
  });

  it('believes deltas that its leaf was revoked, and only with a proof', async () => {
    const before = await syncAs(credential);
    await world.revoke(credential.leaf);
    await world.turnEpoch();
    const paths = await asked(() =>
      expect(syncAs(credential, before)).rejects.toMatchObject({ code: 'credential_revoked' }),
    );
    expect(paths.some((path) => path.startsWith('/blocks/'))).toBe(false);
    expectSound(await syncAs(other), other);
    // An empty place that nobody emptied: refused in the delta, found in the block.
    const otherBefore = await syncAs(other);
    await epoch();
    const leaf = other.leaf.toString(16).padStart(64, '0');
    intercept('/deltas/', (body) => fromHex(hexOf(body).replace(leaf, '0'.repeat(64))));
    expectSound(await syncAs(other, otherBefore), other);
  });

  const damages: readonly (readonly [string, (body: Uint8Array) => Uint8Array | Response])[] = [
    ['none at all', () => new Response('<h1>Not found</h1>', { status: 404 })],
    ['an error', () => new Response('', { status: 503 })],
    ['nothing', () => new Uint8Array()],
    ['what was cut short', (body) => body.slice(0, -1)],
    ['one byte too many', (body) => Uint8Array.of(...body, 0)],
    ['more than a delta can have', () => new Uint8Array(2 * 1024 * 1024)],
    ['another block', (body) => Uint8Array.from(body, (byte, i) => (i === 46 ? byte ^ 1 : byte))],
    ['another epoch', (body) => Uint8Array.from(body, (byte, i) => (i === 22 ? byte ^ 1 : byte))],
    ['another size before', (body) => Uint8Array.from(body, (byte, i) => (i === 30 ? byte ^ 1 : byte))],
    ['another size after', (body) => Uint8Array.from(body, (byte, i) => (i === 38 ? byte + 1 : byte))],
    ['values that are not canonical', (body) => body.fill(0xff, 52, 84)],
    ['the order of the field', (body) => fromHex(`${hexOf(body.slice(0, 52))}${ORDER}${hexOf(body.slice(84))}`)],
    ['a page of HTML', () => new TextEncoder().encode('<html></html>')],
  ];
  it.each(damages)('falls back to the full block without harm when deltas are %s', async (_, damage) => {
    const before = await syncAs(credential);
    await epoch();
    await epoch();
    const honest = await syncAs(credential);
    intercept('/deltas/', damage);
    let after = before;
    const paths = await asked(async () => (after = await syncAs(credential, before)));
    expect(paths.filter((path) => path.startsWith('/blocks/'))).toHaveLength(1);
    expect(after.positions).toEqual(honest.positions);
  });
});

describe('requests', () => {
  const shape = (): unknown =>
    world.sent.map(({ method, url, init }) => {
      const { signal: _, ...rest } = init;
      return JSON.stringify([method, url, rest]);
    });

  it('are the same, byte for byte, for all holders of a block, and hold nothing of theirs', async () => {
    expect(credential.index).not.toBe(other.index);
    const mine = await syncAs(credential);
    const theirs = await syncAs(other);
    for (const [name, work] of [
      ['a first sync', (held: Credential) => syncAs(held)],
      ['a later one', (held: Credential) => syncAs(held, held === credential ? mine : theirs)],
    ] as const) {
      world.sent.length = 0;
      await work(credential);
      const first = shape();
      world.sent.length = 0;
      await work(other);
      expect(shape(), name).toEqual(first);
      await epoch();
    }
    for (const { init, url } of world.sent) {
      expect(init).toMatchObject({
        credentials: 'omit',
        cache: 'no-store',
        referrerPolicy: 'no-referrer',
        redirect: 'error',
      });
      expect([Object.keys(init.headers ?? {}), init.body, new URL(url).search]).toEqual([[], undefined, '']);
    }
  });

  it('are the same for wallets that synced up to four epochs ago', async () => {
    const states = [await syncAs(credential)];
    for (let i = 0; i < 3; i++) {
      await epoch();
      states.push(await syncAs(credential));
    }
    await epoch();
    const lists: string[][] = [];
    for (const state of states) lists.push(await asked(() => syncAs(credential, state)));
    expect(new Set(lists.map((list) => list.join())).size).toBe(1);
  });
});

describe('mirrors', () => {
  const MIRRORS = ['https://one.example', 'https://two.example', 'https://three.example'];
  const withMirrors = (...mirrors: string[]): RegisterConfig => ({ ...world.registerConfig, mirrors });
  const originsAsked = (): string[] => [...new Set(world.sent.map(({ url }) => new URL(url).origin))];

  /** Lets a mirror answer as the register does now, or as it did at some time. */
  function copyRegister(origin: string): void {
    const honest = world.handlers.get(world.registerConfig.url);
    if (honest !== undefined) world.handlers.set(origin, honest);
  }
  async function freeze(origin: string): Promise<void> {
    const paths = ['/v1/checkpoints', ...(await asked(() => syncAs(credential)))];
    const kept = new Map<string, ArrayBuffer>();
    for (const path of paths) kept.set(path, await (await world.callRegister(path)).arrayBuffer());
    world.handlers.set(origin, (request) => {
      const body = kept.get(new URL(request.url).pathname);
      return new Response(body ?? 'gone', { status: body === undefined ? 404 : 200 });
    });
  }

  it('are tried in random order, the register last', () => {
    const config = withMirrors(...MIRRORS);
    const orders = new Set(Array.from({ length: 200 }, () => sourcesOf(config, random).join()));
    expect(orders.size).toBe(6);
    for (const order of orders) expect(order.endsWith(world.registerConfig.url)).toBe(true);
    expect(sourcesOf(world.registerConfig, random)).toEqual([world.registerConfig.url]);
  });

  it('suffice: whoever has one fresh mirror does not meet the register', async () => {
    copyRegister('https://one.example');
    world.sent.length = 0;
    expectSound(await syncAs(credential, undefined, withMirrors('https://one.example')), credential);
    expect(originsAsked()).toEqual(['https://one.example']);
  });

  it('may be away, or damaged: another one serves', async () => {
    for (const origin of MIRRORS) copyRegister(origin);
    world.handlers.delete('https://one.example');
    intercept('/blocks/', (body) => body.slice(0, -1), 'https://two.example');
    for (let i = 0; i < 8; i++) expectSound(await syncAs(credential, undefined, withMirrors(...MIRRORS)), credential);
    intercept('/blocks/', (body) => body.slice(0, -1), 'https://three.example');
    world.sent.length = 0;
    expectSound(await syncAs(credential, undefined, withMirrors(...MIRRORS)), credential);
    expect(originsAsked()).toHaveLength(4);
    intercept('/blocks/', (body) => body.slice(0, -1));
    await expect(syncAs(credential, undefined, withMirrors(...MIRRORS))).rejects.toMatchObject({
      code: 'block_invalid',
    });
  });

  it('may lag behind: then the wallet asks on, and does not go back', async () => {
    await freeze('https://one.example');
    await epoch();
    await epoch();
    const config = withMirrors('https://one.example');
    const fresh = await syncAs(credential, undefined, config);
    expect(fresh.positions).toEqual((await syncAs(credential)).positions);
    const again = await syncAs(credential, fresh, config);
    expect(again.positions).toEqual(fresh.positions);
    world.handlers.delete(world.registerConfig.url);
    await expect(syncAs(credential, fresh, config)).rejects.toMatchObject({ code: 'network_failed' });
    // With nothing better, an old state that is properly signed is what there is.
    expectSound(await syncAs(credential, undefined, config), credential);
  });

  it('need not know Bauta: plain files from any web server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bauta-mirror-'));
    const server = await serveFolder(folder);
    try {
      const copy = (): Promise<unknown> =>
        mirror({
          url: world.registerConfig.url,
          out: folder,
          fetch: (url) => world.callRegister(new URL(url).pathname),
        });
      await copy();
      const deps = { fetch, clock: world.clock, random, poseidon };
      const config = { ...world.registerConfig, url: 'http://127.0.0.1:9', mirrors: [server.url] };
      const first = await sync(credential, config, deps);
      expectSound(first, credential);
      await epoch();
      await copy();
      server.seen.length = 0;
      const second = await sync(credential, config, deps, first);
      expectSound(second, credential);
      expect(second.positions).toEqual((await syncAs(credential)).positions);
      expect(server.seen.map(({ path }) => path)).toEqual(['/v1/checkpoints', '/deltas/1/0.bin', '/deltas/2/0.bin']);
      for (const { headers } of server.seen) {
        for (const name of ['cookie', 'if-none-match', 'if-modified-since', 'authorization', 'referer', 'origin']) {
          expect(headers).not.toHaveProperty(name);
        }
      }
    } finally {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
