// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * HTTP of backups: fetched by who has shown document and live face, changed by who proves the seed.
 * docs/protocol.md section 8, "Backup".
 *
 * @module
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { parseField } from '../protocol/field.ts';
import { proofSchema } from '../protocol/presentation.ts';
import { deriveSession } from '../protocol/statement.ts';
import { backupsOf, backupsSchema, keepBackups } from './backups.ts';
import { withProof } from './decision.ts';
import { type IssueDeps, requireIssueProof } from './issue.ts';
import { countAttempt, evidenceOf, type Sessions } from './session.ts';

/** Largest body, bytes: a proof and a backup of each kind. */
const MAX_BODY_BYTES = 16 * 1024;
/** How often backups may be fetched in one session. */
export const MAX_BACKUP_READS = 10;

const changeBody = z.strictObject({
  holder: z.string(),
  seed_tag: z.string(),
  proof: proofSchema,
  backups: backupsSchema,
});

/**
 * The routes.
 *
 * @param sessions - Open sessions.
 * @param deps - Where backups are, and the key that proofs are checked by.
 * @param bearer - Reads the token from the Authorization header.
 */
export function backupRoutes(
  sessions: Sessions,
  { database, verificationKey }: Pick<IssueDeps, 'database' | 'verificationKey'>,
  bearer: (header: string | undefined) => string,
): Hono {
  const app = new Hono();

  app.post('/v1/enrolments/:id/backup', bodyLimit(0), async (c) => {
    const token = bearer(c.req.header('authorization'));
    const backups = await sessions.run(c.req.param('id'), token, ['face_accepted'], (session) => {
      countAttempt(++session.wishes, MAX_BACKUP_READS);
      return backupsOf(database, evidenceOf(session).dedupTag);
    });
    return c.json({ backups }, 200, { 'Cache-Control': 'no-store' });
  });

  app.put('/v1/enrolments/:id/backup', requireContentType('application/json'), bodyLimit(MAX_BODY_BYTES), async (c) => {
    const id = c.req.param('id');
    const token = bearer(c.req.header('authorization'));
    const { proof, backups, ...body } = await readJson(c, changeBody);
    const statement = {
      holder: parseField(body.holder),
      seedTag: parseField(body.seed_tag),
      session: deriveSession(id),
    };
    await withProof(sessions, id, token, async () => {
      await requireIssueProof(verificationKey, statement, proof);
      await keepBackups(database, statement.seedTag.toString(), backups);
    });
    return c.json({ status: 'kept' });
  });
  return app;
}
