// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What every sample platform is made of: its cookies, its headers, who is there, and the verifier's client.
 *
 * @module
 */
import { type Context, type Env, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { createPlatformClient, type PlatformClient } from '../../platform/client/client.ts';
import { Accounts } from './accounts.ts';
import { errorPage, type Html, type PageContext } from './layout.ts';
import { Sessions, type Visitor } from './sessions.ts';
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
  /** The register's time zone, an IANA name. Default: Asia/Shanghai. */
  readonly timeZone?: string;
  /** Unix time in milliseconds. Default: the system's. */
  readonly clock?: () => number;
  /** Secure random bytes. Default: the system's. */
  readonly random?: (length: number) => Uint8Array;
}

/** Status of a page. */
type PageStatus = 200 | 400 | 403 | 502;

/** Attributes of every cookie. */
export const GUARDED = { httpOnly: true, secure: true, path: '/', sameSite: 'Lax' } as const;

/** A sample platform while its routes are made. */
export interface Site {
  readonly kind: Kind;
  readonly origin: string;
  readonly timeZone: string;
  readonly app: Hono;
  readonly client: PlatformClient;
  readonly sessions: Sessions;
  readonly accounts: Accounts;
  readonly clock: () => number;
  readonly random: (length: number) => Uint8Array;
  /** Names of its cookies. */
  readonly cookies: Readonly<Record<'login' | 'session' | 'language' | 'known' | 'terminal', string>>;
  /** Takes forms of this site alone, and small ones. */
  readonly ownForm: readonly [MiddlewareHandler, MiddlewareHandler];
  contextOf(c: Context): PageContext;
  visitorOf(c: Context): Visitor | undefined;
  page(c: Context, content: Html, status?: PageStatus): Promise<Response>;
  fail(c: Context, code: keyof Texts['errors']): Promise<Response>;
  /** Begins a session and goes to the front page. */
  enter(c: Context, session: string, to?: string): Response;
}

/** Lays the ground. */
export function createSite(options: SamplePlatformOptions): Site {
  const { kind, origin } = options;
  const clock = options.clock ?? (() => Date.now());
  const random = options.random ?? ((length) => crypto.getRandomValues(new Uint8Array(length)));
  const sessions = new Sessions(clock, random);
  // Ports share cookies, so their names carry the program's name.
  const cookieOf = (name: string): string => `__Host-bauta-${kind}-${name}`;
  const cookies = {
    login: cookieOf('login'),
    session: cookieOf('session'),
    language: cookieOf('language'),
    known: cookieOf('known'),
    terminal: cookieOf('terminal'),
  };
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    // The form that begins a login is redirected to the wallet.
    `form-action 'self' ${new URL(options.walletUrl).origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const page = async (c: Context, content: Html, status: PageStatus = 200): Promise<Response> => {
    c.header('Content-Security-Policy', policy);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'same-origin');
    c.header('Cache-Control', 'no-store');
    return c.html(await content, status);
  };
  const contextOf = (c: Context): PageContext => ({
    kind,
    texts: languageOf(getCookie(c, cookies.language), c.req.header('accept-language')),
  });
  return {
    kind,
    origin,
    timeZone: options.timeZone ?? 'Asia/Shanghai',
    app: new Hono(),
    client: createPlatformClient({
      url: origin,
      apiKey: options.apiKey,
      fetch: options.fetchVerifier ?? ((input, init) => fetch(input, init)),
    }),
    sessions,
    accounts: new Accounts(clock, random),
    clock,
    random,
    cookies,
    ownForm: [csrf({ origin }), bodyLimit({ maxSize: 4096 })],
    contextOf,
    visitorOf: (c) => sessions.find(getCookie(c, cookies.session)),
    page,
    fail: (c, code) => page(c, errorPage(contextOf(c), code), code === 'verifier_unreachable' ? 502 : 400),
    enter: (c, session, to = '/') => {
      sessions.end(getCookie(c, cookies.session));
      setCookie(c, cookies.session, session, GUARDED);
      return c.redirect(to, 303);
    },
  };
}
