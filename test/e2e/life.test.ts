// SPDX-License-Identifier: GPL-3.0-or-later
/** The life of a credential as its holder meets it, page by page. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoStack } from '../../src/server/demo_stack.ts';
import type { DocumentKind } from '../../src/protocol/attributes.ts';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { chromiumPath, firstOf, type Watch } from './browser.ts';
import { choosePin, type House, logIn, openHouse, openWallet, PIN, showFace, unlock } from './house.ts';
import { turnTo } from './tour.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

describe.skipIf(missing)('the life of a credential', () => {
  let house: House;
  let stack: DemoStack;
  let page: Page;
  let seen: Watch;
  let sub: string;
  /** Whoever enrols last. */
  let own: Page;

  beforeAll(async () => {
    house = await openHouse();
    ({ stack } = house);
    ({ page, seen } = await house.visit());
    await house.enrol(page, 'wei');
    sub = await logIn(page, stack.urls.market);
  });
  afterAll(() => house.close());

  /** From the choice of a document to the request for a credential. */
  async function identify(at: Page, kind: DocumentKind, document: string, person = 'wei'): Promise<void> {
    await at.locator(`[data-kind="${kind}"]`).click();
    await at.locator(`[data-sample="${person}"][data-document="${document}"]`).click();
    await showFace(at);
    await at.locator('[data-stage="phone"] [data-name="skip"]').click();
  }

  const enrolled = async (at: Page): Promise<void> => {
    const end = await firstOf(at, '[data-enrolled]', '[data-problem]');
    const problem = at.locator('[data-problem]').first();
    expect(end, (await problem.count()) > 0 ? String(await problem.getAttribute('data-problem')) : '').toBe(
      '[data-enrolled]',
    );
  };

  /** Logs in at the market in a browser that it does not know. */
  async function subAt(at: Page): Promise<string> {
    await at.context().clearCookies();
    return logIn(at, stack.urls.market);
  }

  it('a second document and a renewal leave every pseudonym as it was', async () => {
    await openWallet(page, `${stack.urls.wallet}/credential`);
    await page.getByRole('link', { name: en.credential.second }).click();
    await identify(page, 'resident_identity_card', 'resident-card');
    await enrolled(page);
    await page.getByRole('link', { name: en.enrol.toCredential }).click();
    await expect.poll(() => page.locator('.card').count()).toBe(2);
    expect(await subAt(page)).toBe(sub);

    await openWallet(page, `${stack.urls.wallet}/credential`);
    await page.getByRole('link', { name: en.credential.renew }).click();
    await identify(page, 'passport', 'passport-renewed');
    await enrolled(page);
    await page.getByRole('link', { name: en.enrol.toCredential }).click();
    await expect.poll(() => page.locator('.card').count()).toBe(2);
    await expect
      .poll(() => page.locator('.card-status').allTextContents(), { timeout: 60_000 })
      .toEqual([en.credential.status.active, en.credential.status.active]);
    expect(await subAt(page)).toBe(sub);
    expect(seen.faults).toEqual([]);
  });

  it('a new phone gets the pseudonyms back with document, face and PIN, and the lost one is dead', async () => {
    const phone = await house.visit();
    await phone.page.goto(stack.urls.wallet);
    await phone.page.getByRole('link', { name: en.welcome.recover }).click();
    await phone.page.getByRole('link', { name: en.recover.restore }).click();
    await identify(phone.page, 'passport', 'passport-renewed');
    const field = phone.page.locator('input[type=password]');
    await field.fill('83619402');
    await phone.page.getByRole('button', { name: en.recover.open, exact: true }).click();
    await phone.page.locator('[data-outcome="wrong_pin"]').waitFor();
    expect(await phone.page.locator('.fault').textContent()).toContain('9 guesses are left');
    await field.fill(PIN);
    await phone.page.getByRole('button', { name: en.recover.open, exact: true }).click();
    // The PIN is not asked for again, and there is nothing to back up but the words.
    await phone.page.locator('[data-stage="backup"] [data-name="skip"]').click();
    await enrolled(phone.page);
    expect(await subAt(phone.page)).toBe(sub);
    expect(phone.seen.faults).toEqual([]);

    await openWallet(page, `${stack.urls.wallet}/credential`);
    await expect
      .poll(
        async () => {
          await page.reload();
          await unlock(page);
          await firstOf(page, '[data-problem="credential_revoked"]', '[data-synced]');
          return page.locator('[data-problem="credential_revoked"]').count();
        },
        { timeout: 90_000, interval: 2000 },
      )
      .toBeGreaterThan(0);
  });

  it('everything lost: the holder is told what it costs, and is someone new everywhere', async () => {
    const fresh = await house.visit();
    await fresh.page.goto(`${stack.urls.wallet}/enrol`);
    await identify(fresh.page, 'passport', 'passport');
    await fresh.page.locator('[data-problem="person_already_enrolled"]').waitFor();
    await fresh.page.getByRole('button', { name: en.recover.reset }).click();
    for (const point of en.recover.resetPoints) await fresh.page.getByText(point).waitFor();
    await fresh.page.locator('[data-name="agree"]').click();
    await choosePin(fresh.page, PIN);
    await fresh.page.locator('[data-stage="backup"] [data-name="skip"]').click();
    await enrolled(fresh.page);
    const other = await subAt(fresh.page);
    expect(other).toHaveLength(43);
    expect(other).not.toBe(sub);
    expect(fresh.seen.faults).toEqual([]);
  });

  it('who was never there finds out of the ways back to a first credential', async () => {
    ({ page: own } = await house.visit());
    const wayBack = async (name: string): Promise<void> => {
      await own.getByRole('link', { name: en.welcome.recover }).click();
      await own.getByRole('link', { name }).click();
      await own.locator('[data-kind]').first().waitFor();
    };
    await own.goto(stack.urls.wallet);
    await wayBack(en.recover.reset);
    // What was chosen last counts.
    await own.locator('a.brand').click();
    await wayBack(en.recover.restore);
    await identify(own, 'passport', 'passport', 'robin');
    await own.getByText(en.recover.noBackup).waitFor();
    await own.getByRole('button', { name: en.recover.toReset }).click();
    await own.locator('[data-name="agree"]').click();
    await own.locator('[data-problem="person_unknown"]').waitFor();
    await own.getByText(en.recover.unknownAdvice).waitFor();
    expect(await own.locator('[data-name="other"]').count()).toBe(1);
    await own.locator('[data-name="first"]').click();
    await own.locator('[data-problem="person_unknown"]').waitFor({ state: 'detached' });
    await choosePin(own, PIN);
    await own.locator('[data-stage="backup"] [data-name="skip"]').click();
    await enrolled(own);
  });

  it('revoked by its holder: no login any more, and why is told; a new one knows the same pseudonyms', async () => {
    const before = await subAt(own);
    await openWallet(own, `${stack.urls.wallet}/security`);
    await own.getByRole('button', { name: en.security.revoke }).click();
    await own.locator('dialog[open]').getByRole('button', { name: en.security.revokeYes }).click();
    await own.getByText(en.security.revokeDone).waitFor();
    await turnTo(own, '/credential');
    await expect
      .poll(
        async () => {
          await own.reload();
          await unlock(own);
          await firstOf(own, '[data-problem="credential_revoked"]', '[data-synced]');
          return own.locator('[data-problem="credential_revoked"]').count();
        },
        { timeout: 90_000, interval: 2000 },
      )
      .toBeGreaterThan(0);
    const notice = own.locator('[data-problem="credential_revoked"]');
    await notice.getByRole('button', { name: en.announced.why }).click();
    await notice.locator('[data-reason="holder_request"]').waitFor();
    await notice.getByRole('link', { name: en.announced.toAnew }).click();
    await identify(own, 'passport', 'passport', 'robin');
    await enrolled(own);
    expect(await subAt(own)).toBe(before);
  });
});
