// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Addresses of the register's page: `/` in the visitor's language, and a file for each language.
 *
 * @module
 */
import { type Context, Hono } from 'hono';
import type { RegisterContext } from '../config.ts';
import { readPageData } from './history.ts';
import { pageFile, registerPage, STYLE_FILE } from './page.ts';
import { STYLE } from './style.ts';
import { chooseLanguage, PAGE_LANGUAGES, type PageLanguage } from './texts.ts';

/** Seconds for which a page is not made again, however many ask. */
const FRESH_SECONDS = 5;
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The routes. */
export function pageRoutes(register: RegisterContext): Hono {
  const made = new Map<PageLanguage, { readonly at: number; readonly page: Promise<string> }>();
  const make = async (language: PageLanguage): Promise<string> =>
    String(await registerPage(await readPageData(register), language));
  const pageIn = (language: PageLanguage): Promise<string> => {
    const now = register.clock();
    const known = made.get(language);
    if (known !== undefined && Math.abs(now - known.at) < FRESH_SECONDS * 1000) {
      return known.page;
    }
    const page = make(language);
    made.set(language, { at: now, page });
    page.catch(() => made.delete(language));
    return page;
  };
  const answer = async (c: Context, language: PageLanguage, headers: Readonly<Record<string, string>> = {}) =>
    c.html(await pageIn(language), 200, {
      'Content-Security-Policy': POLICY,
      'Content-Language': language === 'zh' ? 'zh-CN' : 'en',
      'Cache-Control': 'no-cache',
      ...headers,
    });
  const app = new Hono();
  app.get('/', (c) => answer(c, chooseLanguage(c.req.header('Accept-Language')), { Vary: 'Accept-Language' }));
  for (const language of PAGE_LANGUAGES) app.get(`/${pageFile(language)}`, (c) => answer(c, language));
  app.get(`/${STYLE_FILE}`, (c) =>
    c.body(STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'no-cache' }),
  );
  return app;
}
