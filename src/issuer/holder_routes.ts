// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * HTTP of what holders may ask of the issuer, and of the list of appeals. docs/protocol.md section 8.
 *
 * @module
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import { proofSchema } from '../protocol/presentation.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { deriveSession } from '../protocol/statement.ts';
import { conclude, withProof } from './decision.ts';
import { type Holders, MAX_APPEAL_LENGTH } from './holders.ts';
import type { Sessions } from './session.ts';

/** Largest body, bytes: a proof, and the longest text at three bytes a character. */
const MAX_BODY_BYTES = 16 * 1024;

const proven = { holder: z.string(), seed_tag: z.string(), proof: proofSchema };
const seedBody = z.strictObject(proven);
/** Nothing, when document and face were shown; or a proof of the seed. */
const revocationBody = z.union([seedBody, z.strictObject({}).transform(() => undefined)]);
const appealBody = z.strictObject({
  ...proven,
  leaf: z.string(),
  text: z.string().trim().min(1).max(MAX_APPEAL_LENGTH),
});

/**
 * The routes.
 *
 * @param sessions - Open sessions.
 * @param holders - What they may ask.
 * @param bearer - Reads the token from the Authorization header.
 */
export function holderRoutes(
  sessions: Sessions,
  holders: Holders,
  bearer: (header: string | undefined) => string,
): Hono {
  const app = new Hono();
  const json = [requireContentType('application/json'), bodyLimit(MAX_BODY_BYTES)] as const;
  const prove = (id: string, body: z.infer<typeof seedBody>): Promise<string> =>
    holders.proveSeed(
      { holder: parseField(body.holder), seedTag: parseField(body.seed_tag), session: deriveSession(id) },
      body.proof,
    );

  app.post('/v1/enrolments/:id/existence', bodyLimit(0), async (c) => {
    const token = bearer(c.req.header('authorization'));
    const existence = await conclude(sessions, c.req.param('id'), token, (tag) => holders.existence(tag));
    return c.json(existence, 200, { 'Cache-Control': 'no-store' });
  });

  app.post('/v1/enrolments/:id/revocation', ...json, async (c) => {
    const id = c.req.param('id');
    const token = bearer(c.req.header('authorization'));
    const body = await readJson(c, revocationBody);
    const leaves =
      body === undefined
        ? await conclude(sessions, id, token, (dedupTag) => holders.revoke({ dedupTag }))
        : await withProof(sessions, id, token, async () => holders.revoke({ seedTag: await prove(id, body) }));
    return c.json({ leaves, status: 'pending' }, 202);
  });

  app.post('/v1/enrolments/:id/appeal', ...json, async (c) => {
    const id = c.req.param('id');
    const token = bearer(c.req.header('authorization'));
    const { leaf, text, ...body } = await readJson(c, appealBody);
    const reference = await withProof(sessions, id, token, async () =>
      holders.appeal(await prove(id, body), parseField(leaf).toString(), text),
    );
    return c.json({ reference }, 202);
  });

  app.get('/v1/appeals', async (c) => {
    const [approver, time, signature] = ['Approver-Key', 'Approver-Time', 'Approver-Signature'].map(
      (name) => c.req.header(name) ?? '',
    ) as [string, string, string];
    if (!/^\d{1,12}$/.test(time)) {
      throw new ProtocolError('token_missing', 'approvers sign for the list of appeals');
    }
    const order = { approver, time: Number(time), signature: fromBase64Url(signature) };
    return c.json({ appeals: await holders.appeals(order) }, 200, { 'Cache-Control': 'no-store' });
  });
  return app;
}
