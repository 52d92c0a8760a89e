// SPDX-License-Identifier: GPL-3.0-or-later
/** Keys of the bridge over time, and what a copy of its database holds; on both databases. */
import * as openid from 'openid-client';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { bridgePolicy } from '../../src/platform/oidc/policy.ts';
import { cookieSettings, ID_TOKEN_SECONDS, SESSION_SECONDS } from '../../src/platform/oidc/provider.ts';
import { createBridge, KEYS_REFRESH } from '../../src/platform/oidc/bridge.ts';
import { clientMetadata, MOST_CLIENTS, type OidcClient } from '../../src/platform/oidc/clients.ts';
import { KEPT, KEY_LIFE, loadKeys, planKeys, PUBLISHED_AHEAD } from '../../src/platform/oidc/keys.ts';
import { migrate } from '../../src/storage/migrate.ts';
import {
  consumeRecord,
  deleteByGrant,
  deleteExpired,
  findRecord,
  noteProved,
  type OidcDatabase,
  oidcMigrations,
  type OidcSchema,
  provedOf,
  putRecord,
} from '../../src/storage/oidc.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { makeHolder, secureRandom } from './fixtures.ts';
import { Application, Browser, CLIENTS, endWallets, logIn, openBridge, SECRET } from './oidc_world.ts';

const NOW = Date.UTC(2026, 10, 24);

describe('the succession of keys', () => {
  const first = { kid: 'a', active_from: NOW };

  it('makes the next one a day before it is due, and not before', () => {
    expect(planKeys([], NOW)).toEqual({ make: NOW, remove: [] });
    expect(planKeys([first], NOW + KEY_LIFE - PUBLISHED_AHEAD - 1)).toEqual({ make: undefined, remove: [] });
    const due = NOW + KEY_LIFE;
    expect(planKeys([first], due - PUBLISHED_AHEAD)).toEqual({ make: due, remove: [] });
    // After a long stop the next one is still published for a day first.
    expect(planKeys([first], due + 5)).toEqual({ make: due + 5 + PUBLISHED_AHEAD, remove: [] });
  });

  it('deletes a superseded one when nothing that it signed is valid any more', () => {
    const next = { kid: 'b', active_from: NOW + KEY_LIFE };
    expect(planKeys([first, next], next.active_from + KEPT - 1).remove).toEqual([]);
    expect(planKeys([first, next], next.active_from + KEPT).remove).toEqual(['a']);
    expect(KEPT).toBeGreaterThan((SESSION_SECONDS + ID_TOKEN_SECONDS) * 1000);
    expect(KEYS_REFRESH).toBeLessThan(PUBLISHED_AHEAD / 100);
  });
});

describe('max_age=0', () => {
  it('asks, however short ago somebody logged in', async () => {
    const check = bridgePolicy(
      () => Promise.resolve([]),
      () => 0,
    )
      .get('login')
      ?.checks.get('max_age_zero');
    const asks = (maxAge: unknown, result: object = {}): unknown =>
      check?.check({ oidc: { params: { max_age: maxAge }, result } } as never);
    expect(await asks(0)).toBe(true);
    expect(await asks('0')).toBe(true);
    expect(await asks(0, { login: { accountId: 'sub' } })).toBe(false);
    expect(await asks(1)).toBe(false);
    expect(await asks(undefined)).toBe(false);
  });
});

describe('cookies', () => {
  it('are for the origin alone where there is https', () => {
    const { names, long, short, wallet } = cookieSettings('https://forum.example', 'forum');
    expect(names.session).toBe('__Host-bauta-oidc-forum');
    expect(long).toEqual({ httpOnly: true, sameSite: 'lax', secure: true, signed: true, path: '/' });
    expect(short).toMatchObject({ httpOnly: true, sameSite: 'lax', secure: true });
    for (const name of [names.interaction, names.resume, wallet]) expect(name).toMatch(/^__Secure-/);
    expect(cookieSettings('http://localhost:4110', 'photo').long.secure).toBe(false);
  });
});

describe('the configuration', () => {
  const client = { client_id: 'shop', name: 'Shop', redirect_uris: ['https://shop.example/back'] };

  it.each([
    ['two clients of one name', [client, client]],
    ['a secret that can be guessed', [{ ...client, client_secret: 'x'.repeat(31) }]],
    ['plain http elsewhere', [{ ...client, redirect_uris: ['http://shop.example/back'] }]],
    ['a fragment', [{ ...client, redirect_uris: ['https://shop.example/back#x'] }]],
    ['no address', [{ ...client, redirect_uris: [] }]],
    ['an unknown member', [{ ...client, grant_types: ['implicit'] }]],
    [
      'too many clients',
      Array.from({ length: MOST_CLIENTS + 1 }, (_, i) => ({ ...client, client_id: `c${String(i)}` })),
    ],
  ])('is refused with %s', (_, clients) => {
    expect(() => clientMetadata(clients as OidcClient[])).toThrow(
      expect.objectContaining({ code: 'oidc_config_invalid' }),
    );
  });

  it('is taken at its bounds', () => {
    const many = Array.from({ length: MOST_CLIENTS }, (_, i) => ({
      ...client,
      client_id: `c${String(i)}`,
      client_secret: 'x'.repeat(32),
    }));
    expect(clientMetadata(many)).toHaveLength(MOST_CLIENTS);
    expect(clientMetadata([client])[0]).toMatchObject({ token_endpoint_auth_method: 'none' });
  });

  it.each([[{ secret: new Uint8Array(31) }], [{ name: 'Forum of all' }], [{ origin: 'https://forum.example/path' }]])(
    'of the bridge is checked before it starts: %j',
    async (changes) => {
      const database = await openDatabase<OidcSchema>(':memory:');
      const deps = {
        origin: 'https://forum.example',
        name: 'forum',
        clients: CLIENTS,
        client: {} as never,
        database,
        secret: SECRET,
        clock: () => NOW,
        random: secureRandom,
      };
      await expect(createBridge({ ...deps, ...changes })).rejects.toMatchObject({ code: 'oidc_config_invalid' });
      await database.close();
    },
  );
});

describeOnEachDatabase('the bridge’s database', (fresh) => {
  const opened: OidcDatabase[] = [];
  const openTwo = async (): Promise<[OidcDatabase, OidcDatabase]> => {
    const url = await fresh();
    const pair: [OidcDatabase, OidcDatabase] = [
      await openDatabase<OidcSchema>(url),
      await openDatabase<OidcSchema>(url),
    ];
    opened.push(...pair);
    await migrate(pair[0], oidcMigrations);
    return pair;
  };
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
  });

  it('gives two processes one succession of keys', { timeout: 60_000 }, async () => {
    const [one, two] = await openTwo();
    let now = NOW;
    const load = (database: OidcDatabase) =>
      loadKeys({ database, secret: SECRET, clock: () => now, random: secureRandom });
    // Two connections of one process to SQLite would wait for each other without end.
    const both = async () =>
      one.dialect === 'postgres' ? Promise.all([load(one), load(two)]) : ([await load(one), await load(two)] as const);
    const began = await both();
    expect(began[0].version).toBe(began[1].version);
    expect(began[0].signing).toHaveLength(1);
    const [oldKey] = began[0].signing;
    const [oldCookie] = began[0].cookies;

    now += KEY_LIFE - PUBLISHED_AHEAD;
    const published = await both();
    expect(published[0].signing.map(({ kid }) => kid)).toEqual(published[1].signing.map(({ kid }) => kid));
    expect(published[0].signing).toHaveLength(2);
    expect(published[0].signing[0]?.kid).toBe(oldKey?.kid);

    now += PUBLISHED_AHEAD;
    const changed = await load(two);
    expect(changed.signing.map(({ kid }) => kid)).toEqual([published[0].signing[1]?.kid, oldKey?.kid]);
    expect(changed.cookies[1]).toBe(oldCookie);

    now += KEPT;
    expect((await load(one)).signing.map(({ kid }) => kid)).toEqual([published[0].signing[1]?.kid]);
  });

  it('holds no key in the clear, and says so when the secret is another', async () => {
    const [database] = await openTwo();
    const deps = { database, secret: SECRET, clock: () => NOW, random: secureRandom };
    const { signing, cookies } = await loadKeys(deps);
    const stored = JSON.stringify(await database.kysely.selectFrom('oidc_key').selectAll().execute());
    for (const text of [String(signing[0]?.d), String(signing[0]?.p), String(cookies[0])]) {
      expect(text.length).toBeGreaterThan(40);
      expect(stored).not.toContain(text);
    }
    const other = loadKeys({ ...deps, secret: new Uint8Array(32).fill(8) });
    await expect(other).rejects.toMatchObject({ code: 'oidc_secret_wrong' });
    // Nor is a key taken for another.
    await database.kysely.updateTable('oidc_key').set({ kid: 'moved' }).where('purpose', '=', 'cookies').execute();
    await expect(loadKeys(deps)).rejects.toMatchObject({ code: 'oidc_secret_wrong' });
  });

  it('uses a record up once, finds none that has ended, and keeps no identifier', async () => {
    const [one, two] = await openTwo();
    await putRecord(one, 'AuthorizationCode', 'code-1', { jti: 'code-1', grantId: 'grant-1', exp: 5 }, NOW + 1000);
    const used = await Promise.all(
      [one, two, one, two].map((database) => consumeRecord(database, 'AuthorizationCode', 'code-1', 7)),
    );
    expect(used.filter(Boolean)).toHaveLength(1);
    const find = (now: number, model = 'AuthorizationCode') => findRecord(two, model, { id: 'code-1' }, now);
    expect(await find(NOW + 999)).toEqual({ jti: 'code-1', grantId: 'grant-1', exp: 5, consumed: 7 });
    expect(await find(NOW + 1000)).toBeUndefined();
    expect(await find(NOW, 'Session')).toBeUndefined();
    expect(JSON.stringify(await one.kysely.selectFrom('oidc_record').selectAll().execute())).not.toContain('code-1');
    await deleteByGrant(one, 'AuthorizationCode', 'grant-2');
    expect(await find(NOW)).toBeDefined();
    await deleteByGrant(one, 'AuthorizationCode', 'grant-1');
    expect(await find(NOW)).toBeUndefined();

    await putRecord(one, 'Session', 'session-1', { jti: 'session-1', uid: 'uid-1' }, NOW + 1000);
    await putRecord(one, 'Session', 'session-1', { jti: 'session-1', uid: 'uid-2' }, NOW + 2000);
    expect(await findRecord(one, 'Session', { uid: 'uid-1' }, NOW)).toBeUndefined();
    expect(await findRecord(one, 'Session', { uid: 'uid-2' }, NOW + 1500)).toEqual({ uid: 'uid-2' });
    await noteProved(one, 'sub-1', ['age_over_18'], NOW + 1000);
    await noteProved(one, 'sub-1', ['age_over_18'], NOW + 2000);
    expect(await provedOf(one, 'sub-1', NOW + 1999)).toEqual(['age_over_18']);
    expect(await provedOf(one, 'sub-1', NOW + 2000)).toEqual([]);
    expect(await provedOf(one, 'sub-2', NOW)).toEqual([]);
    await deleteExpired(one, NOW + 3000);
    expect(await one.kysely.selectFrom('oidc_record').selectAll().execute()).toEqual([]);
    expect(await one.kysely.selectFrom('oidc_proved').selectAll().execute()).toEqual([]);
  });
});

describe('a change of keys', { timeout: 60_000 }, () => {
  afterAll(() => endWallets());

  it('is met by no client: the new key is there before its first token, the old one after its last', async () => {
    let skipped = 0;
    const holder = await makeHolder();
    const world = await openBridge({ root: holder.root, clock: () => Date.now() + skipped });
    try {
      const kidOf = (token: string | undefined): unknown =>
        (JSON.parse(Buffer.from(token?.split('.')[0] ?? '', 'base64url').toString()) as { kid?: string }).kid;
      const published = async (): Promise<unknown[]> => {
        const answer = await fetch(`${world.bridge.issuer}/jwks`);
        const { keys } = (await answer.json()) as { keys: { kid: string; d?: string }[] };
        for (const key of keys) expect(key).not.toHaveProperty('d');
        return keys.map(({ kid }) => kid);
      };
      const tokenOf = async (): Promise<string> => {
        const app = await Application.open(world.bridge.issuer);
        return (await app.redeem(await logIn(new Browser(), holder, await app.link()))).id_token ?? '';
      };
      const before = await tokenOf();
      const [old] = await published();
      expect(kidOf(before)).toBe(old);

      skipped += KEY_LIFE - PUBLISHED_AHEAD;
      await world.bridge.tend();
      expect(await published()).toHaveLength(2);
      expect(kidOf(await tokenOf())).toBe(old);

      skipped += PUBLISHED_AHEAD;
      await world.bridge.tend();
      const after = await tokenOf();
      const [current, previous] = await published();
      expect([current, previous]).toEqual([kidOf(after), old]);
      expect(current).not.toBe(old);
      // A token of before is still good where it counts: as a hint.
      const app = await Application.open(world.bridge.issuer);
      const link = openid.buildEndSessionUrl(app.config, { id_token_hint: before });
      expect((await fetch(link)).status).toBe(200);

      skipped += KEPT;
      await world.bridge.tend();
      expect(await published()).toEqual([current]);
      expect((await fetch(link)).status).toBe(400);
    } finally {
      await world.close();
    }
  });
});
