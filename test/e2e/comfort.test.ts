// SPDX-License-Identifier: GPL-3.0-or-later
/** Pages stand still, hold large text, and need no mouse. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath } from './browser.ts';
import { type House, openHouse, PIN, READY } from './house.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

/** Above this, Chromium's makers call a page restless. */
const MAX_SHIFT = 0.1;

declare global {
  interface Window {
    /** Unexpected shifts of this document, see below. */
    shifted?: number;
  }
}

describe.skipIf(missing)('the pages', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(async () => {
    await house.leave();
    await house.close();
  });

  it('stand still through an enrolment and a login, which needs keys only, and hold text of twice the size', async () => {
    const { page, context } = await house.visit();
    const { wallet, market } = house.stack.urls;
    await context.addInitScript(() => {
      // As Chromium's makers count: the largest sum of shifts less than a second apart, over five seconds at most.
      let [sum, began, last] = [0, -Infinity, -Infinity];
      window.shifted = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
          if (entry.hadRecentInput) continue;
          const { startTime, value } = entry;
          if (startTime - last > 1000 || startTime - began > 5000) [sum, began] = [0, startTime];
          last = startTime;
          sum += value;
          window.shifted = Math.max(window.shifted ?? 0, sum);
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    const shifted = (): Promise<number> => page.evaluate(() => window.shifted ?? 1);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(wallet);
    await page.locator('.hero').waitFor();
    expect(await shifted()).toBeLessThan(MAX_SHIFT);
    await house.enrol(page, 'robin');
    expect(await shifted()).toBeLessThan(MAX_SHIFT);

    await page.goto(market);
    await page.locator('[data-login]').click();
    await page.locator('[data-locked] input').waitFor();
    // The field has the focus already.
    await page.keyboard.type(PIN);
    await page.keyboard.press('Enter');
    await page.locator(READY).waitFor();
    expect(await shifted()).toBeLessThan(MAX_SHIFT);

    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%';
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    for (const button of await page.locator('.sheet .button').all()) {
      const cut = await button.evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(cut).toBeLessThanOrEqual(0);
    }

    const isThere = (): Promise<boolean> =>
      page.evaluate(() => document.activeElement?.matches('.sheet .primary') === true);
    for (let presses = 0; presses < 20 && !(await isThere()); presses++) await page.keyboard.press('Tab');
    expect(await isThere()).toBe(true);
    await page.keyboard.press('Enter');
    await page.locator('[data-member]').waitFor();
  });
});
