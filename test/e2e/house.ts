// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A running demonstration with a browser, and what visitors do in it.
 *
 * @module
 */
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { ephemeralConfig } from '../../src/server/config.ts';
import { type DemoStack, startDemoStack } from '../../src/server/demo_stack.ts';
import { buildPages } from '../../src/server/pages.ts';
import { firstOf, launch, type Watch, watch } from './browser.ts';

/** What the sheet shows when nothing but the consent is missing. */
export const READY = '[data-preparation="ready"]';

/** See the module's description. */
export interface House {
  readonly stack: DemoStack;
  /** Someone new, with a browser of their own. */
  readonly visit: (locale?: string) => Promise<{ page: Page; seen: Watch; context: BrowserContext }>;
  /** From the enrolment page to a credential. */
  readonly enrol: (page: Page, id: string) => Promise<void>;
  /** The same, from where a person is to be chosen. */
  readonly choose: (page: Page, id: string) => Promise<void>;
  readonly nameOf: (id: string) => string;
  /** Ends the visits. */
  readonly leave: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts everything. */
export async function openHouse(): Promise<House> {
  await buildPages();
  const stack = await startDemoStack({ config: ephemeralConfig() });
  const browser = await launch();
  const contexts: BrowserContext[] = [];
  const nameOf = (id: string): string => stack.people.find((person) => person.id === id)?.name ?? '';
  const choose = async (page: Page, id: string): Promise<void> => {
    await page.getByRole('button', { name: nameOf(id) }).click();
    await page.locator('.review').waitFor();
    await page.locator('.actions .primary').click();
    expect(await firstOf(page, '[data-enrolled]', '[data-problem]')).toBe('[data-enrolled]');
  };
  return {
    stack,
    nameOf,
    choose,
    visit: async (locale = 'en-GB') => {
      const context = await browser.newContext({ locale });
      contexts.push(context);
      const seen = await watch(context);
      return { page: await context.newPage(), seen, context };
    },
    enrol: async (page, id) => {
      await page.goto(`${stack.urls.wallet}/enrol`);
      await choose(page, id);
    },
    leave: async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
    },
    close: async () => {
      await browser.close();
      await stack.close();
    },
  };
}

/** From a platform's front page to the wallet's sheet. */
export async function askFor(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('[data-login]').click();
}

/** From the sheet to the platform's page for members; gives the pseudonym's full form. */
export async function agree(page: Page): Promise<string> {
  expect(await firstOf(page, READY, '[data-problem]', '[data-unmet]')).toBe(READY);
  await page.locator('.sheet .primary').click();
  expect(await firstOf(page, '[data-member]', '[data-problem]', '[data-error]')).toBe('[data-member]');
  return (await page.locator('[data-sub-full]').textContent()) ?? '';
}

/** Both. */
export async function logIn(page: Page, url: string): Promise<string> {
  await askFor(page, url);
  return agree(page);
}
