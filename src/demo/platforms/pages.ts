// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pages of the sample platforms: plain HTML, escaped by hono's template, no script but the one that
 * brings the wallet's answer home.
 *
 * @module
 */
import { html } from 'hono/html';
import { shortSub } from '../../wallet/ui/short_sub.ts';
import type { Member, Visitor } from './sessions.ts';
import { type Kind, LANGUAGES, type Texts } from './texts.ts';

/** A piece of HTML, already escaped. */
export type Html = ReturnType<typeof html>;

/** What every page needs. */
export interface PageContext {
  readonly kind: Kind;
  readonly texts: Texts;
}

function layout({ kind, texts }: PageContext, content: Html, head: Html = html``): Html {
  return html`<!doctype html>
    <html lang="${texts.tag}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${texts.names[kind]}</title>
        <link rel="icon" href="/assets/${kind}.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/site.css" />
        <link rel="stylesheet" href="/assets/${kind}.css" />
        ${head}
      </head>
      <body>
        <header class="top">
          <a class="brand" href="/"
            ><img src="/assets/${kind}.svg" alt="" width="32" height="32" />${texts.names[kind]}</a
          >
          <form method="post" action="/language" class="languages" aria-label="${texts.language}">
            <button name="language" value="zh" lang="zh-CN" aria-pressed="${String(texts === LANGUAGES.zh)}">
              中文
            </button>
            <button name="language" value="en" lang="en" aria-pressed="${String(texts === LANGUAGES.en)}">
              English
            </button>
          </form>
        </header>
        <main>${content}</main>
        <footer>${texts.sample}</footer>
      </body>
    </html>`;
}

/** The front page, for whoever is there. */
export function frontPage(context: PageContext, visitor: Visitor | undefined, reserved?: number): Html {
  const { kind, texts } = context;
  const front = texts.front[kind];
  const member = visitor?.kind === 'member' ? visitor : undefined;
  return layout(
    context,
    html`<section class="hero">
        <h1>${front.title}</h1>
        <p class="lead">${front.lead}</p>
      </section>
      ${member === undefined ? loginPanel(context, visitor !== undefined) : memberPanel(context, member)}
      ${kind === 'photo' ? darkroom(texts, member !== undefined) : goods(texts, member !== undefined, reserved)}`,
  );
}

function loginPanel({ kind, texts }: PageContext, guest: boolean): Html {
  const front = texts.front[kind];
  return html`<section class="panel">
    ${guest ? html`<p class="note" data-guest>${texts.guest}</p>` : ''}
    <p>${front.why}</p>
    <div class="ways">
      <form method="post" action="/login"><button class="bauta" data-login>${mask()}${texts.login}</button></form>
      ${
        guest
          ? ''
          : html`<form method="post" action="/guest">
              <button class="plain" data-continue-as-guest aria-describedby="guest-hint">${front.guest}</button>
            </form>`
      }
    </div>
    ${guest ? '' : html`<p class="soft" id="guest-hint">${front.guestHint}</p>`}
  </section>`;
}

function mask(): Html {
  return html`<svg viewBox="0 0 64 64" width="24" height="24" aria-hidden="true">
    <path
      fill="currentColor"
      fill-rule="evenodd"
      d="M14 14c5 0 13-4 18-4s13 4 18 4c1 9 0 16-3 22 4 5 6 10 6 17-6 2-13 3-21 3s-15-1-21-3c0-7 2-12 6-17-3-6-4-13-3-22ZM18 25c2 5 7 5 11 2-2-5-7-6-11-2Zm28 0c-4-4-9-3-11 2 4 3 9 3 11-2Z"
    />
  </svg>`;
}

function memberPanel({ kind, texts }: PageContext, member: Member): Html {
  const known = (name: string): name is keyof Texts['claims'] => Object.hasOwn(texts.claims, name);
  const facts = Object.entries(member.claims).map(([name, value]) => {
    const text = typeof value === 'boolean' ? (value ? texts.yes : texts.no) : String(value);
    return html`<dt>${known(name) ? texts.claims[name] : name}</dt>
      <dd data-claim="${name}">${text}</dd>`;
  });
  const time = new Intl.DateTimeFormat(texts.tag, { dateStyle: 'medium', timeStyle: 'short' }).format(member.since);
  return html`<section class="panel" data-member>
    <p class="note">${texts.welcome(member.visits)}</p>
    <h2>${texts.knows(texts.names[kind])}</h2>
    <dl>
      <dt>${texts.account}</dt>
      <dd><code data-sub>${shortSub(member.sub)}</code></dd>
      ${facts}
      <dt>${texts.time}</dt>
      <dd>${time}</dd>
    </dl>
    <details>
      <summary>${texts.accountFull}</summary>
      <code class="long" data-sub-full>${member.sub}</code>
    </details>
    <p class="soft">${texts.knowsNot}</p>
    <form method="post" action="/logout"><button class="plain" data-logout>${texts.logout}</button></form>
  </section>`;
}

const FREE = ['plain', 'warm', 'mono', 'fade'] as const;
const ADULT = ['soften', 'sketch'] as const;

function darkroom({ tools, adult, picture }: Texts, member: boolean): Html {
  const choice = (name: keyof typeof tools, open: boolean): Html =>
    html`<label class="${open ? 'choice' : 'choice locked'}">
      <input
        type="radio"
        name="filter"
        id="filter-${name}"
        ${name === 'plain' ? 'checked' : ''}
        ${open ? '' : 'disabled'}
      />
      ${tools[name]} ${open ? '' : html`<small>${adult}</small>`}
    </label>`;
  return html`<section class="work">
    <fieldset>
      <legend>${tools.title}</legend>
      ${FREE.map((name) => choice(name, true))} ${ADULT.map((name) => choice(name, member))}
    </fieldset>
    <img class="photograph" src="/assets/harbour.svg" alt="${picture}" width="640" height="420" />
  </section>`;
}

function goods({ goods: texts }: Texts, member: boolean, reserved: number | undefined): Html {
  return html`<section class="work">
    <h2>${texts.title}</h2>
    ${reserved === undefined ? '' : html`<p class="note" role="status">${texts.reserved(texts.items[reserved]?.[0] ?? '')}</p>`}
    <ul class="goods">
      ${texts.items.map(
        ([item, price], number) =>
          html`<li>
            <img class="ware" src="/assets/ware-${String(number)}.svg" alt="" width="240" height="120" />
            <span class="item">${item}</span>
            <span class="price">${price}</span>
            ${
              member
                ? html`<form method="post" action="/reserve">
                    <button class="plain" name="item" value="${String(number)}">${texts.buy}</button>
                  </form>`
                : html`<small>${texts.locked}</small>`
            }
          </li>`,
      )}
    </ul>
  </section>`;
}

/** Where the wallet sends the browser; its script posts the fragment. */
export function returnPage(context: PageContext): Html {
  const { texts } = context;
  return layout(
    context,
    html`<form method="post" action="/return" id="return" class="panel">
      <p role="status">${texts.returning}</p>
      <input type="hidden" name="response_code" />
      <noscript><p>${texts.noScript}</p></noscript>
    </form>`,
    html`<script src="/assets/return.js" defer></script>`,
  );
}

/** A login that did not succeed. */
export function errorPage(context: PageContext, code: keyof Texts['errors']): Html {
  const { kind, texts } = context;
  return layout(
    context,
    html`<section class="panel" data-error="${code}" role="alert">
      <h1>${texts.errorTitle}</h1>
      <p>${texts.errors[code]}</p>
      <div class="ways">
        <form method="post" action="/login"><button class="bauta">${mask()}${texts.login}</button></form>
        <form method="post" action="/guest"><button class="plain">${texts.front[kind].guest}</button></form>
        <a href="/">${texts.again}</a>
      </div>
    </section>`,
  );
}
