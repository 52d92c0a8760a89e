// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * HTTP of the challenge to a document's chip; bytes are base64url. docs/protocol.md section 8.
 *
 * @module
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { Enrolments } from './enrolment.ts';

/** Largest body, bytes: both answers, each of at most 1,024 bytes. */
const MAX_BODY_BYTES = 4096;

const answer = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(1366)
  .transform(fromBase64Url);
const answerBody = z.strictObject({ signature: answer.optional(), relayed: answer.optional() });

/**
 * The routes.
 *
 * @param enrolments - Sessions.
 * @param bearer - Reads the token from the Authorization header.
 */
export function chipRoutes(enrolments: Enrolments, bearer: (header: string | undefined) => string): Hono {
  const app = new Hono();

  app.post('/v1/enrolments/:id/chip-challenge', bodyLimit(0), async (c) => {
    const token = bearer(c.req.header('authorization'));
    const { signing, relaying } = await enrolments.challengeChip(c.req.param('id'), token);
    const body = {
      ...(signing !== undefined && { challenge: toBase64Url(signing) }),
      ...(relaying !== undefined && {
        opening: relaying.opening.map(toBase64Url),
        command: toBase64Url(relaying.command),
      }),
    };
    return c.json(body, 200, { 'Cache-Control': 'no-store' });
  });

  app.put('/v1/enrolments/:id/chip', requireContentType('application/json'), bodyLimit(MAX_BODY_BYTES), async (c) => {
    const token = bearer(c.req.header('authorization'));
    await enrolments.submitChip(c.req.param('id'), token, await readJson(c, answerBody));
    return c.json({ assurance: 'challenged_chip' });
  });
  return app;
}
