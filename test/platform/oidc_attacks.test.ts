// SPDX-License-Identifier: GPL-3.0-or-later
/** What others try at the bridge: with codes, states and sessions that are not theirs. */
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Holder } from './fixtures.ts';
import {
  answerLink,
  Application,
  Browser,
  type BridgeWorld,
  CLIENT_SECRET,
  endWallets,
  logIn,
  makeHolders,
  openBridge,
} from './oidc_world.ts';

let world: BridgeWorld;
let holder: Holder;
let attacker: Holder;
beforeAll(async () => {
  [holder, attacker] = await makeHolders();
  world = await openBridge({ root: holder.root });
});
afterAll(async () => {
  await world.close();
  await endWallets();
});

const open = (): Promise<Application> => Application.open(world.bridge.issuer);

/** A code that was given out, and the application that it was meant for. */
async function withCode() {
  const app = await open();
  const callback = await logIn(new Browser(), holder, await app.link());
  return { app, callback, code: new URL(callback).searchParams.get('code') ?? '' };
}

/** Redeems a code by hand, with whatever is changed. */
async function redeem(
  { app, code }: { app: Application; code: string },
  changes: { form?: Record<string, string | undefined>; authorization?: string } = {},
): Promise<{ status: number; error: unknown }> {
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: app.callback,
    code_verifier: app.verifier,
    ...changes.form,
  };
  const given = Object.entries<string | undefined>(form).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const credentials = Buffer.from(`shop:${encodeURIComponent(CLIENT_SECRET).replaceAll('%20', '+')}`);
  const answer = await fetch(`${world.bridge.issuer}/token`, {
    method: 'POST',
    headers:
      changes.authorization === ''
        ? {}
        : { authorization: changes.authorization ?? `Basic ${credentials.toString('base64')}` },
    body: new URLSearchParams(given),
  });
  const { error } = (await answer.json()) as { error?: string };
  return { status: answer.status, error };
}

describe('a code', () => {
  it('works once, and a second use ends what the first gave', async () => {
    const stolen = await withCode();
    const tokens = await stolen.app.redeem(stolen.callback);
    expect(await redeem(stolen)).toEqual({ status: 400, error: 'invalid_grant' });
    const info = openid.fetchUserInfo(stolen.app.config, tokens.access_token, String(tokens.claims()?.sub));
    await expect(info).rejects.toThrow();
  });

  it('works once when it is used many times at once', async () => {
    const stolen = await withCode();
    const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(stolen)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, error } of answers.filter((answer) => answer.status !== 200)) {
      expect({ status, error }).toEqual({ status: 400, error: 'invalid_grant' });
    }
  });

  it.each([
    ['another verifier', { code_verifier: openid.randomPKCECodeVerifier() }, 'invalid_grant'],
    ['no verifier', { code_verifier: undefined }, 'invalid_grant'],
    ['another redirect address', { redirect_uri: 'http://localhost:9/app' }, 'invalid_grant'],
    ['no redirect address', { redirect_uri: undefined }, 'invalid_request'],
    ['a code that was never given out', { code: 'A'.repeat(43) }, 'invalid_grant'],
    ['another grant type', { grant_type: 'refresh_token', refresh_token: 'x' }, 'unsupported_grant_type'],
  ])('is refused with %s', async (_, form, error) => {
    expect(await redeem(await withCode(), { form })).toEqual({ status: 400, error });
  });

  it('is refused to another client, and to one with a wrong secret or none', async () => {
    const stolen = await withCode();
    const wrong = Buffer.from('shop:wrong').toString('base64');
    expect(await redeem(stolen, { authorization: `Basic ${wrong}` })).toEqual({ status: 401, error: 'invalid_client' });
    expect(await redeem(stolen, { authorization: '' })).toMatchObject({ status: 400, error: 'invalid_request' });
    const other = { authorization: '', form: { client_id: 'app' } };
    expect(await redeem(stolen, other)).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await redeem(stolen, { authorization: '', form: { client_id: 'shop' } })).toMatchObject({
      error: 'invalid_client',
    });
    expect(await redeem(stolen)).toMatchObject({ status: 200 });
  });
});

describe('an authorization request', () => {
  const ask = async (changes: Record<string, string>, without: readonly string[] = []) => {
    const url = new URL(await (await open()).link(changes));
    for (const name of without) url.searchParams.delete(name);
    return new Browser().follow(url.href);
  };

  it.each([
    ['to an address that is not registered', { redirect_uri: 'https://evil.example/callback' }],
    ['to another port of the registered host', { redirect_uri: 'http://localhost:10/callback' }],
    ['to a page below the registered one', { redirect_uri: 'http://localhost:9/callback/x' }],
    ['of an unknown client', { client_id: 'nobody' }],
  ])('%s is answered here, and goes nowhere', async (_, changes) => {
    const { url, answer } = await ask(changes);
    expect(url.startsWith(world.origin)).toBe(true);
    expect(answer?.status).toBe(400);
    expect(answer?.headers.get('location')).toBeNull();
  });

  it.each([
    ['without PKCE', {}, ['code_challenge', 'code_challenge_method'], 'invalid_request'],
    ['with a challenge in the clear', { code_challenge_method: 'plain' }, [], 'invalid_request'],
    ['for the implicit flow', { response_type: 'id_token' }, [], 'unsupported_response_type'],
    ['for another consent', { prompt: 'consent' }, [], 'invalid_request'],
  ])('%s is refused', async (_, changes, without, error) => {
    const { url, answer } = await ask(changes, without);
    const params = new URLSearchParams(new URL(url).search || new URL(url).hash.slice(1));
    expect(params.get('error') ?? /data-error="([^"]+)"/.exec((await answer?.text()) ?? '')?.[1]).toBe(error);
  });

  it('goes by the configured origin, whatever the caller says of hosts', async () => {
    const browser = new Browser();
    const link = await (await open()).link();
    const answer = await fetch(link, {
      redirect: 'manual',
      headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' },
    });
    expect(answer.headers.get('location')).toMatch(new RegExp(`^${world.origin}/oidc/interaction/`));
    expect(answer.headers.getSetCookie().join()).not.toContain('evil');
    const discovery = await fetch(`${world.bridge.issuer}/.well-known/openid-configuration`, {
      headers: { 'x-forwarded-host': 'evil.example' },
    });
    expect(await discovery.text()).not.toContain('evil');
    expect(browser.cookies.size).toBe(0);
  });
});

describe('what comes back to the application', () => {
  it('is refused with another state, another nonce, or of another issuer', async () => {
    const { app, callback } = await withCode();
    const changed = new URL(callback);
    changed.searchParams.set('state', openid.randomState());
    const reasonOf = (url: string, checks = {}): Promise<string> =>
      app.redeem(url, checks).then(
        () => 'accepted',
        (error: unknown) => String((error as Error).cause ?? error),
      );
    expect(await reasonOf(changed.href)).toMatch(/state/);
    // Mix-up: an answer that another server of the same application gave.
    const mixed = new URL(callback);
    mixed.searchParams.set('iss', 'https://other.example/oidc');
    expect(await reasonOf(mixed.href)).toMatch(/iss/);
    expect(await reasonOf(callback, { expectedNonce: openid.randomNonce() })).toMatch(/nonce/);
  });

  it('says of which issuer it is, also when it is an error', async () => {
    const { url } = await new Browser().follow(await (await open()).link({ prompt: 'none' }));
    expect(new URL(url).searchParams.get('iss')).toBe(world.bridge.issuer);
  });
});

describe('an interaction', () => {
  it('belongs to the browser that began: an attacker cannot finish his login in a victim’s', async () => {
    const mine = new Browser();
    const { url: wallet } = await mine.follow(await (await open()).link());
    const back = await answerLink(attacker, wallet);
    const victim = new Browser();
    const stranger = await victim.bringHome(back);
    expect(stranger.answer?.status).toBe(400);
    expect(await stranger.answer?.text()).toContain('data-error="interaction_unknown"');

    // Even a victim in the middle of a login of his own: the address names another one.
    const { url: own } = await victim.follow(await (await open()).link());
    const swapped = await victim.bringHome(back);
    expect(await swapped.answer?.text()).toContain('data-error="interaction_unknown"');
    // And the attacker's code at the victim's own address does not fit the victim's token.
    const [, attackersCode = ''] = back.split('#response_code=');
    const victims = await answerLink(holder, own);
    const planted = await victim.bringHome(`${victims.split('#')[0] ?? ''}#response_code=${attackersCode}`);
    expect(await planted.answer?.text()).toContain('data-error="response_code_invalid"');
    // The victim's own answer still works.
    expect((await victim.bringHome(victims)).url).toMatch(/^http:\/\/localhost:9\/callback\?code=/);
  });

  it('is that of the address, also where a cookie reaches further than it should', async () => {
    const browser = new Browser();
    const first = await browser.follow(await (await open()).link());
    const back = await answerLink(holder, first.url);
    await browser.follow(await (await open()).link());
    for (const cookie of browser.cookies.values()) cookie.path = '/';
    expect(await (await browser.bringHome(back)).answer?.text()).toContain('data-error="interaction_unknown"');
  });

  it('is not resumed in another browser', async () => {
    const mine = new Browser();
    const { url: wallet } = await mine.follow(await (await open()).link());
    const back = await answerLink(attacker, wallet);
    const { origin, pathname, hash } = new URL(back);
    const form = { response_code: new URLSearchParams(hash.slice(1)).get('response_code') ?? '' };
    const posted = await mine.go(`${origin}${pathname}`, { form });
    const resume = posted.headers.get('location') ?? '';
    expect(resume).toMatch(new RegExp(`^${world.origin}/oidc/auth/`));
    const victim = new Browser();
    const { url, answer } = await victim.follow(resume);
    expect(url).toBe(resume);
    expect(answer?.status).toBe(400);
    expect(await answer?.text()).not.toContain('code=');
  });

  it('is not finished by another site’s form, nor without the wallet’s code', async () => {
    const browser = new Browser();
    const { url: wallet } = await browser.follow(await (await open()).link());
    const back = await answerLink(holder, wallet);
    const { origin, pathname, hash } = new URL(back);
    const form = { response_code: new URLSearchParams(hash.slice(1)).get('response_code') ?? '' };
    const foreign = await browser.go(`${origin}${pathname}`, { form, origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    const empty = await browser.go(`${origin}${pathname}`, { form: { response_code: '' } });
    expect(await empty.text()).toContain('data-error="response_code_missing"');
    const cancel = `${origin}${pathname.replace('/return', '/cancel')}`;
    expect((await browser.go(cancel, { form: {}, origin: 'https://evil.example' })).status).toBe(403);
    expect((await browser.bringHome(back)).url).toContain('code=');
  });

  it('is over once it is finished: the wallet’s code does not work again', async () => {
    const browser = new Browser();
    const { url: wallet } = await browser.follow(await (await open()).link());
    const back = await answerLink(holder, wallet);
    await browser.bringHome(back);
    const again = await browser.bringHome(back);
    expect(again.answer?.status).toBe(400);
  });
});

describe('a session', () => {
  it('is not taken from a cookie that the bridge did not sign', async () => {
    const browser = new Browser();
    await logIn(browser, holder, await (await open()).link());
    const [name, cookie] = [...browser.cookies].find(([key]) => key === 'bauta-oidc-forum') ?? [];
    expect(cookie?.path).toBe('/');
    const thief = new Browser();
    thief.cookies.set(name ?? '', cookie ?? { value: '', path: '/' });
    const { url } = await thief.follow(await (await open()).link({ prompt: 'none' }));
    expect(new URL(url).searchParams.get('error')).toBe('login_required');
  });

  it('gets another identifier at each login', async () => {
    const browser = new Browser();
    await logIn(browser, holder, await (await open()).link());
    const before = browser.cookies.get('bauta-oidc-forum')?.value;
    await logIn(browser, holder, await (await open()).link({ prompt: 'login' }));
    const after = browser.cookies.get('bauta-oidc-forum')?.value;
    expect(after).not.toBe(before);
    const old = new Browser();
    for (const [name, cookie] of browser.cookies) old.cookies.set(name, cookie);
    old.cookies.set('bauta-oidc-forum', { value: before ?? '', path: '/' });
    const { url } = await old.follow(await (await open()).link({ prompt: 'none' }));
    expect(new URL(url).searchParams.get('error')).toBe('login_required');
  });
});
