// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The terminal at the counter of the marketplace's shop: another device than the customer's. It shows a QR
 * code for a short while; the customer's wallet answers and shows a code, which is typed here. What comes
 * out is a pseudonym with `channel: cross_device`: good for handing over what is reserved under it, and for
 * nothing more. docs/protocol.md section 6; docs/threat-model.md says what a relay can do.
 *
 * @module
 */
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { encodeQR } from 'qr';
import { ProtocolError } from '../../protocol/errors.ts';
import { toBase64Url } from '../../protocol/scope.ts';
import { shortSub } from '../../wallet/ui/short_sub.ts';
import { type Html, layout, type PageContext } from './layout.ts';
import { GUARDED, type Site } from './site.ts';
import type { Stock } from './stock.ts';

/** Seconds for which a code on the screen can be scanned. */
export const SCAN_SECONDS = 120;
/** Terminals that are remembered at most; the oldest go first. */
const MOST_TERMINALS = 1000;

/** What a terminal shows. */
type Shown =
  | { readonly at: 'idle'; readonly over?: boolean; readonly handed?: number }
  | {
      readonly at: 'scan';
      readonly id: string;
      readonly browserToken: string;
      readonly url: string;
      /** Unix milliseconds. */
      readonly ends: number;
      readonly wrong?: boolean;
      readonly answered?: boolean;
    }
  | { readonly at: 'customer'; readonly sub: string };

/** Makes the terminal's routes. */
export function terminalRoutes(site: Site, stock: Stock): void {
  const { app, client, clock, cookies, ownForm } = site;
  const terminals = new Map<string, Shown>();
  const find = (c: Context): Shown => terminals.get(getCookie(c, cookies.terminal) ?? '') ?? { at: 'idle' };
  const show = (c: Context, shown: Shown): Response => {
    const known = getCookie(c, cookies.terminal);
    const name = known !== undefined && terminals.has(known) ? known : toBase64Url(site.random(32));
    const [oldest] = terminals.keys();
    if (terminals.size >= MOST_TERMINALS && oldest !== undefined) terminals.delete(oldest);
    terminals.set(name, shown);
    setCookie(c, cookies.terminal, name, GUARDED);
    return c.redirect('/terminal', 303);
  };

  app.get('/terminal', async (c) => {
    const shown = find(c);
    const context = site.contextOf(c);
    const late = shown.at === 'scan' && clock() >= shown.ends && !(await hasAnswer(shown));
    return site.page(c, terminalPage(context, late ? { at: 'idle', over: true } : shown, stock, clock()));
  });

  app.post('/terminal', ...ownForm, async (c) => {
    try {
      const begun = await client.create({ ask: {}, channel: 'cross_device', ttl_seconds: SCAN_SECONDS });
      const { id, browser_token: browserToken, request_url: url, expires_at } = begun;
      return show(c, { at: 'scan', id, browserToken, url, ends: Date.parse(expires_at) });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return site.fail(c, 'verifier_unreachable');
    }
  });

  const hasAnswer = async ({ id, browserToken }: Extract<Shown, { at: 'scan' }>): Promise<boolean> => {
    try {
      return (await client.result(id, { browserToken })).status === 'answered';
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return false;
    }
  };

  app.get('/terminal/state', async (c) => {
    const shown = find(c);
    c.header('Cache-Control', 'no-store');
    if (shown.at !== 'scan') return c.json({ state: shown.at });
    if (await hasAnswer(shown)) return c.json({ state: 'answered' });
    return c.json({ state: clock() < shown.ends ? 'waiting' : 'over' });
  });

  app.post('/terminal/code', ...ownForm, async (c) => {
    const shown = find(c);
    const { code } = await c.req.parseBody();
    if (shown.at !== 'scan' || typeof code !== 'string') return show(c, { at: 'idle', over: true });
    try {
      const { browserToken } = shown;
      const { status, result } = await client.result(shown.id, { browserToken, responseCode: code.slice(0, 64) });
      return status === 'verified' && result?.sub !== undefined
        ? show(c, { at: 'customer', sub: result.sub })
        : show(c, { at: 'idle', over: true });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return error.code === 'response_code_invalid'
        ? show(c, { ...shown, wrong: true, answered: await hasAnswer(shown) })
        : show(c, { at: 'idle', over: true });
    }
  });

  app.post('/terminal/handover', ...ownForm, (c) => {
    const shown = find(c);
    if (shown.at !== 'customer') return c.redirect('/terminal', 303);
    const owner = `sub ${shown.sub}`;
    const items = stock.of(owner);
    for (const item of items) stock.release(item, owner);
    return show(c, { at: 'idle', handed: items.length });
  });

  app.post('/terminal/next', ...ownForm, (c) => {
    terminals.delete(getCookie(c, cookies.terminal) ?? '');
    deleteCookie(c, cookies.terminal, GUARDED);
    return c.redirect('/terminal', 303);
  });
}

function terminalPage(context: PageContext, shown: Shown, stock: Stock, now: number): Html {
  const texts = context.texts.market.terminal;
  return layout(
    context,
    html`<section class="counter" id="terminal" data-at="${shown.at}">
      <h1>${texts.title}</h1>
      ${shown.at === 'idle' ? idle(context, shown) : shown.at === 'scan' ? scan(context, shown, now) : customer(context, shown, stock)}
    </section>`,
    shown.at === 'scan' ? ['/assets/terminal.js'] : [],
  );
}

function idle({ texts }: PageContext, { over, handed }: Extract<Shown, { at: 'idle' }>): Html {
  const { terminal } = texts.market;
  return html`<p class="lead">${terminal.lead}</p>
    ${over === true ? html`<p class="note" role="alert" data-over>${terminal.over}</p>` : ''}
    ${handed === undefined ? '' : html`<p class="note" role="status" data-handed>${terminal.handed(handed)}</p>`}
    <form method="post" action="/terminal"><button class="strong" data-scan>${terminal.start}</button></form>`;
}

function scan({ texts }: PageContext, shown: Extract<Shown, { at: 'scan' }>, now: number): Html {
  const { terminal } = texts.market;
  return html`<div class="scan">
    <figure>
      ${qrCode(shown.url, terminal.alt)}
      <figcaption>${terminal.scan}</figcaption>
    </figure>
    <div class="panel">
      <p role="status" data-state data-answered="${terminal.answered}">
        ${shown.answered === true ? terminal.answered : terminal.waiting}
      </p>
      <p class="soft" ${shown.answered === true ? 'hidden' : ''}>
        ${terminal.ends}
        <b data-left>${String(Math.max(0, Math.ceil((shown.ends - now) / 1000)))}</b> ${terminal.seconds}
      </p>
      ${shown.wrong === true ? html`<p class="note" role="alert" data-wrong>${terminal.wrong}</p>` : ''}
      <form method="post" action="/terminal/code" class="fields">
        <label
          >${terminal.code}
          <input
            name="code"
            required
            maxlength="20"
            autocomplete="off"
            autocapitalize="characters"
            spellcheck="false"
            class="typed"
        /></label>
        <button class="strong">${terminal.send}</button>
      </form>
      <p class="soft"><a href="${shown.url}" target="_blank" rel="noopener" data-link>${terminal.link}</a></p>
    </div>
  </div>`;
}

function customer({ texts }: PageContext, { sub }: Extract<Shown, { at: 'customer' }>, stock: Stock): Html {
  const { terminal, items } = texts.market;
  const own = stock.of(`sub ${sub}`);
  return html`<div class="panel" data-customer>
    <h2>${terminal.customer} <code>${shortSub(sub)}</code></h2>
    ${
      own.length === 0
        ? html`<p>${terminal.nothing}</p>`
        : html`<ul>
              ${own.map((number) => html`<li>${items[number]?.[0] ?? ''}</li>`)}
            </ul>
            <form method="post" action="/terminal/handover">
              <button class="strong" data-hand-over>${terminal.handOver}</button>
            </form>`
    }
    <p class="soft">${terminal.note}</p>
    <form method="post" action="/terminal/next"><button class="plain">${terminal.next}</button></form>
  </div>`;
}

/** A QR code as one path. */
function qrCode(text: string, label: string): Html {
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: 4 });
  const path = rows
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${String(x)} ${String(y)}h1v1h-1z` : '')))
    .join('');
  const box = `0 0 ${String(rows.length)} ${String(rows.length)}`;
  return html`<svg class="qr" viewBox="${box}" role="img" aria-label="${label}" shape-rendering="crispEdges">
    <rect width="100%" height="100%" fill="#fff" />
    <path d="${path}" fill="#000" />
  </svg>`;
}
