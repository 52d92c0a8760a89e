// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The second step of an enrolment: the person's face, taken now, against the document's portrait.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { Hono } from 'hono';
import { bodyLimit, requireContentType } from '../http/limits.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { countAttempt, evidenceOf, type Session, type Sessions } from './session.ts';

/** Faces that may be tried in one session. */
export const MAX_FACE_ATTEMPTS = 5;
/** Largest live picture, in bytes. */
export const MAX_FACE_BYTES = 8 * 1024 * 1024;

/** Compares a document's portrait with a live picture; both are image files. */
export type CompareFaces = (
  portrait: Uint8Array,
  live: Uint8Array,
) => Promise<{ readonly match: boolean; readonly distances: Readonly<Record<string, number>> }>;

/** What the step needs from outside. */
export interface FaceDeps {
  readonly compareFaces: CompareFaces;
}

/**
 * Compares a live picture with the document's portrait.
 *
 * @returns Distances by matcher, all at most 0.5.
 * @throws {@link ProtocolError} `face_mismatch`, `face_missing`, `face_multiple`, `image_malformed`,
 * `attempts_exhausted`, `document_missing`.
 */
async function acceptFace(
  session: Session,
  live: Uint8Array,
  { compareFaces }: FaceDeps,
): Promise<Readonly<Record<string, number>>> {
  countAttempt(++session.faces, MAX_FACE_ATTEMPTS);
  const { match, distances } = await compareFaces(evidenceOf(session).portrait, live);
  if (!match) {
    throw new ProtocolError('face_mismatch', "the live picture does not show the person of the document's portrait");
  }
  session.status = 'face_accepted';
  return distances;
}

/**
 * HTTP of the step.
 *
 * @param sessions - Open sessions.
 * @param deps - Everything from outside.
 * @param bearer - Reads the token from the Authorization header.
 */
export function faceRoutes(sessions: Sessions, deps: FaceDeps, bearer: (header: string | undefined) => string): Hono {
  const app = new Hono();

  app.put(
    '/v1/enrolments/:id/face',
    requireContentType('image/jpeg', 'image/png', 'image/jp2'),
    bodyLimit(MAX_FACE_BYTES),
    async (c) => {
      const token = bearer(c.req.header('authorization'));
      const live = new Uint8Array(await c.req.arrayBuffer());
      const distances = await sessions.run(
        c.req.param('id'),
        token,
        ['document_accepted', 'face_accepted'],
        (session) => acceptFace(session, live, deps),
      );
      return c.json({ status: 'face_accepted', distances });
    },
  );
  return app;
}
