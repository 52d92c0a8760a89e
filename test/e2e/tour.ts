// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A walk through every page of the wallet, for whoever wants to look at all of them: pictures are taken on it,
 * and accessibility is checked. {@link walk} ends with a credential in use, {@link farewell} takes it away.
 *
 * @module
 */
import type { Page } from 'playwright-core';
import type { DemoStack } from '../../src/server/demo_stack.ts';
import { firstOf } from './browser.ts';
import { decide, lastLeaf } from './decisions.ts';
import { askFor, choosePin, openWallet, PIN, unlock } from './house.ts';
import { withCompanion, withUpdate } from './stand_ins.ts';

/** Every page of {@link walk} and {@link farewell}, in order, where the issuer asks for movements. */
export const STOPS = [
  'welcome',
  'update',
  'promises',
  'recover',
  'device-take',
  'problem',
  'consent-newcomer',
  'enrol-kind',
  'enrol-document',
  'enrol-companion-missing',
  'enrol-companion-found',
  'enrol-companion-printed',
  'enrol-companion-reading',
  'enrol-face',
  'enrol-liveness',
  'enrol-phone',
  'enrol-pin',
  'enrol-guards',
  'enrol-phrase',
  'enrol-words',
  'enrol-words-check',
  'enrol-done',
  'consent-locked',
  'consent',
  'consent-cancelled',
  'unlock',
  'recover-locked',
  'credential',
  'activity',
  'platforms',
  'security',
  'security-delete',
  'scan',
  'device-give',
  'credential-announced',
  'credential-appealed',
  'credential-revoked',
  'credential-reason',
  'consent-revoked',
] as const;

/** Called on each page, once it stands still. */
export type Stop = (name: (typeof STOPS)[number]) => Promise<void>;

/** What the walk needs. */
export interface Walk {
  readonly page: Page;
  readonly stack: DemoStack;
  /** Someone who may enrol and is an adult; each may walk once a stack. */
  readonly adult: string;
  readonly at: Stop;
}

/** Goes to a page of an unlocked wallet without locking it. */
export async function turnTo(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new Event('popstate'));
  }, path);
}

const step = (page: Page, stage: string, rest: string): ReturnType<Page['locator']> =>
  page.locator(`[data-stage="${stage}"] ${rest}`);

/** Before there is a credential. */
async function strangers({ page, stack, at }: Walk): Promise<void> {
  const { wallet, photo } = stack.urls;
  await page.goto(wallet);
  await page.locator('.hero').waitFor();
  await at('welcome');
  await withUpdate(page, async () => {
    await page.locator('[data-update]').waitFor();
    await at('update');
  });
  await page.goto(`${wallet}/promises`);
  await page.locator('.plain-list').first().waitFor();
  await at('promises');
  await page.goto(`${wallet}/recover`);
  await page.locator('[data-recover="choice"]').waitFor();
  await at('recover');
  await page.goto(`${wallet}/device`);
  await page.locator('[data-qr]').waitFor();
  await at('device-take');
  await page.goto(`${wallet}/present#none`);
  await page.locator('[data-problem]').waitFor();
  await at('problem');
  await page.goto(photo);
  await page.locator('[data-login]').click();
  await page.locator('.sheet .notice').waitFor();
  await at('consent-newcomer');
}

/** From a document to a credential behind a PIN. */
async function enrolment({ page, stack, adult, at }: Walk): Promise<void> {
  await page.goto(`${stack.urls.wallet}/enrol`);
  await page.locator('[data-kind="passport"]').waitFor();
  await at('enrol-kind');
  await page.locator('[data-kind="passport"]').click();
  await page.locator('.person').first().waitFor();
  await at('enrol-document');
  await companion({ page, at });
  await page.goto(`${stack.urls.wallet}/enrol`);
  await page.locator('[data-kind="passport"]').click();
  await page.locator(`[data-sample="${adult}"]`).first().click();
  await step(page, 'face', 'img').waitFor();
  await at('enrol-face');
  await guided({ page, at });
  await step(page, 'face', '.primary').first().click();
  await step(page, 'phone', '[data-name="skip"]').waitFor();
  await at('enrol-phone');
  await step(page, 'phone', '[data-name="skip"]').click();
  await step(page, 'pin', 'input').first().fill('12345678');
  await page.locator('[data-fault="pin_run"]').waitFor();
  await at('enrol-pin');
  await choosePin(page, PIN);
  await step(page, 'backup', '[data-step]').first().waitFor();
  await at('enrol-guards');
  await step(page, 'backup', '[data-name="skip"]').waitFor();
  await at('enrol-phrase');
  await step(page, 'backup', '.primary').click();
  await page.locator('.words').waitFor();
  await at('enrol-words');
  const words = await page.locator('[data-word]').allTextContents();
  await step(page, 'backup', '.primary').click();
  const fields = page.locator('[data-stage="backup"] .field');
  await fields.first().waitFor();
  await at('enrol-words-check');
  for (const field of await fields.all()) {
    const place = Number(/\d+/.exec((await field.locator('label').textContent()) ?? '')?.[0]);
    await field.locator('input').fill((words[place - 1] ?? '').replace(/^\d+\s*/, ''));
  }
  await step(page, 'backup', '.primary').click();
  await firstOf(page, '[data-enrolled]');
  await at('enrol-done');
}

/** A document that is read by a program on this computer. */
async function companion({ page, at }: Pick<Walk, 'page' | 'at'>): Promise<void> {
  const panel = page.locator('[data-companion]');
  await withCompanion(page, async (start) => {
    await panel.locator('.button').click();
    await page.locator('[data-companion="missing"]').waitFor();
    await at('enrol-companion-missing');
    start();
    await panel.locator('.button').click();
    await page.locator('[data-companion="pairing"]').waitFor();
    await at('enrol-companion-found');
    await panel.locator('input').fill('123456');
    await panel.locator('.button').click();
    await page.locator('[data-companion="access"]').waitFor();
    await at('enrol-companion-printed');
    for (const [i, text] of ['UT2300061', '031104', '310101'].entries()) await panel.locator('input').nth(i).fill(text);
    await panel.locator('.button').click();
    await panel.locator('progress[value]').waitFor();
    await at('enrol-companion-reading');
  });
}

/** The sequence in front of a camera, where the issuer asks for it. */
async function guided({ page, at }: Pick<Walk, 'page' | 'at'>): Promise<void> {
  const camera = step(page, 'face', '[data-name="camera"]');
  if ((await camera.count()) === 0) return;
  await camera.click();
  await page.locator('[data-liveness] .guide strong').waitFor();
  await at('enrol-liveness');
  await step(page, 'face', '.button.plain').click();
}

/** What is there every day. */
async function holders({ page, stack, at }: Walk): Promise<void> {
  const { wallet, photo, market } = stack.urls;
  await askForLocked(page, photo);
  await at('consent-locked');
  await unlock(page);
  await page.locator('[data-preparation="ready"]').waitFor();
  await at('consent');
  await page.locator('.sheet .primary').click();
  await firstOf(page, '[data-member]');
  await askFor(page, market);
  await page.locator('[data-preparation="ready"]').waitFor();
  await page.locator('.sheet .button.plain').click();
  await page.locator('[data-phase="cancelled"]').waitFor();
  await at('consent-cancelled');

  await page.goto(wallet);
  await page.locator('[data-locked] input').waitFor();
  await at('unlock');
  await turnTo(page, '/recover');
  await page.locator('[data-recover="locked"]').waitFor();
  await at('recover-locked');
  await turnTo(page, '/credential');
  await unlock(page);
  await page.locator('[data-synced]').waitFor();
  await at('credential');
  await turnTo(page, '/activity');
  await page.locator('[data-entry]').first().waitFor();
  await at('activity');
  await turnTo(page, '/platforms');
  await page.locator('[data-platform]').first().waitFor();
  await at('platforms');
  await turnTo(page, '/security');
  await page.locator('[data-phrase]').waitFor();
  await at('security');
  await page.locator('.button.danger:visible').last().click();
  await page.locator('dialog[open]').waitFor();
  await at('security-delete');
  await page.locator('dialog[open] .primary').click();
  await turnTo(page, '/scan');
  await page.locator('input[type=file]').waitFor({ state: 'attached' });
  await at('scan');
  await turnTo(page, '/device');
  await page.locator('[data-transfer="give"] input').first().waitFor({ state: 'attached' });
  await at('device-give');
}

/** Why a credential will be revoked, what can be said against it, and what is left when it is. */
export async function farewell({ page, stack, at }: Omit<Walk, 'adult'>): Promise<void> {
  const { wallet, photo } = stack.urls;
  const leaf = await lastLeaf(stack);
  await decide(stack, { act: 'announce', leaf, reason: 'document_lost', after: -1 });
  await openWallet(page, `${wallet}/credential`);
  const announced = page.locator('[data-announced]');
  await announced.waitFor();
  await at('credential-announced');
  await announced.locator('textarea').fill('…');
  await announced.locator('.primary').click();
  await announced.locator('textarea').waitFor({ state: 'detached' });
  await at('credential-appealed');
  await decide(stack, { act: 'revoke', leaf, reason: 'document_lost' });
  await seeRevoked(page, `${wallet}/credential`);
  await at('credential-revoked');
  await page.locator('[data-problem="credential_revoked"] button').click();
  await page.locator('[data-reason="document_lost"]').waitFor();
  await at('credential-reason');
  // The site still knows who was logged in.
  await page.context().clearCookies();
  await askFor(page, photo);
  await page.locator('[data-problem="credential_revoked"]').waitFor();
  await at('consent-revoked');
}

/** A wallet syncs again once an epoch has passed, and is opened until then. */
async function seeRevoked(page: Page, url: string): Promise<void> {
  const revoked = page.locator('[data-problem="credential_revoked"]');
  const isSeen = (): Promise<boolean> =>
    revoked.waitFor({ timeout: 4_000 }).then(
      () => true,
      () => false,
    );
  for (let opened = 0; opened < 10; opened++) {
    await openWallet(page, url);
    if (await isSeen()) return;
  }
  throw new Error('the wallet never learns that its credential is revoked');
}

/** From a platform's front page to the lock, with who asks above it. */
async function askForLocked(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('[data-login]').click();
  await page.locator('[data-locked] input').waitFor();
}

/** All of it, up to a credential that is in use. */
export async function walk(all: Walk): Promise<void> {
  await strangers(all);
  await enrolment(all);
  await holders(all);
}
