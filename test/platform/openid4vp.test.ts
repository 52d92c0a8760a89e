// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * OpenID4VP 1.0 on the wire, as a library by others reads and writes it (openid4vc/openid4vp-ts): the link, the request
 * object, transaction data, the answer.
 *
 * The library takes no unsecured request object by reference, which is the specification's form for the prefix
 * `redirect_uri`; so the JWT is taken apart here, and its payload given to the library as a request.
 */
import {
  createOpenid4vpAuthorizationResponse,
  parseOpenid4vpAuthorizationRequest,
  parseOpenid4vpAuthorizationResponse,
  resolveOpenid4vpAuthorizationRequest,
  submitOpenid4vpAuthorizationResponse,
} from '@openid4vc/openid4vp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CreatedVerification, CreateVerification } from '../../src/platform/client/messages.ts';
import { decline, readRequest } from '../../src/wallet/present.ts';
import { endProving, type Holder, makeHolder, NOON, present, secureRandom } from './fixtures.ts';
import { begin, call, collect, ORIGIN, PAGE, postJson, startVerifier, type Verifier } from './harness.ts';

vi.setConfig({ testTimeout: 120_000 });

let holder: Holder;
let verifier: Verifier;
beforeAll(async () => {
  holder = await makeHolder();
});
beforeEach(async () => {
  verifier = await startVerifier({ roots: [holder.root], seed: 'openid4vp' });
});
afterEach(() => verifier.close());
afterAll(endProving);

const never = (): never => {
  throw new Error('nothing is signed or encrypted here');
};
const callbacks = {
  verifyJwt: never,
  decryptJwe: never,
  getX509CertificateMetadata: never,
  hash: never,
  encryptJwe: never,
  signJwt: never,
};
const toApp: typeof globalThis.fetch = async (input, init) =>
  verifier.app.request(input instanceof Request ? input : String(input), init);

const create = async (body: CreateVerification): Promise<CreatedVerification> => {
  const response = await call(verifier.app, '/v1/verifications', postJson({ redirect_uri: PAGE, ...body }));
  expect(response.status).toBe(201);
  return (await response.json()) as CreatedVerification;
};

/** The request as the library understands it, fetched by the link as it parses that. */
async function resolved(created: CreatedVerification) {
  const [, fragment = ''] = created.request_url.split('#');
  const link = parseOpenid4vpAuthorizationRequest({ authorizationRequest: `openid4vp://?${fragment}` });
  expect(link.type).toBe('jar');
  const { request_uri, client_id } = link.params as { request_uri: string; client_id: string };
  const response = await verifier.app.request(new URL(request_uri).pathname);
  expect(response.headers.get('content-type')).toBe('application/oauth-authz-req+jwt');
  const [header = '', payload = '', signature] = (await response.text()).split('.');
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
    typ: 'oauth-authz-req+jwt',
    alg: 'none',
  });
  expect(signature).toBe('');
  const request = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  expect(request['client_id']).toBe(client_id);
  return resolveOpenid4vpAuthorizationRequest({
    authorizationRequestPayload: request,
    callbacks: { ...callbacks, fetch: toApp },
  });
}

describe('a request', () => {
  it('is one of version 1.0, of the prefix redirect_uri, with a DCQL query', async () => {
    const created = await create({ ask: { age_over: 18 } });
    const request = await resolved(created);
    expect(request.version).toBe(100);
    expect(request.client).toMatchObject({
      prefix: 'redirect_uri',
      identifier: `${ORIGIN}/oid4vp/responses`,
    });
    expect(request.authorizationRequestPayload).toMatchObject({
      response_type: 'vp_token',
      response_mode: 'direct_post',
      response_uri: `${ORIGIN}/oid4vp/responses`,
      aud: 'https://self-issued.me/v2',
    });
    expect(request.dcql?.query).toMatchObject({
      credentials: [{ id: 'bauta', format: 'bauta_zk_v1', meta: { circuit: 'show', version: 1 } }],
    });
    expect(request.pex).toBeUndefined();
  });

  it('carries transaction data that is read as such', async () => {
    const transaction = { title: 'Change the address', lines: [{ label: 'To', value: '12 Canal Street' }] };
    const request = await resolved(await create({ ask: {}, transaction_data: [transaction] }));
    expect(request.transactionData).toMatchObject([
      {
        transactionDataIndex: 0,
        transactionData: { type: 'bauta_transaction_v1', credential_ids: ['bauta'], ...transaction },
      },
    ]);
  });

  it.each([
    ['on another device', { ask: {}, channel: 'cross_device' as const }],
    ['of an action', { ask: {}, action: { name: 'vote', opens: 20261101 } }],
    ['of a limit', { ask: {}, limit: { name: 'comments', period: 'day' as const, times: 3 } }],
    ['of a step-up', { ask: {}, purpose: 'step_up' as const, expect_sub: 'A'.repeat(43) }],
    ['without a pseudonym', { ask: { pseudonym: false } }],
  ])('is understood %s', async (_, body) => {
    expect((await resolved(await create(body))).version).toBe(100);
  });
});

describe('an answer', () => {
  it('written and sent by the library is accepted', async () => {
    const begun = await begin(verifier, { ask: { age_over: 18 } });
    const presentation = await present(holder, begun.request);
    const { authorizationResponsePayload } = await createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: begun.request,
      authorizationResponsePayload: { vp_token: { bauta: [presentation] } },
      callbacks,
    });
    const { responseMode, response } = await submitOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: begun.request,
      authorizationResponsePayload,
      callbacks: { fetch: toApp },
    });
    expect(responseMode).toBe('direct_post');
    expect(await collect(verifier, begun, response)).toMatchObject({ status: 'verified' });
  });

  it('of the wallet is read by the library', async () => {
    const begun = await begin(verifier, { ask: { age_over: 18 } });
    const presentation = await present(holder, begun.request);
    const parsed = await parseOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: begun.request,
      authorizationResponse: { state: begun.request.state, vp_token: JSON.stringify({ bauta: [presentation] }) },
      callbacks,
    });
    expect(parsed).toMatchObject({
      type: 'dcql',
      expectedNonce: begun.request.nonce,
      dcql: { presentations: { bauta: [{ format: 'bauta_zk_v1', nullifier: presentation.nullifier }] } },
    });
  });

  it('by which the holder declines is an error of the specification', async () => {
    const created = await create({ ask: {} });
    const sent: Record<string, string>[] = [];
    const fetch: typeof globalThis.fetch = (url, init) => {
      if (init?.method === 'POST') sent.push(Object.fromEntries(new URLSearchParams(init.body as string)));
      return toApp(url, init);
    };
    const deps = { fetch, clock: () => NOON, timeZone: 'Asia/Shanghai', version: 1 };
    const pending = await readRequest(new URL(created.request_url).hash, deps);
    await decline(pending, { fetch });
    expect(sent).toEqual([{ error: 'access_denied', state: pending.request.state }]);
  });
});

describe('a wallet that gets no reply', () => {
  it('sends the same answer once more under its token, and goes on as if nothing had happened', async () => {
    const created = await create({ ask: {} });
    const bodies: string[] = [];
    const fetch: typeof globalThis.fetch = async (url, init) => {
      const response = await toApp(url, init);
      if (init?.method !== 'POST') return response;
      bodies.push(init.body as string);
      // The first reply is lost on its way.
      if (bodies.length === 1) throw new TypeError('fetch failed');
      return response;
    };
    const deps = { fetch, clock: () => NOON, timeZone: 'Asia/Shanghai', version: 1 };
    const pending = await readRequest(new URL(created.request_url).hash, deps);
    const { redirectUri } = await decline(pending, { fetch, random: secureRandom });
    expect(redirectUri).toMatch(/^https:\/\/forum\.example\/return#response_code=/);
    expect(new Set(bodies).size).toBe(1);
    expect(bodies).toHaveLength(2);
  });

  it('and has no token asks once only', async () => {
    const created = await create({ ask: {} });
    let posts = 0;
    const fetch: typeof globalThis.fetch = (url, init) => {
      if (init?.method !== 'POST') return toApp(url, init);
      posts++;
      return Promise.reject(new TypeError('fetch failed'));
    };
    const deps = { fetch, clock: () => NOON, timeZone: 'Asia/Shanghai', version: 1 };
    const pending = await readRequest(new URL(created.request_url).hash, deps);
    await expect(decline(pending, { fetch })).rejects.toMatchObject({ code: 'network_failed' });
    expect(posts).toBe(1);
  });
});
