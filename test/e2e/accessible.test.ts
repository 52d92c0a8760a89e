// SPDX-License-Identifier: GPL-3.0-or-later
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { zh } from '../../src/wallet/ui/strings/zh.ts';
import { chromiumPath } from './browser.ts';
import { type House, openHouse } from './house.ts';
import { atSites, ERRANDS, lostDevice, minor, SITES, withoutCredential } from './errands.ts';
import { farewell, STOPS, walk } from './tour.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

/** WCAG 2.2, levels A and AA. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const LANGUAGES = ['zh-CN', 'en'] as const;
const THEMES = ['light', 'dark'] as const;
const DESK = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
/** Narrowest screen that pages must fit. */
const NARROW = { width: 320, height: 640 };

declare global {
  interface Window {
    axe: typeof axe;
  }
}

const isSite = (name: string): boolean => (SITES as ReadonlySet<string>).has(name);

/** What axe finds on a page, with the elements. */
async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async (tags) => {
    const found = await window.axe.run(document, {
      runOnly: { type: 'tag', values: tags },
      resultTypes: ['violations'],
    });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    );
  }, TAGS);
}

/** What sticks out of the window, or is cut off in its own box. */
function misfits(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const nameOf = (element: Element): string =>
      `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}"> ${element.textContent.trim().slice(0, 40)}`;
    const found: string[] = [];
    const width = document.documentElement.clientWidth;
    const over = document.documentElement.scrollWidth - width;
    if (over > 0) found.push(`the page is ${String(over)} px too wide`);
    for (const element of document.querySelectorAll('main *, header *, nav > *, footer *')) {
      const { right, left, width: own } = element.getBoundingClientRect();
      if (own > 1 && (right > width + 0.5 || left < -0.5)) found.push(`sticks out: ${nameOf(element)}`);
    }
    for (const element of document.querySelectorAll('button, a, h1, h2, label, strong, .card, dialog[open], .code')) {
      const wide = element.scrollWidth - element.clientWidth;
      const high = element.scrollHeight - element.clientHeight;
      // Inline boxes have no size of their own.
      if (element.clientWidth === 0 || getComputedStyle(element).display === 'inline') continue;
      if (wide > 1) found.push(`${String(wide)} px cut off at the side: ${nameOf(element)}`);
      if (high > 1 && element.matches('.card')) found.push(`${String(high)} px cut off below: ${nameOf(element)}`);
    }
    return found;
  });
}

/** A title that does not name the page: tabs, history and screen readers could not tell it from others. */
function untitled(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const heading = document.querySelector('main h1')?.textContent ?? 'no heading';
    return document.title === `${heading} – Bauta` ? [] : [`titled "${document.title}" under "${heading}"`];
  });
}

/** Has the page speak a language, whatever lies over the button for it. */
async function speak(page: Page, language: string): Promise<void> {
  await page.locator(`.languages [lang="${language}"]`).evaluate((button) => (button as HTMLButtonElement).click());
  await page.locator(`html[lang="${language}"]`).waitFor();
}

/** Looks at a page in every way in which it can be shown; it stays as it was. */
async function examine(page: Page): Promise<string[]> {
  const found: string[] = [];
  const note = (how: string, faults: readonly string[]): void => {
    for (const fault of faults) found.push(`${how}: ${fault}`);
  };
  const enlarge = (size: string): Promise<void> =>
    page.evaluate((text) => {
      document.documentElement.style.fontSize = text;
    }, size);
  for (const language of LANGUAGES) {
    await speak(page, language);
    note(language, await untitled(page));
    for (const size of [PHONE, DESK]) {
      await page.setViewportSize(size);
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        note(`${language}, ${colorScheme}, ${String(size.width)} px`, await violations(page));
      }
    }
    await page.setViewportSize(NARROW);
    note(`${language}, ${String(NARROW.width)} px`, await misfits(page));
    await page.setViewportSize(PHONE);
    note(`${language}, ${String(PHONE.width)} px`, await misfits(page));
    await enlarge('200%');
    note(`${language}, ${String(PHONE.width)} px, text of twice the size`, await misfits(page));
    await enlarge('');
  }
  await speak(page, LANGUAGES[0]);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESK);
  return found;
}

/** Looks at a page that is no wallet's, in the language in which it is shown. */
async function examineSite(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const size of [PHONE, DESK]) {
    await page.setViewportSize(size);
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const fault of await violations(page)) found.push(`${colorScheme}, ${String(size.width)} px: ${fault}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return found;
}

describe.skipIf(missing)('every page of the wallet', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse({ liveness: 'required' });
  });
  afterAll(() => house.close());
  afterEach(() => house.leave());

  it('meets WCAG 2.2 AA and fits narrow screens and large text, in both languages and themes', async () => {
    const { stack } = house;
    const found: string[] = [];
    const seen: string[] = [];
    const visit = async (): Promise<{ page: Page; at: (name: string) => Promise<void> }> => {
      const { page } = await house.visit({ locale: 'zh-CN' });
      const at = async (name: string): Promise<void> => {
        seen.push(name);
        const faults = await (isSite(name) ? examineSite(page) : examine(page));
        for (const fault of faults) found.push(`${name}, ${fault}`);
      };
      return { page, at };
    };
    const [stranger, lost, young] = [await visit(), await visit(), await visit()];
    await withoutCredential(stranger.page, stack, stranger.at);
    await minor(young.page, stack, young.at);
    const { page, at } = await visit();
    await walk({ page, stack, adult: 'robin', at });
    await atSites(page, stack, at);
    await lostDevice(lost.page, stack, 'robin', lost.at);
    await farewell({ page, stack, at });
    expect(found).toEqual([]);
    // The walk ends with a revoked credential: no other attempt helps, its own page says why and what to do.
    const ways = await page.locator('.sheet .button').allTextContents();
    expect(ways).toEqual([zh.credential.title, zh.consent.decline]);
    const names = [...STOPS, ...Object.values(ERRANDS).flat()];
    expect(seen.sort()).toEqual([...names].sort());
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
