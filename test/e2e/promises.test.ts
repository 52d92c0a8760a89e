// SPDX-License-Identifier: GPL-3.0-or-later
/** What the wallet promises about its pages: where they come from, and what cannot be smuggled into them. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoStack } from '../../src/server/demo_stack.ts';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { chromiumPath, firstOf, textOf } from './browser.ts';
import { agree, askFor, choosePin, type House, openHouse, openWallet, PIN, READY } from './house.ts';
import { openSwitchboard, type Switchboard } from './switchboard.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

describe.skipIf(missing)("the wallet's promises", () => {
  let house: House;
  let stack: DemoStack;
  let board: Switchboard;

  beforeAll(async () => {
    house = await openHouse();
    ({ stack } = house);
    board = await openSwitchboard();
  });
  afterAll(async () => {
    await house.leave();
    await board.close();
    await house.close();
  });

  it('are kept by its service worker: a login without the host that served it, and a look without any network', async () => {
    const { page } = await house.visit({ serviceWorker: true, proxy: board.proxy });
    const { wallet, market } = stack.urls;
    await house.enrol(page, 'robin');
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await expect
      .poll(() => page.evaluate(async () => (await (await caches.open('bauta-artifacts')).keys()).length))
      .toBe(22);
    await page.reload();
    expect(await page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
    board.take();

    // While all are there, the host is asked whether anything has changed, and for no page.
    await askFor(page, market);
    await page.locator(READY).waitFor();
    const toHost = board.take().filter((url) => url.startsWith(wallet));
    const unknown = toHost.filter((url) => ![`${wallet}/config.json`, `${wallet}/service_worker.js`].includes(url));
    expect(unknown).toEqual([]);
    await agree(page);
    await page.locator('[data-logout]').click();
    await page.locator('[data-login]').waitFor();

    // Without its host, issuer and guards: the platform is all that a login needs, and the register, since a
    // demonstration's epochs last two seconds.
    const { register } = stack.urls;
    const needed = [market, register];
    const others = Object.values(stack.urls).filter((url) => !needed.includes(url));
    expect(others).toContain(wallet);
    board.cut(others);
    board.take();
    await askFor(page, market);
    await agree(page);
    const asked = new Set(board.take().map((url) => new URL(url).origin));
    expect([...asked].filter((origin) => !needed.includes(origin))).toEqual([]);
    expect(asked).toContain(market);

    board.cut(Object.values(stack.urls));
    await openWallet(page, `${wallet}/activity`);
    await page.locator('[data-entry="shared"]').first().waitFor();
    expect(await page.locator('[data-entry="shared"]').count()).toBe(2);
    await openWallet(page, `${wallet}/credential`);
    await page.locator('.card-status').waitFor();
    expect(board.take()).toEqual([]);
    board.cut([]);
  });

  it('are kept by its policy: nothing foreign runs, loads or is made into script, and the attempt is seen', async () => {
    const { page, seen } = await house.visit();
    const answered: string[] = [];
    page.on('response', (response) => answered.push(new URL(response.url()).origin));
    const foreign = `${stack.urls.market}/assets/site.css`;
    // As if somebody had written into the page on its way, whose headers are the host's.
    await page.route(`${stack.urls.wallet}/`, async (route) => {
      const answer = await route.fetch();
      const smuggled = `<script>globalThis.ran = "inline";</script><script src="${foreign}"></script></body>`;
      await route.fulfill({ response: answer, body: (await answer.text()).replace('</body>', smuggled) });
    });
    await page.goto(stack.urls.wallet);
    await page.locator('.hero').waitFor();
    // In a timer of the page itself: what a debugger evaluates has other rights.
    const outcomes = await page.evaluate(
      (url) =>
        new Promise<Record<string, string>>((resolve) => {
          setTimeout(() => {
            const told: Record<string, string> = {};
            const dare = (name: string, work: () => unknown): void => {
              try {
                work();
                told[name] = 'done';
              } catch (error) {
                told[name] = error instanceof Error ? error.name : 'refused';
              }
            };
            const add = (tag: string, attributes: Record<string, string>): void => {
              const element = document.createElement(tag);
              for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
              document.body.append(element);
            };
            const global = globalThis as unknown as Record<string, unknown> & {
              eval: (text: string) => unknown;
              trustedTypes: { createPolicy: (name: string, rules: object) => unknown };
            };
            dare('eval', () => global.eval('globalThis.ran = "eval"'));
            dare('html', () => {
              document.body.innerHTML = '<img src=x onerror="globalThis.ran = 1">';
            });
            dare('policy', () => global.trustedTypes.createPolicy('mine', { createHTML: (text: string) => text }));
            dare('blob worker', () => new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))));
            dare('script text', () => {
              document.createElement('script').text = 'globalThis.ran = "inline"';
            });
            dare('style', () => add('link', { rel: 'stylesheet', href: url }));
            dare('image', () => add('img', { src: url }));
            dare('frame', () => add('iframe', { src: url }));
            dare('handler', () => add('button', { onclick: 'globalThis.ran = "handler"' }));
            setTimeout(() => {
              told['ran'] = String(global['ran']);
              resolve(told);
            }, 500);
          }, 0);
        }),
      foreign,
    );
    expect(outcomes).toMatchObject({
      eval: 'EvalError',
      html: 'TypeError',
      policy: 'TypeError',
      'blob worker': 'TypeError',
      'script text': 'TypeError',
      handler: 'TypeError',
      ran: 'undefined',
    });
    const broken = (directive: string): boolean => seen.faults.some((fault) => fault.startsWith(directive));
    for (const directive of ['script-src', 'require-trusted-types-for', 'style-src', 'img-src', 'trusted-types']) {
      await expect.poll(() => broken(directive), { message: directive }).toBe(true);
    }
    expect(new Set(answered)).toEqual(new Set([stack.urls.wallet]));
  });

  it('are kept by a second device: two screens, one code to compare, and the same pseudonyms', async () => {
    const { page: giver } = await house.visit();
    await house.enrol(giver, 'wei');
    const before = await (async () => {
      await askFor(giver, stack.urls.market);
      return agree(giver);
    })();
    await openWallet(giver, `${stack.urls.wallet}/device`);
    const { page: taker, seen } = await house.visit();
    // As someone finds it who has begun otherwise.
    await taker.goto(stack.urls.wallet);
    await taker.getByRole('link', { name: en.welcome.start }).click();
    await taker.locator('[data-stage="document"]').waitFor();
    await taker.locator('a.brand').click();
    await taker.getByRole('link', { name: en.welcome.recover }).click();
    await taker.locator('[data-recover="choice"] .choice').first().click();

    const shownBy = async (page: Page): Promise<string> =>
      (await page.locator('[data-qr]').getAttribute('data-qr')) ?? '';
    const paste = async (page: Page, text: string): Promise<void> => {
      await page.locator('.field input').fill(text);
      await page.getByRole('button', { name: en.device.use }).click();
    };
    await taker.locator('[data-qr]').waitFor();
    await paste(giver, await shownBy(taker));
    await giver.locator('[data-compare]').waitFor();
    await paste(taker, await shownBy(giver));
    await taker.locator('[data-compare]').waitFor();
    const code = await giver.locator('[data-compare]').getAttribute('data-compare');
    expect(code).toMatch(/^\d{8}$/);
    expect(await taker.locator('[data-compare]').getAttribute('data-compare')).toBe(code);
    await giver.locator('[data-name="same"]').click();
    await taker.locator('[data-name="same"]').click();

    // The parts are shown in turn: all of them are read, as a camera would in its time.
    const parts = new Set<string>();
    for (let looks = 0; looks < 60 && (await taker.locator('[data-transferred]').count()) === 0; looks++) {
      const part = await shownBy(giver);
      if (!parts.has(part)) await paste(taker, part);
      parts.add(part);
      await giver.waitForTimeout(200);
    }
    expect(parts.size).toBeGreaterThan(0);
    for (const part of parts) expect(part).not.toMatch(/seed|blinding|attributes/);
    await taker.locator('[data-transferred] .primary').click();
    await choosePin(taker, PIN);
    if ((await firstOf(taker, '[data-stage="backup"] [data-name="skip"]', '[data-enrolled]')) !== '[data-enrolled]') {
      await taker.locator('[data-stage="backup"] [data-name="skip"]').click();
    }
    await taker.locator('[data-enrolled]').waitFor();
    // Nothing of it went over the network, but the session that was begun.
    const sessions = seen.requests.filter(({ url }) => /enrolments/.test(url));
    expect(sessions.map(({ url }) => new URL(url).pathname)).toEqual(['/v1/enrolments']);
    await askFor(taker, stack.urls.market);
    expect(await agree(taker)).toBe(before);
  });

  it('stops a transfer whose codes differ, and takes no code of a stranger', async () => {
    const { page: giver } = await house.visit();
    await giver.goto(`${stack.urls.wallet}/device`);
    await giver.locator('[data-qr]').waitFor();
    await giver.locator('.field input').fill('bauta-transfer:nonsense');
    await giver.getByRole('button', { name: en.device.use }).click();
    await giver.locator('[data-problem]').waitFor();
    expect(await giver.locator('[data-compare]').count()).toBe(0);

    const { page: other } = await house.visit();
    await other.goto(`${stack.urls.wallet}/device`);
    await other.locator('[data-qr]').waitFor();
    // Two that both want to receive have nothing to give each other.
    await giver.locator('.field input').fill((await other.locator('[data-qr]').getAttribute('data-qr')) ?? '');
    await giver.getByRole('button', { name: en.device.use }).click();
    await giver.locator('[data-problem]').waitFor();
    expect(await giver.locator('[data-compare]').count()).toBe(0);
    expect(await textOf(giver)).toContain(en.problemTitle);
  });
});
