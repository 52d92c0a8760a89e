// SPDX-License-Identifier: GPL-3.0-or-later
/** What people see when something fails under them, and that they lose nothing. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DemoStack } from '../../src/server/demo_stack.ts';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { chromiumPath, firstOf, textOf, type Watch } from './browser.ts';
import { agree, askFor, choosePin, type House, openHouse, openWallet, PIN, unlock } from './house.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

const DAY_MS = 24 * 3600 * 1000;

const responsesIn = (seen: Watch): string[] =>
  seen.requests.map(({ url }) => url).filter((url) => url.endsWith('/oid4vp/responses'));

/** Sets the clock of one page; the one that playwright has would be that of the whole context. */
function shiftClock(page: Page, by: number): Promise<unknown> {
  return page.addInitScript((shift) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + shift;
  }, by);
}

describe.skipIf(missing)('under adverse conditions', () => {
  let house: House;
  let stack: DemoStack;
  /** Somebody with a credential, for all tests that need no newcomer. */
  let holder: Awaited<ReturnType<House['visit']>>;

  beforeAll(async () => {
    house = await openHouse();
    ({ stack } = house);
    holder = await house.visit();
    await house.enrol(holder.page, 'robin');
    await holder.page.close();
  });
  afterAll(async () => {
    await house.leave();
    await house.close();
  });
  afterEach(async () => {
    await Promise.all(holder.context.pages().map((page) => page.close()));
    await holder.context.clearCookies();
    holder.seen.requests.length = 0;
    holder.seen.faults.length = 0;
  });

  /** Fails at something without a connection, is told what to do, and does it with one. */
  async function withoutThenWith(page: Page, context: BrowserContext, act: () => Promise<void>): Promise<void> {
    await context.setOffline(true);
    await act();
    await page.locator('[data-problem]').first().waitFor();
    const code = await page.locator('[data-problem]').first().getAttribute('data-problem');
    expect(['network_failed', 'guard_unreachable']).toContain(code);
    expect(await textOf(page)).toContain(en.problems[code as 'network_failed']);
    await context.setOffline(false);
    await page.getByRole('button', { name: en.retry }).first().click();
    await page.locator('[data-problem]').waitFor({ state: 'detached' });
  }

  it('goes on after a cut connection at every step of an enrolment, and after a lost answer', async () => {
    const { page, context, seen } = await house.visit();
    await page.route('**/config.json', (route) => route.abort());
    await page.goto(stack.urls.wallet);
    await page.locator('[data-problem="network_failed"]').waitFor();
    await page.unroute('**/config.json');
    await page.getByRole('button', { name: en.retry }).click();
    await page.locator('.hero').waitFor();

    const cut = (act: () => Promise<void>): Promise<void> => withoutThenWith(page, context, act);
    await cut(() => page.getByRole('link', { name: en.welcome.start }).click());
    await page.locator('[data-kind="passport"]').waitFor();
    await cut(() => page.locator('[data-kind="passport"]').click());
    await page.locator('.person').first().waitFor();
    // Here trying again is to choose again.
    await context.setOffline(true);
    await page.locator('[data-sample="wei"]').first().click();
    await page.locator('[data-problem="network_failed"]').waitFor();
    await context.setOffline(false);
    await page.locator('[data-sample="wei"]').first().click();
    const face = page.locator('[data-stage="face"] .primary').first();
    await page.locator('[data-stage="face"] img').waitFor();
    await cut(() => face.click());
    await page.locator('[data-stage="face"] img').waitFor();
    await face.click();
    await page.locator('[data-stage="phone"] [data-name="skip"]').waitFor();

    // The issuer signs, and the answer is lost on its way: the same credential is asked for again.
    let lost = 0;
    await page.route('**/v1/enrolments/*/credential', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      await route.fetch();
      lost += 1;
      return route.abort();
    });
    await page.locator('[data-stage="phone"] [data-name="skip"]').click();
    await page.locator('[data-problem="network_failed"]').waitFor();
    expect(lost).toBe(1);
    await page.unroute('**/v1/enrolments/*/credential');
    await page.reload();
    await page.locator('[data-stage="pin"] input').first().waitFor();
    await context.setOffline(true);
    await choosePin(page, PIN);
    await page.getByText(en.problems.page_incomplete).waitFor();
    await context.setOffline(false);
    await page.reload();
    const guards = stack.walletConfig.guards.map(({ url }) => `${url}/**`);
    for (const guard of guards) await page.route(guard, (route) => route.abort());
    await choosePin(page, PIN);
    await page.locator('[data-problem]').waitFor();
    expect(await textOf(page)).toContain(en.problems.guard_unreachable);
    for (const guard of guards) await page.unroute(guard);
    await page.getByRole('button', { name: en.retry }).click();
    await page.locator('[data-stage="backup"] [data-name="skip"]').click();
    await page.locator('[data-enrolled]').waitFor();
    await openWallet(page, `${stack.urls.wallet}/credential`);
    await page.locator('.card-status').getByText(en.credential.status.active).waitFor();
    expect(seen.faults.filter((fault) => !/fetch|import/i.test(fault))).toEqual([]);
  });

  it('goes on after a tab was closed while proving, in an enrolment and at a login', async () => {
    const { page, context } = await house.visit();
    await page.goto(`${stack.urls.wallet}/enrol`);
    await page.locator('[data-kind="passport"]').click();
    await page.locator('[data-sample="kim"]').first().click();
    await page.locator('[data-stage="face"] .primary').first().click();
    await page.locator('[data-stage="phone"] [data-name="skip"]').click();
    await page.getByText(en.enrol.proving).waitFor();
    await page.close();
    const next = await context.newPage();
    await next.goto(stack.urls.wallet);
    // It is known where they were, and all steps that are left follow.
    const skip = '[data-stage="phone"] [data-name="skip"]';
    if ((await firstOf(next, skip, '[data-stage="pin"] input')) === skip) await next.locator(skip).click();
    await choosePin(next, PIN);
    await next.locator('[data-stage="backup"] [data-name="skip"]').click();
    await next.locator('[data-enrolled]').waitFor();

    const login = await holder.context.newPage();
    await login.goto(stack.urls.market);
    const asked = login.waitForURL(/\/present#/);
    await login.locator('[data-login]').click();
    await asked;
    const link = login.url();
    await unlock(login);
    await login.locator('.sheet .primary').click();
    await login.locator('[data-phase="waiting"], [data-phase="delivering"]').first().waitFor();
    await login.close();
    expect(responsesIn(holder.seen).length).toBeLessThanOrEqual(1);
    if (responsesIn(holder.seen).length === 0) {
      const again = await holder.context.newPage();
      await again.goto(link);
      await unlock(again);
      await agree(again);
      expect(responsesIn(holder.seen)).toHaveLength(1);
    }
  });

  it('says that the device is full, and on one that is nearly full keeps all but what can be downloaded again', async () => {
    const { page, context } = await house.visit();
    const session = await context.newCDPSession(page);
    const room = (quotaSize: number): Promise<unknown> =>
      session.send('Storage.overrideQuotaForOrigin', { origin: stack.urls.wallet, quotaSize });
    await room(1);
    await page.goto(stack.urls.wallet);
    await page.locator('[data-problem="storage_full"]').waitFor();
    expect(await textOf(page)).toContain(en.problems.storage_full);
    // Some room, and none for the proving key.
    await room(1_000_000);
    await page.getByRole('button', { name: en.retry }).click();
    await page.locator('.hero').waitFor();
    await house.enrol(page, 'sasha');
    await askFor(page, stack.urls.market);
    await agree(page);
    const kept = await page.context().newPage();
    await openWallet(kept, `${stack.urls.wallet}/credential`);
    await kept.locator('.card-status').getByText(en.credential.status.active).waitFor();
    const cached = await kept.evaluate(async () => (await (await caches.open('bauta-artifacts')).keys()).length);
    expect(cached).toBeLessThan(22);
  });

  it('tells whoever has a clock a day ahead to look at it, and sends nothing', async () => {
    const page = await holder.context.newPage();
    await shiftClock(page, DAY_MS);
    await page.goto(stack.urls.market);
    await page.locator('[data-login]').click();
    await page.locator('[data-problem="request_expired"]').waitFor();
    expect(await textOf(page)).toContain('look at the date and time of this device');
    expect(responsesIn(holder.seen)).toEqual([]);
    await page.close();
    const right = await holder.context.newPage();
    await askFor(right, stack.urls.market);
    await agree(right);
  });

  it('tells a newcomer whose clock is a day behind what the register waits for, and goes on once it is right', async () => {
    const { page, context } = await house.visit();
    await shiftClock(page, -DAY_MS);
    await page.goto(`${stack.urls.wallet}/enrol`);
    await page.locator('[data-kind="passport"]').click();
    await page.locator('[data-sample="alex"]').first().click();
    await page.locator('[data-stage="face"] .primary').first().click();
    await page.locator('[data-stage="phone"] [data-name="skip"]').click();
    await page.locator('[data-problem="checkpoint_not_witnessed"]').waitFor();
    expect(await textOf(page)).toContain('look at the date and time of this device');
    await page.close();
    const right = await context.newPage();
    await right.goto(`${stack.urls.wallet}/enrol`);
    const skip = '[data-stage="phone"] [data-name="skip"]';
    if ((await firstOf(right, skip, '[data-stage="pin"] input')) === skip) await right.locator(skip).click();
    await choosePin(right, PIN);
    await right.locator('[data-stage="backup"] [data-name="skip"]').click();
    await right.locator('[data-enrolled]').waitFor();
    await openWallet(right, `${stack.urls.wallet}/credential`);
    await right.locator('.card-status').getByText(en.credential.status.active).waitFor();
  });

  it('keeps several tabs in step: one enrols at a time, all lock, and all forget', async () => {
    const { page: one, context } = await house.visit();
    const other = await context.newPage();
    await one.goto(`${stack.urls.wallet}/enrol`);
    await one.locator('[data-kind="passport"]').waitFor();
    await other.goto(`${stack.urls.wallet}/enrol`);
    await other.getByText(en.enrol.elsewhere).waitFor();
    await one.close();
    await other.locator('[data-kind="passport"]').waitFor();

    const [left, right] = [await holder.context.newPage(), await holder.context.newPage()];
    await openWallet(left, `${stack.urls.wallet}/credential`);
    await openWallet(right, `${stack.urls.wallet}/activity`);
    await left.getByRole('button', { name: en.navigation.lock }).click();
    await right.locator('[data-locked]').waitFor();
    await left.locator('[data-locked]').waitFor();

    // Two logins at once, at two sites: each has its own pseudonym, and both are in the list.
    await Promise.all([askFor(left, stack.urls.market), askFor(right, stack.urls.photo)]);
    const subs = [await agree(left), await agree(right)];
    expect(new Set(subs).size).toBe(2);
    await openWallet(left, `${stack.urls.wallet}/activity`);
    await left.locator('[data-entry]').first().waitFor();
    const list = await left.locator('.entries').innerText();
    for (const url of [stack.urls.market, stack.urls.photo]) expect(list).toContain(new URL(url).host);
  });
});
