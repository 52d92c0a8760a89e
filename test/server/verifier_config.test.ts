// SPDX-License-Identifier: GPL-3.0-or-later
/** What a verifier's configuration may be, and what it says where it is wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/platform/limits.ts';
import { parseVerifierConfig, readVerifierConfig } from '../../src/server/verifier_config.ts';
import { addressOf } from '../../src/server/listen.ts';

const SAMPLE = join(import.meta.dirname, '../../docs/deploy/verifier.json');
const sample = JSON.parse(readFileSync(SAMPLE, 'utf8')) as Record<string, unknown> & {
  register: { witnesses: readonly object[] };
};
const { witnesses } = sample.register;

const faultOf = (value: unknown, env: Record<string, string> = {}): string => {
  try {
    parseVerifierConfig(value, env);
    return '';
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    expect(code).toBe('config_invalid');
    return message;
  }
};
const register = (changes: object): object => ({ ...sample, register: { ...sample.register, ...changes } });

it('takes the sample, and fills in what is usual', async () => {
  const config = await readVerifierConfig(SAMPLE, {});
  expect(config).toMatchObject({
    base_path: '',
    register: { time_zone: 'Asia/Shanghai', epoch_seconds: 21_600, turn: 'schedule' },
    shutdown: { delay_seconds: 5, grace_seconds: 30 },
    limits: DEFAULT_LIMITS,
    production: false,
  });
  expect(config.verifying_threads).toBeGreaterThan(0);
});

it('lets the environment take the place of what must be in no file', () => {
  const config = parseVerifierConfig(sample, {
    BAUTA_VERIFIER_DATABASE: 'file:x.db',
    BAUTA_VERIFIER_API_KEYS: `${'a'.repeat(20)}, ${'b'.repeat(20)}`,
    BAUTA_VERIFIER_PORT: '0',
    BAUTA_VERIFIER_OPERATIONS_HOST: '127.0.0.1',
    BAUTA_VERIFIER_THREADS: '0',
    BAUTA_VERIFIER_WEBHOOK_SECRETS: `whsec_${Buffer.alloc(32).toString('base64')}`,
    NODE_ENV: 'production',
  });
  expect(config).toMatchObject({
    database: 'file:x.db',
    api_keys: ['a'.repeat(20), 'b'.repeat(20)],
    listen: { host: '0.0.0.0', port: 0 },
    operations: { host: '127.0.0.1', port: 4201 },
    verifying_threads: 0,
    production: true,
  });
});

it('turns a limit off, or sets another', () => {
  const { limits } = parseVerifierConfig(
    { ...sample, limits: { per_key: null, per_address: { count: 1, seconds: 2 } } },
    {},
  );
  expect(limits).toEqual({ perKey: undefined, perAddress: { count: 1, seconds: 2 } });
});

it.each([
  ['no file', undefined, /the file/],
  ['another origin', { ...sample, origin: 'https://forum.example/' }, /^origin: must be the platform’s own origin/],
  ['plain http', { ...sample, origin: 'http://forum.example' }, /^origin: /],
  ['a path with a slash', { ...sample, base_path: '/bauta/' }, /^base_path: /],
  ['no key', { ...sample, api_keys: [] }, /^api_keys: must hold a key/],
  ['a short key', { ...sample, api_keys: ['x'.repeat(19)] }, /^api_keys\.0: must have at least 20 characters/],
  ['a port', { ...sample, listen: { host: 'localhost', port: 65_536 } }, /^listen\.port: /],
  ['another database', { ...sample, database: 'mysql://x' }, /^database: must be file:PATH or postgres/],
  ['a wallet on http', { ...sample, wallet_url: 'http://wallet.example/' }, /^wallet_url: /],
  ['a wallet with a fragment', { ...sample, wallet_url: 'https://wallet.example/#x' }, /^wallet_url: /],
  ['a short register key', register({ key: 'AAAA' }), /^register\.key: must be an Ed25519 public key/],
  ['another time zone', register({ time_zone: 'Mars' }), /^register\.time_zone: must be an IANA time zone/],
  ['half of the witnesses', register({ threshold: 1 }), /^register\.threshold: must be more than half/],
  ['more than all', register({ threshold: 4 }), /^register\.threshold: /],
  [
    'a webhook inside',
    { ...sample, webhook: { url: 'https://10.0.0.1/', secrets: ['whsec_' + 'A'.repeat(43) + '='] } },
    /^webhook\.url: /,
  ],
  [
    'a weak secret',
    { ...sample, webhook: { url: 'https://a.example/', secrets: ['secret'] } },
    /^webhook\.secrets\.0: /,
  ],
  ['a long key', { ...sample, api_keys: ['x'.repeat(257)] }, /^api_keys\.0: must have at most 256 characters/],
  [
    'a secret of 66 bytes',
    { ...sample, webhook: { url: 'https://a.example/', secrets: [`whsec_${'A'.repeat(88)}`] } },
    /^webhook\.secrets\.0: /,
  ],
  [
    'a witness twice',
    register({ witnesses: [witnesses[0], { ...witnesses[0], name: 'x' }, witnesses[2]] }),
    /^register\.witnesses: must have different names/,
  ],
  [
    'both on one port',
    { ...sample, operations: { host: 'localhost', port: 4200 } },
    /^operations: must be another port/,
  ],
  ['an unknown member', { ...sample, orgin: 'x' }, /orgin/],
  ['a limit of none', { ...sample, limits: { per_key: { count: 0, seconds: 1 } } }, /^limits\.per_key\.count: /],
])('refuses %s, and says what to do', (_, value, message) => {
  expect(faultOf(value)).toMatch(message);
});

it('names every fault at once, and never what was written', () => {
  const message = faultOf({ ...sample, api_keys: ['secret'], origin: 'x', webhook: undefined });
  expect(message.split('\n').map((line) => line.split(':')[0])).toEqual(['origin', 'api_keys.0']);
  expect(message).not.toContain('secret');
});

it('takes one address of the register, or several', () => {
  const urlOf = (url: unknown): unknown => parseVerifierConfig(register({ url }), {}).register.url;
  expect(urlOf('https://a.example/')).toEqual(['https://a.example']);
  expect(urlOf(['https://a.example', 'https://b.example/'])).toEqual(['https://a.example', 'https://b.example']);
  expect(faultOf(register({ url: [] }))).toMatch(/^register\.url: /);
});

it('refuses the secrets of the sample in production', () => {
  const message = faultOf(sample, { NODE_ENV: 'production' });
  expect(message.split('\n').map((line) => line.split(':')[0])).toEqual(['api_keys', 'webhook.secrets']);
});

it('refuses a database that forgets, and webhooks to this machine, in production', () => {
  expect(faultOf({ ...sample, database: ':memory:' }, { NODE_ENV: 'production' })).toMatch(/^database: must be kept/);
  const local = {
    ...sample,
    api_keys: ['x'.repeat(44)],
    webhook: { url: 'http://127.0.0.1:1/', secrets: [`whsec_${'A'.repeat(43)}=`] },
  };
  expect(faultOf(local)).toBe('');
  expect(faultOf(local, { NODE_ENV: 'production' })).toMatch(/^webhook\.url: /);
});

it('says so when there is no file, or no JSON in it', async () => {
  await expect(readVerifierConfig('/nowhere/verifier.json', {})).rejects.toThrow(/does not exist/);
  await expect(readVerifierConfig(import.meta.filename, {})).rejects.toThrow(/cannot be read as JSON/);
});

it('takes a caller’s address from the outermost proxy that it trusts, never from the caller', async () => {
  const seenBehind = async (proxies: number): Promise<string> => {
    const app = new Hono().get('/', (c) => c.text(addressOf(c, proxies)));
    const headers = { 'X-Forwarded-For': '10.0.0.1, 198.51.100.7 ,203.0.113.9' };
    return (await app.request('/', { headers })).text();
  };
  expect(await seenBehind(1)).toBe('203.0.113.9');
  expect(await seenBehind(2)).toBe('198.51.100.7');
});
