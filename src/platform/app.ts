// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A platform's verifier as a hono app, mounted under the platform's own origin. The platform's backend
 * calls `/v1` with a bearer key; wallets call `/oid4vp` from any origin. docs/protocol.md section 6.
 *
 * @module
 */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { anyOrigin, securityHeaders } from '../http/headers.ts';
import { bodyLimit, requireContentType } from '../http/limits.ts';
import { logUnexpected, requestLog } from '../http/logs.ts';
import { requestMetrics } from '../http/metrics.ts';
import { installProblems, problem } from '../http/problems.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { isAllowedUrl, isOrigin } from '../protocol/scope.ts';
import { translateDatabaseFailure } from '../storage/failures.ts';
import { MAX_IDEMPOTENCY_KEY } from './client/messages.ts';
import { baseUrl, type PlatformDeps } from './deps.ts';
import { type Admission, createAdmission, type LimitMiddleware, limitMiddleware } from './limits.ts';
import { acceptResponse, type Answered, readRequestObject } from './openid4vp.ts';
import { readList, readVerification } from './reading.ts';
import { mountReference } from './reference.ts';
import {
  createVerificationRoute,
  listVerificationsRoute,
  readVerificationRoute,
  requestObjectRoute,
  responseRoute,
  verifyProofRoute,
} from './routes.ts';
import { secretHash, secretMatches } from './secrets.ts';
import { verifyStateless } from './stateless.ts';
import { createVerification } from './verifications.ts';

/** Most characters of an API key: no longer one is read from a request. */
export const LONGEST_API_KEY = 256;
/** Largest body, bytes; a presentation has about two thousand. */
const LARGEST_BODY = 65_536;

/**
 * Makes the app.
 *
 * @param deps - See {@link PlatformDeps}; the database is migrated.
 * @throws {@link ProtocolError} `configuration_invalid`.
 */
export function createPlatformApp(deps: PlatformDeps): OpenAPIHono {
  checkConfiguration(deps);
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw malformed(result.target, result.error.issues[0]?.path ?? []);
    },
  });
  installProblems(app, deps.logger === undefined ? undefined : logUnexpected(deps.logger), translateDatabaseFailure);
  app.use(securityHeaders());
  if (deps.logger !== undefined) app.use(requestLog(deps.logger, deps.clock));
  if (deps.metrics !== undefined) app.use(requestMetrics(deps.metrics.registry));
  const limits = limitMiddleware(deps.limits);
  const backend = [bearerKeys(deps.apiKeys, limits), limits.perKey] as const;
  const admit = createAdmission(deps.mostUnderWay);
  const bodies = [bodyLimit(LARGEST_BODY), requireContentType('application/json')];

  app.use('/oid4vp/*', anyOrigin(['GET', 'POST'], [], ['Server-Timing', 'Retry-After']));
  app.use('/oid4vp/*', limits.perAddress);
  app.openapi(requestObjectRoute, async (c) => {
    const jwt = await readRequestObject(deps, c.req.valid('param').id);
    return c.body(jwt, 200, { 'Content-Type': 'application/oauth-authz-req+jwt' });
  });
  app.openapi(
    {
      ...responseRoute,
      middleware: [bodyLimit(LARGEST_BODY), requireContentType('application/x-www-form-urlencoded')] as const,
    },
    async (c) => {
      const { body, refusal, cpuMs } = await counted(deps, admit, c.req.valid('form'));
      if (cpuMs !== undefined) c.header('Server-Timing', timing(cpuMs));
      return refusal === undefined ? c.json(body, 200) : (problem(c, refusal, body) as never);
    },
  );

  app.openapi({ ...createVerificationRoute, middleware: [...backend, ...bodies] }, async (c) => {
    const body = c.req.valid('json');
    const key = c.req.valid('header')['idempotency-key'];
    const idempotent = key === undefined ? undefined : { apiKey: bearerOf(c.req.header('authorization')), key, body };
    const { created, repeated } = await createVerification(deps, body, idempotent);
    if (repeated) c.header('Idempotent-Replayed', 'true');
    else deps.metrics?.begun.inc();
    return c.json(created, 201);
  });
  app.openapi({ ...listVerificationsRoute, middleware: [...backend] }, async (c) =>
    c.json(await readList(deps, c.req.valid('query')), 200),
  );
  app.openapi({ ...readVerificationRoute, middleware: [...backend] }, async (c) => {
    const browserToken = c.req.valid('header')['browser-token'];
    const { response_code } = c.req.valid('query');
    return c.json(await readVerification(deps, c.req.valid('param').id, browserToken, response_code), 200);
  });
  app.openapi({ ...verifyProofRoute, middleware: [...backend, ...bodies] }, async (c) => {
    const { body, cpuMs } = await admit(() => verifyStateless(deps, c.req.valid('json')));
    if (cpuMs !== undefined) c.header('Server-Timing', timing(cpuMs));
    return c.json(body, 200);
  });

  app.openAPIRegistry.registerComponent('securitySchemes', 'Bearer', { type: 'http', scheme: 'bearer' });
  const about = {
    openapi: '3.1.0',
    info: { title: 'Bauta platform verifier', version: '1', license: { name: 'GPL-3.0-or-later' } },
    servers: [{ url: baseUrl(deps) }],
  };
  let description: object | undefined;
  // Made once, when it is first asked for: anyone may ask.
  const describe = (): object => (description ??= app.getOpenAPI31Document(about));
  app.get('/openapi.json', (c) => c.json(describe()));
  const { button } = deps;
  if (button !== undefined) {
    app.get('/bauta-login.js', (c) =>
      c.body(button, 200, { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'no-cache' }),
    );
  }
  mountReference(app, describe);
  return app;
}

function checkConfiguration({ origin, basePath = '', apiKeys, walletUrl }: PlatformDeps): void {
  const sound =
    isOrigin(origin) &&
    /^(\/[A-Za-z0-9_-]+)*$/.test(basePath) &&
    apiKeys.every((key) => key.length >= 20 && key.length <= LONGEST_API_KEY) &&
    URL.canParse(walletUrl) &&
    isAllowedUrl(new URL(walletUrl)) &&
    !walletUrl.includes('#');
  if (!sound) {
    throw new ProtocolError(
      'configuration_invalid',
      'a verifier needs its origin, keys of 20 to 256 characters, and the address of a wallet without a fragment',
    );
  }
}

async function counted(
  deps: PlatformDeps,
  admit: Admission,
  form: Parameters<typeof acceptResponse>[1],
): Promise<Answered> {
  try {
    const answered = await admit(() => acceptResponse(deps, form));
    deps.metrics?.answers.inc({
      outcome: answered.refusal?.code ?? (form.vp_token === undefined ? 'declined' : 'accepted'),
    });
    return answered;
  } catch (error) {
    deps.metrics?.answers.inc({ outcome: error instanceof ProtocolError ? error.code : 'internal_error' });
    throw error;
  }
}

/** The key of an `Authorization` header; empty where there is none. */
function bearerOf(header = ''): string {
  return /^Bearer ([\x21-\x7e]{1,256})$/i.exec(header)?.[1] ?? '';
}

/** Bearer keys by their hashes; every key is compared, whichever matches. Who has none is counted by address. */
function bearerKeys(keys: readonly string[], { perAddress }: LimitMiddleware): MiddlewareHandler {
  const hashes = keys.map(secretHash);
  return async (c, next) => {
    const given = bearerOf(c.req.header('authorization'));
    const matches = hashes.filter((hash) => secretMatches(given, hash));
    if (given !== '' && matches.length > 0) return next();
    return perAddress(c, () => {
      throw new ProtocolError('api_key_invalid', 'send one of the verifier’s keys as a bearer token');
    });
  };
}

function malformed(target: string, path: readonly PropertyKey[]): ProtocolError {
  const where = path.map(String).join('.');
  if (path[0] === 'idempotency-key') {
    const message = `an Idempotency-Key has 1 to ${String(MAX_IDEMPOTENCY_KEY)} visible ASCII characters`;
    return new ProtocolError('idempotency_key_invalid', message);
  }
  if (target === 'header') {
    return new ProtocolError('browser_token_invalid', 'send the token of the browser that began as Browser-Token');
  }
  if (path[0] === 'ask') {
    return new ProtocolError('ask_refused', `${where} is not on the published list of what a platform may ask`);
  }
  return new ProtocolError('body_invalid', `the member ${where === '' ? target : where} is missing or malformed`);
}

function timing(cpuMs: number): string {
  return `verify;dur=${cpuMs.toFixed(3)}`;
}
