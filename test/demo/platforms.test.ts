// SPDX-License-Identifier: GPL-3.0-or-later
import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSamplePlatform } from '../../src/demo/platforms/platform.ts';
import { languageOf, LANGUAGES } from '../../src/demo/platforms/texts.ts';

const ORIGIN = 'http://localhost:4110';
const WALLET = 'http://localhost:4100/present';
const SUB = `Ab3_${'x'.repeat(39)}`;

/** A verifier that keeps what it was asked and answers as told. */
function fakeVerifier(): { app: Hono; asked: unknown[]; answer: { status: number; body: unknown } } {
  const state = { asked: [] as unknown[], answer: { status: 200, body: {} as unknown } };
  const app = new Hono();
  app.post('/v1/verifications', async (c) => {
    state.asked.push(await c.req.json());
    return c.json(
      {
        id: 'verification-1',
        status: 'pending',
        request_url: `${WALLET}#client_id=x&request_uri=y`,
        browser_token: 'token-1',
        expires_at: new Date(0).toISOString(),
      },
      201,
    );
  });
  app.get('/v1/verifications/:id', (c) => {
    state.asked.push({
      id: c.req.param('id'),
      code: c.req.query('response_code'),
      token: c.req.header('browser-token'),
      key: c.req.header('authorization'),
    });
    return c.json(state.answer.body as object, state.answer.status as 200);
  });
  return Object.assign(state, { app });
}

const verified = (claims: Record<string, boolean>): unknown => ({
  id: 'verification-1',
  status: 'verified',
  result: {
    sub: SUB,
    claims,
    acr: 'urn:bauta:login',
    auth_time: 1,
    channel: 'same_device',
    trust: { keys: 'development', register: 'r', checkpoint: 1, epoch: 1 },
  },
});

describe('a sample platform', () => {
  let verifier: ReturnType<typeof fakeVerifier>;
  let app: Hono;

  beforeEach(() => {
    verifier = fakeVerifier();
    app = createSamplePlatform({
      kind: 'photo',
      origin: ORIGIN,
      walletUrl: WALLET,
      verifier: verifier.app,
      apiKey: 'key',
      fetchVerifier: async (input, init) => verifier.app.request(input, init),
      clock: () => 1_700_000_000_000,
    });
  });

  const get = async (path: string, cookie = '', language = 'en'): Promise<Response> =>
    app.request(ORIGIN + path, { headers: { cookie, 'accept-language': language } });
  const post = async (path: string, form: Record<string, string>, cookie = '', origin = ORIGIN): Promise<Response> =>
    app.request(ORIGIN + path, {
      method: 'POST',
      body: new URLSearchParams(form).toString(),
      headers: { cookie, origin, 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'en' },
    });
  const cookieOf = (response: Response, name: string): string =>
    response.headers.getSetCookie().find((cookie) => cookie.startsWith(`${name}=`)) ?? '';

  it('offers another way beside Bauta, and no script', async () => {
    const page = await get('/');
    const text = await page.text();
    expect(text).toContain('Continue with Bauta');
    expect(text).toContain('action="/guest"');
    expect(text).not.toContain('<script');
    expect(text).not.toMatch(/ style=| on[a-z]+=/);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('begins a login: asks over 18, keeps the browser token in a __Host- cookie, goes to the wallet', async () => {
    const begun = await post('/login', {});
    expect(begun.status).toBe(303);
    expect(begun.headers.get('location')).toBe(`${WALLET}#client_id=x&request_uri=y`);
    expect(verifier.asked).toEqual([{ ask: { age_over: 18 }, redirect_uri: `${ORIGIN}/return`, ttl_seconds: 900 }]);
    const cookie = cookieOf(begun, '__Host-bauta-photo-login');
    expect(cookie).toContain('=verification-1.token-1;');
    for (const attribute of ['HttpOnly', 'Secure', 'Path=/', 'SameSite=Lax']) expect(cookie).toContain(attribute);
    expect(cookie).not.toContain('Domain');
  });

  it('shows exactly what it was told, after the code and the cookie came back', async () => {
    verifier.answer.body = verified({ age_over_18: true, valid_id: true });
    const back = await post('/return', { response_code: 'code-1' }, '__Host-bauta-photo-login=verification-1.token-1');
    expect(back.status).toBe(303);
    expect(verifier.asked).toEqual([{ id: 'verification-1', code: 'code-1', token: 'token-1', key: 'Bearer key' }]);
    const session = cookieOf(back, '__Host-bauta-photo-session').split(';')[0] ?? '';
    const page = await (await get('/', session)).text();
    expect(page).toContain('<code data-sub>Ab3_·xxxx</code>');
    expect(page).toContain('data-claim="age_over_18">yes');
    await post('/logout', {}, session);
    expect(await (await get('/', session)).text()).not.toContain('data-member');
  });

  it.each([
    ['without the cookie of this browser', '', { response_code: 'c' }, 'login_missing'],
    ['without a code', '__Host-bauta-photo-login=verification-1.token-1', {}, 'form_invalid'],
  ])('gives no session %s', async (_, cookie, form, code) => {
    const answer = await post('/return', form, cookie);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(`data-error="${code}"`);
    expect(verifier.asked).toEqual([]);
    expect(cookieOf(answer, '__Host-bauta-photo-session')).toBe('');
  });

  it.each([
    [{ id: 'verification-1', status: 'rejected', error: { code: 'proof_invalid' } }, 200, 'rejected'],
    [{ id: 'verification-1', status: 'expired' }, 200, 'expired'],
    [{ id: 'verification-1', status: 'answered' }, 200, 'rejected'],
    [{ type: 't', title: 't', status: 403, detail: 'd', code: 'browser_token_invalid' }, 403, 'rejected'],
    ['nonsense', 200, 'verifier_unreachable'],
  ])('gives no session for %j', async (body, status, code) => {
    Object.assign(verifier.answer, { body, status });
    const answer = await post('/return', { response_code: 'c' }, '__Host-bauta-photo-login=verification-1.token-1');
    expect(await answer.text()).toContain(`data-error="${code}"`);
    expect(cookieOf(answer, '__Host-bauta-photo-session')).toBe('');
  });

  it.each(['/login', '/guest', '/logout', '/return', '/language'])('refuses %s from another origin', async (path) => {
    expect((await post(path, {}, '', 'http://localhost:9999')).status).toBe(403);
  });

  it('lets a guest in without asking anything', async () => {
    const session = cookieOf(await post('/guest', {}), '__Host-bauta-photo-session').split(';')[0] ?? '';
    expect(await (await get('/', session)).text()).toContain('data-guest');
    expect(verifier.asked).toEqual([]);
  });

  it('escapes what the verifier tells', async () => {
    verifier.answer.body = verified({ '<img src=x>': true });
    const back = await post('/return', { response_code: 'c' }, '__Host-bauta-photo-login=verification-1.token-1');
    const session = cookieOf(back, '__Host-bauta-photo-session').split(';')[0] ?? '';
    expect(await (await get('/', session)).text()).not.toContain('<img src=x>');
  });

  it('serves its own assets and nothing beside them', async () => {
    expect((await get('/assets/return.js')).headers.get('content-type')).toContain('text/javascript');
    expect((await get('/assets/..%2Fplatform.ts')).status).toBe(404);
  });

  it('speaks the language of the browser, until the visitor chooses', async () => {
    expect(await (await get('/', '', 'zh-CN,zh;q=0.9,en;q=0.8')).text()).toContain('使用 Bauta 继续');
    const chosen = cookieOf(await post('/language', { language: 'zh' }), '__Host-bauta-photo-language').split(';')[0];
    expect(await (await get('/', chosen)).text()).toContain('<html lang="zh-CN">');
    expect(languageOf(undefined, undefined)).toBe(LANGUAGES.en);
    expect(languageOf('en', 'zh')).toBe(LANGUAGES.en);
    expect(languageOf(undefined, 'fr, zh-TW;q=0.5')).toBe(LANGUAGES.zh);
  });
});
