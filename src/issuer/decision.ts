// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The end of an enrolment: its evidence becomes a credential, or something else that the person wants, and
 * is forgotten. docs/protocol.md section 8.
 *
 * @module
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import { proofSchema } from '../protocol/presentation.ts';
import { deriveSession } from '../protocol/statement.ts';
import { backupsSchema } from './backups.ts';
import type { Issuance, SignedCredential } from './issue.ts';
import { countAttempt, type Evidence, evidenceOf, isAttempt, type Sessions } from './session.ts';

/** Proofs of a seed that may be tried in one session, beside those for a credential. */
export const MAX_PROOF_ATTEMPTS = 10;
/** Requests for a credential that may be tried in one session. */
export const MAX_WISHES = 10;
/** Largest JSON body, in bytes. */
const MAX_BODY_BYTES = 16 * 1024;

/** Refusals that end a session: nobody tries one seed after another with one document. */
const REFUSALS: ReadonlySet<string> = new Set(['seed_already_enrolled']);

const credentialBody = z.strictObject({
  holder: z.string(),
  seed_tag: z.string(),
  proof: proofSchema,
  replaces: z.literal('all').optional(),
  reset: z.boolean().optional(),
  backups: backupsSchema.optional(),
});

/**
 * Decides a session: hands its evidence to `issue` and forgets it, when that succeeds or the seed is someone
 * else's. After another refusal the person may ask otherwise: for their backup, or a reset. The same wish
 * again gets the same answer until the session expires, so that a lost answer costs nobody their credential.
 *
 * @param wish - What the wallet asks for, as text; another wish is refused once one was granted.
 * @param issue - Makes and stores the credential; returns the leaf among others.
 * @throws {@link ProtocolError} `enrolment_out_of_order` before the face was accepted or for another
 * wish after the decision, `attempts_exhausted`, and what `issue` throws.
 */
async function decide(
  sessions: Sessions,
  { id, token, wish }: { readonly id: string; readonly token: string; readonly wish: string },
  issue: (evidence: Pick<Evidence, 'dedupTag' | 'attributes'>) => Promise<SignedCredential>,
): Promise<SignedCredential> {
  return sessions.run(id, token, ['face_accepted', 'decided'], async (session) => {
    if (session.decision?.wish === wish) return session.decision.signed;
    const { dedupTag, attributes } = evidenceOf(session);
    countAttempt(++session.wishes, MAX_WISHES);
    try {
      const signed = await issue({ dedupTag, attributes });
      session.decision = { wish, signed };
      session.status = 'decided';
      session.evidence = undefined;
      session.phone = undefined;
      return signed;
    } catch (error) {
      if (!isAttempt(error)) session.wishes--;
      if (error instanceof ProtocolError && REFUSALS.has(error.code)) sessions.end(session);
      throw error;
    }
  });
}

/**
 * Ends a session in which document and face were accepted with something else than a credential: what
 * the person handed over is forgotten, whatever comes of it.
 *
 * @param step - Receives the keyed tag of the person, and nothing else.
 * @throws {@link ProtocolError} `enrolment_out_of_order`, and what `step` throws.
 */
export async function conclude<T>(
  sessions: Sessions,
  id: string,
  token: string,
  step: (dedupTag: string) => Promise<T>,
): Promise<T> {
  return sessions.run(id, token, ['face_accepted'], async (session) => {
    const { dedupTag } = evidenceOf(session);
    sessions.end(session);
    return step(dedupTag);
  });
}

/**
 * Runs a step that a proof of a seed in this session allows, whatever documents it has seen.
 *
 * @throws {@link ProtocolError} `attempts_exhausted`, and what `step` throws.
 */
export async function withProof<T>(sessions: Sessions, id: string, token: string, step: () => Promise<T>): Promise<T> {
  return sessions.run(id, token, ['open', 'document_accepted', 'face_accepted', 'decided'], (session) => {
    countAttempt(++session.proofs, MAX_PROOF_ATTEMPTS);
    return step();
  });
}

/**
 * HTTP of the credential.
 *
 * @param sessions - Open sessions.
 * @param issuance - Makes the credential.
 * @param bearer - Reads the token from the Authorization header.
 */
export function credentialRoutes(
  sessions: Sessions,
  issuance: Issuance,
  bearer: (header: string | undefined) => string,
): Hono {
  const app = new Hono();

  app.post(
    '/v1/enrolments/:id/credential',
    requireContentType('application/json'),
    bodyLimit(MAX_BODY_BYTES),
    async (c) => {
      const id = c.req.param('id');
      const body = await readJson(c, credentialBody);
      const statement = {
        holder: parseField(body.holder),
        seedTag: parseField(body.seed_tag),
        session: deriveSession(id),
      };
      const token = bearer(c.req.header('authorization'));
      const { proof, replaces, reset, backups = {} } = body;
      const wish = JSON.stringify([body.holder, body.seed_tag, replaces, reset === true]);
      const signed = await decide(sessions, { id, token, wish }, (evidence) =>
        issuance.issue({ statement, proof, evidence, wish: { replaces, reset }, backups }),
      );
      return c.json({ ...signed, status: 'pending' }, 202);
    },
  );
  return app;
}
