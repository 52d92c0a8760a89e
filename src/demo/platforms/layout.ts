// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the pages of all sample platforms share: plain HTML, escaped by hono's template, no inline script or
 * style.
 *
 * @module
 */
import { html } from 'hono/html';
import { shortSub } from '../../wallet/ui/short_sub.ts';
import { SHORTEST_PASSWORD } from './accounts.ts';
import type { Member, Visitor } from './sessions.ts';
import { type Kind, LANGUAGES, type Texts } from './texts.ts';

/** A piece of HTML, already escaped. */
export type Html = ReturnType<typeof html>;

/** What every page needs. */
export interface PageContext {
  readonly kind: Kind;
  readonly texts: Texts;
}

/** A whole page. */
export function layout({ kind, texts }: PageContext, content: Html, scripts: readonly string[] = []): Html {
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
        <script src="/bauta-login.js" type="module"></script>
        ${scripts.map((name) => html`<script src="${name}" type="module"></script>`)}
      </head>
      <body>
        <header class="top">
          <a class="brand" href="/"
            ><img src="/assets/${kind}.svg" alt="" width="32" height="32" />${texts.names[kind]}</a
          >
          <form method="post" action="/language" class="languages" aria-label="${texts.language}">
            <button name="language" value="zh" lang="zh-CN" aria-pressed="${String(texts.tag === LANGUAGES.zh.tag)}">
              中文
            </button>
            <button name="language" value="en" lang="en" aria-pressed="${String(texts.tag === LANGUAGES.en.tag)}">
              English
            </button>
          </form>
        </header>
        <main>${content}</main>
        <footer>${texts.sample}</footer>
      </body>
    </html>`;
}

/** The top of a front page. */
export function hero(title: string, lead: string): Html {
  return html`<section class="hero">
    <h1>${title}</h1>
    <p class="lead">${lead}</p>
  </section>`;
}

/** The button's sign. */
export function mask(): Html {
  return html`<svg viewBox="0 0 64 64" width="24" height="24" aria-hidden="true">
    <path
      fill="currentColor"
      fill-rule="evenodd"
      d="M14 14c5 0 13-4 18-4s13 4 18 4c1 9 0 16-3 22 4 5 6 10 6 17-6 2-13 3-21 3s-15-1-21-3c0-7 2-12 6-17-3-6-4-13-3-22ZM18 25c2 5 7 5 11 2-2-5-7-6-11-2Zm28 0c-4-4-9-3-11 2 4 3 9 3 11-2Z"
    />
  </svg>`;
}

/** The verifier's own button, which takes the place of the plain one where scripts run. */
export function bautaButton({ kind, texts }: PageContext, action: string, name: 'login' | 'confirm'): Html {
  const purpose = name === 'confirm' ? 'confirm' : kind === 'photo' ? 'age' : 'login';
  const label = name === 'confirm' ? texts.market.confirm : texts.login;
  const attribute = name === 'confirm' ? html`data-confirm` : html`data-login`;
  return html`<bauta-login purpose="${purpose}" ${attribute}
    ><form method="post" action="${action}"><button class="bauta">${mask()}${label}</button></form></bauta-login
  >`;
}

/** Who is there, and the ways in: with Bauta, with a password, or not at all. */
export function visitorPanel(
  context: PageContext,
  visitor: Visitor | undefined,
  words: { readonly why: string; readonly guest: string; readonly guestHint: string },
  more: Html = html``,
): Html {
  if (visitor?.kind === 'member') return memberPanel(context, visitor, more);
  const { texts } = context;
  if (visitor?.kind === 'account') {
    return html`<section class="panel" data-account>
      <p class="note">${texts.signedIn(visitor.name)}</p>
      ${more}
      <div class="ways">${bautaButton(context, '/login', 'login')} ${logoutForm(texts)}</div>
    </section>`;
  }
  const guest = visitor !== undefined;
  return html`<section class="panel">
    ${guest ? html`<p class="note" data-guest>${texts.guest}</p>` : ''}
    <p>${words.why}</p>
    <div class="ways">
      ${bautaButton(context, '/login', 'login')}
      ${
        guest
          ? ''
          : html`<form method="post" action="/guest">
              <button class="plain" data-continue-as-guest aria-describedby="guest-hint">${words.guest}</button>
            </form>`
      }
    </div>
    <p class="soft" id="guest-hint">${words.guestHint}</p>
    ${passwordForm(texts)}
  </section>`;
}

/** The other way in. */
export function passwordForm({ password }: Texts): Html {
  return html`<details class="other">
    <summary>${password.other}</summary>
    <form method="post" action="/account" class="fields" data-password>
      <label
        >${password.name}
        <input name="name" autocomplete="username" required minlength="3" maxlength="30" aria-describedby="name-hint" />
        <small id="name-hint">${password.nameHint}</small></label
      >
      <label
        >${password.password}
        <input
          name="password"
          type="password"
          autocomplete="current-password"
          required
          minlength="${String(SHORTEST_PASSWORD)}"
          maxlength="200"
          aria-describedby="password-hint"
        />
        <small id="password-hint">${password.passwordHint}</small></label
      >
      <div class="ways">
        <button class="plain" name="do" value="sign_in">${password.signIn}</button>
        <button class="plain" name="do" value="create">${password.create}</button>
      </div>
    </form>
  </details>`;
}

function logoutForm({ logout }: Texts): Html {
  return html`<form method="post" action="/logout"><button class="plain" data-logout>${logout}</button></form>`;
}

function memberPanel({ kind, texts }: PageContext, member: Member, more: Html): Html {
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
      ${more}
    </dl>
    <details>
      <summary>${texts.accountFull}</summary>
      <code class="long" data-sub-full>${member.sub}</code>
    </details>
    <p class="soft">${texts.knowsNot}</p>
    ${logoutForm(texts)}
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
    ['/assets/return.js'],
  );
}

/** Something that did not succeed. */
export function errorPage(context: PageContext, code: keyof Texts['errors']): Html {
  const { texts } = context;
  return layout(
    context,
    html`<section class="panel" data-error="${code}" role="alert">
      <h1>${texts.errorTitle}</h1>
      <p>${texts.errors[code]}</p>
      <div class="ways"><a class="plain" href="/">${texts.again}</a></div>
    </section>`,
  );
}
