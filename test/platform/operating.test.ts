// SPDX-License-Identifier: GPL-3.0-or-later
/** A verifier as its operator sees it: limits, metrics, logs, the reference page, and a database that is away. */
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/http/logs.ts';
import { createPlatformMetrics } from '../../src/platform/metrics.ts';
import { parseField } from '../../src/protocol/field.ts';
import { subOf } from '../../src/protocol/scope.ts';
import { isDatabaseAway } from '../../src/storage/failures.ts';
import { keptPresentation } from '../fixtures/read.ts';
import { manifest } from './fixtures.ts';
import {
  bearer,
  begin,
  call,
  checkpointOf,
  postJson,
  problemOf,
  respond,
  startVerifier,
  type VerifierOptions,
} from './harness.ts';

const kept = keptPresentation(manifest.version, 'account');

describe('limits', () => {
  const address = (): string => '203.0.113.7';

  it('hold each key by itself', async () => {
    const verifier = await startVerifier({ limits: { perKey: { count: 2, seconds: 60 }, address } });
    const create = (key: string): Promise<Response> =>
      call(verifier.app, '/v1/verifications', postJson({ ask: {} }, bearer(key)));
    const [first = '', second = ''] = verifier.deps.apiKeys;
    expect((await create(first)).status).toBe(201);
    expect((await create(first)).status).toBe(201);
    const refused = await create(first);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await problemOf(refused)).toEqual({ status: 429, code: 'too_many_requests' });
    expect((await create(second)).status).toBe(201);
    await verifier.close();
  });

  it('hold an address at the wallet’s interface, readable for its page, and at wrong keys', async () => {
    const verifier = await startVerifier({ limits: { perAddress: { count: 2, seconds: 60 }, address } });
    const fetchRequest = (): Promise<Response> =>
      call(verifier.app, '/oid4vp/requests/x', { headers: { Origin: 'https://wallet.example' } });
    expect((await fetchRequest()).status).toBe(404);
    const guess = (): Promise<Response> =>
      call(verifier.app, '/v1/verifications', postJson({ ask: {} }, bearer('x'.repeat(30))));
    expect(await problemOf(await guess())).toMatchObject({ status: 401 });
    expect(await problemOf(await guess())).toMatchObject({ status: 429 });
    const refused = await fetchRequest();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect((await call(verifier.app, '/v1/verifications', postJson({ ask: {} }))).status).toBe(201);
    await verifier.close();
  });
});

describe('what is recorded', () => {
  /** A verifier that has seen a login from beginning to end, and everything that it told its operator. */
  async function afterLogin(): Promise<{ told: string; secrets: string[]; metrics: string }> {
    let lines = '';
    const metrics = createPlatformMetrics(() => Promise.resolve(3));
    const options: VerifierOptions = {
      origin: new URL(kept.request.response_uri).origin,
      timeZone: kept.timeZone,
      metrics,
      logger: createLogger('verifier', { write: (line: string) => (lines += line) }),
    };
    const verifier = await startVerifier(options);
    verifier.now = kept.now;
    verifier.checkpoints = [
      checkpointOf(parseField(kept.root), { size: kept.presentation.checkpoint, activeFrom: kept.now / 1000 - 3600 }),
    ];
    const begun = await call(verifier.app, '/v1/verifications', postJson({ ask: {} }));
    const { id, browser_token, request_url } = (await begun.json()) as Record<string, string>;
    // The request of the kept proof is put in the place of the one that was made.
    await verifier.deps.database.kysely
      .updateTable('verification')
      .set({ request: JSON.stringify(kept.request), state: kept.request.state })
      .execute();
    const answered = await respond(verifier, {
      state: kept.request.state,
      vp_token: JSON.stringify({ bauta: [kept.presentation] }),
    });
    expect(answered.status).toBe(200);
    const { redirect_uri } = (await answered.json()) as { redirect_uri: string };
    const code = redirect_uri.split('response_code=')[1] ?? '';
    const result = await call(verifier.app, `/v1/verifications/${id ?? ''}?response_code=${code}`, {
      headers: { ...bearer(), 'Browser-Token': browser_token ?? '' },
    });
    const { sub } = ((await result.json()) as { result: { sub: string } }).result;
    expect(sub).toBe(subOf(parseField(kept.presentation.nullifier) as never));
    await respond(verifier, { state: 'x' });
    await call(verifier.app, '/v1/verifications', postJson({ ask: {} }, bearer('y'.repeat(30))));
    await verifier.close();
    await verifier.app.request(`/oid4vp/requests/${id ?? ''}`);
    const requestId = (request_url ?? '').split('%2F').at(-1) ?? '';
    const { nullifier } = kept.presentation;
    const key = verifier.deps.apiKeys[1] ?? '';
    const secrets = [sub, nullifier, code, id, browser_token, requestId, kept.request.state, kept.request.nonce, key];
    return {
      told: lines,
      secrets: secrets.map((secret) => secret ?? ''),
      metrics: await metrics.registry.metrics(),
    };
  }

  it('tells routes, outcomes and counts, and neither a pseudonym nor anything that opens one', async () => {
    const { told, secrets, metrics } = await afterLogin();
    expect(told).toContain('/v1/verifications/:id');
    for (const line of told.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ service: 'verifier' });
    expect(metrics).toContain('bauta_verifications_begun_total 1');
    expect(metrics).toContain('bauta_answers_total{outcome="accepted"} 1');
    expect(metrics).toContain('bauta_webhooks_waiting 3');
    expect(metrics).toContain('process_cpu_seconds_total');
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect(told).not.toContain(secret);
      expect(metrics).not.toContain(secret);
    }
  });
});

describe('the reference page', () => {
  it('describes every route in both languages, without a script and without anything from elsewhere', async () => {
    const verifier = await startVerifier({ basePath: '/bauta' });
    const document = (await (await verifier.app.request('/openapi.json')).json()) as { paths: Record<string, unknown> };
    for (const [lang, word] of [
      ['en', 'required'],
      ['zh', '必填'],
    ] as const) {
      const response = await verifier.app.request(`/openapi.html?lang=${lang}`);
      const page = await response.text();
      expect(response.headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      for (const path of Object.keys(document.paths)) expect(page).toContain(path);
      expect(page).toContain(word);
      expect(page).not.toMatch(/<script|style=|\[object|undefined/);
      expect([...page.matchAll(/(?:src|href)="([^"#?]+)"/g)].map(([, url]) => url)).toEqual([
        'openapi.css',
        'openapi.json',
      ]);
      // Every link inside the page leads somewhere.
      for (const [, anchor] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${anchor ?? ''}"`);
    }
    const style = await verifier.app.request('/openapi.css');
    expect(style.headers.get('content-type')).toContain('text/css');
    await verifier.close();
  });

  it('follows the reader’s language', async () => {
    const verifier = await startVerifier();
    const page = async (language: string): Promise<string> =>
      (await verifier.app.request('/openapi.html', { headers: { 'Accept-Language': language } })).text();
    expect(await page('zh-CN,zh;q=0.9')).toContain('lang="zh-CN"');
    expect(await page('fr')).toContain('lang="en"');
    await verifier.close();
  });
});

describe('a database that is away', () => {
  it.each([
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' }), true],
    [Object.assign(new Error('x'), { code: 'ECONNRESET', syscall: 'read' }), true],
    [Object.assign(new Error('terminating connection'), { code: '57P01' }), true],
    [Object.assign(new Error('too many connections'), { code: '53300' }), true],
    [new Error('Connection terminated unexpectedly'), true],
    [new Error('timeout exceeded when trying to connect'), true],
    [new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' })]), true],
    [Object.assign(new Error('duplicate key'), { code: '23505' }), false],
    [Object.assign(new Error('x'), { code: 'ENOENT' }), false],
    [new Error('driver has already been destroyed'), false],
    ['text', false],
  ])('is told from a fault: %s', (error, away) => {
    expect(isDatabaseAway(error)).toBe(away);
  });

  it('answers 503 with Retry-After', async () => {
    const verifier = await startVerifier();
    const { database } = verifier.deps;
    const broken = await startVerifier({
      database: {
        ...database,
        transaction: () => Promise.reject(new Error('Connection terminated unexpectedly')),
      },
    });
    const begun = await begin(broken, { ask: {} });
    const response = await respond(broken, { state: begun.request.state, error: 'access_denied' });
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await problemOf(response)).toEqual({ status: 503, code: 'database_unreachable' });
    await verifier.close();
  });
});
