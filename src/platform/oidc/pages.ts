// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pages of the bridge: what stands between a client and the wallet is shown only when something needs a
 * person. Plain HTML, no inline script or style.
 *
 * @module
 */
import { html, raw } from 'hono/html';
import { BRIDGE_TEXTS, type BridgeLanguage, type BridgeTexts } from './texts.ts';

/** A piece of HTML, already escaped. */
type Html = ReturnType<typeof html>;

/** Files of the pages, by their names below the bridge's path. */
export const BRIDGE_FILES: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  'style.css': {
    type: 'text/css',
    text: `:root { color-scheme: light dark; --paper: #f6f6f4; --surface: #fff; --ink: #1d2022; --soft: #5a6065; --line: #d9dbd8; --brand: #12595c; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { --paper: #141617; --surface: #1d2021; --ink: #eceeed; --soft: #a9b0b3; --line: #34393b; --brand: #7fd1d4; --on: #06292b; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100svh; display: grid; place-items: center; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif; }
main { width: 100%; max-width: 30rem; padding: 1.75rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--surface); }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.3; text-wrap: balance; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
p:last-child { margin: 0; }
.soft { color: var(--soft); font-size: .875rem; }
.ways { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem; }
.ways form { display: contents; }
a.button, button { display: inline-flex; align-items: center; justify-content: center; min-height: 3rem; padding: .5rem 1.25rem; border: 1px solid var(--line); border-radius: .5rem; background: none; color: var(--ink); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
.first, a.button.first { border-color: transparent; background: var(--brand); color: var(--on); }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
@media (max-width: 30rem) { .ways > *, .ways form > button { width: 100%; } }
`,
  },
  'return.js': {
    type: 'text/javascript',
    text: `// The wallet's answer stands in the fragment, which browsers send to nobody. It is taken out of the
// address before anything else, and posted to this site once.
const codes = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, '', location.pathname);
const form = document.getElementById('return');
for (const input of form.querySelectorAll('input')) input.value = codes.get(input.name) ?? '';
form.submit();
`,
  },
};

/** Where {@link BRIDGE_FILES} are. */
export const FILES_PATH = '/oidc/files';

function layout(texts: BridgeTexts, title: string, content: Html, script = false): Html {
  return html`<!doctype html>
    <html lang="${texts.tag}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="stylesheet" href="${FILES_PATH}/style.css" />
        ${script ? html`<script src="${FILES_PATH}/return.js" defer></script>` : ''}
      </head>
      <body>
        <main>${content}</main>
      </body>
    </html>`;
}

/**
 * Where the wallet sends the browser: a script posts what the fragment holds to the same address.
 *
 * @param names - Parameters of the fragment.
 */
export function returnDocument(language: BridgeLanguage, names: readonly string[]): Html {
  const texts = BRIDGE_TEXTS[language];
  return layout(
    texts,
    texts.returning,
    html`<form method="post" id="return">
      <p role="status">${texts.returning}</p>
      ${names.map((name) => html`<input type="hidden" name="${name}" />`)}
      <noscript><p>${texts.noScript}</p></noscript>
    </form>`,
    true,
  );
}

/** An interaction that went wrong, and the ways out of it: ask again, or back to the client. */
export function problemDocument(
  language: BridgeLanguage,
  code: keyof BridgeTexts['errors'],
  interaction: string | undefined,
): Html {
  const texts = BRIDGE_TEXTS[language];
  return layout(
    texts,
    texts.errorTitle,
    html`<section role="alert" data-error="${code}">
      <h1>${texts.errorTitle}</h1>
      <p>${texts.errors[code]}</p>
      ${
        interaction === undefined
          ? ''
          : html`<div class="ways">
              <a class="button first" href="${interaction}">${texts.again}</a>
              <form method="post" action="${interaction}/cancel">
                <button>${texts.cancel}</button>
              </form>
            </div>`
      }
    </section>`,
  );
}

/** An error of the provider itself that no client can be told. */
export async function errorDocument(
  language: BridgeLanguage,
  error: string,
  text: 'request_refused' | 'interaction_unknown',
): Promise<string> {
  const texts = BRIDGE_TEXTS[language];
  const page = await layout(
    texts,
    texts.errorTitle,
    html`<section role="alert" data-error="${error}">
      <h1>${texts.errorTitle}</h1>
      <p>${texts.errors[text]}</p>
      <p class="soft"><code>${error}</code></p>
    </section>`,
  );
  return page.toString();
}

/**
 * Asks before a session ends: a link on another site could have led here.
 *
 * @param form - The provider's form, which the buttons send.
 */
export async function logoutDocument(language: BridgeLanguage, form: string): Promise<string> {
  const texts = BRIDGE_TEXTS[language];
  const page = await layout(
    texts,
    texts.logoutTitle,
    html`<h1>${texts.logoutTitle}</h1>
      <p>${texts.logoutText}</p>
      ${raw(form)}
      <div class="ways">
        <button class="first" type="submit" form="op.logoutForm" name="logout" value="yes">${texts.logoutYes}</button>
        <button type="submit" form="op.logoutForm">${texts.logoutNo}</button>
      </div>`,
  );
  return page.toString();
}

/** After a session ended, where the client named no page to go to. */
export async function loggedOutDocument(language: BridgeLanguage): Promise<string> {
  const texts = BRIDGE_TEXTS[language];
  const page = await layout(texts, texts.loggedOut, html`<h1>${texts.loggedOut}</h1>`);
  return page.toString();
}

/** Offers to bring an account along from the platform's earlier origin, or says how that went. */
export function moveDocument(
  language: BridgeLanguage,
  move: { readonly from: string; readonly to: string },
  state: 'offered' | 'done' | 'failed' | 'unreachable',
): Html {
  const texts = BRIDGE_TEXTS[language];
  const { title, lead, offer, go, skip, done } = texts.move;
  const fault = state === 'failed' || state === 'unreachable' ? texts.move[state] : undefined;
  return layout(
    texts,
    title,
    html`<h1>${title}</h1>
      ${state === 'done' ? html`<p role="status" data-moved>${done}</p>` : html`<p>${lead(move.from, move.to)}</p>`}
      ${fault === undefined ? '' : html`<p role="alert" data-move-failed="${state}">${fault}</p>`}
      ${
        state === 'done'
          ? ''
          : html`<p>${offer}</p>
              <form method="post" action="/move" class="ways"><button class="first" data-move>${go}</button></form>
              <p class="soft">${skip}</p>`
      }`,
  );
}
