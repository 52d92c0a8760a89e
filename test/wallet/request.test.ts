// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { RequestObject } from '../../src/protocol/request.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { encodeTransaction } from '../../src/protocol/transaction.ts';
import type { Fetch } from '../../src/wallet/environment.ts';
import { type PendingRequest, readRequest } from '../../src/wallet/present.ts';
import { NOW } from '../proving/sample.ts';
import { linkTo, PLATFORM, requestFor, served, withPolicy } from './requests.ts';

const DAY_MS = 86_400_000;

/** Reads a link whose platform answers with something. */
async function read(
  link: string,
  answer: () => Response,
  { now = NOW, calls = [] as string[] } = {},
): Promise<PendingRequest> {
  const fetch: Fetch = (url) => {
    calls.push(url);
    return Promise.resolve(answer());
  };
  return readRequest(link, { fetch, clock: () => now, timeZone: 'Asia/Shanghai', version: 1 });
}

const readObject = (request: RequestObject, now = NOW): Promise<PendingRequest> =>
  read(linkTo(request), () => served(request), { now });

const claims = (request: RequestObject, extra: object): RequestObject => {
  const [query] = request.dcql_query.credentials;
  return { ...request, dcql_query: { credentials: [{ ...query, claims: [...query.claims, extra as never] }] } };
};

describe('readRequest', () => {
  it('reads a request and tells who asks what', async () => {
    const request = requestFor({ age_over: 18, reveal: ['nationality'] });
    const pending = await readObject(request);
    expect(pending).toMatchObject({ request, origin: PLATFORM, expiresAt: request.exp * 1000 });
    expect(pending.ask).toMatchObject({ age_over: 18, reveal: ['nationality'], pseudonym: true });
    expect(pending.inputs.scope).not.toBe(0n);
  });

  it('reads a request without a pseudonym: scope and context 0', async () => {
    const { inputs } = await readObject(requestFor({ age_over: 18, pseudonym: false }));
    expect([inputs.scope, inputs.context]).toEqual([0n, 0n]);
  });

  it.each([
    ['an age off the list', { path: ['age_over_19'] }],
    ['a second age', { path: ['age_over_21'] }],
    ['a birth date', { path: ['birth'] }],
    ['a region', { path: ['region'] }],
    ['the generation', { path: ['generation'] }],
    ['the issuer', { path: ['issuer'] }],
    ['an unknown claim', { path: ['shoe_size'] }],
    ['a claim twice', { path: ['valid_id'] }],
    ['a document group off the list', { path: ['document_group'], values: ['passport_of_one'] }],
    ['a nationality alone', { path: ['nationality_group'], values: ['ISL'] }],
    ['two groups', { path: ['nationality_group'], values: ['chinese', 'foreign'] }],
    ['a value to guess', { path: ['nationality'], values: ['CHN'] }],
  ])('refuses to be asked for %s', async (_, claim) => {
    await expect(readObject(claims(requestFor(), claim))).rejects.toMatchObject({ code: 'ask_refused' });
  });

  it.each([
    ['a birth window of one day', (word: bigint) => word | (20000101n << 27n)],
    ['another age', (word: bigint) => word - (10000n << 54n)],
    ['one document', (word: bigint) => word - (2n << 81n)],
    ['more assurance', (word: bigint) => word + (1n << 113n)],
    ['a date of issue', (word: bigint) => word + (20261101n << 144n)],
    ['the birth date revealed', (word: bigint) => word | (1n << 176n)],
    ['the nationality revealed', (word: bigint) => word | (1n << 172n)],
    ['a limit above one', (word: bigint) => word + (1n << 181n)],
    ['no pseudonym', (word: bigint) => word - (1n << 180n) - (1n << 181n)],
  ])('refuses a policy with %s, which the claims do not mean', async (_, change) => {
    await expect(readObject(withPolicy(requestFor(), change))).rejects.toMatchObject({ code: 'policy_mismatch' });
  });

  it('refuses a mask of one nationality', async () => {
    const request = { ...requestFor(), nationality_mask: '1' };
    await expect(readObject(request)).rejects.toMatchObject({ code: 'policy_mismatch' });
  });

  it('refuses a request that has expired, lives too long, or is of another day', async () => {
    const request = requestFor();
    await expect(readObject(request, request.exp * 1000)).rejects.toMatchObject({ code: 'request_expired' });
    await expect(readObject(request, request.exp * 1000 - 1)).resolves.toBeDefined();
    const long = { ...request, exp: request.iat + 901 };
    await expect(readObject(long)).rejects.toMatchObject({ code: 'request_invalid' });
    const policyOfDay = (days: number): RequestObject => ({
      ...request,
      policy: requestFor({ age_over: 18 }, { now: NOW + days * DAY_MS }).policy,
    });
    for (const days of [-1, 1]) await expect(readObject(policyOfDay(days))).resolves.toBeDefined();
    for (const days of [-2, 2]) {
      await expect(readObject(policyOfDay(days))).rejects.toMatchObject({ code: 'request_expired' });
    }
  });

  it('refuses a request that names another client or origin than the link', async () => {
    const other = requestFor({ age_over: 18 }, { origin: 'https://evil.example' });
    const link = linkTo(requestFor());
    await expect(read(link, () => served(other))).rejects.toMatchObject({ code: 'request_invalid' });
    const own = requestFor();
    const elsewhere = { ...own, response_uri: 'https://evil.example/oid4vp/responses' };
    await expect(read(link, () => served(elsewhere))).rejects.toMatchObject({ code: 'request_invalid' });
  });

  it('contacts nobody for a link that is none', async () => {
    const request = requestFor();
    const uri = `${PLATFORM}/oid4vp/requests/1.jwt`;
    const link = (client_id: string, request_uri: string): string =>
      new URLSearchParams({ client_id, request_uri }).toString();
    const calls: string[] = [];
    for (const fragment of [
      '',
      '#',
      `#request_uri=${encodeURIComponent(uri)}`,
      `#client_id=${encodeURIComponent(request.client_id)}`,
      link(request.client_id, 'https://evil.example/1.jwt'),
      link(request.client_id, `${PLATFORM}.evil.example/1.jwt`),
      link(request.client_id, 'https://photo.example@evil.example/1.jwt'),
      link(request.client_id, uri.replace('https', 'http')),
      link(request.client_id, `${PLATFORM}:8443/1.jwt`),
      link(request.client_id, 'javascript:alert(1)'),
      link(request.client_id.replace('redirect_uri', 'x509_san_dns'), uri),
      link('redirect_uri:photo.example', uri),
      `${link(request.client_id, uri)}&request_uri=${encodeURIComponent(uri)}`,
      `${link(request.client_id, uri)}&client_id=${encodeURIComponent('redirect_uri:https://evil.example/')}`,
    ]) {
      const reading = read(fragment, () => served(request), { calls });
      await expect(reading, fragment).rejects.toMatchObject({ code: 'link_invalid' });
    }
    expect(calls).toEqual([]);
  });

  it('takes http on localhost only', async () => {
    const local = requestFor({ age_over: 18 }, { origin: 'http://localhost:4110' });
    const link = linkTo(local, 'http://localhost:4110/oid4vp/requests/1.jwt');
    await expect(read(link, () => served(local))).resolves.toMatchObject({ origin: 'http://localhost:4110' });
    const plain = requestFor({ age_over: 18 }, { origin: 'http://photo.example' });
    const plainLink = linkTo(plain, 'http://photo.example/oid4vp/requests/1.jwt');
    await expect(read(plainLink, () => served(plain))).rejects.toMatchObject({ code: 'link_invalid' });
  });

  it.each([
    ['step-up without the sub that must answer', { purpose: 'step_up' }],
    ['step-up on another device', { purpose: 'step_up', expect_sub: 'A'.repeat(43), channel: 'cross_device' }],
    ['a login that expects a sub', { expect_sub: 'A'.repeat(43) }],
    ['another response mode', { response_mode: 'fragment' }],
    ['another response type', { response_type: 'code' }],
    ['an audience of its own', { aud: 'https://wallet.example' }],
    ['an unknown context', { context: { kind: 'everything' } }],
    ['a short nonce', { nonce: 'abc' }],
    ['no state', { state: undefined }],
  ])('refuses %s', async (_, change) => {
    const request = { ...requestFor(), ...change } as RequestObject;
    await expect(readObject(request)).rejects.toMatchObject({ code: 'request_invalid' });
  });

  it('refuses an action without a pseudonym', async () => {
    const context = { kind: 'action', name: 'vote', opens: 20261101 } as const;
    const request = requestFor({ pseudonym: false }, { context });
    await expect(readObject(request)).rejects.toMatchObject({ code: 'request_invalid' });
  });

  it('refuses another circuit, and artifacts of another version', async () => {
    const request = requestFor();
    const [query] = request.dcql_query.credentials;
    const withMeta = (meta: object): RequestObject =>
      ({ ...request, dcql_query: { credentials: [{ ...query, meta }] } }) as RequestObject;
    const circuit = readObject(withMeta({ circuit: 'show_all', version: 1 }));
    await expect(circuit).rejects.toMatchObject({ code: 'request_invalid' });
    const version = readObject(withMeta({ circuit: 'show', version: 2 }));
    await expect(version).rejects.toMatchObject({ code: 'circuit_version_unsupported' });
  });

  it('refuses a transaction that it can not show', async () => {
    const request = { ...requestFor(), transaction_data: [encodeTransaction({ title: 'Pay', lines: [] })] };
    await expect(readObject(request)).rejects.toMatchObject({ code: 'transaction_data_unsupported' });
  });

  it('refuses JWTs of another form', async () => {
    const request = requestFor();
    const part = (value: unknown): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
    const header = { typ: 'oauth-authz-req+jwt', alg: 'none' };
    for (const jwt of [
      '',
      'null',
      `${part(header)}.${part(request)}`,
      `${part(header)}.${part(request)}.c2ln`,
      `${part({ ...header, alg: 'HS256' })}.${part(request)}.`,
      `${part({ ...header, typ: 'JWT' })}.${part(request)}.`,
      `${part(header)}.${part([request])}.`,
      `${part(header)}.e30.`,
      `${part(header)}.%%%.`,
    ]) {
      const answer = (): Response =>
        new Response(jwt, { headers: { 'content-type': 'application/oauth-authz-req+jwt' } });
      await expect(read(linkTo(request), answer), jwt).rejects.toMatchObject({ code: 'request_invalid' });
    }
  });

  it('refuses answers of another type, too large, or failed', async () => {
    const request = requestFor();
    const link = linkTo(request);
    const html = read(link, () => served(request, 'text/html'));
    await expect(html).rejects.toMatchObject({ code: 'request_invalid' });
    const large = read(link, () => new Response(new Uint8Array(40_000)));
    await expect(large).rejects.toMatchObject({ code: 'response_too_large' });
    const gone = read(link, () => Response.json({ code: 'request_unknown' }, { status: 404 }));
    await expect(gone).rejects.toMatchObject({ code: 'request_unknown' });
    const odd = read(link, () => Response.json({ code: '<b>Odd</b>' }, { status: 500 }));
    await expect(odd).rejects.toMatchObject({ code: 'response_invalid' });
    const lost = read(link, () => {
      throw new TypeError('fetch failed');
    });
    await expect(lost).rejects.toMatchObject({ code: 'network_failed' });
  });
});
