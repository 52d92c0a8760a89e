// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Headers that every service sends, and the cross-origin permissions of those that a wallet calls.
 *
 * @module
 */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/**
 * Headers for an interface without pages: nothing may be embedded, sniffed, referred, or stored unless
 * the handler says so. An app that serves pages sets its own Content-Security-Policy, which is kept.
 */
export function securityHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const defaults: Readonly<Record<string, string>> = {
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
      'Cache-Control': 'no-store',
    };
    for (const [name, value] of Object.entries(defaults)) {
      if (!c.res.headers.has(name)) {
        c.res.headers.set(name, value);
      }
    }
  };
}

/** Headers for pages with scripts and styles of their own origin and nothing else, to stand before {@link securityHeaders}. */
export function pageHeaders(): MiddlewareHandler {
  return async (c, next) => {
    c.header(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    c.header('Referrer-Policy', 'same-origin');
    await next();
  };
}

/**
 * Lets pages of any origin call, without cookies: who may do what is decided by bearer tokens and
 * signatures, never by the origin.
 *
 * @param methods - Methods allowed, e.g. `['GET']`.
 * @param headers - Request headers allowed beyond the simple ones, e.g. `['Authorization']`.
 * @param exposed - Response headers that pages may read.
 */
export function anyOrigin(
  methods: readonly string[],
  headers: readonly string[] = [],
  exposed: readonly string[] = [],
): MiddlewareHandler {
  return cors({
    origin: '*',
    allowMethods: [...methods],
    allowHeaders: [...headers],
    exposeHeaders: [...exposed],
    maxAge: 86_400,
  });
}
