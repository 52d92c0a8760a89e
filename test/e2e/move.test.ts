// SPDX-License-Identifier: GPL-3.0-or-later
/** A platform that has moved, in Chromium: the sheet on which two pseudonyms are linked, in both languages. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/http/logs.ts';
import { parseVerifierConfig } from '../../src/server/verifier_config.ts';
import { type RunningVerifier, startVerifier } from '../../src/server/verifier_program.ts';
import { openDatabase } from '../../src/storage/open.ts';
import type { OriginSchema } from '../../src/storage/origin.ts';
import { shortSub } from '../../src/wallet/ui/short_sub.ts';
import { en, type Strings } from '../../src/wallet/ui/strings/en.ts';
import { zh } from '../../src/wallet/ui/strings/zh.ts';
import { chromiumPath, firstOf, textOf, type Watch } from './browser.ts';
import { type House, openHouse, openWallet, unlock } from './house.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';
const API_KEY = 'a-key-of-twenty-characters';
const AGREE = '.sheet .actions .primary';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

async function freeOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  return `http://localhost:${String(port)}`;
}

describe.skipIf(missing)('a move to another address', () => {
  let house: House;
  let page: Page;
  let seen: Watch;
  let folder: string;
  let before: string;
  let now: string;
  const running: RunningVerifier[] = [];
  const hostOf = (origin: string): string => new URL(origin).host;
  const fileOf = (origin: string): string => `file:${join(folder, new URL(origin).port)}.db`;

  async function start(origin: string, changes: object): Promise<void> {
    const { register } = house.stack.walletConfig;
    const config = {
      origin,
      listen: { host: 'localhost', port: Number(new URL(origin).port) },
      operations: { host: 'localhost', port: 0 },
      wallet_url: `${house.stack.urls.wallet}/present`,
      database: fileOf(origin),
      api_keys: [API_KEY],
      register: {
        url: register.url,
        name: register.name,
        key: register.key,
        time_zone: register.timeZone,
        epoch_seconds: register.epochSeconds,
        turn: register.turn,
        witnesses: register.witnesses.map(({ name, key }) => ({ name, key })),
        threshold: register.threshold,
      },
      verifying_threads: 0,
      shutdown: { delay_seconds: 0, grace_seconds: 1 },
      ...changes,
    };
    const logger = createLogger('verifier', { write: () => undefined });
    running.push(await startVerifier(parseVerifierConfig(config, {}), { logger }));
  }

  beforeAll(async () => {
    house = await openHouse();
    folder = await mkdtemp(join(tmpdir(), 'bauta-move-'));
    [before, now] = [await freeOrigin(), await freeOrigin()];
    const client = {
      client_id: 'shop',
      client_secret: 'a secret of the shop that is long enough',
      name: 'Shop',
      redirect_uris: [`${now}/callback`],
    };
    await start(before, {});
    await start(now, {
      oidc: { name: 'forum', secret: randomBytes(32).toString('base64url'), clients: [client] },
      moved_from: { origin: before, api_key: API_KEY },
    });
    ({ page, seen } = await house.visit());
    await house.enrol(page, 'robin');
  });
  afterAll(async () => {
    for (const verifier of running) await verifier.end();
    await house.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** From the page of the new address to the wallet's sheet, in a language. */
  async function toSheet(strings: Strings): Promise<void> {
    await page.goto(house.stack.urls.wallet);
    await page.locator(`.languages [lang="${strings.tag}"]`).first().click();
    await page.goto(`${now}/move`);
    await page.locator('[data-move]').click();
    // Who asks stands above the lock; that pseudonyms are linked is behind it.
    await page.locator('[data-locked] input').waitFor();
    expect(await page.locator('.asker h1').innerText()).toContain(hostOf(before));
    expect(await textOf(page)).not.toContain(strings.move.links);
    await unlock(page);
    expect(await firstOf(page, AGREE, '[data-problem]')).toBe(AGREE);
  }

  /** The pseudonyms that the new address keeps as one person's. */
  async function linked(): Promise<readonly OriginSchema['moved'][]> {
    const database = await openDatabase<OriginSchema>(fileOf(now));
    try {
      return await database.kysely.selectFrom('moved').selectAll().execute();
    } finally {
      await database.close();
    }
  }

  const answersTo = (origin: string): number =>
    seen.requests.filter(({ url }) => url === `${origin}/oid4vp/responses`).length;

  it.each([
    ['Chinese', zh],
    ['English', en],
  ])(
    'is shown with both addresses large and with what is linked, in %s, and declined without a word',
    async (_, strings) => {
      await toSheet(strings);
      const heading = page.locator('.asker h1');
      const lines = (await heading.innerText()).split('\n').map((line) => line.trim());
      expect(lines).toEqual([hostOf(before), `→ ${hostOf(now)}`]);
      const sizeOf = (element: Element): number => Number.parseFloat(getComputedStyle(element).fontSize);
      const plain = await page.locator('.asker p').evaluate(sizeOf);
      for (const line of await heading.locator('span').all()) {
        expect(await line.evaluate(sizeOf)).toBeGreaterThanOrEqual(1.25 * plain);
      }
      const text = await textOf(page);
      const told = strings.move.linksText(`FROM (${hostOf(before)})`, `TO (${hostOf(now)})`);
      const [start = '', middle = '', end = ''] = told.split(/FROM|TO/);
      const match = new RegExp([start, middle, end].map(escaped).join('(.{9})'), 'u').exec(text);
      expect([text, match?.length]).toEqual([text, 3]);
      expect(match?.[1]).not.toBe(match?.[2]);
      for (const words of [strings.move.says, strings.move.links, strings.move.onlyIf(hostOf(before), hostOf(now))]) {
        expect(text).toContain(words);
      }

      const sent = seen.requests.length;
      await page.getByRole('button', { name: strings.consent.decline, exact: true }).click();
      await page.locator('[data-phase="cancelled"]').waitFor();
      expect(await textOf(page)).toContain(strings.consent.cancelledText);
      const back = page.getByRole('link', { name: strings.consent.returnTo(hostOf(now)) });
      expect(await back.getAttribute('href')).toBe(now);
      expect(await page.locator(AGREE).count()).toBe(0);
      // Neither address hears of it.
      const asked = seen.requests
        .slice(sent)
        .filter(({ url }) => [before, now].some((origin) => url.startsWith(origin)));
      expect(asked).toEqual([]);
      expect(await linked()).toEqual([]);
      expect(seen.faults).toEqual([]);
    },
  );

  it('proves both pseudonyms once the holder agrees, even before anything is prepared', async () => {
    const held: Route[] = [];
    let open = false;
    const register = `${house.stack.urls.register}/**`;
    await page.route(register, async (route) => {
      if (open) await route.continue();
      else held.push(route);
    });
    await toSheet(en);
    const text = await textOf(page);
    await page.locator(AGREE).click();
    await page.locator('[data-phase="working"]').waitFor();
    expect([answersTo(before), answersTo(now)]).toEqual([0, 0]);
    open = true;
    for (const route of held.splice(0)) await route.continue();
    expect(await firstOf(page, '[data-moved]', '[data-move-failed]', '[data-problem]')).toBe('[data-moved]');
    expect(new URL(page.url()).origin).toBe(now);
    expect([answersTo(before), answersTo(now)]).toEqual([1, 1]);
    const [pair, ...more] = await linked();
    expect(more).toEqual([]);
    expect(pair?.sub).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(pair?.old_sub).not.toBe(pair?.sub);
    // The two that the sheet named, and in the right order.
    const named = en.move.linksText(
      `${shortSub(pair?.old_sub ?? '')} (${hostOf(before)})`,
      `${shortSub(pair?.sub ?? '')} (${hostOf(now)})`,
    );
    expect(text).toContain(named);
    expect(seen.faults).toEqual([]);
    await page.unroute(register);
    // The holder's own list has both addresses, and both times that the move was declined before.
    await openWallet(page, `${house.stack.urls.wallet}/activity`);
    await page.locator('[data-entry="shared"]').first().waitFor();
    const listed = await page
      .locator('[data-entry]')
      .evaluateAll((entries) => entries.map((entry) => [entry.getAttribute('data-entry'), entry.textContent]));
    for (const origin of [before, now]) {
      const outcomes = listed.filter(([, told]) => told?.includes(hostOf(origin)) === true).map(([outcome]) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'shared')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'declined')).toHaveLength(2);
    }
  });
});
