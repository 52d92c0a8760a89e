// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, ephemeralConfig, readConfig } from '../../src/server/config.ts';
import { loadKeys } from '../../src/server/keys.ts';
import { type Stack, startStack } from '../../src/server/stack.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bauta-stack-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const start = (config: Config): Promise<Stack> =>
  startStack({ config, anchors: [], compareFaces: () => Promise.reject(new Error('not used here')) });

describe('a stack', () => {
  it('puts every program on an origin of its own and tells the wallet whom to trust', async () => {
    const stack = await start({ ...ephemeralConfig(), trustedProxies: 1, enrolmentsPerNetwork: 1 });
    try {
      const origins = [
        ...Object.values(stack.urls),
        ...stack.witnesses.map(({ url }) => url),
        ...stack.walletConfig.guards.map(({ url }) => url),
      ];
      expect(new Set(origins).size).toBe(11);
      expect(await (await fetch(`${stack.urls.wallet}/config.json`)).json()).toEqual(stack.walletConfig);
      expect(stack.walletConfig.platforms.map(({ url }) => url)).toEqual([
        stack.urls.photo,
        stack.urls.market,
        stack.urls.poll,
      ]);
      expect((await fetch(`${stack.urls.photo}/openapi.json`)).status).toBe(200);
      expect((await fetch(`${stack.urls.register}/checkpoint`)).status).toBe(200);
      const { witnesses, threshold } = stack.walletConfig.register;
      expect(witnesses.map(({ name }) => name)).toEqual(stack.witnesses.map(({ name }) => name));
      expect(threshold).toBe(2);
      for (const { name, url } of stack.witnesses) {
        expect(await (await fetch(url)).json()).toMatchObject({ name, epoch: 0 });
      }
      const enrolment = await fetch(`${stack.urls.issuer}/v1/enrolments`, { method: 'POST' });
      expect(enrolment.status).toBe(201);
      expect(enrolment.headers.get('access-control-allow-origin')).toBe('*');
      // Behind a proxy each network has its own room.
      const behind = ['198.51.100.7', '198.51.100.8', '198.51.100.7'].map((from) => ({ 'X-Forwarded-For': from }));
      const begun: number[] = [];
      for (const headers of behind) {
        begun.push((await fetch(`${stack.urls.issuer}/v1/enrolments`, { method: 'POST', headers })).status);
      }
      expect(begun).toEqual([201, 201, 429]);
    } finally {
      await stack.close();
    }
    await expect(fetch(stack.urls.wallet)).rejects.toThrow('fetch failed');
  });

  it('keeps keys and log over a restart', async () => {
    const config = { ...ephemeralConfig(), ...pathsIn(folder) };
    const first = await start(config);
    const read = async (stack: Stack): Promise<string> => (await fetch(`${stack.urls.register}/checkpoint`)).text();
    const before = { note: await read(first), keys: first.walletConfig.issuer.key };
    await first.close();
    // A platform's origin is pinned in its database.
    await expect(start(config)).rejects.toMatchObject({ code: 'origin_changed' });
    const portOf = (url: string): number => Number(new URL(url).port);
    const { photo, market, poll } = first.urls;
    const ports = { ...config.ports, photo: portOf(photo), market: portOf(market), poll: portOf(poll) };
    const second = await start({ ...config, ports });
    try {
      expect({ note: await read(second), keys: second.walletConfig.issuer.key }).toEqual(before);
      expect((await stat(join(folder, 'keys.json'))).mode & 0o777).toBe(0o600);
    } finally {
      await second.close();
    }
  });

  it('says which port is taken and frees what it had begun', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, 'localhost', () => resolve((taken.address() as { port: number }).port));
    });
    const config = ephemeralConfig();
    await expect(start({ ...config, ports: { ...config.ports, photo: port } })).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(`port ${String(port)} is taken, and the photo needs it`) as string,
    });
    taken.close();
  });

  it('refuses development keys in production', async () => {
    await expect(start({ ...ephemeralConfig(), production: true })).rejects.toMatchObject({
      code: 'development_keys_refused',
    });
  });
});

function pathsIn(data: string): Pick<Config, 'dataFolder' | 'databases'> {
  const file = (name: string): string => `file:${join(data, `${name}.db`)}`;
  return {
    dataFolder: data,
    databases: {
      issuer: file('issuer'),
      register: file('register'),
      witness1: file('witness1'),
      witness2: file('witness2'),
      witness3: file('witness3'),
      guard1: file('guard1'),
      guard2: file('guard2'),
      photo: file('photo'),
      market: file('market'),
      poll: file('poll'),
    },
  };
}

describe('keys', () => {
  it('that cannot be read are neither used nor overwritten', async () => {
    const path = join(folder, 'keys.json');
    await writeFile(path, '{"register":"short"}');
    await expect(loadKeys(folder)).rejects.toMatchObject({ code: 'keys_invalid' });
    expect(await readFile(path, 'utf8')).toBe('{"register":"short"}');
  });

  it('that came with a later version are added to those of an earlier one', async () => {
    const path = join(folder, 'keys.json');
    const made = await loadKeys(folder);
    const stored = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
    const { phone, ...earlier } = stored;
    await writeFile(path, JSON.stringify(earlier));
    const added = await loadKeys(folder);
    expect({ ...added, phone: made.phone }).toEqual(made);
    expect(added.phone).not.toEqual(made.phone);
    expect(await loadKeys(folder)).toEqual(added);
    const broken = Object.entries(stored).filter(([name]) => name !== 'dedup');
    await writeFile(path, JSON.stringify(Object.fromEntries(broken)));
    await expect(loadKeys(folder)).rejects.toMatchObject({ code: 'keys_invalid' });
    expect(phone).toHaveLength(43);
  });

  it('are made once', async () => {
    expect(await loadKeys(folder)).toEqual(await loadKeys(folder));
  });
});

describe('the configuration', () => {
  it('has defaults, and takes what is given', () => {
    const config = readConfig({ BAUTA_WALLET_PORT: '5000', BAUTA_DATA: '/tmp/elsewhere', UNRELATED: 'x' });
    expect(config.ports).toMatchObject({ wallet: 5000, issuer: 4101 });
    expect(config.databases.issuer).toBe('file:/tmp/elsewhere/issuer.db');
    expect(config.production).toBe(false);
    expect(config.mirrors).toEqual([]);
    const two = readConfig({ BAUTA_MIRRORS: 'https://one.example/,https://two.example' });
    expect(two.mirrors).toEqual(['https://one.example', 'https://two.example']);
    expect(readConfig({ NODE_ENV: 'production' }).production).toBe(true);
  });

  it('knows a message centre only with all that belongs to it', () => {
    const centre = { BAUTA_SMPP_URL: 'ssmpp://sms.example:3550', BAUTA_SMPP_SYSTEM_ID: 'b', BAUTA_SMPP_PASSWORD: 'p' };
    expect(readConfig({}).sms).toBeUndefined();
    expect(readConfig(centre).sms).toEqual({
      ...{ url: 'ssmpp://sms.example:3550', systemId: 'b', password: 'p' },
      source: undefined,
    });
    expect(readConfig({ ...centre, BAUTA_SMPP_SOURCE: 'Bauta' }).sms?.source).toBe('Bauta');
    for (const [name, value] of [
      ['BAUTA_SMPP_URL', undefined],
      ['BAUTA_SMPP_URL', 'http://sms.example'],
      ['BAUTA_SMPP_SYSTEM_ID', undefined],
      ['BAUTA_SMPP_SYSTEM_ID', 'x'.repeat(16)],
      ['BAUTA_SMPP_PASSWORD', undefined],
    ] as const) {
      expect(() => readConfig({ ...centre, [name]: value })).toThrow(name);
    }
  });

  it.each([
    ['BAUTA_WALLET_PORT', '65536'],
    ['BAUTA_WALLET_PORT', 'http'],
    ['BAUTA_TIME_ZONE', 'Mars/Olympus'],
    ['BAUTA_EPOCH_SECONDS', '0'],
    ['BAUTA_MIRRORS', 'https://one.example,two.example'],
    ['BAUTA_MIRRORS', 'ftp://one.example'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(expect.objectContaining({ code: 'config_invalid' }));
    expect(() => readConfig({ [name]: value })).toThrow(name);
  });
});
