// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's host: static files and nothing else. It learns neither who its visitors are nor which
 * platform asks, since requests travel in the URL's fragment. On a demonstration stack it also hands
 * out sample people.
 *
 * @module
 */
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';
import { installProblems } from '../http/problems.ts';
import { type Logger, logUnexpected, requestLog } from '../http/logs.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { ARTIFACT_PATH } from '../wallet/artifact_parts.ts';
import { COMPANION_URL } from '../wallet/companion.ts';

/** A name in both languages of the pages. */
type LocalName = Readonly<Record<'en' | 'zh', string>>;

/** What the wallet is told at start: whom it trusts. Served as `/config.json`. */
export interface WalletConfig {
  readonly issuer: { readonly url: string; readonly name: LocalName; readonly key: string };
  readonly register: {
    readonly url: string;
    readonly name: string;
    readonly key: string;
    readonly timeZone: string;
    readonly epochSeconds: number;
    /** Base URLs of static mirrors. */
    readonly mirrors: readonly string[];
    readonly turn: 'schedule' | 'on_demand';
    readonly witnesses: readonly { readonly name: string; readonly key: string }[];
    readonly threshold: number;
  };
  /** PIN guards, all of which a backup needs; `key` is OPAQUE's static public key, base64url. */
  readonly guards: readonly { readonly url: string; readonly name: LocalName; readonly key: string }[];
  readonly demo: boolean;
  /** Sites to try the credential at. */
  readonly platforms: readonly { readonly url: string; readonly name: LocalName }[];
}

/** What the host needs. */
export interface WalletHostDeps {
  /** Folder of the built pages. */
  readonly pages: string;
  /** Folder of the proving files in parts, from `buildParts`. */
  readonly parts: string;
  /** Read at each request: platforms are started after the wallet's host, whose address they need. */
  readonly config: () => WalletConfig;
  readonly logger: Logger;
  readonly clock: () => number;
  /** Adds sample people below `/demo`. */
  readonly samples?: Hono;
}

/** Nothing third-party, no inline script; platforms are unknown, so connections to them are allowed. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "require-trusted-types-for 'script'",
  'trusted-types bauta-workers',
  "style-src 'self'",
  "img-src 'self' blob: data:",
  'media-src blob:',
  // The companion is at a number of this computer: a name could be pointed elsewhere.
  `connect-src 'self' https: http://localhost:* ${COMPANION_URL}`,
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: MiddlewareHandler = async (c, next) => {
  await next();
  c.header('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  c.header('X-Content-Type-Options', 'nosniff');
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cross-Origin-Opener-Policy', 'same-origin');
};

/**
 * Makes the host's app.
 *
 * @param deps - Folders, configuration and logger.
 */
export function createWalletHost(deps: WalletHostDeps): Hono {
  const app = new Hono();
  installProblems(app, logUnexpected(deps.logger));
  app.use(requestLog(deps.logger, deps.clock));
  app.use(headers);
  app.get('/config.json', (c) => c.json(deps.config()));
  app.use(`${ARTIFACT_PATH}/*`, async (c, next) => {
    await next();
    if (c.res.ok) c.header('Cache-Control', 'no-cache');
  });
  app.get(
    `${ARTIFACT_PATH}/:file/:part{[0-9]+}`,
    serveStatic({
      root: deps.parts,
      rewriteRequestPath: (path) => path.slice(ARTIFACT_PATH.length),
      precompressed: true,
    }),
  );
  app.all(`${ARTIFACT_PATH}/*`, () => {
    throw new ProtocolError('not_found', 'there is no such part of a proving file');
  });
  if (deps.samples !== undefined) {
    app.route('/demo', deps.samples);
  }
  app.use('/assets/*', async (c, next) => {
    await next();
    if (c.res.ok) c.header('Cache-Control', 'public, max-age=31536000, immutable');
  });
  app.use(serveStatic({ root: deps.pages, rewriteRequestPath: (path) => path, precompressed: true }));
  app.all('/assets/*', () => {
    throw new ProtocolError('not_found', 'there is no such file; reload the page');
  });
  // The pages route themselves; every address without a file is the one page.
  app.get('*', serveStatic({ root: deps.pages, path: 'index.html' }));
  return app;
}
