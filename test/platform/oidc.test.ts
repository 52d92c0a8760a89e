// SPDX-License-Identifier: GPL-3.0-or-later
/** The bridge as applications use it: logins, step-up, logout, restarts; every answer by a real proof. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BRIDGE_TEXTS } from '../../src/platform/oidc/texts.ts';
import { MAX_REQUEST_SECONDS } from '../../src/protocol/request.ts';
import { STEP_UP_SECONDS } from '../../src/platform/oidc/policy.ts';
import { INTERACTION_SECONDS, SESSION_SECONDS } from '../../src/platform/oidc/provider.ts';
import type { Holder } from './fixtures.ts';
import {
  answerLink,
  Application,
  Browser,
  type BridgeWorld,
  declineLink,
  endWallets,
  logIn,
  makeHolders,
  openBridge,
  readLink,
} from './oidc_world.ts';

let world: BridgeWorld;
let holder: Holder;
let other: Holder;
beforeAll(async () => {
  [holder, other] = await makeHolders();
  world = await openBridge({ root: holder.root });
});
afterAll(async () => {
  await world.close();
  await endWallets();
});

const open = (): Promise<Application> => Application.open(world.bridge.issuer);
const errorOf = (url: string): string | null => new URL(url).searchParams.get('error');

/** Logs someone in, and gives what the application learns. */
async function claimsAfter(browser: Browser, who: Holder, parameters: Record<string, string> = {}) {
  const app = await open();
  const tokens = await app.redeem(await logIn(browser, who, await app.link(parameters)));
  return { claims: { ...tokens.claims() }, tokens, app };
}

/** What an application is told without anybody being asked. */
async function silently(browser: Browser, parameters: Record<string, string> = {}): Promise<string> {
  const app = await open();
  return (await browser.follow(await app.link({ prompt: 'none', ...parameters }))).url;
}

/** Does something so many seconds from now. */
async function later(seconds: number, act: () => Promise<void>): Promise<void> {
  const real = Date.now.bind(Date);
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() + seconds * 1000);
  try {
    await act();
  } finally {
    clock.mockRestore();
  }
}

describe('the bridge', () => {
  it('announces the code flow with PKCE and nothing more', async () => {
    const { config } = await open();
    const server = config.serverMetadata();
    expect(server.issuer).toBe(`${world.origin}/oidc`);
    expect(server).toMatchObject({
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code'],
      code_challenge_methods_supported: ['S256'],
      scopes_supported: ['openid', 'age_over_18'],
      acr_values_supported: ['urn:bauta:login', 'urn:bauta:possession'],
      authorization_response_iss_parameter_supported: true,
      id_token_signing_alg_values_supported: ['RS256'],
    });
    expect(server.claims_supported).toEqual(expect.arrayContaining(['sub', 'age_over_18', 'acr', 'amr', 'auth_time']));
    for (const endpoint of ['registration_endpoint', 'introspection_endpoint', 'device_authorization_endpoint']) {
      expect(server).not.toHaveProperty(endpoint);
    }
  });

  it('gives the pseudonym and how it was proved, and nothing else', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { claims, tokens, app } = await claimsAfter(new Browser(), holder);
    const { sub, auth_time: authTime, ...rest } = claims;
    expect(sub).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(authTime).toBeGreaterThanOrEqual(before);
    expect(Object.keys(rest).sort()).toEqual(['acr', 'amr', 'aud', 'exp', 'iat', 'iss', 'nonce']);
    expect(rest).toMatchObject({ acr: 'urn:bauta:login', amr: ['pop'], aud: 'shop', iss: `${world.origin}/oidc` });
    expect(tokens.refresh_token).toBeUndefined();
    expect(await openid.fetchUserInfo(app.config, tokens.access_token, String(sub))).toMatchObject({ sub });
    // The same person again, in another browser; another person.
    expect((await claimsAfter(new Browser(), holder)).claims.sub).toBe(sub);
    expect((await claimsAfter(new Browser(), other)).claims.sub).not.toBe(sub);
  });

  it('asks nobody while a session lives, and says so where none does', async () => {
    const browser = new Browser();
    expect(errorOf(await silently(browser))).toBe('login_required');
    const { claims } = await claimsAfter(browser, holder);
    const app = await open();
    const { url } = await browser.follow(await app.link({ prompt: 'none' }));
    expect((await app.redeem(url)).claims()).toMatchObject({ sub: claims.sub, auth_time: claims.auth_time });
    expect(errorOf(await silently(new Browser()))).toBe('login_required');
  });

  it('ends a session eight hours after the login, however often it is used', async () => {
    const browser = new Browser();
    await claimsAfter(browser, holder);
    for (const hours of [3, 6, 7.9]) {
      await later(hours * 3600, async () => {
        expect(errorOf(await silently(browser))).toBeNull();
      });
    }
    await later(SESSION_SECONDS + 5, async () => {
      expect(errorOf(await silently(browser))).toBe('login_required');
    });
  });

  it('has nothing at its bare path, nor at one that is written otherwise', async () => {
    for (const path of ['/oidc', '/oidc?x', '/%6fidc/jwks', '/oidc/nothing']) {
      expect((await fetch(`${world.origin}${path}`)).status, path).toBe(404);
    }
  });

  it('asks for the age when a client wants it and it was not proved, and tells it to that client alone', async () => {
    const browser = new Browser();
    await claimsAfter(browser, holder);
    expect(errorOf(await silently(browser, { scope: 'openid age_over_18' }))).toBe('interaction_required');
    const app = await open();
    const { url } = await browser.follow(await app.link({ scope: 'openid age_over_18' }));
    expect(JSON.stringify((await readLink(url)).dcql_query)).toContain('age_over_18');
    const home = await browser.bringHome(await answerLink(holder, url));
    expect((await app.redeem(home.url)).claims()).toMatchObject({ age_over_18: true });
    // Proved in this session: no second time. Who does not ask is not told.
    expect(errorOf(await silently(browser, { scope: 'openid age_over_18' }))).toBeNull();
    expect((await claimsAfter(browser, holder)).claims).not.toHaveProperty('age_over_18');
    const asked = JSON.stringify({ id_token: { age_over_18: null } });
    expect((await claimsAfter(browser, holder, { claims: asked })).claims).toMatchObject({ age_over_18: true });
  });

  it('asks again for prompt=login and for max_age that has passed, and only then', async () => {
    const browser = new Browser();
    const first = await claimsAfter(browser, holder);
    expect(errorOf(await silently(browser, { max_age: '3600' }))).toBeNull();
    expect(errorOf(await silently(browser, { max_age: '0' }))).toBe('login_required');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    for (const parameters of [{ prompt: 'login' }, { max_age: '0' }, { max_age: '1', prompt: 'login' }]) {
      const app = await open();
      const { url } = await browser.follow(await app.link(parameters));
      expect((await readLink(url)).purpose).toBe('login');
      const home = await browser.bringHome(await answerLink(holder, url));
      const claims = (await app.redeem(home.url, { maxAge: 1 })).claims();
      expect(claims?.auth_time).toBeGreaterThan(Number(first.claims.auth_time));
      expect(claims?.sub).toBe(first.claims.sub);
    }
  });

  it('steps up the account that is logged in: acr urn:bauta:possession', async () => {
    const browser = new Browser();
    const { claims } = await claimsAfter(browser, holder);
    const wanted = { acr_values: 'urn:bauta:possession' };
    expect(errorOf(await silently(browser, wanted))).toBe('unmet_authentication_requirements');
    const app = await open();
    const { url } = await browser.follow(await app.link({ ...wanted, max_age: '0', prompt: 'login' }));
    expect(await readLink(url)).toMatchObject({ purpose: 'step_up', expect_sub: claims.sub, channel: 'same_device' });
    // Somebody else's wallet can not stand in.
    await expect(answerLink(other, url)).rejects.toThrow('another pseudonym was expected');
    const home = await browser.bringHome(await answerLink(holder, url));
    expect((await app.redeem(home.url, { maxAge: 5 })).claims()).toMatchObject({
      sub: claims.sub,
      acr: 'urn:bauta:possession',
    });
    // Made just now, so it counts; a plain login would do as well.
    expect(errorOf(await silently(browser, wanted))).toBeNull();
    expect(errorOf(await silently(browser, { acr_values: 'urn:bauta:possession urn:bauta:login' }))).toBeNull();
    await later(STEP_UP_SECONDS - 30, async () => {
      expect(errorOf(await silently(browser, wanted))).toBeNull();
    });
    await later(STEP_UP_SECONDS, async () => {
      expect(errorOf(await silently(browser, wanted))).toBe('unmet_authentication_requirements');
      expect(errorOf(await silently(browser))).toBeNull();
    });
  });

  it('asks twice where the account to be stepped up is not known yet', async () => {
    const browser = new Browser();
    const app = await open();
    const first = await browser.follow(await app.link({ acr_values: 'urn:bauta:possession' }));
    expect((await readLink(first.url)).purpose).toBe('login');
    const second = await browser.bringHome(await answerLink(holder, first.url));
    expect((await readLink(second.url)).purpose).toBe('step_up');
    const home = await browser.bringHome(await answerLink(holder, second.url));
    expect((await app.redeem(home.url)).claims()).toMatchObject({ acr: 'urn:bauta:possession' });
  });

  it('refuses an essential acr that does not exist here, at once', async () => {
    const app = await open();
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:else:gold'] } } });
    const { url } = await new Browser().follow(await app.link({ claims }));
    expect(errorOf(url)).toBe('unmet_authentication_requirements');
  });

  it('holds to the account that a client expects', async () => {
    const known = await claimsAfter(new Browser(), holder);
    const hint = { id_token_hint: known.tokens.id_token ?? '' };
    const app = await open();
    const wrong = new Browser();
    const { url } = await wrong.follow(await app.link(hint));
    const home = await wrong.bringHome(await answerLink(other, url));
    expect(errorOf(home.url)).toBe('login_required');
    expect((await claimsAfter(new Browser(), holder, hint)).claims.sub).toBe(known.claims.sub);
    // A step-up that names its account needs no session.
    const stepUp = await claimsAfter(new Browser(), holder, { ...hint, acr_values: 'urn:bauta:possession' });
    expect(stepUp.claims).toMatchObject({ sub: known.claims.sub, acr: 'urn:bauta:possession' });
    const claims = JSON.stringify({ id_token: { sub: { value: 'nobody' }, acr: { value: 'urn:bauta:possession' } } });
    const { url: unknown } = await new Browser().follow(await app.link({ claims }));
    expect(errorOf(unknown)).toBe('login_required');
  });

  it('lets another person log in on the same browser, whose session ends the first', async () => {
    const browser = new Browser();
    const first = await claimsAfter(browser, holder);
    const app = await open();
    const { url } = await browser.follow(await app.link({ prompt: 'login' }));
    const page = await browser.bringHome(await answerLink(other, url));
    // The provider's page posts itself; its only script is its own, by hash.
    const text = (await page.answer?.text()) ?? '';
    expect(page.answer?.headers.get('content-security-policy')).toMatch(/script-src 'self' 'sha256-/);
    const [, action = ''] = /action="([^"]+)"/.exec(text) ?? [];
    const fields = [...text.matchAll(/name="([^"]+)" value="([^"]+)"/g)].map(([, name, value]) => [name, value]);
    const home = await browser.follow(action, { form: Object.fromEntries(fields) as Record<string, string> });
    const claims = (await app.redeem(home.url)).claims();
    expect(claims?.sub).not.toBe(first.claims.sub);
  });

  it('tells the client that the holder declined, from the wallet and from the page', async () => {
    const browser = new Browser();
    const app = await open();
    const { url } = await browser.follow(await app.link());
    const home = await browser.bringHome(await declineLink(url));
    expect(errorOf(home.url)).toBe('access_denied');
    await expect(app.redeem(home.url)).rejects.toThrow();

    const { url: wallet } = await browser.follow(await (await open()).link());
    const back = (await answerLink(holder, wallet)).replace(/response_code=.{4}/, 'response_code=AAAA');
    const page = await browser.bringHome(back);
    const text = (await page.answer?.text()) ?? '';
    expect(text).toContain('data-error="response_code_invalid"');
    expect(text).toContain(BRIDGE_TEXTS.en.errors.response_code_invalid);
    const [, cancel = ''] = /action="([^"]+\/cancel)"/.exec(text) ?? [];
    expect(errorOf((await browser.follow(`${world.origin}${cancel}`, { form: {} })).url)).toBe('access_denied');
  });

  it('logs out for the application, after a question to the holder', async () => {
    const browser = new Browser();
    const { claims, tokens, app } = await claimsAfter(browser, holder);
    const logout = openid.buildEndSessionUrl(app.config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'http://localhost:9/bye',
      state: 'there',
    });
    const page = await browser.go(logout.href);
    const text = await page.text();
    expect(text).toContain(BRIDGE_TEXTS.en.logoutTitle);
    expect(text).not.toMatch(/<script(?! src)|style=|https:\/\/fonts/);
    const [, action = ''] = /action="([^"]+)"/.exec(text) ?? [];
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(text) ?? [];
    const done = await browser.follow(action, { form: { xsrf, logout: 'yes' } });
    expect(done.url).toBe('http://localhost:9/bye?state=there');
    expect(errorOf(await silently(browser))).toBe('login_required');
    await expect(openid.fetchUserInfo(app.config, tokens.access_token, String(claims.sub))).rejects.toThrow();
  });

  it('speaks Chinese to who reads it, and as the client asks', async () => {
    const page = await fetch(`${world.origin}/oidc/interaction/unknown`, { headers: { 'accept-language': 'zh-CN' } });
    expect(page.status).toBe(400);
    expect(await page.text()).toContain(BRIDGE_TEXTS.zh.errors.interaction_unknown);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

it(
  'goes on after a restart: before the wallet answers, after it, and before the code is redeemed',
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bauta-oidc-'));
    const url = `file:${join(folder, 'platform.db')}`;
    let platform = await openBridge({ url, root: holder.root });
    const port = Number(new URL(platform.origin).port);
    const restart = async (): Promise<void> => {
      await platform.close();
      platform = await openBridge({ url, port, root: holder.root });
    };
    try {
      const app = await Application.open(platform.bridge.issuer);
      const browser = new Browser();
      const { url: wallet } = await browser.follow(await app.link());
      await restart();
      const back = await answerLink(holder, wallet);
      await restart();
      const home = await browser.bringHome(back);
      await restart();
      const { sub, auth_time: authTime } = { ...(await app.redeem(home.url)).claims() };
      await restart();
      const again = await Application.open(platform.bridge.issuer);
      const { url: silent } = await browser.follow(await again.link({ prompt: 'none' }));
      expect((await again.redeem(silent)).claims()).toMatchObject({ sub, auth_time: authTime });
    } finally {
      await platform.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

it('gives an interaction more time than the wallet’s request has', () => {
  expect(INTERACTION_SECONDS).toBeGreaterThan(2 * MAX_REQUEST_SECONDS);
});
