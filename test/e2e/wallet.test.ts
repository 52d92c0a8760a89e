// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DemoStack } from '../../src/server/demo_stack.ts';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { zh } from '../../src/wallet/ui/strings/zh.ts';
import { chromiumPath, firstOf, launchProfile, textOf } from './browser.ts';
import { askFor, type House, logIn, openHouse, openWallet, PIN, showFace, unlock } from './house.ts';
import { readStore } from './read_store.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

describe.skipIf(missing)('in a browser', () => {
  let house: House;
  let stack: DemoStack;
  let visit: House['visit'];
  let enrol: House['enrol'];
  let choose: House['choose'];

  beforeAll(async () => {
    house = await openHouse();
    ({ stack, visit, enrol, choose } = house);
  });
  afterAll(() => house.close());
  afterEach(() => house.leave());

  it('enrols, shows the credential, logs in at two platforms and again at the first', async () => {
    const { page, seen } = await visit();
    await page.goto(stack.urls.wallet);
    await page.getByRole('link', { name: en.welcome.start }).click();
    await choose(page, 'robin');
    await page.getByRole('link', { name: en.enrol.toCredential }).click();
    await page.getByText(/^DEU$/).waitFor();
    await page.locator('.card-status').getByText(en.credential.status.active).waitFor();

    const first = await logIn(page, stack.urls.photo);
    expect(await page.locator('[data-claim]').allTextContents()).toEqual(['yes', 'yes']);
    const short = await page.locator('[data-sub]').textContent();
    await page.locator('[data-logout]').click();
    await page.locator('[data-login]').waitFor();
    const other = await logIn(page, stack.urls.market);
    expect(await page.locator('[data-claim]').count()).toBe(1);
    const again = await logIn(page, stack.urls.photo);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(await page.locator('[data-sub]').textContent()).toBe(short);
    expect(await textOf(page)).toContain('Visit number 2');

    // Nothing of anybody else was loaded, and no policy was broken.
    const guards = stack.walletConfig.guards.map(({ url }) => url);
    const own = [...Object.values(stack.urls), ...guards];
    const foreign = seen.requests.filter(({ url }) => /^http/.test(url) && !own.includes(new URL(url).origin));
    expect(foreign).toEqual([]);
    expect(seen.faults).toEqual([]);

    // From the consent on, the wallet sent nothing to anyone before the presentation itself.
    const moments = ['bauta:tap', 'bauta:proving', 'bauta:proved', 'bauta:verified'];
    expect(seen.marks.map(({ name }) => name)).toEqual([...moments, ...moments, 'bauta:kept', ...moments]);
    for (const { at } of seen.marks.filter(({ name }) => name === 'bauta:tap')) {
      const next = seen.requests.find((request) => request.at > at);
      expect(next?.url).toMatch(/\/oid4vp\/responses$/);
    }
    // No server but the platform's saw which platform asked.
    const host = new URL(stack.urls.photo).host;
    const others = [stack.urls.wallet, stack.urls.issuer, stack.urls.register, ...guards];
    for (const { url } of seen.requests.filter((request) => others.includes(new URL(request.url).origin))) {
      const { pathname, search } = new URL(url);
      expect(decodeURIComponent(pathname + search)).not.toContain(host);
    }
  });

  it('keeps only ciphertext: neither seed nor attributes stand in the profile, and the key cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bauta-profile-'));
    try {
      const context = await launchProfile(folder, 'en-GB');
      let plain: Record<string, string>;
      try {
        const page = await context.newPage();
        await enrol(page, 'wei');
        await logIn(page, stack.urls.market);
        await page.goto(`${stack.urls.wallet}/credential`);
        const store = await readStore(page, PIN);
        expect(store.exported).toEqual(['InvalidAccessError', 'InvalidAccessError']);
        expect(Object.keys(store.plain).sort()).toEqual([
          'locked/activity',
          'locked/backups',
          'locked/credentials',
          'locked/kept',
          'open/places',
          'open/synced',
        ]);
        expect(store.localStorage).toEqual([]);
        plain = store.plain;
      } finally {
        await context.close();
      }
      const [text = ''] = JSON.parse(plain['locked/credentials'] ?? '') as string[];
      const credential = JSON.parse(text) as Record<string, unknown>;
      const secrets = ['seed', 'blinding', 'leaf', 'signature'].map((name) => String(credential[name]));
      const [kept] = JSON.parse(plain['locked/kept'] ?? '') as { record: { sealed: string } }[];
      secrets.push(kept?.record.sealed.slice(0, 120) ?? '');
      for (const secret of secrets) expect(secret.length).toBeGreaterThan(40);
      expect(await search(folder, [...secrets, '"blinding":', '"attributes":{', PIN])).toEqual([]);
      // What is open while the wallet is locked says which leaf it is, and nothing else of its holder.
      const open = JSON.stringify([plain['open/places'], plain['open/synced']]);
      for (const name of ['seed', 'blinding', 'signature']) expect(open).not.toContain(String(credential[name]));
      // The search does find what is stored in clear.
      expect(await search(folder, ['bauta-wallet'])).not.toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('speaks one language at a time, by the browser and by the switch', async () => {
    const { page } = await visit({ locale: 'zh-CN' });
    const latin = /[A-Za-z]{3,}/g;
    const strange = async (): Promise<string[]> =>
      ((await textOf(page)).match(latin) ?? []).filter(
        (word) => !['Bauta', 'bauta', 'English', ...stack.people.flatMap(({ name }) => name.split(' '))].includes(word),
      );
    await page.goto(stack.urls.wallet);
    await page.getByText(zh.welcome.lead).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    expect(await strange()).toEqual([]);
    await page.getByRole('link', { name: zh.welcome.start }).click();
    await page.locator('[data-kind="passport"]').click();
    await page.locator('.person').first().waitFor();
    expect(await strange()).toEqual([]);
    await page.goto(stack.urls.photo);
    expect(await strange()).toEqual([]);
    await page.goto(stack.urls.market);
    expect(await strange()).toEqual([]);

    await page.goto(stack.urls.wallet);
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByText(en.welcome.lead).waitFor();
    expect((await textOf(page)).replace('中文', '')).not.toMatch(/\p{Script=Han}/u);
    await page.reload();
    await page.getByText(en.welcome.lead).waitFor();
  });

  it('tells a 17-year-old that the photo editor asks for more, and sends nothing', async () => {
    const { page, seen } = await visit();
    await enrol(page, 'alex');
    await askFor(page, stack.urls.photo);
    await page.locator('[data-unmet="age"]').waitFor();
    expect(await textOf(page)).toContain(en.consent.unmet.age);
    expect(seen.requests.filter(({ url }) => url.endsWith('/oid4vp/responses'))).toEqual([]);
    await logIn(page, stack.urls.market);
  });

  it('keeps a request while a newcomer enrols, with a picture of their own', async () => {
    const { page } = await visit();
    await page.goto(stack.urls.market);
    await page.locator('[data-login]').click();
    await page.getByText(en.consent.none, { exact: true }).waitFor();
    await page.getByRole('link', { name: en.welcome.start }).click();
    await page.locator('[data-kind="passport"]').click();
    await page.locator('.person').first().waitFor();
    const picture = stack.people.find(({ id }) => id === 'kim')?.portrait ?? new Uint8Array();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'me.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(picture) });
    await page.getByText(en.enrol.altered).waitFor();
    await house.finish(page);
    await page.getByRole('link', { name: en.enrol.toRequest }).click();
    await page.locator('.sheet .primary').click();
    expect(await firstOf(page, '[data-member]', '[data-problem]', '[data-error]')).toBe('[data-member]');
  });

  it('sends nothing after a cancel, and lets a guest in without Bauta', async () => {
    const { page, seen } = await visit();
    await enrol(page, 'sasha');
    await askFor(page, stack.urls.market);
    await page.getByRole('button', { name: en.consent.decline }).click();
    await page.getByText(en.consent.cancelledText).waitFor();
    await page.getByRole('link', { name: /Return to/ }).click();
    await page.locator('[data-login]').waitFor();
    expect(seen.requests.filter(({ url }) => url.endsWith('/oid4vp/responses'))).toEqual([]);
    // The same request by a link on another site's page: the wallet says so.
    const requested = page.waitForURL(/\/present#/);
    await page.locator('[data-login]').click();
    await requested;
    const link = page.url();
    await page.goto('about:blank');
    await page.goto(link, { referer: 'https://elsewhere.example/' });
    await unlock(page);
    await page.getByText(en.consent.otherSender).waitFor();
    expect(await textOf(page)).toContain('elsewhere.example');
    await page.goto(stack.urls.market);
    await page.getByRole('button', { name: 'Browse as a guest' }).click();
    await page.locator('[data-guest]').waitFor();
  });

  it('deletes everything only after asking, and then entirely', async () => {
    const { page } = await visit();
    await enrol(page, 'kim');
    const security = `${stack.urls.wallet}/security`;
    await openWallet(page, security);
    await page.getByRole('button', { name: en.credential.remove }).click();
    await page.locator('dialog[open]').getByRole('button', { name: en.credential.removeNo }).click();
    await openWallet(page, security);
    await page.getByRole('button', { name: en.credential.remove }).click();
    await page.locator('dialog[open]').getByRole('button', { name: en.credential.removeYes }).click();
    await page.getByRole('heading', { name: en.welcome.title }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: en.welcome.title }).waitFor();
    expect((await readStore(page, PIN)).plain).toEqual({});
  });

  it('takes a picture with the camera, and tells when the issuer finds no face in it', async () => {
    const { page, seen } = await visit();
    await page.goto(`${stack.urls.wallet}/enrol`);
    await page.locator('[data-kind="passport"]').click();
    await page.getByRole('button', { name: en.enrol.camera }).click();
    await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
    await page.getByRole('button', { name: en.enrol.take }).click();
    await showFace(page);
    await page.locator('[data-problem="face_missing"]').waitFor();
    expect(await textOf(page)).toContain(en.problems.face_missing);
    await page.getByRole('button', { name: en.retry }).click();
    await page.locator('[data-stage="face"] .primary').first().waitFor();
    expect(seen.faults).toEqual([]);
  });

  it('shows what went wrong and what to do: a broken link, an expired request, a person who enrolled before', async () => {
    const { page } = await visit();
    await page.goto(`${stack.urls.wallet}/present#nothing`);
    await page.locator('[data-problem="link_invalid"]').waitFor();
    expect(await textOf(page)).toContain(en.problems.link_invalid);

    await page.goto(stack.urls.photo);
    const requested = page.waitForURL(/\/present#/);
    await page.locator('[data-login]').click();
    await requested;
    const link = page.url();
    await page.goto('about:blank');
    await page.clock.install({ time: Date.now() + 16 * 60 * 1000 });
    await page.goto(link);
    await page.locator('[data-problem="request_expired"]').waitFor();
    expect(await textOf(page)).toContain(en.problems.request_expired);

    const second = (await visit()).page;
    for (const [id, code] of [
      ['wei', 'person_already_enrolled'],
      ['noor', 'person_number_missing'],
    ] as const) {
      await second.goto(`${stack.urls.wallet}/enrol`);
      await second.locator('[data-kind="passport"]').click();
      await second.locator(`[data-sample="${id}"]`).first().click();
      if (id === 'wei') {
        await showFace(second);
        await second.locator('[data-stage="phone"] [data-name="skip"]').click();
      }
      await second.locator(`[data-problem="${code}"]`).waitFor();
      expect(await textOf(second)).toContain(en.problems[code]);
      await second.getByRole('button', { name: en.enrol.otherDocument }).click();
      await second.locator('[data-kind="passport"]').waitFor();
    }
  });
});

/** Files below a folder that hold one of the texts, in UTF-8 or UTF-16. */
async function search(folder: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    const bytes = await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0));
    for (const text of texts) {
      if (bytes.includes(text, 0, 'utf8') || bytes.includes(text, 0, 'utf16le')) found.push(`${file.name}: ${text}`);
    }
  }
  return found;
}
