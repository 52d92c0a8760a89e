// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The OIDC bridge of one platform: lets the platform's applications log people in with any OpenID
 * Connect library. It runs on the platform's own origin, beside the verifier, and never for others: a
 * shared bridge would link its customers, and no cryptography stops it. docs/protocol.md section 6.
 *
 * @module
 */
import { type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import type Provider from 'oidc-provider';
import { pageHeaders, securityHeaders } from '../../http/headers.ts';
import { type Logger, logUnexpected } from '../../http/logs.ts';
import { installProblems } from '../../http/problems.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { isOrigin } from '../../protocol/scope.ts';
import { deleteExpired, type OidcDatabase } from '../../storage/oidc.ts';
import type { PlatformClient } from '../client/client.ts';
import type { Random } from '../secrets.ts';
import type { OidcClient } from './clients.ts';
import { interactionApp } from './interaction.ts';
import { loadKeys, SECRET_BYTES } from './keys.ts';
import { BRIDGE_FILES, FILES_PATH } from './pages.ts';
import { BRIDGE_PATH, makeProvider } from './provider.ts';

/** Milliseconds after which a process looks again at the keys, which another may have changed. */
export const KEYS_REFRESH = 60_000;

/** What a bridge is given. */
export interface BridgeDeps {
  /** The platform's own origin, pinned: every sub follows from it. */
  readonly origin: string;
  /** Name of the platform in cookies: letters, digits and hyphens. */
  readonly name: string;
  readonly clients: readonly OidcClient[];
  /** Of the verifier on the same origin. */
  readonly client: PlatformClient;
  /** Migrated with `oidcMigrations`. */
  readonly database: OidcDatabase;
  /** 32 secret bytes that seal the keys in the database. */
  readonly secret: Uint8Array;
  /** Unix time in milliseconds. What the provider itself decides goes by the system's clock. */
  readonly clock: () => number;
  readonly random: Random;
  /** See `storage/origin.ts`; by default nobody has moved. */
  readonly previousSub?: (sub: string) => Promise<string | undefined>;
  readonly logger?: Logger;
}

/** A bridge. */
export interface Bridge {
  /** To be mounted at the root of the platform's origin; needs Node's own request and response. */
  readonly app: Hono<{ Bindings: HttpBindings }>;
  /** Address of the issuer, of which discovery begins. */
  readonly issuer: string;
  /** Makes and deletes keys that are due, deletes what has expired. To be called now and then. */
  tend(): Promise<void>;
}

/**
 * Makes a bridge.
 *
 * @param deps - See {@link BridgeDeps}.
 * @throws {@link ProtocolError} `oidc_config_invalid`, `oidc_secret_wrong`.
 */
export async function createBridge(deps: BridgeDeps): Promise<Bridge> {
  checkDeps(deps);
  const { origin, clock, logger } = deps;
  const onError = logger === undefined ? (): void => undefined : logUnexpected(logger);
  let current: { readonly provider: Provider; readonly version: string; readonly at: number } | undefined;
  const refresh = async (): Promise<Provider> => {
    const keys = await loadKeys(deps);
    const provider =
      current?.version === keys.version
        ? current.provider
        : makeProvider({ ...deps, keys, onError, previousSub: deps.previousSub ?? (() => Promise.resolve(undefined)) });
    current = { provider, version: keys.version, at: clock() };
    return provider;
  };
  let refreshing: Promise<Provider> | undefined;
  const provider = async (): Promise<Provider> => {
    if (current !== undefined && Math.abs(clock() - current.at) < KEYS_REFRESH) return current.provider;
    refreshing ??= refresh().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  await provider();

  const app = new Hono<{ Bindings: HttpBindings }>();
  installProblems(app, onError);
  app.use(`${BRIDGE_PATH}/*`, async (c, next) => {
    // The provider needs the rest of the path as it was sent; the bare path, or one written with %, has none.
    if (c.env.incoming.url?.startsWith(`${BRIDGE_PATH}/`) !== true) return c.notFound();
    // Whatever a proxy or a caller says: scheme and host are the configured ones.
    const { headers } = c.env.incoming;
    const { protocol, host } = new URL(origin);
    headers['x-forwarded-proto'] = protocol.slice(0, -1);
    headers['x-forwarded-host'] = host;
    return next();
  });
  app.use(`${BRIDGE_PATH}/interaction/*`, pageHeaders(), securityHeaders());
  app.get(`${FILES_PATH}/:file`, securityHeaders(), (c) => {
    const file = BRIDGE_FILES[c.req.param('file')];
    return file === undefined ? c.notFound() : c.body(file.text, 200, { 'Content-Type': file.type });
  });
  app.route(`${BRIDGE_PATH}/interaction`, interactionApp({ ...deps, provider }));
  app.all(`${BRIDGE_PATH}/*`, async (c) => {
    const { incoming, outgoing } = c.env;
    const callback = (await provider()).callback();
    // A HEAD is answered as a GET is, and hono would copy the mark of what was sent into a new response.
    const answer = c.req.method === 'HEAD' ? new ServerResponse(incoming) : outgoing;
    // The provider's own routes begin at its issuer, and it finds its addresses from both.
    Object.assign(incoming, { originalUrl: incoming.url });
    incoming.url = (incoming.url ?? '').slice(BRIDGE_PATH.length);
    await callback(incoming, answer);
    return answer === outgoing ? alreadySent(outgoing.statusCode) : headOf(c, answer);
  });
  return {
    app,
    issuer: `${origin}${BRIDGE_PATH}`,
    tend: async () => {
      await refresh();
      await deleteExpired(deps.database, clock());
    },
  };
}

/**
 * Says that the provider has answered, and with which status, for logs. A clone, since that is never one of the light
 * responses that the server puts in the place of `Response` when it starts: of those it would write the headers again,
 * and break the connection.
 */
function alreadySent(status: number): Response {
  return new Response(null, { status, headers: RESPONSE_ALREADY_SENT.headers }).clone();
}

/** The answer to a HEAD, which the provider wrote to nobody. */
function headOf(c: Context, answer: { readonly statusCode: number; getHeaders(): OutgoingHttpHeaders }): Response {
  const headers = Object.entries(answer.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value : String(value)] as const],
  );
  return c.body(null, answer.statusCode as StatusCode, Object.fromEntries(headers));
}

function checkDeps({ origin, name, secret }: BridgeDeps): void {
  if (!isOrigin(origin) || !/^[a-z0-9-]{1,40}$/.test(name) || secret.length !== SECRET_BYTES) {
    throw new ProtocolError(
      'oidc_config_invalid',
      `a bridge needs its platform’s origin, a name of letters, digits and hyphens, and a secret of ${String(SECRET_BYTES)} bytes`,
    );
  }
}
