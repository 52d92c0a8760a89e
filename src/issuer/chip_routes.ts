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
import { beginChallenge, endChallenge } from './chip_challenge.ts';
import type { EnrolmentStatus, Sessions } from './session.ts';

/** Largest body, bytes: both answers, each of at most 1,024 bytes. */
const MAX_BODY_BYTES = 4096;

const answer = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(1366)
  .transform(fromBase64Url);
/** The document must be known, and the assurance not yet signed. */
const STATES: readonly EnrolmentStatus[] = ['document_accepted', 'face_accepted'];

const answerBody = z.strictObject({ signature: answer.optional(), relayed: answer.optional() });

/**
 * The routes.
 *
 * @param sessions - Open sessions.
 * @param deps - A cryptographically secure source, for challenges.
 * @param bearer - Reads the token from the Authorization header.
 */
export function chipRoutes(
  sessions: Sessions,
  deps: { readonly random: (length: number) => Uint8Array },
  bearer: (header: string | undefined) => string,
): Hono {
  const app = new Hono();

  app.post('/v1/enrolments/:id/chip-challenge', bodyLimit(0), async (c) => {
    const token = bearer(c.req.header('authorization'));
    const { signing, relaying } = await sessions.run(c.req.param('id'), token, STATES, (session) =>
      beginChallenge(session, deps.random),
    );
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
    const given = await readJson(c, answerBody);
    await sessions.run(c.req.param('id'), token, STATES, (session) => {
      endChallenge(session, given);
    });
    return c.json({ assurance: 'challenged_chip' });
  });
  return app;
}
