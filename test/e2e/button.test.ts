// SPDX-License-Identifier: GPL-3.0-or-later
/** The login button on a page with a strict policy: it looks right, says the right thing, and submits the page's form. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buttonScript } from '../../src/server/button_script.ts';
import { chromiumPath, launch } from './browser.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";

const PAGES: Readonly<Record<string, string>> = {
  '/': `<bauta-login purpose="age"><form method="post" action="/login"><input type="hidden" name="csrf" value="t">
    <button>plain</button></form></bauta-login>`,
  '/own': '<bauta-login action="/login"></bauta-login>',
  '/disabled': '<bauta-login action="/login" disabled></bauta-login>',
  '/return': `<bauta-return><form method="post" action="/login"><input type="hidden" name="response_code"></form>
    </bauta-return>`,
  '/bare': '',
  '/late': '<bauta-login lang="zh" theme="dark" action="/login"></bauta-login>',
};

let browser: Browser;
let server: Server;
let origin: string;
let posts: string[] = [];
let asked: string[] = [];

beforeAll(async () => {
  const script = await buttonScript();
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (path === '/bauta-login.js') {
      response.setHeader('Content-Type', 'text/javascript').end(script);
      return;
    }
    response.setHeader('Content-Security-Policy', POLICY).setHeader('Content-Type', 'text/html; charset=utf-8');
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (bytes: Buffer) => (body += bytes.toString()));
      request.on('end', () => {
        posts.push(`${path} ${body}`);
        response.end('<!doctype html><title>begun</title>');
      });
      return;
    }
    response.end(
      `<!doctype html><html lang="en"><title>t</title><script type="module" src="/bauta-login.js"></script>${PAGES[path] ?? ''}`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  browser = await launch();
}, 60_000);
afterAll(async () => {
  await browser.close();
  server.close();
});

async function open(path: string, options: BrowserContextOptions = {}): Promise<{ page: Page; faults: string[] }> {
  posts = [];
  asked = [];
  const page = await (await browser.newContext(options)).newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('favicon')) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`${origin}${path}`);
  return { page, faults };
}

/** Addresses that the browser goes back to, the oldest first, and the one that it shows. */
async function historyOf(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries, currentIndex } = await session.send('Page.getNavigationHistory');
  expect(currentIndex).toBe(entries.length - 1);
  return entries.map(({ url }) => url);
}

/** Contrast of two colours as the browser computed them, WCAG 2. */
function contrast(first: string, second: string): number {
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = [...colour.matchAll(/[\d.]+/g)].map(([part]) => {
      const value = Number(part) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low = 0, high = 0] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

describe.skipIf(chromiumPath() === undefined)('the button', () => {
  it('submits the form inside it, once, and breaks no policy', async () => {
    const { page, faults } = await open('/');
    const button = page.getByRole('button', { name: 'Show your age with Bauta' });
    expect(await page.getByText('plain').isVisible()).toBe(false);
    await button.dblclick();
    await page.waitForURL('**/login');
    expect(posts).toEqual(['/login csrf=t']);
    // Back on the page that was kept, the button works again.
    await page.goBack();
    await button.click();
    await page.waitForURL('**/login');
    expect(posts).toHaveLength(2);
    expect(faults).toEqual([]);
    expect(asked.filter((path) => !['/', '/login', '/bauta-login.js', '/favicon.ico'].includes(path))).toEqual([]);
    await page.context().close();
  });

  it('posts to its address where there is no form, by keyboard too', async () => {
    const { page, faults } = await open('/own');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/login');
    expect(posts).toEqual(['/login ']);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('does nothing while it is disabled, or when the page prevents it', async () => {
    const { page } = await open('/disabled');
    expect(await page.getByRole('button').isDisabled()).toBe(true);
    await page.evaluate(() => {
      const element = document.querySelector('bauta-login');
      element?.removeAttribute('disabled');
      element?.addEventListener('bauta-begin', (event) => {
        event.preventDefault();
      });
    });
    await page.getByRole('button').click();
    expect(posts).toEqual([]);
    await page.context().close();
  });

  it('speaks the page’s language, and changes with it', async () => {
    const { page } = await open('/own');
    expect(await page.getByRole('button').textContent()).toBe('Continue with Bauta');
    const texts = await page.evaluate(() => {
      const element = document.querySelector('bauta-login');
      const said: (string | null | undefined)[] = [];
      element?.setAttribute('lang', 'zh-CN');
      for (const purpose of ['login', 'age', 'confirm', 'once', 'unknown']) {
        element?.setAttribute('purpose', purpose);
        said.push(element?.shadowRoot?.textContent);
      }
      return said;
    });
    expect(texts).toEqual([
      '使用 Bauta 继续',
      '使用 Bauta 证明年龄',
      '使用 Bauta 确认',
      '使用 Bauta 参与',
      '使用 Bauta 继续',
    ]);
    await page.context().close();
  });

  it.each([
    ['/own', 'light', 320],
    ['/own', 'dark', 1280],
    ['/late', 'light', 320],
  ] as const)('can be read and hit: %s in a %s system at %i pixels', async (path, colorScheme, width) => {
    const { page } = await open(path, { colorScheme, viewport: { width, height: 600 } });
    const look = await page.getByRole('button').evaluate((button) => {
      const { color, backgroundColor } = getComputedStyle(button);
      const { width: wide, height } = button.getBoundingClientRect();
      return { color, backgroundColor, wide, height };
    });
    expect(contrast(look.color, look.backgroundColor)).toBeGreaterThan(7);
    expect(look.height).toBeGreaterThanOrEqual(44);
    expect(look.wide).toBeLessThanOrEqual(width);
    const isDark = colorScheme === 'dark' || path === '/late';
    expect(contrast(look.backgroundColor, isDark ? 'rgb(255 255 255)' : 'rgb(0 0 0)')).toBeLessThan(4.5);
    await page.context().close();
  });

  it('and its end bring the code from the fragment to the form, and take it out of the address', async () => {
    const { page, faults } = await open('/own');
    await page.goto(`${origin}/return#response_code=a-b_c`);
    await page.waitForURL('**/login');
    expect(posts).toEqual(['/login response_code=a-b_c']);
    // The form is sent before the page has loaded, and by nobody's hand: what follows takes its place in history.
    expect(await historyOf(page)).toEqual(['about:blank', `${origin}/own`, `${origin}/login`]);
    await page.goBack();
    expect(page.url()).toBe(`${origin}/own`);
    expect(faults).toEqual([]);
    await page.context().close();
    const { page: bare } = await open('/return');
    expect(posts).toEqual([]);
    await bare.context().close();
  });

  it('and its end leave no code in history where a page puts the end there once it has loaded', async () => {
    const { page, faults } = await open('/own');
    await page.goto(`${origin}/bare#response_code=a-b_c`);
    await page.evaluate(() => {
      const element = document.createElement('bauta-return');
      const form = document.createElement('form');
      const field = document.createElement('input');
      form.method = 'post';
      form.action = '/login';
      field.name = 'response_code';
      form.append(field);
      element.append(form);
      document.body.append(element);
    });
    await page.waitForURL('**/login');
    expect(posts).toEqual(['/login response_code=a-b_c']);
    // Browsers keep a page that had loaded; what is kept is its address without the code.
    const visited = ['/own', '/bare', '/login'].map((path) => origin + path);
    expect(await historyOf(page)).toEqual(['about:blank', ...visited]);
    await page.goBack();
    expect(page.url()).toBe(`${origin}/bare`);
    expect(posts).toHaveLength(1);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('leaves the form to browsers without scripts', async () => {
    const { page } = await open('/', { javaScriptEnabled: false });
    await page.getByText('plain').click();
    await page.waitForURL('**/login');
    expect(posts).toEqual(['/login csrf=t']);
    await page.context().close();
  });
});
