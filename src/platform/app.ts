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
import { installProblems, problem } from '../http/problems.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { isAllowedUrl, isOrigin } from '../protocol/scope.ts';
import { baseUrl, type PlatformDeps } from './deps.ts';
import { acceptResponse, readRequestObject } from './openid4vp.ts';
import {
  createVerificationRoute,
  readVerificationRoute,
  requestObjectRoute,
  responseRoute,
  verifyProofRoute,
} from './routes.ts';
import { secretHash, secretMatches } from './secrets.ts';
import { verifyStateless } from './stateless.ts';
import { createVerification, readVerification } from './verifications.ts';

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
  installProblems(app, deps.logger === undefined ? undefined : logUnexpected(deps.logger));
  app.use(securityHeaders());
  if (deps.logger !== undefined) app.use(requestLog(deps.logger, deps.clock));
  const backend = bearerKeys(deps.apiKeys);
  const bodies = [bodyLimit(LARGEST_BODY), requireContentType('application/json')];

  app.use('/oid4vp/*', anyOrigin(['GET', 'POST'], [], ['Server-Timing', 'Retry-After']));
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
      const { body, refusal, cpuMs } = await acceptResponse(deps, c.req.valid('form'));
      if (cpuMs !== undefined) c.header('Server-Timing', timing(cpuMs));
      return refusal === undefined ? c.json(body, 200) : (problem(c, refusal, body) as never);
    },
  );

  app.openapi({ ...createVerificationRoute, middleware: [backend, ...bodies] }, async (c) =>
    c.json(await createVerification(deps, c.req.valid('json')), 201),
  );
  app.openapi({ ...readVerificationRoute, middleware: [backend] }, async (c) => {
    const browserToken = c.req.valid('header')['browser-token'];
    const { response_code } = c.req.valid('query');
    return c.json(await readVerification(deps, c.req.valid('param').id, browserToken, response_code), 200);
  });
  app.openapi({ ...verifyProofRoute, middleware: [backend, ...bodies] }, async (c) => {
    const { body, cpuMs } = await verifyStateless(deps, c.req.valid('json'));
    if (cpuMs !== undefined) c.header('Server-Timing', timing(cpuMs));
    return c.json(body, 200);
  });

  app.openAPIRegistry.registerComponent('securitySchemes', 'Bearer', { type: 'http', scheme: 'bearer' });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Bauta platform verifier', version: '1' },
    servers: [{ url: baseUrl(deps) }],
  });
  return app;
}

function checkConfiguration({ origin, basePath = '', apiKeys, walletUrl }: PlatformDeps): void {
  const sound =
    isOrigin(origin) &&
    /^(\/[A-Za-z0-9_-]+)*$/.test(basePath) &&
    apiKeys.every((key) => key.length >= 20) &&
    URL.canParse(walletUrl) &&
    isAllowedUrl(new URL(walletUrl)) &&
    !walletUrl.includes('#');
  if (!sound) {
    throw new ProtocolError(
      'configuration_invalid',
      'a verifier needs its origin, keys of at least 20 characters, and the address of a wallet without a fragment',
    );
  }
}

/** Bearer keys by their hashes; every key is compared, whichever matches. */
function bearerKeys(keys: readonly string[]): MiddlewareHandler {
  const hashes = keys.map(secretHash);
  return async (c, next) => {
    const given = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const matches = hashes.filter((hash) => secretMatches(given ?? '', hash));
    if (given === undefined || matches.length === 0) {
      throw new ProtocolError('api_key_invalid', 'send one of the verifier’s keys as a bearer token');
    }
    await next();
  };
}

function malformed(target: string, path: readonly PropertyKey[]): ProtocolError {
  const where = path.map(String).join('.');
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
