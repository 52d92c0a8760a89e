// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../src/log/checkpoint.ts';
import { parseEvent } from '../../src/log/events.ts';
import { decodeBundle } from '../../src/log/tiles.ts';
import { fromBase64Url } from '../../src/protocol/scope.ts';
import { listAppeals } from '../../src/register/appeals_client.ts';
import { type Act, approve, submit } from '../../src/register/approver.ts';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { chromiumPath } from './browser.ts';
import { type House, openHouse, openWallet, unlock } from './house.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

describe.skipIf(missing)('a holder whose credential is to be revoked', () => {
  let house: House;

  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());

  /** The only leaf in the log. */
  async function onlyLeaf(): Promise<string> {
    const { urls, walletConfig } = house.stack;
    const key = { name: walletConfig.register.name, publicKey: fromBase64Url(walletConfig.register.key) };
    const { size } = openCheckpoint(await (await fetch(`${urls.register}/checkpoint`)).text(), key);
    const bundle = await fetch(`${urls.register}/tile/entries/000.p/${String(size)}`);
    const entries = decodeBundle(new Uint8Array(await bundle.arrayBuffer()), size);
    const events = entries.map((entry) => parseEvent(JSON.parse(new TextDecoder().decode(entry))));
    const added = events.filter((event) => event.kind === 'leaf_added');
    expect(added).toHaveLength(1);
    return added[0]?.leaf ?? '';
  }

  /** Two of the three approvers agree. */
  function decide(act: Act): Promise<unknown> {
    const signed = house.stack.approverKeys.slice(1).map((key) => approve(act, key));
    return submit({ url: house.stack.urls.register, fetch }, act.act, signed);
  }

  const announcementOf = async (leaf: string): Promise<{ position: number; status: string } | undefined> => {
    const answer = await fetch(`${house.stack.urls.register}/v1/leaves/${leaf}`);
    return ((await answer.json()) as { announcement?: { position: number; status: string } }).announcement;
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

    const leaf = await onlyLeaf();
    await decide({ act: 'announce', leaf, reason: 'issued_in_error', after: -1 });
    await expect.poll(async () => (await announcementOf(leaf))?.status, { timeout: 30_000 }).toBe('open');
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
    const { position = -1 } = (await announcementOf(leaf)) ?? {};
    expect(await list()).toMatchObject([{ leaf, announcement: position, text: 'I was there in person.' }]);
    await decide({ act: 'reverse', leaf, announcement: position });
    await expect.poll(async () => (await announcementOf(leaf))?.status, { timeout: 30_000 }).toBe('reversed');
    expect(await list()).toEqual([]);
    await credentialPage(page);
    await expect.poll(() => page.locator('[data-announced]').count()).toBe(0);
    expect(seen.faults).toEqual([]);
  });
});
