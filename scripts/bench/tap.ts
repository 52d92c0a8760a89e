// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From the tap to the platform's answer, in the wallet's own pages under their content security policy,
 * over HTTP on localhost: fire, the presentation posted, its whole check by the platform (proof,
 * checkpoint, nullifier, nonce), the answer received. Time begins at the time stamp of the click, when
 * the sheet says that the proof is prepared, and ends when the page's own fetch has the answer; the
 * platform's page for members follows. One person, enrolled once; each login is a new request.
 *
 * @module
 */
import type { Page } from 'playwright-core';
import { ephemeralConfig } from '../../src/server/config.ts';
import { type DemoStack, startDemoStack } from '../../src/server/demo_stack.ts';
import { buildPages } from '../../src/server/pages.ts';
import { firstOf, launch } from '../../test/e2e/browser.ts';
import type { Results } from './results.ts';
import { roundedSummary, summarize } from './stats.ts';

const RUNS = { full: 21, quick: 5 } as const;
const ANSWERS = '/oid4vp/responses';

/** What the pages are given to tell what happened, and when, in milliseconds of Unix time. */
interface Told {
  readonly benchTold: (what: 'tap' | 'verified', at: number) => void;
}

/**
 * Runs in every page: tells when a click came, and when the answer to the presentation did. No function in
 * it has a name, since tsx would refer to a helper of its own for that.
 */
function listen(answers: string): void {
  const page = window as unknown as Told;
  document.addEventListener('click', (event) => page.benchTold('tap', performance.timeOrigin + event.timeStamp), true);
  const original = window.fetch.bind(window);
  window.fetch = async (...request) => {
    const answer = await original(...request);
    if (answer.url.endsWith(answers)) page.benchTold('verified', performance.timeOrigin + performance.now());
    return answer;
  };
}

/** The PIN of the one person. */
const PIN = '20471936';

async function enrol(page: Page, stack: DemoStack): Promise<void> {
  const person = stack.people.find(({ age, chip }) => age > 18 && chip.personalNumber !== undefined);
  await page.goto(`${stack.urls.wallet}/enrol`);
  await page.locator('[data-kind="passport"]').click();
  await page
    .locator(`[data-sample="${person?.id ?? ''}"]`)
    .first()
    .click();
  await page.locator('[data-stage="face"] .primary').click();
  await page.locator('[data-stage="phone"] [data-name="skip"]').click();
  await page.locator('[data-stage="pin"] input').first().waitFor();
  for (const field of await page.locator('[data-stage="pin"] input').all()) await field.fill(PIN);
  await page.locator('[data-stage="pin"] .primary').click();
  await page.locator('[data-stage="backup"] [data-name="skip"]').click();
  if ((await firstOf(page, '[data-enrolled]', '[data-problem]')) !== '[data-enrolled]') {
    throw new Error('the sample person was not enrolled');
  }
}

/** Logs in once; gives the milliseconds from the tap to the answer and to the page for members. */
async function logIn(
  page: Page,
  url: string,
  told: Map<string, number>,
): Promise<{ verified: number; member: number }> {
  await page.goto(url);
  if ((await firstOf(page, '[data-login]', '[data-logout]')) === '[data-logout]') {
    await page.locator('[data-logout]').click();
  }
  await page.locator('[data-login]').click();
  await page.locator('[data-locked] input').fill(PIN);
  await page.locator('[data-locked] form button').click();
  await page.locator('[data-preparation="ready"]').waitFor({ timeout: 90_000 });
  told.clear();
  await page.locator('.sheet .primary').click();
  if ((await firstOf(page, '[data-member]', '[data-problem]', '[data-error]')) !== '[data-member]') {
    throw new Error('the platform did not let the person in');
  }
  const shown = Date.now();
  const [tap, verified] = [told.get('tap'), told.get('verified')];
  if (tap === undefined || verified === undefined) throw new Error('the page did not tell when it was tapped');
  return { verified: verified - tap, member: shown - tap };
}

/** Measures the time from the tap. */
export async function measureTap(quick: boolean, say: (line: string) => void): Promise<NonNullable<Results['tap']>> {
  await buildPages(() => say('building the wallet'));
  const stack = await startDemoStack({ config: ephemeralConfig() });
  const browser = await launch();
  try {
    const context = await browser.newContext({ locale: 'en-GB' });
    const told = new Map<string, number>();
    await context.exposeFunction('benchTold', (what: string, at: number) => told.set(what, at));
    await context.addInitScript(listen, ANSWERS);
    const page = await context.newPage();
    await enrol(page, stack);
    await logIn(page, stack.urls.photo, told); // downloads the files
    const times: { verified: number; member: number }[] = [];
    for (let i = 0; i < RUNS[quick ? 'quick' : 'full']; i++) {
      times.push(await logIn(page, stack.urls[i % 2 === 0 ? 'market' : 'photo'], told));
      say(`login ${String(i + 1)}`);
    }
    return {
      verified: roundedSummary(summarize(times.map(({ verified }) => verified))),
      member: roundedSummary(summarize(times.map(({ member }) => member))),
    };
  } finally {
    await browser.close();
    await stack.close();
  }
}
