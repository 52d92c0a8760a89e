// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The issuer's HTTP service. Wallets call it from another origin with a bearer token and no cookie.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { anyOrigin, securityHeaders } from '../http/headers.ts';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { type Logger, logUnexpected, requestLog } from '../http/logs.ts';
import { installProblems } from '../http/problems.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import { proofSchema } from '../protocol/presentation.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { deriveSession } from '../protocol/statement.ts';
import { chipRoutes } from './chip_routes.ts';
import { type EnrolmentDeps, Enrolments } from './enrolment.ts';
import { holderRoutes } from './holder_routes.ts';
import { type HolderDeps, Holders } from './holders.ts';
import { Issuance } from './issue.ts';

/** Largest JSON body with a passport's files, in bytes. */
export const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;
/** Largest live picture, in bytes. */
export const MAX_FACE_BYTES = 8 * 1024 * 1024;
/** Largest JSON body of other calls, in bytes. */
const MAX_BODY_BYTES = 16 * 1024;

/** What the issuer needs from outside. */
export type IssuerDeps = EnrolmentDeps &
  HolderDeps & {
    /** Name shown to people. */
    readonly name: string;
    readonly logger: Logger;
  };

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const file = base64url.transform(fromBase64Url);
const documentSchema = z.strictObject({
  sod: file,
  dg1: file,
  dg2: file,
  dg14: file.optional(),
  dg15: file.optional(),
});
const credentialSchema = z.strictObject({ holder: z.string(), seed_tag: z.string(), proof: proofSchema });

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
  const enrolments = new Enrolments(deps);
  const issuance = new Issuance(deps);
  const holders = new Holders(deps, issuance);
  const app = new Hono();
  installProblems(app, logUnexpected(deps.logger));
  app.use(requestLog(deps.logger, deps.clock));
  app.use(securityHeaders());
  app.use(anyOrigin(['GET', 'POST', 'PUT'], ['Authorization', 'Content-Type']));

  app.get('/v1/info', (c) =>
    c.json({ name: deps.name, key: toBase64Url(issuance.publicKey), key_id: issuance.keyId, time_zone: deps.timeZone }),
  );

  app.post('/v1/enrolments', bodyLimit(MAX_BODY_BYTES), (c) => {
    const { id, token, expiresAt } = enrolments.open();
    return c.json(
      {
        id,
        token,
        session: deriveSession(id).toString(),
        expires_at: new Date(expiresAt).toISOString(),
        document_kinds: ['passport'],
      },
      201,
    );
  });

  app.get('/v1/enrolments/:id', async (c) => {
    const id = c.req.param('id');
    const { status, leaf } = enrolments.status(id, bearer(c.req.header('authorization')));
    return c.json({ id, ...(leaf === undefined ? { status } : await issuance.leafState(leaf)) });
  });

  app.put(
    '/v1/enrolments/:id/document',
    requireContentType('application/json'),
    bodyLimit(MAX_DOCUMENT_BYTES),
    async (c) => {
      const files = await readJson(c, documentSchema);
      await enrolments.submitPassport(c.req.param('id'), bearer(c.req.header('authorization')), files);
      return c.json({ status: 'document_accepted' });
    },
  );

  app.put(
    '/v1/enrolments/:id/face',
    requireContentType('image/jpeg', 'image/png', 'image/jp2'),
    bodyLimit(MAX_FACE_BYTES),
    async (c) => {
      const distances = await enrolments.submitFace(
        c.req.param('id'),
        bearer(c.req.header('authorization')),
        new Uint8Array(await c.req.arrayBuffer()),
      );
      return c.json({ status: 'face_accepted', distances });
    },
  );

  app.post(
    '/v1/enrolments/:id/credential',
    requireContentType('application/json'),
    bodyLimit(MAX_BODY_BYTES),
    async (c) => {
      const id = c.req.param('id');
      const body = await readJson(c, credentialSchema);
      const statement = {
        holder: parseField(body.holder),
        seedTag: parseField(body.seed_tag),
        session: deriveSession(id),
      };
      const token = bearer(c.req.header('authorization'));
      const signed = await enrolments.decide(id, token, `${body.holder} ${body.seed_tag}`, (evidence) =>
        issuance.issue(statement, body.proof, evidence),
      );
      return c.json({ ...signed, status: 'pending' }, 202);
    },
  );

  app.route('/', chipRoutes(enrolments, bearer));
  app.route('/', holderRoutes(enrolments, holders, bearer));

  const tend = async (): Promise<void> => {
    await issuance.submitPending();
    await holders.tend();
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
