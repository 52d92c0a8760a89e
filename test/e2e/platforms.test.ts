// SPDX-License-Identifier: GPL-3.0-or-later
/** Sites in a real browser: an application that knows OpenID Connect only, and the sample platforms. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DemoStack } from '../../src/server/demo_stack.ts';
import { chromiumPath, firstOf, textOf } from './browser.ts';
import type { ForumConfig } from './forum.ts';
import { agree, askFor, type House, logIn, openHouse, READY, unlock } from './house.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

describe.skipIf(missing)('in a browser', () => {
  let house: House;
  let stack: DemoStack;

  beforeAll(async () => {
    house = await openHouse();
    ({ stack } = house);
  });
  afterAll(() => house.close());
  afterEach(() => house.leave());

  const toSheet = async (page: Page): Promise<void> => {
    if ((await firstOf(page, '[data-locked] input', READY)) !== READY) await unlock(page);
    expect(await firstOf(page, READY, '[data-problem]', '[data-unmet]')).toBe(READY);
  };

  describe('an application behind the bridge', () => {
    const SECRET = 'a secret of the shop that is long enough';
    let folder: string;
    let shop: Shop;
    let forum: { child: ChildProcess; origin: string };
    let config: ForumConfig;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'bauta-forum-'));
      shop = await openShop(SECRET);
      const client = {
        client_id: 'shop',
        client_secret: SECRET,
        name: 'Shop',
        redirect_uris: [`${shop.origin}/callback`],
        post_logout_redirect_uris: [`${shop.origin}/`],
      };
      config = {
        port: 0,
        database: `file:${join(folder, 'forum.db')}`,
        walletUrl: `${stack.urls.wallet}/present`,
        register: stack.walletConfig.register,
        clients: [client],
        secret: randomBytes(32).toString('base64url'),
      };
      forum = await spawnForum(config);
      config = { ...config, port: Number(new URL(forum.origin).port) };
      shop.issuer = `${forum.origin}/oidc`;
    });
    afterAll(async () => {
      forum.child.kill('SIGKILL');
      await shop.close();
      await rm(folder, { recursive: true, force: true });
    });

    /** Dies without warning, and comes back. */
    const restart = async (): Promise<void> => {
      const gone = new Promise((resolve) => forum.child.once('exit', resolve));
      forum.child.kill('SIGKILL');
      await gone;
      forum = await spawnForum(config);
    };

    it('logs in from the click to the name on the page, though the bridge is killed twice in between', async () => {
      const { page, seen } = await house.visit();
      await house.enrol(page, 'robin');
      await page.goto(shop.origin);
      await page.locator('#login').click();
      await toSheet(page);
      expect(await textOf(page)).toContain(new URL(forum.origin).host);
      await restart();
      await page.locator('.sheet .primary').click();
      await page.locator('#sub').waitFor();
      const sub = await page.locator('#sub').textContent();
      expect(sub).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(await page.locator('#acr').textContent()).toBe('urn:bauta:login');

      // The session outlives the process, too: nobody is asked.
      await restart();
      await page.goto(shop.origin);
      await page.locator('#login').click();
      await page.locator('#sub').waitFor();
      expect(await page.locator('#sub').textContent()).toBe(sub);

      // Something dear: the same account, proved again now.
      await page.goto(shop.origin);
      await page.locator('#step-up').click();
      await toSheet(page);
      await page.locator('.sheet .primary').click();
      await page.locator('#sub').waitFor();
      expect(await page.locator('#sub').textContent()).toBe(sub);
      expect(await page.locator('#acr').textContent()).toBe('urn:bauta:possession');

      // Logged out there, the next click asks again.
      await page.locator('#logout').click();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.locator('#login').click();
      await toSheet(page);
      expect(seen.faults).toEqual([]);
    });

    it('cannot be logged in by somebody else’s link', async () => {
      const { page } = await house.visit();
      await page.goto(`${forum.origin}/oidc/interaction/AAAAAAAAAAAAAAAAAAAAA/return#response_code=stolen`);
      expect(await page.locator('[data-error]').getAttribute('data-error')).toBe('interaction_unknown');
    });
  });

  it('edits a picture, and opens the portrait tools to adults', async () => {
    const { page, seen } = await house.visit();
    const bytes = (): Promise<number[]> =>
      page.evaluate(() => {
        const canvas = document.querySelector('canvas');
        const image = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
        const data = image?.data ?? new Uint8ClampedArray();
        return [data.length, Array.from(data).reduce((sum, value) => sum + value, 0)];
      });
    await page.goto(stack.urls.photo);
    await page.locator('canvas[data-ready]').waitFor();
    const plain = await bytes();
    await page.locator('[name="brightness"]').fill('40');
    await expect.poll(async () => (await bytes())[1], { timeout: 15_000 }).toBeGreaterThan(plain[1] ?? 0);
    await page.locator('[type="reset"]').click();
    await expect.poll(bytes, { timeout: 15_000 }).toEqual(plain);
    expect(await page.locator('[name="soften"]').isDisabled()).toBe(true);
    const download = page.waitForEvent('download');
    await page.locator('#save').click();
    const saved = await readFile(await (await download).path());
    expect(saved.subarray(1, 4).toString('latin1')).toBe('PNG');
    // A picture of one's own stays in the page.
    const sent = seen.requests.length;
    await page.locator('#own').setInputFiles({ name: 'own.png', mimeType: 'image/png', buffer: saved });
    await page.locator('[value="mono"]').check();
    await expect.poll(async () => (await bytes())[1], { timeout: 15_000 }).not.toBe(plain[1]);
    expect(seen.requests.slice(sent)).toEqual([]);

    await house.enrol(page, 'kim');
    await logIn(page, stack.urls.photo);
    await page.locator('canvas[data-ready]').waitFor();
    const portrait = await bytes();
    for (const tool of ['soften', 'slim', 'sketch']) {
      const before = (await bytes())[1];
      await page.locator(`[name="${tool}"]`).fill('80');
      await expect.poll(async () => (await bytes())[1], { timeout: 15_000 }).not.toBe(before);
    }
    expect((await bytes())[0]).toBe(portrait[0]);
    expect(seen.faults).toEqual([]);
  });

  it('steps up at the marketplace, collects at the counter, and votes once', async () => {
    const { page, seen, context } = await house.visit();
    await house.enrol(page, 'wei');
    const sub = await logIn(page, stack.urls.market);
    // What is dear is confirmed in the wallet, by name and price.
    await page.locator('.goods button').nth(1).click();
    await toSheet(page);
    const shown = await page.locator('[data-transaction]').innerText();
    expect(shown).toContain('Folding bicycle');
    expect(shown).toContain('720');
    await page.locator('.sheet .primary').click();
    await page.locator('[data-reserved]').waitFor();

    // Without the mark that the site left in this browser, the next login is unusual.
    await page.locator('[data-logout]').click();
    await context.clearCookies({ name: '__Host-bauta-market-known' });
    await askFor(page, stack.urls.market);
    await agree(page);
    await page.locator('[data-confirm]').click();
    await toSheet(page);
    await page.locator('.sheet .primary').click();
    await page.locator('[data-confirmed]').waitFor();
    expect(await page.locator('[data-unusual]').count()).toBe(0);

    // The counter: another window shows the code, the wallet answers, and what it shows is typed.
    const { page: counter } = await house.visit();
    await counter.goto(`${stack.urls.market}/terminal`);
    await counter.locator('[data-scan]').click();
    await counter.locator('svg.qr').waitFor();
    await page.goto((await counter.locator('[data-link]').getAttribute('href')) ?? '');
    await toSheet(page);
    await page.locator('.sheet .primary').click();
    const code = await page.locator('[data-code]').getAttribute('data-code');
    await counter.locator('[data-done]').waitFor();
    await counter.locator('[name="code"]').fill('0000-0000');
    await counter.locator('.fields button').click();
    await counter.locator('[data-wrong]').waitFor();
    await counter.locator('[name="code"]').fill((code ?? '').toLowerCase());
    await counter.locator('.fields button').click();
    await counter.locator('[data-customer]').waitFor();
    expect(await textOf(counter)).toContain(sub.slice(0, 4));
    await counter.locator('[data-hand-over]').click();
    await counter.locator('[data-handed]').waitFor();

    // The poll: results arrive where nobody reloads.
    await counter.goto(stack.urls.poll);
    await page.goto(stack.urls.poll);
    await page.locator('[value="2"]').first().check();
    await page.locator('[data-vote="week"]').click();
    await toSheet(page);
    expect(await page.locator('[data-transaction]').innerText()).toContain('Benches with backs');
    await page.locator('.sheet .primary').click();
    await page.locator('[data-cast]').waitFor();
    await expect
      .poll(() => counter.locator('[data-result="week.2"] [data-proved]').textContent(), { timeout: 15_000 })
      .toBe('1');
    await page.locator('[value="1"]').first().check();
    await page.locator('[data-vote="week"]').click();
    if ((await firstOf(page, '[data-locked] input', '[data-problem]', READY)) === '[data-locked] input')
      await unlock(page);
    // The wallet knows that this turn is used, and sends nothing.
    expect(await firstOf(page, '[data-problem]', READY)).toBe('[data-problem]');
    await page.goto(stack.urls.poll);
    expect(await page.locator('[data-result="week.1"] [data-proved]').textContent()).toBe('0');
    expect(seen.faults).toEqual([]);
  });
});

/** An application: three links and what it learnt. */
interface Shop {
  readonly origin: string;
  issuer: string;
  close(): Promise<void>;
}

async function openShop(secret: string): Promise<Shop> {
  const shop = { origin: '', issuer: '' };
  let known: Promise<openid.Configuration> | undefined;
  const attempts = new Map<string, { verifier: string; nonce: string }>();
  let idToken = '';
  const discover = (): Promise<openid.Configuration> =>
    (known ??= openid.discovery(new URL(shop.issuer), 'shop', {}, openid.ClientSecretBasic(secret), {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- plain http on localhost, in a test
      execute: [openid.allowInsecureRequests],
    }));
  const front = '<a id="login" href="/login">Log in</a> <a id="step-up" href="/login?step-up">Pay</a>';
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '', shop.origin);
    const answer = async (): Promise<string | URL> => {
      const config = await discover();
      if (url.pathname === '/login') {
        const [state, verifier, nonce] = [openid.randomState(), openid.randomPKCECodeVerifier(), openid.randomNonce()];
        attempts.set(state, { verifier, nonce });
        return openid.buildAuthorizationUrl(config, {
          redirect_uri: `${shop.origin}/callback`,
          scope: 'openid',
          code_challenge: await openid.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          state,
          nonce,
          ...(url.search === '' ? {} : { prompt: 'login', max_age: '0', acr_values: 'urn:bauta:possession' }),
        });
      }
      if (url.pathname === '/logout') {
        const back = `${shop.origin}/`;
        return openid.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: back });
      }
      if (url.pathname !== '/callback') return front;
      const attempt = attempts.get(url.searchParams.get('state') ?? '');
      const error = url.searchParams.get('error');
      if (error !== null || attempt === undefined) return `<p id="error">${error ?? 'unknown'}</p>${front}`;
      const tokens = await openid.authorizationCodeGrant(config, url, {
        pkceCodeVerifier: attempt.verifier,
        expectedState: url.searchParams.get('state') ?? '',
        expectedNonce: attempt.nonce,
      });
      idToken = tokens.id_token ?? '';
      const claims = tokens.claims();
      const acr = typeof claims?.['acr'] === 'string' ? claims['acr'] : '';
      return `<p id="sub">${claims?.sub ?? ''}</p><p id="acr">${acr}</p><a id="logout" href="/logout">Log out</a>`;
    };
    answer().then(
      (result) => {
        if (result instanceof URL) response.writeHead(303, { location: result.href }).end();
        else response.writeHead(200, { 'content-type': 'text/html' }).end(result);
      },
      (error: unknown) => {
        response.writeHead(500).end(String(error));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  shop.origin = `http://localhost:${String(port)}`;
  return Object.assign(shop, {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  });
}

async function spawnForum(config: ForumConfig): Promise<{ child: ChildProcess; origin: string }> {
  const script = join(import.meta.dirname, 'forum.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(config)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const origin = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', () => {
      reject(new Error('the forum ended'));
    });
  });
  return { child, origin };
}
