// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What stands beside a verifier on its platform's origin where the configuration asks for it: the OIDC
 * bridge at `/oidc`, and the page at `/move` by which accounts come along from an earlier origin.
 *
 * @module
 */
import { type Env, Hono } from 'hono';
import type { Logger } from '../http/logs.ts';
import { createPlatformClient, type PlatformClient } from '../platform/client/client.ts';
import { createMovePage } from '../platform/move.ts';
import { createBridge } from '../platform/oidc/bridge.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { migrate } from '../storage/migrate.ts';
import { oidcMigrations, type OidcSchema } from '../storage/oidc.ts';
import type { Database } from '../storage/open.ts';
import { type OriginSchema, previousSubOf } from '../storage/origin.ts';
import type { App } from './listen.ts';
import { random } from './programs.ts';
import type { VerifierConfig } from './verifier_config.ts';

/** Milliseconds between two looks for keys that are due and records that have ended. */
const TEND_INTERVAL = 60_000;

/** What {@link withBridge} is given beside the configuration. */
export interface BridgeSurroundings {
  /** The verifier. */
  readonly app: Hono<Env>;
  /** Where the verifier listens on this machine. */
  readonly local: string;
  /** The verifier's, pinned. */
  readonly database: Database<OidcSchema & OriginSchema>;
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
  const { app: verifier, database, clock, logger, closers } = surroundings;
  if (oidc === undefined) return verifier;
  const clientOf = (url: string, apiKey: string): PlatformClient =>
    createPlatformClient({ url, apiKey, fetch: (input, init) => fetch(input, init) });
  const [apiKey] = config.api_keys;
  if (apiKey === undefined) throw new ProtocolError('config_invalid', 'api_keys: must hold a key');
  const client = clientOf(surroundings.local, apiKey);
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
  app.route('/', bridge.app);
  if (movedFrom !== undefined) {
    const old = { origin: movedFrom.origin, client: clientOf(movedFrom.url ?? movedFrom.origin, movedFrom.api_key) };
    app.route('/', createMovePage({ origin, name: oidc.name, client, old, database, clock, random }));
  }
  app.route('/', verifier);
  return app;
}
