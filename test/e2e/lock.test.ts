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

declare global {
  interface Window {
    /** What {@link typeAtOnce} has seen of the field, in order. */
    bautaField?: string[];
  }
}

/**
 * Types into the field for the PIN, in the same moment in which `when` comes to stand in a page that is yet to be
 * opened, and notes it if the field does not stay.
 */
async function typeAtOnce(page: Page, when: string, digits: string): Promise<void> {
  const begin = ({ selector, text, locked }: Readonly<Record<'selector' | 'text' | 'locked', string>>): void => {
    const log: string[] = [];
    window.bautaField = log;
    let field: HTMLInputElement | undefined;
    const look = (): void => {
      if (field !== undefined) {
        if (!field.isConnected) log.push('gone');
        return;
      }
      const found = document.querySelector<HTMLInputElement>(locked);
      if (found === null || document.querySelector(selector) === null) return;
      field = found;
      found.value = text;
      found.dispatchEvent(new InputEvent('input', { bubbles: true, data: text }));
      log.push(`typed ${found.value}`);
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  };
  await page.addInitScript(begin, { selector: when, text: digits, locked: LOCKED });
}

/** Types after what is in the field. */
async function typeOn(page: Page, digits: string): Promise<void> {
  await page.locator(LOCKED).press('End');
  await page.locator(LOCKED).pressSequentially(digits);
}

/** Waits until everything that follows from what is on the page has been drawn. */
const framesLater = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      await new Promise((resolve) => setTimeout(resolve));
    }
  });

/** What was seen since {@link typeAtOnce}. */
const fieldOf = (page: Page): Promise<string[] | undefined> => page.evaluate(() => window.bautaField);

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

  it('loses no digit of who types at once, before and after a PIN is refused', async () => {
    for (const url of [stack.urls.wallet, `${stack.urls.wallet}/activity`, stack.urls.market]) {
      const other = await context.newPage();
      await typeAtOnce(other, LOCKED, PIN.slice(0, 4));
      await other.goto(url);
      if (url === stack.urls.market) await other.locator('[data-login]').click();
      await typeOn(other, PIN.slice(4));
      expect(await other.locator(LOCKED).inputValue()).toBe(PIN);
      expect(await fieldOf(other)).toEqual([`typed ${PIN.slice(0, 4)}`]);
      await other.locator('[data-locked] form button').click();
      await other.locator(LOCKED).waitFor({ state: 'detached' });
      await other.close();
    }

    const other = await context.newPage();
    await typeAtOnce(other, '[data-problem="unlock_refused"]', PIN);
    await other.goto(stack.urls.wallet);
    await unlock(other, '83619402');
    await other.locator('[data-problem="unlock_refused"]').waitFor();
    await framesLater(other);
    expect(await other.locator(LOCKED).inputValue()).toBe(PIN);
    expect(await fieldOf(other)).toEqual([`typed ${PIN}`]);
    await other.locator('[data-locked] form button').click();
    await other.locator('nav.bar').waitFor();
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

  it('keeps the field and its digits while another window takes a passkey away and adds one', async () => {
    const other = await context.newPage();
    await typeAtOnce(other, LOCKED, PIN.slice(0, 3));
    await other.goto(`${stack.urls.wallet}/security`);
    const passkey = other.getByRole('button', { name: en.unlock.passkey });
    await passkey.waitFor();

    await page.bringToFront();
    await page.getByRole('button', { name: en.security.passkeyDrop }).click();
    await page.getByRole('button', { name: en.security.passkeyDropYes }).click();
    await passkey.waitFor({ state: 'detached' });
    await typeOn(other, PIN.slice(3, 5));
    await page.getByRole('button', { name: en.security.passkeyAdd }).click();
    await page.locator('.panel form input[type=password]').first().fill(PIN);
    await page.getByRole('button', { name: en.unlock.confirm }).click();
    await passkey.waitFor();

    await typeOn(other, PIN.slice(5));
    expect(await other.locator(LOCKED).inputValue()).toBe(PIN);
    expect(await fieldOf(other)).toEqual([`typed ${PIN.slice(0, 3)}`]);
    await other.locator('[data-locked] form button').click();
    await other.locator('nav.bar').waitFor();
  });
});
