// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What stands beside a verifier on its platform's origin where the configuration asks for it: the OIDC
 * bridge at `/oidc`, and the page at `/move` by which accounts come along from an earlier origin.
 *
 * @module
 */
import { type Env, Hono, type MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { getPath } from 'hono/utils/url';
import type { Histogram, Registry } from 'prom-client';
import { networkOf } from '../http/addresses.ts';
import { type Logger, logUnexpected, requestLog } from '../http/logs.ts';
import { installProblems } from '../http/problems.ts';
import { rateLimit } from '../http/rate_limits.ts';
import { createPlatformClient, type PlatformClient } from '../platform/client/client.ts';
import { limitMiddleware, type PlatformLimits } from '../platform/limits.ts';
import { createMovePage, MOVE_PATH } from '../platform/move.ts';
import { createBridge } from '../platform/oidc/bridge.ts';
import { BRIDGE_PATH } from '../platform/oidc/provider.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { translateDatabaseFailure } from '../storage/failures.ts';
import { migrate } from '../storage/migrate.ts';
import { oidcMigrations, type OidcSchema } from '../storage/oidc.ts';
import type { Database } from '../storage/open.ts';
import { type OriginSchema, previousSubOf } from '../storage/origin.ts';
import type { App } from './listen.ts';
import { random } from './programs.ts';
import type { VerifierConfig } from './verifier_config.ts';

/** Milliseconds between two looks for keys that are due and records that have ended. */
const TEND_INTERVAL = 60_000;
/** What an application's own server calls, for all of its visitors from one address. */
const SERVERS_PATHS = /^\/oidc\/(token|me|jwks|\.well-known\/.*)$/;
/** See `src/http/metrics.ts`, whose labels these are. */
const DURATION = 'bauta_http_request_seconds';
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/** What {@link withBridge} is given beside the configuration. */
export interface BridgeSurroundings {
  /** The verifier. */
  readonly app: Hono<Env>;
  /** Where the verifier listens on this machine. */
  readonly local: string;
  /** The verifier's, pinned. */
  readonly database: Database<OidcSchema & OriginSchema>;
  /** One of the verifier's keys, of this process alone: what visitors do here takes nothing from a backend's limit. */
  readonly apiKey: string;
  /** The verifier's; an address is counted here on its own. */
  readonly limits: PlatformLimits;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly clock: () => number;
  /** What to do when the program ends. */
  readonly closers: (() => Promise<unknown>)[];
}

/**
 * Puts bridge and moving page beside a verifier.
 *
 * @param config - See {@link VerifierConfig}; without `oidc` the app is the verifier itself.
 * @param surroundings - See {@link BridgeSurroundings}.
 * @throws {@link ProtocolError} `oidc_config_invalid`, `oidc_secret_wrong`, `configuration_invalid`.
 */
export async function withBridge(config: VerifierConfig, surroundings: BridgeSurroundings): Promise<App> {
  const { oidc, moved_from: movedFrom, origin } = config;
  const { app: verifier, database, clock, logger, closers, limits, registry } = surroundings;
  if (oidc === undefined) return verifier;
  const clientOf = (url: string, apiKey: string): PlatformClient =>
    createPlatformClient({ url, apiKey, fetch: (input, init) => fetch(input, init) });
  const client = clientOf(surroundings.local, surroundings.apiKey);
  await migrate(database, oidcMigrations, 'oidc');
  const bridge = await createBridge({
    origin,
    name: oidc.name,
    clients: oidc.clients,
    client,
    database,
    secret: fromBase64Url(oidc.secret),
    clock,
    random,
    previousSub: (sub) => previousSubOf(database, sub),
    logger,
  });
  const timer = setInterval(() => {
    bridge.tend().catch(() => {
      logger.error({ error: 'the bridge’s keys could not be tended' });
    });
  }, TEND_INTERVAL);
  closers.push(() => {
    clearInterval(timer);
    return Promise.resolve();
  });
  const app = new Hono();
  installProblems(app, logUnexpected(logger), translateDatabaseFailure);
  app.use(requestLog(logger, clock), observed(registry), limited(limits));
  app.route('/', bridge.app);
  if (movedFrom !== undefined) {
    const old = { origin: movedFrom.origin, client: clientOf(movedFrom.url ?? movedFrom.origin, movedFrom.api_key) };
    app.route('/', createMovePage({ origin, name: oidc.name, client, old, database, clock, random, logger }));
  }
  const roots = movedFrom === undefined ? [BRIDGE_PATH] : [BRIDGE_PATH, MOVE_PATH];
  const isBeside = (path: string): boolean => roots.some((root) => path === root || path.startsWith(`${root}/`));
  // Beside the verifier and not under it, so that each request is logged, measured and limited once.
  return { fetch: (request, env) => (isBeside(getPath(request)) ? app : verifier).fetch(request, env) };
}

/** People by their address as at a wallet's paths; servers by theirs, as often as a backend with a key. */
function limited({ perKey, perAddress, address }: PlatformLimits): MiddlewareHandler {
  const people = limitMiddleware({ perAddress, address }).perAddress;
  const servers = perKey === undefined ? undefined : rateLimit(perKey, (c) => networkOf(address(c)));
  return (c, next) => (SERVERS_PATHS.test(c.req.path) ? (servers ?? passed) : people)(c, next);
}

const passed: MiddlewareHandler = (_, next) => next();

/** Observes durations in the verifier's own histogram, which is registered once. */
function observed(registry: Registry): MiddlewareHandler {
  const duration = registry.getSingleMetric(DURATION) as Histogram<'method' | 'route' | 'status'> | undefined;
  return async (c, next) => {
    const started = performance.now();
    await next();
    const method = METHODS.has(c.req.method) ? c.req.method : 'other';
    const labels = { method, route: routePath(c, -1), status: String(c.res.status) };
    duration?.observe(labels, (performance.now() - started) / 1000);
  };
}
