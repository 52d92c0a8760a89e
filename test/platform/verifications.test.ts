// SPDX-License-Identifier: GPL-3.0-or-later
/** What a platform's backend may ask for; nothing here needs a proof. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretHash } from '../../src/platform/secrets.ts';
import { AGES } from '../../src/protocol/policy.ts';
import { requestInputs } from '../../src/protocol/request.ts';
import { deriveScope } from '../../src/protocol/scope.ts';
import { NOON, TODAY } from './fixtures.ts';
import {
  API_KEY,
  bearer,
  begin,
  call,
  ORIGIN,
  PAGE,
  postJson,
  problemOf,
  startVerifier,
  type Verifier,
} from './harness.ts';

let verifier: Verifier;
beforeEach(async () => {
  verifier = await startVerifier();
});
afterEach(() => verifier.close());

const create = (body: unknown, headers?: Record<string, string>): Promise<Response> =>
  call(verifier.app, '/v1/verifications', postJson(body, headers));
const refusal = async (body: unknown): Promise<string> => (await problemOf(await create(body))).code;

describe('creating a verification', () => {
  it('makes a request of this origin and this day, in the wallet’s fragment', async () => {
    const { created, request } = await begin(verifier, { ask: { age_over: 18 } });
    expect(created.request_url.startsWith('https://wallet.example/present#client_id=')).toBe(true);
    expect(new URL(created.request_url).search).toBe('');
    expect(created.expires_at).toBe(new Date(NOON + 300_000).toISOString());
    expect(request.client_id).toBe(`redirect_uri:${ORIGIN}/oid4vp/responses`);
    expect(requestInputs(request).scope).toBe(deriveScope(ORIGIN));
    expect(request).toMatchObject({
      iat: NOON / 1000,
      exp: NOON / 1000 + 300,
      purpose: 'login',
      channel: 'same_device',
    });
  });

  it('names a day of the register’s zone', async () => {
    const evening = Date.UTC(2026, 10, 22, 16, 30); // half past midnight in Shanghai
    verifier.now = evening;
    const response = await create({ ask: { age_over: 18 } });
    expect(response.status).toBe(201);
    const [row] = await verifier.deps.database.kysely.selectFrom('verification').select('request').execute();
    const { policy } = JSON.parse(row?.request ?? '{}') as { policy: string };
    expect(BigInt(policy) & ((1n << 27n) - 1n)).toBe(BigInt(TODAY) + 1n);
  });

  it('names everything apart: id, address, state, nonce, tokens', async () => {
    const first = await begin(verifier, { ask: {} });
    const second = await begin(verifier, { ask: {} });
    const names = [first, second].flatMap(({ created, request }) => [
      created.id,
      created.browser_token,
      created.request_url.split('%2F').at(-1),
      request.state,
      request.nonce,
    ]);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => name?.length === 43)).toBe(true);
  });

  it('keeps no secret in plain text', async () => {
    const { created } = await begin(verifier, { ask: {} });
    const rows = await verifier.deps.database.kysely.selectFrom('verification').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(created.browser_token);
  });

  it.each([
    ['an age off the list', { ask: { age_over: 17 } }],
    ['a birth window', { ask: { birth_min: 19900615, birth_max: 19900615 } }],
    ['a date of birth', { ask: { reveal: ['birth'] } }],
    ['the expiry', { ask: { reveal: ['expiry'] } }],
    ['the region', { ask: { reveal: ['region'] } }],
    ['the generation', { ask: { reveal: ['generation'] } }],
    ['the issuer', { ask: { reveal: ['issuer'] } }],
    ['one nationality', { ask: { nationality_group: 'CHN' } }],
    ['a mask of its own', { ask: { nationality_mask: '1' } }],
    ['one document', { ask: { document_group: 'passport' } }],
    ['an unknown claim', { ask: { loves_cats: true } }],
    ['the same twice', { ask: { reveal: ['document', 'document'] } }],
    ['assurance 4', { ask: { min_assurance: 4 } }],
    ['no ask', {}],
  ])('refuses what is off the published list: %s', async (_, body) => {
    expect(await refusal(body)).toBe('ask_refused');
  });

  it('takes all that is on it', async () => {
    for (const age_over of AGES) expect((await create({ ask: { age_over } })).status).toBe(201);
    const rest = {
      document_group: 'travel',
      nationality_group: 'foreign',
      min_assurance: 2,
      phone_confirmed: true,
      reveal: ['document', 'nationality', 'assurance', 'phone'],
    };
    expect((await create({ ask: rest })).status).toBe(201);
    expect((await create({ ask: { pseudonym: false } })).status).toBe(201);
  });

  it.each([
    'https://shop.example/return',
    'http://forum.example/return',
    'https://forum.example.evil/return',
    'https://forum.example@evil.example/',
    'https://user:password@forum.example/',
    `${PAGE}#fragment`,
    'javascript:alert(1)',
    '/return',
  ])('returns to no page but its own: %s', async (redirect_uri) => {
    expect(await refusal({ ask: {}, redirect_uri })).toBe('redirect_uri_invalid');
  });

  it.each([
    ['29 seconds', { ttl_seconds: 29 }, 'body_invalid'],
    ['901 seconds', { ttl_seconds: 901 }, 'body_invalid'],
    ['half a second more', { ttl_seconds: 60.5 }, 'body_invalid'],
    ['301 seconds on another device', { ttl_seconds: 301, channel: 'cross_device' }, 'ttl_invalid'],
    ['a step-up without sub', { purpose: 'step_up' }, 'request_invalid'],
    ['a sub without step-up', { expect_sub: 'A'.repeat(43) }, 'request_invalid'],
    ['a sub that is none', { purpose: 'step_up', expect_sub: '_'.repeat(43) }, 'sub_invalid'],
    [
      'a step-up from another device',
      { purpose: 'step_up', expect_sub: 'A'.repeat(43), channel: 'cross_device' },
      'request_invalid',
    ],
    [
      'an action without pseudonym',
      { ask: { pseudonym: false }, action: { name: 'x', opens: 20261101 } },
      'request_invalid',
    ],
    ['an action with a control character', { action: { name: 'a\u0000', opens: 20261101 } }, 'body_invalid'],
    ['half a character in a limit', { limit: { name: 'a\ud800', period: 'day', times: 2 } }, 'body_invalid'],
    ['a page with a control character', { redirect_uri: `${PAGE}?\u0000` }, 'body_invalid'],
    ['an action without name', { action: { name: '', opens: 20261101 } }, 'body_invalid'],
    ['an action on 31 November', { action: { name: 'x', opens: 20261131 } }, 'date_invalid'],
    [
      'an action of tomorrow, which a reset could repeat',
      { action: { name: 'x', opens: TODAY + 1 } },
      'action_not_open',
    ],
    ['an unknown member', { transaction: [] }, 'body_invalid'],
    ['an unknown channel', { channel: 'pigeon' }, 'body_invalid'],
  ])('refuses %s', async (_, change, code) => {
    expect(await refusal({ ask: {}, ...change })).toBe(code);
  });

  it('keeps an action’s opening date, which would otherwise make another action of it', async () => {
    const action = { name: 'vote', opens: 20261101 };
    // What is refused decides nothing.
    expect(await refusal({ ask: { pseudonym: false }, action: { ...action, opens: 20261102 } })).toBe(
      'request_invalid',
    );
    expect((await create({ ask: {}, action })).status).toBe(201);
    expect((await create({ ask: {}, action })).status).toBe(201);
    expect(await refusal({ ask: {}, action: { ...action, opens: 20261102 } })).toBe('action_opens_differently');
  });

  it('lives five minutes unless told, at most fifteen; two on another device', async () => {
    const life = async (body: object): Promise<number> => {
      const { request } = await begin(verifier, { ask: {}, ...body });
      return request.exp - request.iat;
    };
    expect(await life({})).toBe(300);
    expect(await life({ ttl_seconds: 900 })).toBe(900);
    expect(await life({ channel: 'cross_device' })).toBe(120);
  });
});

describe('bearer keys', () => {
  it.each([
    ['none', undefined],
    ['empty', ''],
    ['another', 'Bearer wrong-key-wrong-key-wrong'],
    ['a prefix', `Bearer ${API_KEY.slice(0, -1)}`],
    ['a longer one', `Bearer ${API_KEY}x`],
    ['basic', `Basic ${btoa(`user:${API_KEY}`)}`],
    ['the hash that is compared', `Bearer ${secretHash(API_KEY)}`],
  ])('refuses %s', async (_, authorization) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const response = await create({ ask: {} }, headers);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await problemOf(response)).toEqual({ status: 401, code: 'api_key_invalid' });
    const reading = await call(verifier.app, '/v1/verifications/x', { headers });
    expect(await problemOf(reading)).toEqual({ status: 401, code: 'api_key_invalid' });
    const verifying = await call(verifier.app, '/v1/proofs/verify', postJson({}, headers));
    expect(await problemOf(verifying)).toEqual({ status: 401, code: 'api_key_invalid' });
  });

  it('takes each of its keys', async () => {
    for (const key of verifier.deps.apiKeys) expect((await create({ ask: {} }, bearer(key))).status).toBe(201);
  });

  it('does not start with a short key, another origin than one, or a wallet with a fragment', async () => {
    await expect(startVerifier({ apiKeys: ['short'] })).rejects.toMatchObject({ code: 'configuration_invalid' });
    await expect(startVerifier({ origin: 'http://forum.example' })).rejects.toMatchObject({
      code: 'configuration_invalid',
    });
    await expect(startVerifier({ origin: `${ORIGIN}/` })).rejects.toMatchObject({ code: 'configuration_invalid' });
    await expect(startVerifier({ walletUrl: 'http://w.example/' })).rejects.toMatchObject({
      code: 'configuration_invalid',
    });
    await expect(startVerifier({ walletUrl: 'https://w.example/#x' })).rejects.toMatchObject({
      code: 'configuration_invalid',
    });
  });
});

describe('other answers', () => {
  it('unknown things are problem documents', async () => {
    expect(await problemOf(await call(verifier.app, '/nowhere'))).toEqual({ status: 404, code: 'not_found' });
    const unknown = await call(verifier.app, '/v1/verifications/unknown', {
      headers: { ...bearer(), 'Browser-Token': 'x' },
    });
    expect(await problemOf(unknown)).toEqual({ status: 404, code: 'verification_unknown' });
    const request = await call(verifier.app, '/oid4vp/requests/unknown');
    expect(await problemOf(request)).toEqual({ status: 404, code: 'request_unknown' });
  });

  it('wallets of any origin may call, without cookies; backends’ addresses are not for browsers', async () => {
    const preflight = {
      method: 'OPTIONS',
      headers: { Origin: 'https://w.example', 'Access-Control-Request-Method': 'POST' },
    };
    const allowed = await verifier.app.request('/oid4vp/responses', preflight);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('*');
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    const closed = await verifier.app.request('/v1/verifications', preflight);
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    const refused = await verifier.app.request('/oid4vp/requests/unknown', {
      headers: { Origin: 'https://w.example' },
    });
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('an unexpected failure says nothing', async () => {
    await verifier.close();
    expect(await problemOf(await verifier.app.request('/oid4vp/requests/x'))).toEqual({
      status: 500,
      code: 'internal_error',
    });
    verifier = await startVerifier();
  });
});
