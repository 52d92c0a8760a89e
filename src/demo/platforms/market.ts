// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The marketplace. Reserving needs an account, with Bauta or with a password. A login in a browser in which
 * the account was never seen is unusual: nothing is reserved until the holder has stepped up. What is dear
 * is confirmed in the wallet each time, by name and price.
 *
 * @module
 */
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { bautaButton, hero, type Html, layout, type PageContext, visitorPanel } from './layout.ts';
import { type Begin, markOf, type Then } from './login.ts';
import type { Visitor } from './sessions.ts';
import type { Site } from './site.ts';
import { Stock } from './stock.ts';
import { terminalRoutes } from './terminal.ts';

/** Above this price a reservation is confirmed in the wallet, yuan. */
export const DEAR = 500;

/** Makes the marketplace's routes. */
export function marketRoutes(site: Site, begin: Begin): void {
  const { app, sessions, cookies, ownForm } = site;
  const stock = new Stock();
  app.get('/', (c) => {
    const confirmed = c.req.query('confirmed') === '1';
    const state = { stock, reserved: itemOf(c.req.query('reserved')), confirmed };
    return site.page(c, frontPage(site.contextOf(c), site.visitorOf(c), state));
  });
  /** Goes on only for the account that is still logged in here. */
  const asSame =
    (sub: string, then: (c: Context) => Response): Then =>
    (c, result) => {
      const visitor = site.visitorOf(c);
      const same = visitor?.kind === 'member' && visitor.sub === sub && result.sub === sub;
      return same ? then(c) : site.fail(c, 'rejected');
    };

  app.post('/confirm', ...ownForm, (c) => {
    const visitor = site.visitorOf(c);
    if (visitor?.kind !== 'member') return site.fail(c, 'login_needed');
    const { confirmTitle: title, confirmLine } = site.contextOf(c).texts.market;
    const [label, value] = confirmLine;
    const stepUp = {
      ask: {},
      purpose: 'step_up' as const,
      expect_sub: visitor.sub,
      transaction_data: [{ title, lines: [{ label, value }] }],
    };
    const known = asSame(visitor.sub, (back) => {
      sessions.confirm(getCookie(back, cookies.session), markOf(site, back));
      return back.redirect('/?confirmed=1', 303);
    });
    return begin(c, stepUp, known);
  });

  app.post('/reserve', ...ownForm, async (c) => {
    const visitor = site.visitorOf(c);
    const owner = ownerOf(visitor);
    const number = itemOf((await c.req.parseBody())['item']);
    const texts = site.contextOf(c).texts.market;
    const item = number === undefined ? undefined : texts.items[number];
    if (owner === undefined || visitor === undefined || number === undefined || item === undefined)
      return site.fail(c, 'login_needed');
    // Both are shown on the front page; whoever sends the form all the same is led there.
    if (visitor.kind === 'member' && visitor.unusual) return c.redirect('/', 303);
    const reserve = (back: Context): Response => {
      stock.reserve(number, owner);
      return back.redirect(`/?reserved=${String(number)}`, 303);
    };
    const [name, price] = item;
    if (visitor.kind !== 'member' || price <= DEAR) return reserve(c);
    const { title, item: itemLabel, price: priceLabel } = texts.transaction;
    const lines = [
      { label: itemLabel, value: name },
      { label: priceLabel, value: texts.price(price) },
    ];
    const stepUp = {
      ask: {},
      purpose: 'step_up' as const,
      expect_sub: visitor.sub,
      transaction_data: [{ title, lines }],
    };
    return begin(c, stepUp, asSame(visitor.sub, reserve));
  });

  app.post('/release', ...ownForm, async (c) => {
    const owner = ownerOf(site.visitorOf(c));
    const number = itemOf((await c.req.parseBody())['item']);
    if (owner !== undefined && number !== undefined) stock.release(number, owner);
    return c.redirect('/', 303);
  });

  terminalRoutes(site, stock);
}

/** Number of an item in a form or an address. */
function itemOf(text: unknown): number | undefined {
  return typeof text === 'string' && /^[0-9]$/.test(text) ? Number(text) : undefined;
}

/** Under whose name something is reserved. */
function ownerOf(visitor: Visitor | undefined): string | undefined {
  if (visitor?.kind === 'member') return `sub ${visitor.sub}`;
  return visitor?.kind === 'account' ? `account ${visitor.name}` : undefined;
}

interface FrontState {
  readonly stock: Stock;
  readonly reserved: number | undefined;
  readonly confirmed: boolean;
}

function frontPage(context: PageContext, visitor: Visitor | undefined, state: FrontState): Html {
  const texts = context.texts.market;
  const owner = ownerOf(visitor);
  const own = owner === undefined ? [] : state.stock.of(owner);
  const names = own.map((number) => texts.items[number]?.[0] ?? '').join(context.texts.tag === 'en' ? ', ' : '、');
  const knows =
    visitor?.kind === 'member'
      ? html`<dt>${texts.basket}</dt>
          <dd>${names === '' ? '–' : names}</dd>
          <dt>${texts.marks}</dt>
          <dd data-browsers>${String(visitor.browsers)}</dd>`
      : html``;
  return layout(
    context,
    html`${hero(texts.title, texts.lead)} ${visitor?.kind === 'member' && visitor.unusual ? unusual(context) : ''}
      ${state.confirmed ? html`<p class="panel note" role="status" data-confirmed>${texts.confirmed}</p>` : ''}
      ${visitorPanel(context, visitor, texts, knows)} ${goods(context, visitor, state)}
      <section class="panel">
        <h2>${texts.shop}</h2>
        <p>${texts.shopText}</p>
        <a class="plain" href="/terminal">${texts.toTerminal}</a>
      </section>`,
  );
}

function unusual(context: PageContext): Html {
  const { unusual: title, unusualText } = context.texts.market;
  return html`<section class="panel warn" data-unusual>
    <h2>${title}</h2>
    <p>${unusualText}</p>
    ${bautaButton(context, '/confirm', 'confirm')}
  </section>`;
}

function goods({ texts: { market: texts } }: PageContext, visitor: Visitor | undefined, state: FrontState): Html {
  const { stock, reserved } = state;
  const owner = ownerOf(visitor);
  const name = reserved === undefined ? undefined : texts.items[reserved]?.[0];
  const own = reserved !== undefined && stock.ownerOf(reserved) === owner && owner !== undefined;
  const may = owner !== undefined && !(visitor?.kind === 'member' && visitor.unusual);
  const button = (path: string, number: number, label: string): Html =>
    html`<form method="post" action="${path}">
      <button class="plain" name="item" value="${String(number)}">${label}</button>
    </form>`;
  const action = (number: number): Html => {
    const holder = stock.ownerOf(number);
    if (holder !== undefined && holder === owner) {
      return html`<small class="mine">${texts.yours}</small>${button('/release', number, texts.release)}`;
    }
    if (holder !== undefined) return html`<small>${texts.taken}</small>`;
    if (may) return button('/reserve', number, texts.buy);
    return html`<small>${owner === undefined ? texts.locked : texts.confirmFirst}</small>`;
  };
  return html`<section class="shelf">
    <h2>${texts.goods}</h2>
    ${own && name !== undefined ? html`<p class="note" role="status" data-reserved>${texts.reserved(name)}</p>` : ''}
    <p class="soft">${texts.dear(DEAR)}</p>
    <ul class="goods">
      ${texts.items.map(
        ([item, price], number) =>
          html`<li>
            <img class="ware" src="/assets/ware-${String(number)}.svg" alt="" width="240" height="120" />
            <span class="item">${item}</span>
            <span class="price">${texts.price(price)}</span>
            ${action(number)}
          </li>`,
      )}
    </ul>
  </section>`;
}
