// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The sample platforms: a photo editor with tools for adults, a marketplace with a shop, and a poll. Each is
 * the code that a real one would write. The verifier is mounted on the same origin, since that origin
 * decides the pseudonyms; the platform talks to it over HTTP with its key.
 *
 * @module
 */
import type { Hono } from 'hono';
import { loginRoutes } from './login.ts';
import { marketRoutes } from './market.ts';
import { photoRoutes } from './photo.ts';
import { assetOf } from './platform_assets.ts';
import { pollRoutes } from './poll.ts';
import { createSite, type SamplePlatformOptions, type Site } from './site.ts';

export type { SamplePlatformOptions } from './site.ts';

/** What a login asks of each kind; a vote asks for what it needs by itself. */
const ASKS = { photo: { age_over: 18 }, market: {}, poll: {} } as const;

const TYPES = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' } as const;
/** Files that anybody may have; tools for adults are not among them. */
const ASSETS =
  /^(site|photo|market|poll)\.css$|^(return|editor|looks|terminal|results)\.js$|^(photo|market|poll|harbour|portrait|ware-[0-3])\.svg$/;

/**
 * Makes a sample platform.
 *
 * @param options - See {@link SamplePlatformOptions}.
 */
export function createSamplePlatform(options: SamplePlatformOptions): Hono {
  const site = createSite(options);
  const { app, kind } = site;
  app.get('/assets/:file', async (c) => {
    const file = c.req.param('file');
    if (!ASSETS.test(file)) return c.notFound();
    const type = TYPES[file.split('.')[1] as keyof typeof TYPES];
    return c.body(await assetOf(file), 200, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' });
  });
  const begin = loginRoutes(site, ASKS[kind], kind === 'market');
  const routes = { photo: photoRoutes, market: marketRoutes, poll: pollRoutes } satisfies Record<
    typeof kind,
    (site: Site, begin: ReturnType<typeof loginRoutes>) => void
  >;
  routes[kind](site, begin);
  app.route('/', options.verifier);
  return app;
}
