// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A sample platform with "Continue with Bauta": the code that a real one would write. The verifier is
 * mounted on the same origin, since that origin decides the pseudonyms; the platform talks to it over
 * HTTP with its key.
 *
 * ```text
 * POST /login  -> POST /v1/verifications; browser_token into a cookie; on to the wallet
 * GET  /return <- the wallet, with #response_code=…; a script posts it
 * POST /return -> GET /v1/verifications/{id} with response code and cookie; the session begins
 * ```
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { type Context, type Env, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { createPlatformClient } from '../../platform/client/client.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { errorPage, frontPage, type Html, type PageContext, returnPage } from './pages.ts';
import { Sessions } from './sessions.ts';
import { type Kind, languageOf, type Texts } from './texts.ts';

/** What a sample platform needs. */
export interface SamplePlatformOptions {
  readonly kind: Kind;
  /** Its own origin, e.g. `http://localhost:4110`. */
  readonly origin: string;
  /** Page of the wallet that takes requests, e.g. `http://localhost:4100/present`. */
  readonly walletUrl: string;
  /** The platform's verifier app. */
  readonly verifier: Hono<Env>;
  /** One of the verifier's keys. */
  readonly apiKey: string;
  /** How to reach the verifier over HTTP. Default: `fetch`. */
  readonly fetchVerifier?: typeof globalThis.fetch;
  /** Unix time in milliseconds. Default: the system's. */
  readonly clock?: () => number;
  /** Secure random bytes. Default: the system's. */
  readonly random?: (length: number) => Uint8Array;
}

/** What each kind asks. */
const ASKS = { photo: { age_over: 18 }, market: {} } as const;

/** Time to come back from the wallet, in seconds: a first visitor enrols in between. */
const LOGIN_SECONDS = 900;

const ASSETS: Readonly<Record<string, string>> = {
  'site.css': 'text/css',
  'photo.css': 'text/css',
  'market.css': 'text/css',
  'return.js': 'text/javascript',
  'photo.svg': 'image/svg+xml',
  'market.svg': 'image/svg+xml',
  'harbour.svg': 'image/svg+xml',
  'ware-0.svg': 'image/svg+xml',
  'ware-1.svg': 'image/svg+xml',
  'ware-2.svg': 'image/svg+xml',
  'ware-3.svg': 'image/svg+xml',
};

/**
 * Makes a sample platform.
 *
 * @param options - See {@link SamplePlatformOptions}.
 */
export function createSamplePlatform(options: SamplePlatformOptions): Hono {
  const { kind, origin } = options;
  const clock = options.clock ?? (() => Date.now());
  const random = options.random ?? ((length) => crypto.getRandomValues(new Uint8Array(length)));
  const client = createPlatformClient({
    url: origin,
    apiKey: options.apiKey,
    fetch: options.fetchVerifier ?? ((input, init) => fetch(input, init)),
  });
  const sessions = new Sessions(clock, random);
  // Ports share cookies, so their names carry the program's name.
  const cookies = {
    login: `__Host-bauta-${kind}-login`,
    session: `__Host-bauta-${kind}-session`,
    language: `__Host-bauta-${kind}-language`,
  };
  const guarded = { httpOnly: true, secure: true, path: '/', sameSite: 'Lax' } as const;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    // The form that begins a login is redirected to the wallet.
    `form-action 'self' ${new URL(options.walletUrl).origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

  const contextOf = (c: Context): PageContext => ({
    kind,
    texts: languageOf(getCookie(c, cookies.language), c.req.header('accept-language')),
  });
  const page = async (c: Context, content: Html, status: 200 | 400 | 502 = 200): Promise<Response> => {
    c.header('Content-Security-Policy', policy);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'same-origin');
    c.header('Cache-Control', 'no-store');
    return c.html(await content, status);
  };
  const fail = (c: Context, code: keyof Texts['errors']): Promise<Response> =>
    page(c, errorPage(contextOf(c), code), code === 'verifier_unreachable' ? 502 : 400);
  const begin = (c: Context, session: string): Response => {
    sessions.end(getCookie(c, cookies.session));
    setCookie(c, cookies.session, session, guarded);
    return c.redirect('/', 303);
  };

  const app = new Hono();
  const ownForm = [csrf({ origin }), bodyLimit({ maxSize: 4096 })] as const;

  app.get('/', (c) => page(c, frontPage(contextOf(c), sessions.find(getCookie(c, cookies.session)))));

  app.get('/assets/:file', async (c) => {
    const file = c.req.param('file');
    const type = ASSETS[file];
    if (type === undefined) {
      return c.notFound();
    }
    const bytes = await readFile(new URL(`./assets/${file}`, import.meta.url));
    return c.body(new Uint8Array(bytes), 200, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' });
  });

  app.post('/language', ...ownForm, async (c) => {
    const { language } = await c.req.parseBody();
    setCookie(c, cookies.language, language === 'zh' ? 'zh' : 'en', { ...guarded, maxAge: 31_536_000 });
    return c.redirect('/', 303);
  });

  app.post('/guest', ...ownForm, (c) => begin(c, sessions.guest()));

  app.post('/logout', ...ownForm, (c) => {
    sessions.end(getCookie(c, cookies.session));
    deleteCookie(c, cookies.session, guarded);
    return c.redirect('/', 303);
  });

  app.post('/login', ...ownForm, async (c) => {
    try {
      const begun = await client.create({
        ask: ASKS[kind],
        redirect_uri: `${origin}/return`,
        ttl_seconds: LOGIN_SECONDS,
      });
      setCookie(c, cookies.login, `${begun.id}.${begun.browser_token}`, { ...guarded, maxAge: LOGIN_SECONDS });
      return c.redirect(begun.request_url, 303);
    } catch (error) {
      requireProtocolError(error);
      return fail(c, 'verifier_unreachable');
    }
  });

  app.get('/return', (c) => page(c, returnPage(contextOf(c))));

  app.post('/return', ...ownForm, async (c) => {
    const [id, browserToken] = (getCookie(c, cookies.login) ?? '').split('.');
    const { response_code: responseCode } = await c.req.parseBody();
    if (id === undefined || browserToken === undefined) {
      return fail(c, 'login_missing');
    }
    if (typeof responseCode !== 'string' || responseCode === '') {
      return fail(c, 'form_invalid');
    }
    deleteCookie(c, cookies.login, guarded);
    try {
      const { status, result } = await client.result(id, { browserToken, responseCode });
      if (status !== 'verified' || result?.sub === undefined) {
        return await fail(c, status === 'expired' ? 'expired' : 'rejected');
      }
      return begin(c, sessions.member(result.sub, result.claims));
    } catch (error) {
      const { code } = requireProtocolError(error);
      return fail(c, code === 'verifier_unreachable' ? 'verifier_unreachable' : 'rejected');
    }
  });

  app.post('/reserve', ...ownForm, async (c) => {
    const visitor = sessions.find(getCookie(c, cookies.session));
    const item = Number((await c.req.parseBody())['item']);
    return visitor?.kind === 'member' && Number.isInteger(item) && item >= 0 && item < 4
      ? page(c, frontPage(contextOf(c), visitor, item))
      : c.redirect('/', 303);
  });

  app.route('/', options.verifier);
  return app;
}

function requireProtocolError(error: unknown): ProtocolError {
  if (!(error instanceof ProtocolError)) {
    throw error;
  }
  return error;
}
