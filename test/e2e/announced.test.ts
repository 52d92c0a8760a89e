// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAppeals } from '../../src/register/appeals_client.ts';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { chromiumPath } from './browser.ts';
import { decide, lastLeaf } from './decisions.ts';
import { type House, openHouse, openWallet, unlock } from './house.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

describe.skipIf(missing)('a holder whose credential is to be revoked', () => {
  let house: House;

  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());

  const positionOf = async (leaf: string): Promise<number> => {
    const answer = await fetch(`${house.stack.urls.register}/v1/leaves/${leaf}`);
    return ((await answer.json()) as { announcement: { position: number } }).announcement.position;
  };

  const credentialPage = async (page: Page): Promise<void> => {
    await openWallet(page, `${house.stack.urls.wallet}/credential`);
    await page.locator('.card-status').getByText(en.credential.status.active).waitFor();
  };

  it('reads why and when, appeals, and keeps it when the approvers reverse', async () => {
    const { page, seen } = await house.visit();
    await house.enrol(page, 'robin');
    await credentialPage(page);
    expect(await page.locator('[data-announced]').count()).toBe(0);

    const leaf = await lastLeaf(house.stack);
    await decide(house.stack, { act: 'announce', leaf, reason: 'issued_in_error', after: -1 });
    await page.reload();
    await unlock(page);
    await page.locator('[data-announced="issued_in_error"]').waitFor();
    await page.getByLabel(en.announced.label).fill('I was there in person.');
    await page.getByRole('button', { name: en.announced.send }).click();
    await page.getByText(/Its reference is/).waitFor();

    const issuer = { url: house.stack.urls.issuer, fetch };
    const [approver] = house.stack.approverKeys;
    const list = (): ReturnType<typeof listAppeals> =>
      listAppeals(issuer, approver ?? ed25519.utils.randomSecretKey(), Date.now());
    const position = await positionOf(leaf);
    expect(await list()).toMatchObject([{ leaf, announcement: position, text: 'I was there in person.' }]);
    await decide(house.stack, { act: 'reverse', leaf, announcement: position });
    expect(await list()).toEqual([]);
    await credentialPage(page);
    await expect.poll(() => page.locator('[data-announced]').count()).toBe(0);
    expect(seen.faults).toEqual([]);
  });
});
