// SPDX-License-Identifier: GPL-3.0-or-later
/** The bridge in the process that a platform runs: `npm run verifier`, over one connection as a balancer keeps it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeHolder } from '../platform/fixtures.ts';
import { API_KEY } from '../platform/harness.ts';
import { CLIENTS } from '../platform/oidc_world.ts';
import { create, type Process, spawnVerifier, startRegister } from './verifier_world.ts';

/** Requests of one address in the window; the test spends them at its end. */
const PER_ADDRESS = 20;
const folder = mkdtempSync(join(tmpdir(), 'bauta-bridge-'));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let verifier: Process;
let closeRegister: () => void;
beforeAll(async () => {
  const register = await startRegister((await makeHolder()).root);
  closeRegister = register.close;
  const secret = Buffer.alloc(32, 7).toString('base64url');
  verifier = await spawnVerifier(folder, {
    database: ':memory:',
    register: register.config,
    limits: { per_address: { count: PER_ADDRESS, seconds: 600 } },
    oidc: { name: 'forum', secret, clients: CLIENTS },
  });
}, 60_000);
afterAll(async () => {
  agent.destroy();
  verifier.child.kill('SIGTERM');
  await verifier.exited;
  closeRegister();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly reused: boolean;
  readonly body: string;
}

/** A request on the one connection. */
function send(path: string, method = 'GET', body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const sent = request(`${verifier.origin}${path}`, { agent, method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('error', reject).on('end', () => {
        // The next request must find the connection as this one leaves it.
        setTimeout(() => {
          resolve({ status: answer.statusCode, reused: sent.reusedSocket, body: text });
        }, 20);
      });
    });
    sent.on('error', reject).end(body);
  });
}

it('answers one request after another on a connection, and logs and measures each', async () => {
  const token = 'grant_type=authorization_code&client_id=app&code=x';
  const requests: [number, ...Parameters<typeof send>][] = [
    [200, '/oidc/jwks'],
    [400, '/oidc/token', 'POST', token],
    [200, '/oidc/.well-known/openid-configuration', 'HEAD'],
    [404, '/oidc'],
    [200, '/oidc/.well-known/openid-configuration'],
    [400, '/oidc/interaction/unknown'],
    [200, '/oidc/jwks'],
  ];
  const answers: Answer[] = [];
  for (const [, ...sent] of requests) answers.push(await send(...sent));
  expect(answers.map(({ status }) => status)).toEqual(requests.map(([status]) => status));
  expect(answers.map(({ reused }) => reused)).toEqual(requests.map((_, i) => i > 0));
  const { token_endpoint, userinfo_endpoint, jwks_uri } = JSON.parse(answers[4]?.body ?? '') as Record<string, string>;
  // Those that are counted as a server's.
  expect([token_endpoint, userinfo_endpoint, jwks_uri].map((url = '') => new URL(url).pathname)).toEqual([
    '/oidc/token',
    '/oidc/me',
    '/oidc/jwks',
  ]);
  expect(verifier.output()).not.toMatch(/ERR_HTTP|"level":50/);
  const logged = verifier.output().match(/"route":"\/oidc[^}]*"status":\d+/g) ?? [];
  expect(logged.map((line) => Number(line.slice(-3)))).toEqual(requests.map(([status]) => status));
  const metrics = await (await fetch(`${verifier.operations}/metrics`)).text();
  expect(metrics).toMatch(/bauta_http_request_seconds_count\{method="POST",route="\/oidc\/\*",status="400"\} 1/);
});

it(
  'limits an address, but neither an application’s server nor the platform’s backend',
  { timeout: 30_000 },
  async () => {
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i <= PER_ADDRESS; i++) statuses.push((await send('/oidc/interaction/unknown')).status);
    expect(statuses.at(0)).toBe(400);
    expect(statuses.at(-1)).toBe(429);
    expect((await send('/oidc/jwks')).status).toBe(200);
    expect((await create(verifier, { ask: {} }, { Authorization: `Bearer ${API_KEY}` })).status).toBe(201);
  },
);
