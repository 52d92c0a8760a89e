// SPDX-License-Identifier: GPL-3.0-or-later
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DemoStack } from '../../src/server/demo_stack.ts';
import { LOCK_AFTER_MS } from '../../src/wallet/ui/inactivity.ts';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { chromiumPath, textOf } from './browser.ts';
import { agree, type House, openHouse, openWallet, PIN, unlock } from './house.ts';
import { turnTo } from './tour.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

const LOCKED = '[data-locked] input';

/** A device with a fingerprint reader that always recognises its owner. */
async function authenticator(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      hasPrf: true,
    },
  });
}

describe.skipIf(missing)('the lock', () => {
  let house: House;
  let stack: DemoStack;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    house = await openHouse();
    ({ stack } = house);
    ({ page, context } = await house.visit());
    await house.enrol(page, 'robin');
  });
  afterAll(() => house.close());
  afterEach(async () => {
    for (const other of context.pages().slice(1)) await other.close();
  });

  it('stands in front of every page, asks nobody, and refuses another PIN', async () => {
    for (const path of ['/', '/credential', '/activity', '/platforms', '/security', '/scan', '/device', '/renew']) {
      await page.goto(`${stack.urls.wallet}${path}`);
      await page.locator(LOCKED).waitFor();
    }
    await page.goto(stack.urls.wallet);
    await page.locator(LOCKED).waitFor();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await unlock(page, '83619402');
    await page.locator('[data-problem="unlock_refused"]').waitFor();
    expect(await textOf(page)).toContain(en.problems.unlock_refused);
    expect(asked.filter((url) => !url.startsWith(stack.urls.wallet))).toEqual([]);
    await unlock(page);
    await page.locator('nav.bar').waitFor();
  });

  it('closes by its button in all windows, and after five minutes without a touch', async () => {
    const other = await context.newPage();
    await openWallet(page, stack.urls.wallet);
    await openWallet(other, stack.urls.wallet);
    await page.getByRole('button', { name: en.navigation.lock, exact: true }).click();
    await page.locator(LOCKED).waitFor();
    await other.locator(LOCKED).waitFor();

    await other.clock.install();
    await openWallet(other, stack.urls.wallet);
    await other.clock.runFor(LOCK_AFTER_MS - 30_000);
    await other.mouse.click(5, 300);
    await other.clock.runFor(LOCK_AFTER_MS - 30_000);
    expect(await other.locator('nav.bar').count()).toBe(1);
    await other.clock.runFor(60_000);
    await other.locator(LOCKED).waitFor();
  });

  it('keeps a request: who asks is shown above it, and the sheet follows', async () => {
    await page.goto(stack.urls.market);
    await page.locator('[data-login]').click();
    await page.locator(LOCKED).waitFor();
    expect(await page.locator('.asker h1').textContent()).toContain(new URL(stack.urls.market).host);
    expect(await page.locator('[data-part]').count()).toBe(0);
    await unlock(page);
    await agree(page);

    // What was shared stands in the list, and nowhere else.
    await openWallet(page, `${stack.urls.wallet}/activity`);
    expect(await page.locator('[data-entry="shared"]').first().textContent()).toContain(
      new URL(stack.urls.market).host,
    );
    await turnTo(page, '/platforms');
    const short = await page.locator('[data-short]').first().getAttribute('data-short');
    expect(short).toHaveLength(43);
  });

  it('opens by a passkey where one was added, and by the PIN all the same; another PIN takes the place of the old', async () => {
    await authenticator(page);
    await openWallet(page, `${stack.urls.wallet}/security`);
    await page.getByRole('button', { name: en.security.passkeyAdd }).click();
    const confirm = async (pin: string): Promise<void> => {
      await page.locator('.panel form input[type=password]').first().fill(pin);
      await page.getByRole('button', { name: en.unlock.confirm }).click();
    };
    await confirm(PIN);
    await page.locator('[data-passkey="true"]').waitFor();
    await page.getByRole('button', { name: en.security.lockNow }).click();
    await page.getByRole('button', { name: en.unlock.passkey }).click();
    await page.locator('[data-passkey="true"]').waitFor();

    const fresh = '83619402';
    await page.getByRole('button', { name: en.security.changePin }).click();
    await confirm(PIN);
    const fields = page.locator('.panel form input[type=password]');
    await expect.poll(() => fields.count()).toBe(2);
    for (const field of await fields.all()) await field.fill(fresh);
    await page.getByRole('button', { name: en.security.changePin }).click();
    await page.getByText(en.security.pinChanged).waitFor();
    await page.getByRole('button', { name: en.security.lockNow }).click();
    await unlock(page, PIN);
    await page.locator('[data-problem="unlock_refused"]').waitFor();
    await unlock(page, fresh);
    await page.locator('nav.bar').waitFor();

    // Back, for the tests that follow.
    await page.getByRole('button', { name: en.security.changePin }).click();
    await confirm(fresh);
    await expect.poll(() => fields.count()).toBe(2);
    for (const field of await fields.all()) await field.fill(PIN);
    await page.getByRole('button', { name: en.security.changePin }).click();
    await page.getByText(en.security.pinChanged).waitFor();
  });
});
