// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The telephones of a demonstration: messages that an issuer sends go to no network, and everybody reads
 * them on one page. It keeps the latest in memory, and shows them to whoever can open it, so that it is
 * no place for real people: {@link createInbox} refuses to run in production.
 *
 * ```text
 * GET /               the page, in the browser's language; /?lang=en and /?lang=zh choose one
 * GET /messages.json  { messages: [{ to, text, time }] }, the newest first
 * ```
 *
 * @module
 */
import { Hono } from 'hono';
import { html } from 'hono/html';
import { securityHeaders } from '../http/headers.ts';
import { installProblems } from '../http/problems.ts';
import type { SmsSender } from '../issuer/phone.ts';
import { ProtocolError } from '../protocol/errors.ts';

/** Messages that are kept. */
export const MAX_MESSAGES = 50;
/** Seconds after which the page looks again. */
const REFRESH_SECONDS = 3;

/** A message that was sent. */
export interface InboxMessage {
  /** E.164. */
  readonly to: string;
  readonly text: string;
  /** Unix milliseconds. */
  readonly time: number;
}

/** The telephones. */
export interface Inbox {
  readonly sender: SmsSender;
  readonly app: Hono;
}

type Language = 'en' | 'zh';

const TEXTS = {
  en: {
    tag: 'en',
    name: 'English',
    title: 'Messages',
    intro: 'Short messages of this demonstration arrive here, on no telephone. The page looks for new ones by itself.',
    none: 'No messages yet.',
    to: 'To',
    language: 'Language',
  },
  zh: {
    tag: 'zh-CN',
    name: '中文',
    title: '短信',
    intro: '演示中发出的短信都显示在这里，不会发到任何手机。本页会自动刷新。',
    none: '还没有短信。',
    to: '收件号码',
    language: '语言',
  },
} as const;

const STYLE = `:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:40rem;margin:0 auto;padding:1rem}
header{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:0 1rem}
nav a{margin-inline-start:1rem}
ol{list-style:none;padding:0}
li{border:1px solid;border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1rem;overflow-wrap:anywhere}
li p{margin:0;font-size:1.125rem}
small{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem}
`;

/**
 * Makes the telephones.
 *
 * @param options - `production`: whether real people may be about; `clock` in Unix milliseconds.
 * @throws {@link ProtocolError} `inbox_refused` in production.
 */
export function createInbox(options: { readonly production: boolean; readonly clock: () => number }): Inbox {
  if (options.production) {
    throw new ProtocolError(
      'inbox_refused',
      'in production codes go to telephones, not to a page: name a message centre, BAUTA_SMPP_URL',
    );
  }
  let messages: readonly InboxMessage[] = [];
  const sender: SmsSender = {
    send: (to, text) => {
      messages = [{ to, text, time: options.clock() }, ...messages].slice(0, MAX_MESSAGES);
      return Promise.resolve();
    },
  };
  const app = new Hono();
  installProblems(app);
  app.use(securityHeaders());
  app.get('/', (c) => {
    const language = languageOf(c.req.query('lang'), c.req.header('accept-language'));
    c.header(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    c.header('Refresh', String(REFRESH_SECONDS));
    return c.html(page(messages, language));
  });
  app.get('/inbox.css', (c) => c.body(STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  app.get('/messages.json', (c) => c.json({ messages }));
  return { sender, app };
}

function languageOf(asked: string | undefined, accepted = ''): Language {
  if (asked === 'en' || asked === 'zh') return asked;
  return /^\s*zh\b/i.test(accepted) ? 'zh' : 'en';
}

function page(messages: readonly InboxMessage[], language: Language) {
  const texts = TEXTS[language];
  const times = new Intl.DateTimeFormat(texts.tag, { dateStyle: 'medium', timeStyle: 'medium' });
  const items = messages.map(
    ({ to, text, time }) =>
      html`<li>
        <small
          ><span>${texts.to} ${to}</span>
          <time datetime="${new Date(time).toISOString()}">${times.format(time)}</time></small
        >
        <p>${text}</p>
      </li>`,
  );
  return html`<!doctype html>
    <html lang="${texts.tag}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${texts.title} – Bauta</title>
        <link rel="stylesheet" href="/inbox.css" />
      </head>
      <body>
        <header>
          <h1>${texts.title}</h1>
          <nav aria-label="${texts.language}">
            ${(['en', 'zh'] as const).map(
              (other) =>
                html`<a
                  href="/?lang=${other}"
                  lang="${TEXTS[other].tag}"
                  ${other === language ? html`aria-current="page"` : ''}
                  >${TEXTS[other].name}</a
                >`,
            )}
          </nav>
        </header>
        <main>
          <p>${texts.intro}</p>
          ${
            items.length === 0
              ? html`<p>${texts.none}</p>`
              : html`<ol>
                  ${items}
                </ol>`
          }
        </main>
      </body>
    </html>`;
}
