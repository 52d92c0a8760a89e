// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's host: static files and nothing else. It learns neither who its visitors are nor which
 * platform asks, since requests travel in the URL's fragment. On a demonstration stack it also hands
 * out sample people.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';
import { installProblems } from '../http/problems.ts';
import { type Logger, logUnexpected, requestLog } from '../http/logs.ts';
import { ProtocolError } from '../protocol/errors.ts';

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
  };
  readonly demo: boolean;
  /** Sites to try the credential at. */
  readonly platforms: readonly { readonly url: string; readonly name: LocalName }[];
}

/** What the host needs. */
export interface WalletHostDeps {
  /** Folder of the built pages. */
  readonly pages: string;
  /** Folder of circuit artifacts. */
  readonly artifacts: string;
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
  "style-src 'self'",
  "img-src 'self' blob: data:",
  'media-src blob:',
  "connect-src 'self' https: http://localhost:*",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Circuit artifacts that a wallet may fetch: the names in the manifest and the manifest itself. */
const ARTIFACT = /^(manifest\.json|(show|issue)\.(wasm|key))$/;

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
  app.get('/artifacts/:file', async (c) => {
    const file = c.req.param('file');
    if (!ARTIFACT.test(file)) {
      throw new ProtocolError('not_found', 'there is no such artifact');
    }
    const bytes = await readFile(join(deps.artifacts, file));
    return c.body(new Uint8Array(bytes), 200, {
      'Content-Type': file.endsWith('.wasm')
        ? 'application/wasm'
        : file.endsWith('.json')
          ? 'application/json'
          : 'application/octet-stream',
      'Content-Length': String(bytes.length),
      // The wallet checks each artifact against the manifest's hash.
      'Cache-Control': 'no-cache',
    });
  });
  if (deps.samples !== undefined) {
    app.route('/demo', deps.samples);
  }
  app.use('/assets/*', async (c, next) => {
    await next();
    c.header('Cache-Control', 'public, max-age=31536000, immutable');
  });
  app.use(serveStatic({ root: deps.pages, rewriteRequestPath: (path) => path }));
  // The pages route themselves; every address without a file is the one page.
  app.get('*', serveStatic({ root: deps.pages, path: 'index.html' }));
  return app;
}
