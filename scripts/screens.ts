// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run screens`: pictures of every page in both languages, at the width of a phone and of a desk,
 * into build/screens as `page.language.width.png`; the main pages also in the dark.
 *
 * @module
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { ephemeralConfig } from '../src/server/config.ts';
import { type DemoStack, startDemoStack } from '../src/server/demo_stack.ts';
import { buildPages } from '../src/server/pages.ts';
import { firstOf, launch } from '../test/e2e/browser.ts';

const FOLDER = fileURLToPath(new URL('../build/screens', import.meta.url));
const WIDTHS = { 390: 844, 1280: 860 } as const;
const LANGUAGES = {
  en: { locale: 'en-GB', adult: 'robin' },
  'zh-CN': { locale: 'zh-CN', adult: 'wei' },
} as const;

type Language = keyof typeof LANGUAGES;
type Shoot = (name: string) => Promise<void>;

function shooter(page: Page, language: Language): Shoot {
  return async (name) => {
    for (const [width, height] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width: Number(width), height });
      await page.screenshot({
        path: join(FOLDER, `${name}.${language}.${width}.png`),
        fullPage: true,
        animations: 'disabled',
      });
    }
  };
}

async function inTheDark(page: Page, name: string, shoot: Shoot): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await shoot(`${name}-dark`);
  await page.emulateMedia({ colorScheme: 'light' });
}

async function enrol(page: Page, { urls, people }: DemoStack, id: string, shoot?: Shoot): Promise<void> {
  await page.goto(`${urls.wallet}/enrol`);
  await page.locator('.person').first().waitFor();
  await shoot?.('enrol-people');
  await page.locator('.person', { hasText: people.find((person) => person.id === id)?.name ?? id }).click();
  await page.locator('.review').waitFor();
  await page.waitForFunction(() => Array.from(document.images).every(({ complete }) => complete));
  await shoot?.('enrol-review');
  if (shoot !== undefined) {
    // The face is compared for as long as it takes to take the picture.
    await page.route('**/face', async (route) => {
      if (route.request().method() === 'PUT') await shoot('enrol-check');
      await route.continue();
    });
  }
  await page.locator('.actions .primary').click();
  await firstOf(page, '[data-enrolled]');
  await page.unrouteAll();
  await shoot?.('enrol-done');
}

async function toSheet(page: Page, platform: string): Promise<void> {
  await page.goto(platform);
  await page.locator('[data-login]').click();
  await firstOf(page, '.sheet .notice', '[data-preparation="ready"]');
}

/** The sheet before and after the consent, while a part of the proving key is on its way. */
async function duringDownload(page: Page, platform: string, shoot: Shoot): Promise<void> {
  await page.evaluate(() => caches.delete('bauta-artifacts'));
  await page.route('**/artifacts/show.key/5*', () => undefined);
  await page.goto(platform);
  await page.locator('[data-login]').click();
  await page.getByText(/9\d\s%/).waitFor();
  await shoot('consent-downloading');
  await page.locator('.sheet .primary').click();
  await page.locator('[data-phase="waiting"]').waitFor();
  await shoot('consent-waiting');
  await page.unrouteAll();
}

async function adult(page: Page, stack: DemoStack, language: Language, shoot: Shoot): Promise<void> {
  const { urls } = stack;
  await page.goto(urls.wallet);
  await page.locator('.hero').waitFor();
  await shoot('welcome');
  await inTheDark(page, 'welcome', shoot);

  await toSheet(page, urls.photo);
  await shoot('consent-newcomer');
  await enrol(page, stack, LANGUAGES[language].adult, shoot);

  await page.goto(`${urls.wallet}/credential`);
  await page.waitForTimeout(3000);
  await shoot('credential');
  await inTheDark(page, 'credential', shoot);
  await page.locator('.button.danger').first().click();
  await shoot('credential-remove');

  await duringDownload(page, urls.photo, shoot);
  await toSheet(page, urls.photo);
  await shoot('consent');
  await inTheDark(page, 'consent', shoot);
  await page.locator('.sheet .primary').click();
  await firstOf(page, '[data-member]');
  await shoot('photo-member');
  await inTheDark(page, 'photo-member', shoot);
  await toSheet(page, urls.market);
  await page.locator('.sheet .button.plain').click();
  await shoot('consent-cancelled');
  await toSheet(page, urls.market);
  await page.locator('.sheet .primary').click();
  await firstOf(page, '[data-member]');
  await page.locator('.goods button').first().click();
  await shoot('market-member');
}

async function visitor(page: Page, { urls }: DemoStack, shoot: Shoot): Promise<void> {
  for (const kind of ['photo', 'market'] as const) {
    await page.goto(urls[kind]);
    await shoot(kind);
    await inTheDark(page, kind, shoot);
    await page.locator('[data-continue-as-guest]').click();
    await page.locator('[data-guest]').waitFor();
    await shoot(`${kind}-guest`);
  }
  await page.goto(urls.register);
  await page.locator('h1').waitFor();
  await shoot('register');
  await inTheDark(page, 'register', shoot);
  await page.goto(`${urls.photo}/return#response_code=none`);
  await page.locator('[data-error]').waitFor();
  await shoot('photo-error');
  await page.goto(`${urls.wallet}/present#none`);
  await page.locator('[data-problem]').waitFor();
  await shoot('problem');
}

/** There is one sample person below 18, so both languages are seen in one go. */
async function minor(page: Page, stack: DemoStack): Promise<void> {
  await enrol(page, stack, 'alex');
  await toSheet(page, stack.urls.photo);
  for (const language of Object.keys(LANGUAGES) as Language[]) {
    await page.locator(`.languages [lang|="${language.slice(0, 2)}"]`).click();
    await shooter(page, language)('consent-unmet');
  }
}

async function inContext(browser: Browser, locale: string, work: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ locale });
  await work(await context.newPage());
  await context.close();
}

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
await buildPages();
const stack = await startDemoStack({ config: ephemeralConfig() });
const browser = await launch();
try {
  for (const language of Object.keys(LANGUAGES) as Language[]) {
    const { locale } = LANGUAGES[language];
    await inContext(browser, locale, (page) => adult(page, stack, language, shooter(page, language)));
    await inContext(browser, locale, (page) => visitor(page, stack, shooter(page, language)));
  }
  await inContext(browser, 'en-GB', (page) => minor(page, stack));
  console.log(`pictures are in ${FOLDER}`);
} finally {
  await browser.close();
  await stack.close();
}
