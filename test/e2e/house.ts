// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A running demonstration with a browser, and what visitors do in it.
 *
 * @module
 */
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Config, ephemeralConfig } from '../../src/server/config.ts';
import { type DemoStack, startDemoStack } from '../../src/server/demo_stack.ts';
import { firstOf, launch, type Watch, watch } from './browser.ts';

/** What the sheet shows when nothing but the consent is missing. */
export const READY = '[data-preparation="ready"]';

/** The PIN of everyone here. */
export const PIN = '20471936';

/** What may differ between visits. */
export interface Visit {
  readonly locale?: string;
  /** With the wallet's service worker. What it answers cannot be intercepted, so most tests go without. */
  readonly serviceWorker?: boolean;
  /** Stands between the browser and everything else. */
  readonly proxy?: { readonly server: string; readonly bypass: string };
}

/** See the module's description. */
export interface House {
  readonly stack: DemoStack;
  /** Someone new, with a browser of their own. */
  readonly visit: (options?: Visit) => Promise<{ page: Page; seen: Watch; context: BrowserContext }>;
  /** From the enrolment page to a credential behind {@link PIN}, without a phone and without words. */
  readonly enrol: (page: Page, id: string) => Promise<void>;
  /** The same, from where a kind of document is to be chosen. */
  readonly choose: (page: Page, id: string) => Promise<void>;
  /** The same, from where the face is to be shown. */
  readonly finish: (page: Page) => Promise<void>;
  /** Ends the visits. */
  readonly leave: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Starts everything.
 *
 * @param changes - Of the configuration; without them a single picture shows a face.
 */
export async function openHouse(changes: Partial<Config> = {}): Promise<House> {
  const stack = await startDemoStack({ config: { ...ephemeralConfig(), ...changes } });
  const browser = await launch();
  const contexts: BrowserContext[] = [];
  const choose = async (page: Page, id: string): Promise<void> => {
    await page.locator('[data-kind="passport"]').click();
    await page.locator(`[data-sample="${id}"]`).first().click();
    await finish(page);
  };
  const finish = async (page: Page): Promise<void> => {
    await showFace(page);
    await page.locator('[data-stage="phone"] [data-name="skip"]').click();
    await choosePin(page, PIN);
    await page.locator('[data-stage="backup"] [data-name="skip"]').click();
    const end = await firstOf(page, '[data-enrolled]', '[data-problem]');
    const problem = page.locator('[data-problem]').first();
    expect(end, (await problem.count()) > 0 ? String(await problem.getAttribute('data-problem')) : '').toBe(
      '[data-enrolled]',
    );
  };
  return {
    stack,
    choose,
    finish,
    visit: async ({ locale = 'en-GB', serviceWorker = false, proxy } = {}) => {
      const context = await browser.newContext({
        locale,
        serviceWorkers: serviceWorker ? 'allow' : 'block',
        ...(proxy === undefined ? {} : { proxy }),
      });
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

/** The step in which the sample person's face is shown. */
export async function showFace(page: Page): Promise<void> {
  expect(await firstOf(page, '[data-stage="face"] .primary', '[data-problem]')).toBe('[data-stage="face"] .primary');
  await page.locator('[data-stage="face"] .primary').click();
}

/** The step in which a PIN is chosen. */
export async function choosePin(page: Page, pin: string): Promise<void> {
  expect(await firstOf(page, '[data-stage="pin"] input', '[data-problem]')).toBe('[data-stage="pin"] input');
  for (const field of await page.locator('[data-stage="pin"] input').all()) await field.fill(pin);
  await page.locator('[data-stage="pin"] .primary').click();
}

/** Unlocks, wherever the wallet asks for it. */
export async function unlock(page: Page, pin = PIN): Promise<void> {
  await page.locator('[data-locked] input').fill(pin);
  await page.locator('[data-locked] form button').click();
}

/** Goes to a page of the wallet and unlocks it. */
export async function openWallet(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await unlock(page);
  await page.locator('nav.bar').waitFor();
}

/** From a platform's front page to the wallet's sheet. */
export async function askFor(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('[data-login]').click();
  await unlock(page);
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
