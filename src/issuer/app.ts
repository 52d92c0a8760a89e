// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The issuer's HTTP service. Wallets call it from another origin with a bearer token and no cookie.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { networkOf } from '../http/addresses.ts';
import { anyOrigin, securityHeaders } from '../http/headers.ts';
import { bodyLimit } from '../http/limits.ts';
import { type Logger, logUnexpected, requestLog } from '../http/logs.ts';
import { installProblems } from '../http/problems.ts';
import { rateLimit } from '../http/rate_limits.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { deriveSession } from '../protocol/statement.ts';
import { backupRoutes } from './backup_routes.ts';
import { chipRoutes } from './chip_routes.ts';
import { credentialRoutes } from './decision.ts';
import { type DocumentDeps, documentKinds, documentRoutes } from './document_step.ts';
import { type FaceDeps, faceRoutes } from './face_step.ts';
import { holderRoutes } from './holder_routes.ts';
import { type HolderDeps, Holders } from './holders.ts';
import { Issuance } from './issue.ts';
import { type PhoneDeps, Phones } from './phone.ts';
import { phoneRoutes } from './phone_routes.ts';
import { Resets } from './resets.ts';
import { SESSION_MILLISECONDS, Sessions } from './session.ts';

/** What the issuer needs from outside. */
export type IssuerDeps = DocumentDeps &
  FaceDeps &
  HolderDeps & {
    /** Name shown to people. */
    readonly name: string;
    readonly logger: Logger;
    /** Sends codes to phones; without it nobody's is confirmed. */
    readonly phone?: PhoneDeps | undefined;
    /** Network address of who asks, for limits; by default all share one. */
    readonly address?: ((c: Context) => string) | undefined;
    /** Enrolments that one network may begin while a session lives; by default as many as there is room for. */
    readonly enrolmentsPerNetwork?: number | undefined;
  };

/** The issuer's app with its issuance. */
export interface Issuer {
  readonly app: Hono;
  readonly issuance: Issuance;
  /** Hands the register what it has not acknowledged, and forgets what is decided; call it often. */
  readonly tend: () => Promise<void>;
}

/**
 * Makes the issuer's app.
 *
 * @param deps - Everything from outside.
 */
export function createIssuer(deps: IssuerDeps): Issuer {
  const sessions = new Sessions(deps);
  const issuance = new Issuance(deps);
  const holders = new Holders(deps, issuance);
  const resets = new Resets(deps, issuance.keyId);
  const phones = deps.phone && new Phones(deps.phone, deps);
  const { address = () => 'unknown', enrolmentsPerNetwork: count } = deps;
  // Counted apart from the sessions, so that none of them knows where its person is.
  const fewPerNetwork: MiddlewareHandler =
    count === undefined
      ? (_, next) => next()
      : rateLimit({ count, seconds: SESSION_MILLISECONDS / 1000 }, (c) => networkOf(address(c)));
  const app = new Hono();
  installProblems(app, logUnexpected(deps.logger));
  app.use(requestLog(deps.logger, deps.clock));
  app.use(securityHeaders());
  app.use(anyOrigin(['GET', 'POST', 'PUT'], ['Authorization', 'Content-Type'], ['Retry-After']));

  app.get('/v1/info', (c) =>
    c.json({ name: deps.name, key: toBase64Url(issuance.publicKey), key_id: issuance.keyId, time_zone: deps.timeZone }),
  );

  app.post('/v1/enrolments', fewPerNetwork, bodyLimit(0), (c) => {
    const { id, token, expiresAt } = sessions.open();
    return c.json(
      {
        id,
        token,
        session: deriveSession(id).toString(),
        expires_at: new Date(expiresAt).toISOString(),
        document_kinds: documentKinds(deps),
        liveness: deps.checkLiveness === 'unsafe_off' ? 'off' : 'required',
      },
      201,
    );
  });

  app.get('/v1/enrolments/:id', async (c) => {
    const id = c.req.param('id');
    const { status, face, leaf } = sessions.status(id, bearer(c.req.header('authorization')));
    return c.json({ id, ...(leaf === undefined ? { status, ...face } : await issuance.leafState(leaf)) });
  });

  app.route('/', documentRoutes(sessions, deps, bearer));
  app.route('/', chipRoutes(sessions, deps, bearer));
  app.route('/', phoneRoutes(sessions, { phones, address }, bearer));
  app.route('/', faceRoutes(sessions, deps, bearer));
  app.route('/', credentialRoutes(sessions, issuance, bearer));
  app.route('/', backupRoutes(sessions, deps, bearer));
  app.route('/', holderRoutes(sessions, holders, bearer));

  const tend = async (): Promise<void> => {
    sessions.dropExpired();
    await issuance.tend();
    await holders.tend();
    await resets.tend();
    await phones?.tend();
  };
  return { app, issuance, tend };
}

function bearer(header: string | undefined): string {
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(header ?? '')?.[1];
  if (token === undefined) {
    throw new ProtocolError('token_missing', 'send the enrolment token as a bearer token');
  }
  return token;
}
