// SPDX-License-Identifier: GPL-3.0-or-later
/** A platform's move: the pinned origin, and accounts that come along by two proofs under one nonce. */
import type { Hono } from 'hono';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { openCheckpoint } from '../../src/log/checkpoint.ts';
import { createLogger } from '../../src/http/logs.ts';
import { createPlatformApp } from '../../src/platform/app.ts';
import { createLocalVerifier } from '../../src/platform/batch_verifier.ts';
import { createPlatformClient, type PlatformClient } from '../../src/platform/client/client.ts';
import { createCollector } from '../../src/platform/collector.ts';
import { createMovePage } from '../../src/platform/move.ts';
import { BRIDGE_TEXTS } from '../../src/platform/oidc/texts.ts';
import { encodeMove, type Move, moveOf } from '../../src/protocol/move.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { linkMoved, type OriginDatabase, pinOrigin, previousSubOf } from '../../src/storage/origin.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';
import { platformMigrations, type PlatformSchema } from '../../src/storage/platform.ts';
import { loadVerificationKey } from '../../src/verifying/groth16.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import { enrol } from '../../src/wallet/enrol.ts';
import { armMove, discardMove, fireMove, isMoveLink, moveConsentOf, readMove } from '../../src/wallet/move.ts';
import { decline, readRequest } from '../../src/wallet/present.ts';
import { sync, type Synced } from '../../src/wallet/sync.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { committedArtifacts } from '../proving/sample.ts';
import { fakeProver, random, realProver, World } from '../wallet/world.ts';

const OLD = 'https://old.example';
const NEW = 'https://new.example';
const API_KEY = 'key-of-a-backend-in-tests';
const EVIDENCE = {
  sod: Uint8Array.of(1),
  dg1: Uint8Array.of(2),
  dg2: Uint8Array.of(3),
  face: { type: 'image/png', bytes: Uint8Array.of(4) },
} as const;

describe('the move in a request', () => {
  const move: Move = { from: OLD, to: NEW, nonce: toBase64Url(random(32)) };
  const wire = (changes: object): string =>
    toBase64Url(
      new TextEncoder().encode(
        JSON.stringify({ type: 'bauta_move_v1', credential_ids: ['bauta'], ...move, ...changes }),
      ),
    );

  it('is read as it was written', () => {
    expect(moveOf([encodeMove(move)])).toEqual(move);
    expect(moveOf([wire({})])).toEqual(move);
  });

  it.each([
    ['nothing', undefined],
    ['two', [wire({}), wire({})]],
    ['no JSON', ['AAAA']],
    ['another type', [wire({ type: 'bauta_transaction_v1' })]],
    ['a path', [wire({ from: `${OLD}/a` })]],
    ['plain http', [wire({ to: 'http://new.example' })]],
    ['itself', [wire({ to: OLD })]],
    ['a short nonce', [wire({ nonce: 'A'.repeat(42) })]],
    ['more than it should', [wire({ note: 'x' })]],
  ])('is refused with %s', (_, data) => {
    expect(() => moveOf(data)).toThrow(expect.objectContaining({ code: 'move_invalid' }));
  });
});

describeOnEachDatabase('the pinned origin', (fresh) => {
  it('stays, and another one is refused with what it would do and what to do instead', async () => {
    const url = await fresh();
    const database = await openDatabase<PlatformSchema>(url);
    try {
      await migrate(database, platformMigrations);
      await pinOrigin(database, OLD);
      await pinOrigin(database, OLD);
      const refused = pinOrigin(database, NEW);
      await expect(refused).rejects.toMatchObject({ code: 'origin_changed' });
      await expect(refused).rejects.toThrow(/old\.example.*new\.example.*every sub.*Moving to another origin/s);
      // And the verifier's own tables go on being migrated beside.
      await migrate(database, platformMigrations);
    } finally {
      await database.close();
    }
  });

  it('keeps one old pseudonym for one new one', async () => {
    const plain = await openDatabase<PlatformSchema>(await fresh());
    try {
      const database = await pinOrigin(plain, NEW);
      await linkMoved(database, 'old-1', 'new-1');
      await linkMoved(database, 'old-1', 'new-1');
      await expect(linkMoved(database, 'old-1', 'new-2')).rejects.toMatchObject({ code: 'moved_before' });
      await expect(linkMoved(database, 'old-2', 'new-1')).rejects.toMatchObject({ code: 'moved_before' });
      expect(await previousSubOf(database, 'new-1')).toBe('old-1');
      expect(await previousSubOf(database, 'new-2')).toBeUndefined();
    } finally {
      await plain.close();
    }
  });
});

describe('a move', { timeout: 60_000 }, () => {
  let world: World;
  let credential: Credential;
  let synced: Synced;
  let page: Hono;
  let database: OriginDatabase;
  const databases: Database<never>[] = [];
  const clients: Record<string, PlatformClient> = {};

  beforeAll(async () => {
    world = await World.open();
    world.misbehaviour.trusting = true;
    for (const origin of [OLD, NEW]) database = await addPlatform(origin);
    credential = await enrol(world.enrolDeps(fakeProver), EVIDENCE, { save: () => world.turnEpoch() });
    synced = await sync(credential, world.registerConfig, {
      fetch: world.fetch,
      clock: world.clock,
      random,
      poseidon,
    });
    page = createMovePage({
      origin: NEW,
      name: 'forum',
      client: clients[NEW] as PlatformClient,
      old: { origin: OLD, client: clients[OLD] as PlatformClient },
      database,
      clock: world.clock,
      random,
    });
  });
  afterAll(async () => {
    for (const opened of databases) await opened.close();
  });
  beforeEach(() => {
    world.sent.length = 0;
  });

  async function addPlatform(origin: string): Promise<OriginDatabase> {
    const artifacts = await committedArtifacts();
    const opened = await openDatabase<PlatformSchema>(':memory:');
    databases.push(opened as unknown as Database<never>);
    await migrate(opened, platformMigrations);
    const { name, key: registerKey } = world.registerConfig;
    const key = await loadVerificationKey(await artifacts.verificationKey('show'));
    const app = createPlatformApp({
      origin,
      apiKeys: [API_KEY],
      walletUrl: 'https://wallet.example/present',
      manifest: artifacts.manifest,
      checkProof: createCollector(createLocalVerifier(key, random)).checkProof,
      checkpoints: async () => {
        const answer = (await (await world.callRegister('/v1/checkpoints')).json()) as { checkpoints: string[] };
        return answer.checkpoints.map((note) => openCheckpoint(note, { name, publicKey: registerKey }));
      },
      database: opened,
      clock: world.clock,
      random,
      timeZone: 'Asia/Shanghai',
    });
    world.handlers.set(origin, (request) => app.request(request));
    clients[origin] = createPlatformClient({
      url: origin,
      apiKey: API_KEY,
      fetch: (input, init) => Promise.resolve(app.request(input as string, init)),
    });
    return pinOrigin(opened, origin);
  }

  const deps = () => ({ fetch: world.fetch, clock: world.clock, timeZone: 'Asia/Shanghai', version: 1 });
  const presentDeps = () => ({ ...deps(), prover: realProver(), poseidon });

  /** The new origin's page, from its button to the link. */
  async function begin(): Promise<{ link: string; cookie: string }> {
    const answer = await page.request(`${NEW}/move`, { method: 'POST', headers: { origin: NEW } });
    expect(answer.status).toBe(303);
    const cookie = answer.headers.getSetCookie()[0] ?? '';
    for (const part of ['__Host-bauta-forum-move=', 'HttpOnly', 'Secure', 'SameSite=Lax'])
      expect(cookie).toContain(part);
    return { link: new URL(answer.headers.get('location') ?? '').hash, cookie: cookie.split(';')[0] ?? '' };
  }

  const finish = (cookie: string, back: string): Promise<Response> =>
    Promise.resolve(
      page.request(`${NEW}/move/return`, {
        method: 'POST',
        headers: { origin: NEW, cookie, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URL(back).hash.slice(1),
      }),
    );

  const subAt = async (origin: string): Promise<string> => {
    const pending = await readRequest(
      new URL((await clients[origin]?.create({ ask: {} }))?.request_url ?? '').hash,
      deps(),
    );
    const { consentOf } = await import('../../src/wallet/consent.ts');
    return consentOf(pending, credential, poseidon).sub ?? '';
  };

  it('gives the old account to the new pseudonym: one link, one consent, two proofs', async () => {
    const offered = await page.request(`${NEW}/move`, { headers: { 'accept-language': 'en' } });
    expect(await offered.text()).toContain(OLD);
    expect(offered.headers.get('content-security-policy')).toContain("default-src 'none'");
    const { link, cookie } = await begin();
    expect(isMoveLink(link)).toBe(true);
    const pending = await readMove(link, deps());
    expect(pending.move).toMatchObject({ from: OLD, to: NEW });
    const consent = moveConsentOf(pending, credential, poseidon);
    expect(consent).toEqual({
      from: { origin: OLD, sub: await subAt(OLD) },
      to: { origin: NEW, sub: await subAt(NEW) },
      unmet: [],
    });
    world.sent.length = 0;
    const armed = await armMove(pending, credential, synced, presentDeps());
    expect(world.sent).toEqual([]);
    const back = await fireMove(armed, presentDeps());
    // Each pseudonym goes to its own origin, and to no other.
    expect(world.sent.map(({ url }) => url)).toEqual([`${OLD}/oid4vp/responses`, `${NEW}/oid4vp/responses`]);
    const bodies = world.sent.map(({ init }) => decodeURIComponent(init.body as string));
    expect(bodies[0]).not.toBe(bodies[1]);
    expect(back).toMatch(new RegExp(`^${NEW}/move/return#response_code=.+&old_response_code=.+`));
    const done = await finish(cookie, back);
    expect(done.status).toBe(200);
    expect(await done.text()).toContain('data-moved');
    expect(await previousSubOf(database, consent.to.sub)).toBe(consent.from.sub);
    // Once.
    expect((await finish(cookie, back)).status).toBe(400);
  });

  it('is refused by the wallet unless both origins ask for the same move', async () => {
    const [one, two] = [await begin(), await begin()];
    const mixed = new URLSearchParams(one.link.slice(1));
    const other = new URLSearchParams(two.link.slice(1));
    for (const name of ['old_client_id', 'old_request_uri']) mixed.set(name, other.get(name) ?? '');
    const refused = { code: 'move_invalid' };
    // Two moves with a nonce each.
    await expect(readMove(`#${mixed.toString()}`, deps())).rejects.toMatchObject(refused);
    // One origin twice; the two the wrong way round.
    const twice = new URLSearchParams(one.link.slice(1));
    for (const name of ['client_id', 'request_uri']) twice.set(`old_${name}`, twice.get(name) ?? '');
    await expect(readMove(`#${twice.toString()}`, deps())).rejects.toMatchObject(refused);
    const turned = new URLSearchParams(
      [...new URLSearchParams(two.link.slice(1))].map(([name, value]) => [
        name.startsWith('old_') ? name.slice(4) : `old_${name}`,
        value,
      ]),
    );
    await expect(readMove(`#${turned.toString()}`, deps())).rejects.toMatchObject(refused);
    // Beside an ordinary login of the old origin, which a page that only frames it could have begun.
    const login = new URL((await clients[OLD]?.create({ ask: {} }))?.request_url ?? '').hash;
    const { link } = await begin();
    const beside = new URLSearchParams(link.slice(1));
    for (const [name, value] of new URLSearchParams(login.slice(1))) beside.set(`old_${name}`, value);
    await expect(readMove(`#${beside.toString()}`, deps())).rejects.toMatchObject(refused);
  });

  it('is refused where more than the pseudonym is asked for with it', async () => {
    const move = { from: OLD, to: NEW, nonce: toBase64Url(random(32)) };
    const links = await Promise.all([
      clients[NEW]?.create({ ask: { age_over: 18 }, move }),
      clients[OLD]?.create({ ask: {}, move }),
    ]);
    const [fresh = '', old = ''] = links.map((created) => new URL(created?.request_url ?? '').hash.slice(1));
    const oldPart = [...new URLSearchParams(old)].map(([name, value]): [string, string] => [`old_${name}`, value]);
    const link = `#${fresh}&${new URLSearchParams(oldPart).toString()}`;
    await expect(readMove(link, deps())).rejects.toMatchObject({ code: 'move_invalid' });
  });

  it('is never answered as a login: half of it alone is refused, and said so to the origin', async () => {
    const { link } = await begin();
    await expect(readRequest(link, { ...deps(), showsTransactions: true })).rejects.toMatchObject({
      code: 'transaction_data_invalid',
    });
  });

  it.each([
    ['from elsewhere', { from: 'https://third.example', to: 'https://fourth.example' }],
    ['from and to the same', { from: NEW, to: NEW }],
  ])('is not begun by a verifier that it does not concern: %s', async (_, ends) => {
    const move = { ...ends, nonce: toBase64Url(random(32)) };
    await expect(clients[NEW]?.create({ ask: {}, move })).rejects.toMatchObject({ code: 'request_invalid' });
  });

  it('belongs to the browser that began it', async () => {
    const attackers = await begin();
    const victims = await begin();
    const armed = await armMove(await readMove(attackers.link, deps()), credential, synced, presentDeps());
    const back = await fireMove(armed, presentDeps());
    // The codes of one move in the browser that began another, or none.
    expect((await finish(victims.cookie, back)).status).toBe(400);
    expect((await finish('', back)).status).toBe(400);
    const foreign = await page.request(`${NEW}/move/return`, {
      method: 'POST',
      headers: {
        origin: 'https://evil.example',
        cookie: attackers.cookie,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URL(back).hash.slice(1),
    });
    expect(foreign.status).toBe(403);
  });

  it('links nothing when the holder declines, and wipes what was armed', async () => {
    const { link, cookie } = await begin();
    const pending = await readMove(link, deps());
    const released: number[] = [];
    const prover = { ...fakeProver, release: (handle: number) => Promise.resolve(void released.push(handle)) };
    const armed = await armMove(pending, credential, synced, { ...presentDeps(), prover });
    await discardMove(armed, { prover });
    expect(released).toHaveLength(2);
    await decline(pending.old, deps());
    const back = (await decline(pending.new, deps())).redirectUri ?? '';
    expect((await finish(cookie, `${back}&old_response_code=x`)).status).toBe(400);
  });

  it('says that an address does not answer, in the language of the visitor, and what another site sent is refused', async () => {
    const away = createPlatformClient({
      url: OLD,
      apiKey: API_KEY,
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    });
    const lines: unknown[] = [];
    const logger = createLogger('verifier', { write: (line) => lines.push(JSON.parse(line)) });
    const deps = { origin: NEW, name: 'forum', client: clients[NEW] as PlatformClient, database, random, logger };
    const app = createMovePage({ ...deps, old: { origin: OLD, client: away }, clock: world.clock });
    const post = (origin: string): Promise<Response> =>
      Promise.resolve(
        app.request(`${NEW}/move`, {
          method: 'POST',
          headers: { origin, 'accept-language': 'zh-CN', 'content-type': 'application/x-www-form-urlencoded' },
        }),
      );
    const answer = await post(NEW);
    expect(answer.status).toBe(502);
    expect(answer.headers.getSetCookie()).toEqual([]);
    const text = await answer.text();
    expect(text).toContain(BRIDGE_TEXTS.zh.move.unreachable);
    expect(text).toContain('action="/move"');
    expect(lines).toEqual([expect.objectContaining({ move: 'verifier_unreachable' })]);
    const foreign = await post('https://evil.example');
    expect([foreign.status, await foreign.text()]).toEqual([403, expect.stringContaining('data-move-failed')]);
  });

  it('takes no result of another device', async () => {
    const answers = (channel: string): PlatformClient => ({
      ...(clients[NEW] as PlatformClient),
      create: () =>
        Promise.resolve({
          ...{ id: 'id', status: 'pending', browser_token: 'token', expires_at: '' },
          request_url: 'https://wallet.example/present#client_id=c&request_uri=r',
        }),
      result: () =>
        Promise.resolve({ id: 'id', status: 'verified', result: { sub: `sub-${channel}`, channel } } as never),
    });
    const statusWith = async (channel: string): Promise<number> => {
      const old = { origin: OLD, client: answers(channel) };
      const deps = { origin: NEW, name: 'forum', client: answers('same_device'), old, database, clock: world.clock };
      const app = createMovePage({ ...deps, random });
      const begun = await app.request(`${NEW}/move`, { method: 'POST', headers: { origin: NEW } });
      const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      const answer = await app.request(`${NEW}/move/return`, {
        method: 'POST',
        headers: { origin: NEW, cookie, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'response_code=a&old_response_code=b',
      });
      return answer.status;
    };
    expect(await statusWith('cross_device')).toBe(400);
    expect(await statusWith('same_device')).toBe(200);
  });

  it('refuses proofs that were made for the other origin', async () => {
    const { link } = await begin();
    const pending = await readMove(link, deps());
    const swapped = { ...pending, old: { ...pending.old, inputs: pending.new.inputs } };
    const armed = await armMove(swapped, credential, synced, presentDeps());
    await expect(fireMove(armed, presentDeps())).rejects.toMatchObject({ code: 'proof_invalid' });
  });
});
