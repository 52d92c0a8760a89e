// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pages off the walk of `tour.ts`: of the sites and the register, and of the wallet where something is under way,
 * refused or lost.
 *
 * @module
 */
import type { Page } from 'playwright-core';
import type { DemoStack } from '../../src/server/demo_stack.ts';
import { firstOf } from './browser.ts';
import { askFor, choosePin, PIN, READY, showFace, unlock } from './house.ts';

/** Names of the pages, by who is shown them, in order. */
export const ERRANDS = {
  visitor: ['photo', 'market', 'poll', 'market-terminal', 'register', 'photo-error', 'enrol-card', 'enrol-refused'],
  holder: [
    'consent-downloading',
    'consent-waiting',
    'photo-member',
    'market-member',
    'consent-transaction',
    'consent-terminal',
    'consent-code',
    'unlock-wrong',
  ],
  lost: ['restore-pin', 'reset'],
  minor: ['consent-unmet'],
} as const;

type Name = (typeof ERRANDS)[keyof typeof ERRANDS][number];

/** Those that are no wallet's. */
export const SITES: ReadonlySet<Name> = new Set([
  ...(['photo', 'market', 'poll', 'market-terminal', 'register', 'photo-error'] as const),
  ...(['photo-member', 'market-member'] as const),
]);

/** Called on each page, once it stands still. */
export type At = (name: Name) => Promise<void>;

/** What someone sees who holds nothing. */
export async function withoutCredential(page: Page, { urls }: DemoStack, at: At): Promise<void> {
  for (const kind of ['photo', 'market', 'poll'] as const) {
    await page.goto(urls[kind]);
    await at(kind);
  }
  await page.goto(`${urls.market}/terminal`);
  await at('market-terminal');
  await page.goto(urls.register);
  await page.locator('h1').waitFor();
  await at('register');
  await page.goto(`${urls.photo}/return#response_code=none`);
  await page.locator('[data-error]').waitFor();
  await at('photo-error');

  await page.goto(`${urls.wallet}/enrol`);
  await page.locator('[data-kind="resident_identity_card"]').click();
  await page.locator('.person').first().waitFor();
  await at('enrol-card');
  await page.goto(`${urls.wallet}/enrol`);
  await page.locator('[data-kind="passport"]').click();
  await page.locator('[data-sample="noor"]').first().click();
  await page.locator('[data-problem]').waitFor();
  await at('enrol-refused');
}

/** The sheet before and after the consent, while a part of the proving key is on its way. */
async function duringDownload(page: Page, platform: string, at: At): Promise<void> {
  await page.evaluate(() => caches.delete('bauta-artifacts'));
  await page.route('**/artifacts/show.key/5*', () => undefined);
  await askFor(page, platform);
  await page.locator('[data-preparation]').waitFor();
  await page.waitForTimeout(2000);
  await at('consent-downloading');
  await page.locator('.sheet .primary').click();
  await page.locator('[data-phase="waiting"]').waitFor();
  await at('consent-waiting');
  await page.unrouteAll();
}

/** What a holder sees at sites, and of the wallet meanwhile; the wallet is locked in the end. */
export async function atSites(page: Page, { urls }: DemoStack, at: At): Promise<void> {
  await page.context().clearCookies();
  await page.goto(urls.wallet);
  await duringDownload(page, urls.photo, at);
  await askFor(page, urls.photo);
  await page.locator(READY).waitFor();
  await page.locator('.sheet .primary').click();
  await firstOf(page, '[data-member]');
  await at('photo-member');
  await askFor(page, urls.market);
  await page.locator(READY).waitFor();
  await page.locator('.sheet .primary').click();
  await firstOf(page, '[data-member]');
  await at('market-member');
  await page.locator('.goods button').nth(1).click();
  await unlock(page);
  await page.locator(READY).waitFor();
  await at('consent-transaction');
  await page.locator('.sheet .button.plain').click();
  await page.locator('[data-phase="cancelled"]').waitFor();

  const counter = await page.context().newPage();
  await counter.goto(`${urls.market}/terminal`);
  await counter.locator('[data-scan]').click();
  await counter.locator('svg.qr').waitFor();
  const link = (await counter.locator('[data-link]').getAttribute('href')) ?? '';
  await counter.close();
  // Not within the document that was open, which is unlocked.
  await page.goto('about:blank');
  await page.goto(link);
  await unlock(page);
  await page.locator(READY).waitFor();
  await at('consent-terminal');
  await page.locator('.sheet .primary').click();
  await page.locator('[data-code]').waitFor();
  await at('consent-code');

  await page.goto(urls.wallet);
  await page.locator('[data-locked] input').fill('20471937');
  await page.locator('[data-locked] form button').click();
  await page.locator('[data-problem]').waitFor();
  await at('unlock-wrong');
}

/** Somebody whose credential is with a lost device: the backup under the PIN, and a new beginning. */
export async function lostDevice(page: Page, { urls }: DemoStack, person: string, at: At): Promise<void> {
  await page.goto(`${urls.wallet}/restore`);
  await page.locator('[data-kind="passport"]').click();
  await page.locator(`[data-sample="${person}"]`).first().click();
  await showFace(page);
  await page.locator('[data-stage="phone"] [data-name="skip"]').click();
  await page.locator('input[type="password"]').waitFor();
  await at('restore-pin');
  await page.locator('.button.danger').last().click();
  await page.locator('[data-name="agree"]').waitFor();
  await at('reset');
}

/** The one sample person below 18 at a site for adults. */
export async function minor(page: Page, { urls }: DemoStack, at: At): Promise<void> {
  await page.goto(`${urls.wallet}/enrol`);
  await page.locator('[data-kind="passport"]').click();
  await page.locator('[data-sample="alex"]').first().click();
  await showFace(page);
  await page.locator('[data-stage="phone"] [data-name="skip"]').click();
  await choosePin(page, PIN);
  await page.locator('[data-stage="backup"] [data-name="skip"]').click();
  await firstOf(page, '[data-enrolled]');
  await askFor(page, urls.photo);
  await page.locator('[data-unmet]').waitFor();
  await at('consent-unmet');
}
