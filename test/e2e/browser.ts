// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Chromium for the tests, and what it watches on every page: requests, broken policy, the moments that the wallet marks.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page, type Request } from 'playwright-core';

const PATHS = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Where Chromium is, or undefined where there is none. */
export function chromiumPath(): string | undefined {
  return PATHS.find((path) => path !== undefined && existsSync(path));
}

/** How Chromium is started. */
export const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A camera that shows a test pattern, and nobody to ask for it.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/** Starts Chromium without a window. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath() ?? 'chromium', args: ARGS });
}

/** Starts Chromium without a window, on a profile in a folder. */
export function launchProfile(folder: string, locale: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { executablePath: chromiumPath() ?? 'chromium', args: ARGS, locale });
}

/** A request with its time. */
interface Seen {
  readonly url: string;
  /** Unix time in milliseconds. */
  readonly at: number;
}

/** What was seen in a context. */
export interface Watch {
  readonly requests: Seen[];
  /** Broken content security policy, script errors. */
  readonly faults: string[];
  /** Moments that the wallet marked, in order; Unix time in milliseconds. */
  readonly marks: { readonly name: string; readonly at: number }[];
}

declare global {
  interface Window {
    /** Given by the tests. */
    bautaTold?: (kind: string, text: string, at: number) => void;
  }
}

/** Watches all pages and workers of a context. */
export async function watch(context: BrowserContext): Promise<Watch> {
  const seen: Watch = { requests: [], faults: [], marks: [] };
  context.on('request', (request: Request) => seen.requests.push({ url: request.url(), at: Date.now() }));
  context.on('weberror', (error) => seen.faults.push(error.error().message));
  await context.exposeFunction('bautaTold', (kind: string, text: string, at: number) => {
    if (kind === 'fault') seen.faults.push(text);
    else seen.marks.push({ name: text, at });
  });
  await context.addInitScript(() => {
    const tell = (kind: string, text: string, at: number): void => window.bautaTold?.(kind, text, at);
    document.addEventListener('securitypolicyviolation', (event) =>
      tell('fault', `${event.violatedDirective} ${event.blockedURI}`, Date.now()),
    );
    new PerformanceObserver((list) => {
      for (const { name, startTime } of list.getEntries()) tell('mark', name, performance.timeOrigin + startTime);
    }).observe({ type: 'mark', buffered: true });
  });
  return seen;
}

/** Waits for one of several things, and gives the first that is there. */
export async function firstOf(page: Page, ...selectors: readonly string[]): Promise<string> {
  await page.waitForSelector(selectors.join(', '), { timeout: 90_000 });
  for (const selector of selectors) {
    if ((await page.locator(selector).count()) > 0) return selector;
  }
  return '';
}

/** What is to be read on a page. */
export function textOf(page: Page): Promise<string> {
  return page.locator('body').innerText();
}
