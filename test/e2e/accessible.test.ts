// SPDX-License-Identifier: GPL-3.0-or-later
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath } from './browser.ts';
import { type House, openHouse } from './house.ts';
import { walk } from './tour.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

/** WCAG 2.2, levels A and AA. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Narrowest screen that pages must fit. */
const NARROW = { width: 320, height: 640 };
const WIDE = { width: 1280, height: 860 };

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** What axe finds on a page, with the elements. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async (tags) => {
    const found = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    );
  }, TAGS);
}

describe.skipIf(missing)('every page of the wallet', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());
  afterEach(() => house.leave());

  it('meets WCAG 2.2 AA in both themes and fits a narrow screen', async () => {
    const { page } = await house.visit({ locale: 'zh-CN' });
    const found: string[] = [];
    const seen: string[] = [];
    await walk({
      page,
      stack: house.stack,
      adult: 'robin',
      at: async (name) => {
        seen.push(name);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          for (const each of await violations(page)) found.push(`${name}, ${colorScheme}: ${each}`);
        }
        await page.emulateMedia({ colorScheme: 'light' });
        await page.setViewportSize(NARROW);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) found.push(`${name}: ${String(overflow)} px too wide`);
        await page.setViewportSize(WIDE);
      },
    });
    expect(found).toEqual([]);
    expect(seen.length).toBeGreaterThan(25);
  });

  it('can be used by keyboard alone, from the first page to the choice of a document', async () => {
    const { page } = await house.visit();
    await page.goto(house.stack.urls.wallet);
    await page.locator('.hero').waitFor();
    /** Presses Tab until the focus is on something that matches. */
    const tabTo = async (selector: string): Promise<void> => {
      for (let presses = 0; presses < 30; presses++) {
        await page.keyboard.press('Tab');
        const there = await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector);
        if (there) {
          const outline = await page.evaluate(() => {
            const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
            return `${outlineStyle} ${outlineWidth}`;
          });
          expect(outline).toBe('solid 3px');
          return;
        }
      }
      expect.fail(`no way to ${selector}`);
    };
    await tabTo('.hero .primary');
    await page.keyboard.press('Enter');
    await page.locator('[data-kind="passport"]').waitFor();
    // The heading has the focus on a new page, so that screen readers begin there.
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    await tabTo('[data-kind="passport"]');
    await page.keyboard.press('Enter');
    await page.locator('.person').first().waitFor();
    await tabTo('.person');
  });
});
