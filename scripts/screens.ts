// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run screens`: pictures of every page in both languages, at the width of a phone and of a desk, into
 * build/screens as `page.language.width.png`; the main pages also in the dark.
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
import { askFor, choosePin, PIN, showFace, unlock } from '../test/e2e/house.ts';
import { walk } from '../test/e2e/tour.ts';

const FOLDER = fileURLToPath(new URL('../build/screens', import.meta.url));
const WIDTHS = { 390: 844, 1280: 860 } as const;
const LANGUAGES = {
  en: { locale: 'en-GB', adult: 'robin' },
  'zh-CN': { locale: 'zh-CN', adult: 'wei' },
} as const;
/** Pages that are also seen in the dark. */
const DARK: ReadonlySet<string> = new Set([
  'welcome',
  'consent',
  'credential',
  'security',
  'enrol-pin',
  'photo-member',
]);
const READY = '[data-preparation="ready"]';

type Language = keyof typeof LANGUAGES;
type Shoot = (name: string) => Promise<void>;

function shooter(page: Page, language: Language): Shoot {
  const shoot: Shoot = async (name) => {
    await page.waitForFunction(() => Array.from(document.images).every(({ complete }) => complete));
    // What lies over a page covers what is seen of it, not all of it.
    const fullPage = (await page.locator('dialog[open]').count()) === 0;
    for (const [width, height] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width: Number(width), height });
      await page.screenshot({
        path: join(FOLDER, `${name}.${language}.${width}.png`),
        fullPage,
        animations: 'disabled',
      });
    }
  };
  return async (name) => {
    await shoot(name);
    if (!DARK.has(name)) return;
    await page.emulateMedia({ colorScheme: 'dark' });
    await shoot(`${name}-dark`);
    await page.emulateMedia({ colorScheme: 'light' });
  };
}

/** The sheet before and after the consent, while a part of the proving key is on its way. */
async function duringDownload(page: Page, platform: string, shoot: Shoot): Promise<void> {
  await page.evaluate(() => caches.delete('bauta-artifacts'));
  await page.route('**/artifacts/show.key/5*', () => undefined);
  await askFor(page, platform);
  await page.locator('[data-preparation]').waitFor();
  await page.waitForTimeout(2000);
  await shoot('consent-downloading');
  await page.locator('.sheet .primary').click();
  await page.locator('[data-phase="waiting"]').waitFor();
  await shoot('consent-waiting');
  await page.unrouteAll();
}

/** What a holder sees at sites, and of the wallet meanwhile. */
async function atSites(page: Page, { urls }: DemoStack, shoot: Shoot): Promise<void> {
  await page.context().clearCookies();
  await page.goto(urls.wallet);
  await duringDownload(page, urls.photo, shoot);
  await askFor(page, urls.photo);
  await page.locator(READY).waitFor();
  await page.locator('.sheet .primary').click();
  await firstOf(page, '[data-member]');
  await shoot('photo-member');
  await askFor(page, urls.market);
  await page.locator(READY).waitFor();
  await page.locator('.sheet .primary').click();
  await firstOf(page, '[data-member]');
  await shoot('market-member');
  await page.locator('.goods button').nth(1).click();
  await unlock(page);
  await page.locator(READY).waitFor();
  await shoot('consent-transaction');
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
  await shoot('consent-terminal');
  await page.locator('.sheet .primary').click();
  await page.locator('[data-code]').waitFor();
  await shoot('consent-code');

  await page.goto(urls.wallet);
  await page.locator('[data-locked] input').fill('20471937');
  await page.locator('[data-locked] form button').click();
  await page.locator('[data-problem]').waitFor();
  await shoot('unlock-wrong');
}

/** What someone sees who holds nothing. */
async function visitor(page: Page, { urls }: DemoStack, shoot: Shoot): Promise<void> {
  for (const kind of ['photo', 'market', 'poll'] as const) {
    await page.goto(urls[kind]);
    await shoot(kind);
  }
  await page.goto(`${urls.market}/terminal`);
  await shoot('market-terminal');
  await page.goto(urls.register);
  await page.locator('h1').waitFor();
  await shoot('register');
  await page.goto(`${urls.photo}/return#response_code=none`);
  await page.locator('[data-error]').waitFor();
  await shoot('photo-error');

  // A document that is refused, a phone, and a person who enrolled before and lost everything.
  await page.goto(`${urls.wallet}/enrol`);
  await page.locator('[data-kind="resident_identity_card"]').click();
  await page.locator('.person').first().waitFor();
  await shoot('enrol-card');
  await page.goto(`${urls.wallet}/enrol`);
  await page.locator('[data-kind="passport"]').click();
  await page.locator('[data-sample="noor"]').first().click();
  await page.locator('[data-problem]').waitFor();
  await shoot('enrol-refused');
}

/** Somebody whose credential is with a lost device. */
async function lostDevice(page: Page, { urls }: DemoStack, person: string, shoot: Shoot): Promise<void> {
  await page.goto(`${urls.wallet}/restore`);
  await page.locator('[data-kind="passport"]').click();
  await page.locator(`[data-sample="${person}"]`).first().click();
  await showFace(page);
  await page.locator('[data-stage="phone"] [data-name="skip"]').click();
  await page.locator('input[type="password"]').waitFor();
  await shoot('restore-pin');
  await page.locator('.button.danger').last().click();
  await page.locator('[data-name="agree"]').waitFor();
  await shoot('reset');
}

/** There is one sample person below 18, so both languages are seen in one go. */
async function minor(page: Page, stack: DemoStack): Promise<void> {
  await page.goto(`${stack.urls.wallet}/enrol`);
  await page.locator('[data-kind="passport"]').click();
  await page.locator('[data-sample="alex"]').first().click();
  await showFace(page);
  await page.locator('[data-stage="phone"] [data-name="skip"]').click();
  await choosePin(page, PIN);
  await page.locator('[data-stage="backup"] [data-name="skip"]').click();
  await firstOf(page, '[data-enrolled]');
  await askFor(page, stack.urls.photo);
  await page.locator('[data-unmet]').waitFor();
  for (const language of Object.keys(LANGUAGES) as Language[]) {
    await page.locator(`.languages [lang|="${language.slice(0, 2)}"]`).click();
    await shooter(page, language)('consent-unmet');
  }
}

async function inContext(browser: Browser, locale: string, work: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ locale, serviceWorkers: 'block' });
  // Faces in motion take a while on a busy machine.
  context.setDefaultTimeout(120_000);
  await work(await context.newPage());
  await context.close();
}

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
await buildPages();
const stack = await startDemoStack({ config: { ...ephemeralConfig(), liveness: 'required' } });
const browser = await launch();
try {
  for (const language of Object.keys(LANGUAGES) as Language[]) {
    const { locale, adult } = LANGUAGES[language];
    await inContext(browser, locale, async (page) => {
      const shoot = shooter(page, language);
      await walk({ page, stack, adult, at: shoot });
      await atSites(page, stack, shoot);
    });
    await inContext(browser, locale, (page) => visitor(page, stack, shooter(page, language)));
    await inContext(browser, locale, (page) => lostDevice(page, stack, adult, shooter(page, language)));
  }
  await inContext(browser, 'en-GB', (page) => minor(page, stack));
  console.log(`pictures are in ${FOLDER}`);
} finally {
  await browser.close();
  await stack.close();
}
