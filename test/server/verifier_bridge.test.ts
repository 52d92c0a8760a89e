// SPDX-License-Identifier: GPL-3.0-or-later
/** `npm run verifier` with a bridge, and with an earlier origin, by configuration. */
import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createLogger } from '../../src/http/logs.ts';
import { parseVerifierConfig } from '../../src/server/verifier_config.ts';
import { type RunningVerifier, startVerifier } from '../../src/server/verifier_program.ts';
import { makeHolder } from '../platform/fixtures.ts';
import { Browser, logIn, Application, CLIENT_SECRET, CLIENTS, endWallets } from '../platform/oidc_world.ts';
import { startRegister } from './verifier_world.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64url');
const API_KEY = 'a-key-of-twenty-characters';
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, 'localhost', () => {
      resolve((server.address() as { port: number }).port);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function start(changes: (origin: string) => object): Promise<{ origin: string; running: RunningVerifier }> {
  const register = await startRegister((await makeHolder()).root);
  closers.push(register.close);
  const port = await freePort();
  const origin = `http://localhost:${String(port)}`;
  const config = {
    origin,
    listen: { host: 'localhost', port },
    operations: { host: 'localhost', port: 0 },
    wallet_url: 'https://wallet.example/present',
    database: ':memory:',
    api_keys: [API_KEY],
    register: register.config,
    verifying_threads: 0,
    shutdown: { delay_seconds: 0, grace_seconds: 1 },
    ...changes(origin),
  };
  const logger = createLogger('verifier', { write: () => undefined });
  const running = await startVerifier(parseVerifierConfig(config, {}), { logger });
  closers.push(() => running.end());
  return { origin, running };
}

const oidc = { name: 'forum', secret: SECRET, clients: CLIENTS };

it('serves the bridge beside the verifier, and logs people in by it', { timeout: 60_000 }, async () => {
  const { origin } = await start(() => ({ oidc }));
  closers.push(endWallets);
  expect((await fetch(`${origin}/openapi.json`)).status).toBe(200);
  const app = await Application.open(`${origin}/oidc`, CLIENT_SECRET);
  const callback = await logIn(new Browser(), await makeHolder(), await app.link());
  expect((await app.redeem(callback)).claims()).toMatchObject({ acr: 'urn:bauta:login' });
  expect((await fetch(`${origin}/move`)).status).toBe(404);
});

it('serves the page of a move, which asks the verifier at the old origin', { timeout: 60_000 }, async () => {
  const old = await start(() => ({}));
  expect((await fetch(`${old.origin}/oidc/.well-known/openid-configuration`)).status).toBe(404);
  const { origin } = await start(() => ({ oidc, moved_from: { origin: old.origin, api_key: API_KEY } }));
  expect(await (await fetch(`${origin}/move`)).text()).toContain(old.origin);
  const answer = await fetch(`${origin}/move`, { method: 'POST', redirect: 'manual', headers: { origin } });
  const link = new URLSearchParams(new URL(answer.headers.get('location') ?? '').hash.slice(1));
  expect(link.get('client_id')).toContain(origin);
  expect(link.get('old_client_id')).toContain(old.origin);
});

it.each([
  ['a short secret', { oidc: { ...oidc, secret: 'short' } }, 'oidc.secret'],
  ['no applications', { oidc: { ...oidc, clients: [] } }, 'oidc.clients'],
  [
    'an application on plain http',
    { oidc: { ...oidc, clients: [{ ...CLIENTS[0], redirect_uris: ['http://a.example'] }] } },
    'oidc.clients.0.redirect_uris.0',
  ],
  ['a move without a bridge', { moved_from: { origin: 'https://old.example', api_key: API_KEY } }, 'moved_from'],
  [
    'a move from a path',
    { oidc, moved_from: { origin: 'https://old.example/a', api_key: API_KEY } },
    'moved_from.origin',
  ],
])('refuses %s before it starts, naming the member', async (_, changes, member) => {
  await expect(start(() => changes)).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringMatching(new RegExp(`^${member}: `)) as string,
  });
});
