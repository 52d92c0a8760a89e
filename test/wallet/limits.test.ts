// SPDX-License-Identifier: GPL-3.0-or-later
/** What a wallet remembers of limits, and what it tells a platform whose request it refuses. */
import { describe, expect, it } from 'vitest';
import { encodeRequestObject, type RequestObject } from '../../src/protocol/request.ts';
import { type Context, MAX_LIMIT, periodNumber } from '../../src/protocol/scope.ts';
import { encodeTransaction } from '../../src/protocol/transaction.ts';
import { chooseIndex, markUsed } from '../../src/wallet/limits.ts';
import { readRequest } from '../../src/wallet/request.ts';
import { createVaultKey, openVault, type Vault } from '../../src/wallet/vault.ts';
import { NOW } from '../proving/sample.ts';
import { linkTo, pendingFor, PLATFORM, requestFor, served } from './requests.ts';
import { random } from './world.ts';

const SECONDS = NOW / 1000;
const limitOf = (limit: number, name = 'comments'): Context => ({
  kind: 'epoch',
  name,
  seconds: 3600,
  number: periodNumber(SECONDS, 3600),
  limit,
});

async function makeVault(): Promise<{ vault: Vault; sealed: Map<string, Uint8Array> }> {
  const sealed = new Map<string, Uint8Array>();
  const store = {
    read: (name: string) => Promise.resolve(sealed.get(name)),
    write: (name: string, bytes: Uint8Array) => Promise.resolve(void sealed.set(name, bytes)),
    remove: (name: string) => Promise.resolve(void sealed.delete(name)),
  };
  return { vault: openVault(store, await createVaultKey(), random), sealed };
}

describe('the times of a limit', () => {
  it('are used one after the other, each once, and no more', async () => {
    const { vault } = await makeVault();
    const deps = { vault, clock: () => NOW };
    const pending = pendingFor(requestFor({}, { context: limitOf(2) }));
    for (const index of [0, 1]) {
      const chosen = await chooseIndex(pending, deps);
      expect(chosen.index).toBe(index);
      // One that was only looked at is not used.
      expect((await chooseIndex(pending, deps)).index).toBe(index);
      await markUsed(chosen, deps);
    }
    await expect(chooseIndex(pending, deps)).rejects.toMatchObject({ code: 'limit_reached' });
    const other = pendingFor(requestFor({}, { context: limitOf(2, 'votes') }));
    expect((await chooseIndex(other, deps)).index).toBe(0);
  });

  it('are forgotten with their period, and unreadable at rest', async () => {
    const { vault, sealed } = await makeVault();
    let now = NOW;
    const deps = { vault, clock: () => now };
    const pending = pendingFor(requestFor({}, { context: limitOf(1) }));
    await markUsed(await chooseIndex(pending, deps), deps);
    const text = Buffer.concat([...sealed.values()]).toString('latin1');
    expect(text).not.toContain(String(pending.inputs.context));
    now = (periodNumber(SECONDS, 3600) + 2) * 3_600_000 - 1;
    await expect(chooseIndex(pending, deps)).rejects.toMatchObject({ code: 'limit_reached' });
    now += 1;
    expect((await chooseIndex(pending, deps)).index).toBe(0);
  });

  it('do not concern an account or an action', async () => {
    const { vault, sealed } = await makeVault();
    const deps = { vault, clock: () => NOW };
    const pending = pendingFor(requestFor());
    expect(await chooseIndex(pending, deps)).toBe(pending);
    await markUsed(pending, deps);
    expect(sealed.size).toBe(0);
  });
});

describe('a request under a limit', () => {
  const read = (request: RequestObject): Promise<unknown> =>
    readRequest(linkTo(request), {
      fetch: () => Promise.resolve(served(request)),
      clock: () => NOW,
      timeZone: 'Asia/Shanghai',
      version: 1,
    });
  const withContext = (changes: object): RequestObject => requestFor({}, { context: { ...limitOf(3), ...changes } });

  it('is read when it is for the period of now', async () => {
    await expect(read(withContext({}))).resolves.toMatchObject({ index: 0 });
    await expect(read(withContext({ limit: MAX_LIMIT }))).resolves.toBeDefined();
  });

  it.each([
    ['another period than that of the request', () => withContext({ number: periodNumber(SECONDS, 3600) - 1 })],
    ['a length that is not listed', () => withContext({ seconds: 3601 })],
    ['a limit of none', () => withContext({ limit: 0 })],
    ['a limit of 101', () => withContext({ limit: MAX_LIMIT + 1 })],
    ['no pseudonym', () => requestFor({ pseudonym: false }, { context: limitOf(3) })],
    [
      'a step-up',
      () => requestFor({}, { context: limitOf(3), purpose: 'step_up', expect_sub: 'A'.repeat(43) } as never),
    ],
  ])('is refused with %s', async (_, make) => {
    await expect(Promise.resolve().then(() => read(make()))).rejects.toMatchObject({
      code: expect.stringMatching(/^(request_invalid|value_out_of_range)$/) as string,
    });
  });
});

describe('a platform whose request is refused', () => {
  async function told(
    request: RequestObject | object,
    link = linkTo(requestFor()),
  ): Promise<{ code: string; posts: { url: string; form: Record<string, string> }[] }> {
    const posts: { url: string; form: Record<string, string> }[] = [];
    let code = '';
    await readRequest(link, {
      fetch: (url, init) => {
        if (init.method !== 'POST') {
          const jwt = encodeRequestObject(request as RequestObject);
          return Promise.resolve(new Response(jwt, { headers: { 'content-type': 'application/oauth-authz-req+jwt' } }));
        }
        posts.push({ url: url, form: Object.fromEntries(new URLSearchParams(init.body as string)) });
        return Promise.resolve(Response.json({}));
      },
      clock: () => NOW,
      timeZone: 'Asia/Shanghai',
      version: 1,
    }).catch((error: unknown) => {
      code = (error as { code: string }).code;
    });
    return { code, posts };
  }
  const good = requestFor();
  const [query] = good.dcql_query.credentials;

  it.each([
    ['request_invalid', 'invalid_request', { ...good, purpose: 'greeting' }],
    ['policy_mismatch', 'invalid_request', { ...good, policy: requestFor({ age_over: 21 }).policy }],
    ['request_invalid', 'invalid_client', { ...good, client_id: 'redirect_uri:https://other.example/' }],
    [
      'request_invalid',
      'vp_formats_not_supported',
      { ...good, dcql_query: { credentials: [{ ...query, format: 'dc+sd-jwt' }] } },
    ],
    ['transaction_data_invalid', 'invalid_transaction_data', { ...good, transaction_data: ['e30'] }],
    [
      'transaction_data_unsupported',
      'invalid_transaction_data',
      { ...good, transaction_data: [encodeTransaction({ title: 'x', lines: [] })] },
    ],
  ])('is told: %s as %s', async (code, error, request) => {
    const outcome = await told(request);
    expect(outcome).toEqual({
      code,
      posts: [{ url: good.response_uri, form: { error, state: good.state } }],
    });
  });

  it.each([
    ['nothing on another origin', { ...good, purpose: 'greeting', response_uri: 'https://other.example/x' }],
    ['nothing without a state', { ...good, purpose: 'greeting', state: undefined }],
    ['nothing over plain http', { ...good, purpose: 'greeting', response_uri: PLATFORM.replace('https', 'http') }],
    ['nothing when its request has expired', requestFor({}, { iat: SECONDS - 900, exp: SECONDS - 1 })],
  ])('is told %s', async (_, request) => {
    const { code, posts } = await told(request);
    expect(code).not.toBe('');
    expect(posts).toEqual([]);
  });

  it('is told nothing when the wallet is the one to be brought up to date', async () => {
    const newer = { ...good, dcql_query: { credentials: [{ ...query, meta: { circuit: 'show', version: 2 } }] } };
    expect(await told(newer)).toEqual({ code: 'circuit_version_unsupported', posts: [] });
  });
});
