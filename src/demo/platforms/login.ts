// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * "Continue with Bauta", and everything else that has to do with who is there.
 *
 * ```text
 * POST /login  -> POST /v1/verifications; browser_token into a cookie; on to the wallet
 * GET  /return <- the wallet, with #response_code=…; a script posts it
 * POST /return -> GET /v1/verifications/{id} with response code and cookie; what was begun goes on
 * ```
 *
 * @module
 */
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { CreateVerification, Result } from '../../platform/client/messages.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { toBase64Url } from '../../protocol/scope.ts';
import { returnPage } from './layout.ts';
import { GUARDED, type Site } from './site.ts';

/** Time to come back from the wallet, in seconds: a first visitor enrols in between. */
const LOGIN_SECONDS = 900;
/** Begun verifications that are remembered at most; the oldest go first. */
const MOST_BEGUN = 10_000;

/** What goes on when the wallet has answered. */
export type Then = (c: Context, result: Result) => Response | Promise<Response>;

/** Begins a verification and goes to the wallet; afterwards `then` goes on. */
export type Begin = (c: Context, body: CreateVerification, then: Then) => Promise<Response>;

/**
 * Makes the routes by which people come and go.
 *
 * @param site - The platform.
 * @param ask - What a login asks.
 * @param marks - Whether the platform marks browsers, to notice logins in new ones.
 * @returns How to begin another verification.
 */
export function loginRoutes(site: Site, ask: CreateVerification['ask'], marks: boolean): Begin {
  const { app, client, cookies, sessions, ownForm, origin } = site;
  const waiting = new Map<string, Then>();
  const begin: Begin = async (c, body, then) => {
    try {
      const begun = await client.create({ ...body, redirect_uri: `${origin}/return`, ttl_seconds: LOGIN_SECONDS });
      const [oldest] = waiting.keys();
      if (waiting.size >= MOST_BEGUN && oldest !== undefined) waiting.delete(oldest);
      waiting.set(begun.id, then);
      setCookie(c, cookies.login, `${begun.id}.${begun.browser_token}`, { ...GUARDED, maxAge: LOGIN_SECONDS });
      return c.redirect(begun.request_url, 303);
    } catch (error) {
      requireProtocolError(error);
      return site.fail(c, 'verifier_unreachable');
    }
  };
  const enter: Then = (c, { sub, claims }) => {
    if (sub === undefined) return site.fail(c, 'rejected');
    return site.enter(c, sessions.member(sub, claims, marks ? markOf(site, c) : undefined));
  };

  app.post('/language', ...ownForm, async (c) => {
    const { language } = await c.req.parseBody();
    setCookie(c, cookies.language, language === 'zh' ? 'zh' : 'en', { ...GUARDED, maxAge: 31_536_000 });
    return c.redirect(c.req.header('referer') === `${origin}/terminal` ? '/terminal' : '/', 303);
  });
  app.post('/guest', ...ownForm, (c) => site.enter(c, sessions.begin({ kind: 'guest' })));
  app.post('/account', ...ownForm, async (c) => {
    const { name, password, do: wanted } = await c.req.parseBody();
    if (typeof name !== 'string' || typeof password !== 'string') return site.fail(c, 'form_invalid');
    const outcome = await (wanted === 'create'
      ? site.accounts.create(name.trim(), password)
      : site.accounts.signIn(name.trim(), password));
    return outcome.ok
      ? site.enter(c, sessions.begin({ kind: 'account', name: outcome.name }))
      : site.fail(c, outcome.code);
  });
  app.post('/logout', ...ownForm, (c) => {
    sessions.end(getCookie(c, cookies.session));
    deleteCookie(c, cookies.session, GUARDED);
    return c.redirect('/', 303);
  });
  app.post('/login', ...ownForm, (c) => begin(c, { ask }, enter));

  app.get('/return', (c) => site.page(c, returnPage(site.contextOf(c))));
  app.post('/return', ...ownForm, async (c) => {
    const [id, browserToken] = (getCookie(c, cookies.login) ?? '').split('.');
    const { response_code: responseCode } = await c.req.parseBody();
    if (id === undefined || browserToken === undefined) return site.fail(c, 'login_missing');
    if (typeof responseCode !== 'string' || responseCode === '') return site.fail(c, 'form_invalid');
    deleteCookie(c, cookies.login, GUARDED);
    const then = waiting.get(id) ?? enter;
    waiting.delete(id);
    try {
      const { status, result, error } = await client.result(id, { browserToken, responseCode });
      if (status === 'verified' && result !== undefined) return await then(c, result);
      if (error?.code === 'action_already_done') return await site.fail(c, 'voted');
      if (error?.code === 'access_denied') return await site.fail(c, 'declined');
      return await site.fail(c, status === 'expired' ? 'expired' : 'rejected');
    } catch (error) {
      const { code } = requireProtocolError(error);
      return site.fail(c, code === 'verifier_unreachable' ? 'verifier_unreachable' : 'rejected');
    }
  });
  return begin;
}

/** The mark of this browser; left now if it has none. */
export function markOf({ cookies, random }: Site, c: Context): string {
  const known = getCookie(c, cookies.known);
  if (known !== undefined && /^[A-Za-z0-9_-]{43}$/.test(known)) return known;
  const mark = toBase64Url(random(32));
  setCookie(c, cookies.known, mark, { ...GUARDED, maxAge: 31_536_000 });
  return mark;
}

function requireProtocolError(error: unknown): ProtocolError {
  if (!(error instanceof ProtocolError)) {
    throw error;
  }
  return error;
}
