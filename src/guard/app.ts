// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A PIN guard's HTTP service. Wallets call it from another origin without a cookie; ids travel in
 * bodies, never in an address that somebody might log. docs/protocol.md section 8.
 *
 * @module
 */
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { anyOrigin, securityHeaders } from '../http/headers.ts';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { type Logger, logUnexpected, requestLog } from '../http/logs.ts';
import { installProblems, problem } from '../http/problems.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { claimGuardKey, guardMigrations } from '../storage/guard.ts';
import { migrate } from '../storage/migrate.ts';
import { createAddressLimit, type Limit } from './addresses.ts';
import { Logins } from './logins.ts';
import { bodies } from './messages.ts';
import { type GuardDeps as CoreDeps, Registrations } from './registrations.ts';
import { ATTEMPTS, WAITS } from './schedule.ts';

/** Largest body, in bytes. */
export const MAX_BODY_BYTES = 2 * 1024;

/** How often one address may call. Many people can share one behind a carrier's translator. */
export interface AddressLimits {
  readonly registrations: Limit;
  /** Guesses, at whatever record. */
  readonly guesses: Limit;
  /** All calls together. */
  readonly calls: Limit;
}

/** Limits unless a deployment sets others. */
export const ADDRESS_LIMITS: AddressLimits = {
  registrations: { count: 60, seconds: 3600 },
  guesses: { count: 60, seconds: 3600 },
  calls: { count: 600, seconds: 3600 },
};

/** What a guard needs from outside. */
export interface GuardDeps extends CoreDeps {
  readonly logger: Logger;
  /** Network address of who asks. */
  readonly address: (c: Context) => string;
  readonly limits?: AddressLimits;
}

/** A guard. */
export interface Guard {
  readonly app: Hono;
  /** Deletes what is spent; call it often. */
  readonly tend: () => Promise<void>;
}

/**
 * Makes a guard's app; brings its database to the current schema.
 *
 * @param deps - Everything from outside.
 * @throws {@link ProtocolError} `guard_key_changed` if the records were made under another key: answering
 * would burn their guesses.
 */
export async function createGuard(deps: GuardDeps): Promise<Guard> {
  await migrate(deps.database, guardMigrations);
  if (!(await claimGuardKey(deps.database, deps.keys.publicKey))) {
    throw new ProtocolError(
      'guard_key_changed',
      "the database's records were made under another key; restore that key",
    );
  }
  const registrations = new Registrations(deps);
  const logins = new Logins(deps);
  const limits = deps.limits ?? ADDRESS_LIMITS;

  const limited = (limit: Limit): MiddlewareHandler => {
    const count = createAddressLimit(limit, deps.clock);
    return async (c, next) => {
      const seconds = count(deps.address(c));
      return seconds > 0 ? wait(c, 'too_many_requests', 'this address asks too often', seconds) : next();
    };
  };

  const app = new Hono();
  installProblems(app, logUnexpected(deps.logger));
  app.use(requestLog(deps.logger, deps.clock));
  app.use(securityHeaders());
  app.use(anyOrigin(['GET', 'POST'], ['Content-Type'], ['Retry-After']));
  app.use('/v1/*', bodyLimit(MAX_BODY_BYTES));
  app.post('/v1/*', limited(limits.calls), requireContentType('application/json'));

  app.get('/v1/info', (c) => c.json({ key: deps.keys.publicKey, attempts: ATTEMPTS, waits: WAITS }));

  app.post('/v1/registrations/begin', limited(limits.registrations), async (c) => {
    const { blinded } = await readJson(c, bodies.registerBegin);
    return c.json(registrations.begin(blinded), 201);
  });
  app.post('/v1/registrations/request', async (c) => {
    const body = await readJson(c, bodies.registerRequest);
    return c.json(registrations.request(body.id, body.registration_request));
  });
  app.post('/v1/registrations/finish', async (c) => {
    const body = await readJson(c, bodies.registerFinish);
    await registrations.finish(body.id, body.registration_record, body.erase_hash);
    return c.json({ status: 'kept' }, 201);
  });

  app.post('/v1/records/status', async (c) => {
    const { id } = await readJson(c, bodies.status);
    return c.json(await logins.status(id));
  });
  app.post('/v1/records/erase', async (c) => {
    const { id, erase } = await readJson(c, bodies.erase);
    await registrations.erase(id, erase);
    return c.json({ status: 'erased' });
  });

  app.post('/v1/logins/evaluate', limited(limits.guesses), async (c) => {
    const { id, blinded } = await readJson(c, bodies.evaluate);
    const evaluation = await logins.evaluate(id, blinded);
    return evaluation.outcome === 'wait'
      ? wait(c, 'guard_wait', 'after wrong PINs this record waits before it answers again', evaluation.seconds)
      : c.json(evaluation.answer);
  });
  app.post('/v1/logins/begin', async (c) => {
    const body = await readJson(c, bodies.loginBegin);
    return c.json(logins.begin(body.login, body.start_login_request));
  });
  app.post('/v1/logins/finish', async (c) => {
    const body = await readJson(c, bodies.loginFinish);
    await logins.finish(body.login, body.finish_login_request);
    return c.json({ status: 'right' });
  });

  return { app, tend: () => logins.tend() };
}

function wait(c: Context, code: Lowercase<string>, message: string, seconds: number): Response {
  const response = problem(c, new ProtocolError(code, `${message}; try again later`), { wait_seconds: seconds });
  response.headers.set('Retry-After', String(seconds));
  return response;
}
