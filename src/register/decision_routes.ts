// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * HTTP of decisions about leaves: orders of approvers and issuers, counts of resets, and what is announced.
 * docs/protocol.md section 7.
 *
 * @module
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { TREE_LEAVES } from '../commitment/tree.ts';
import { readJson } from '../http/limits.ts';
import { bytesSchema, MAX_APPROVALS, reasonSchema } from '../log/events.ts';
import { parseField } from '../protocol/field.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { openAnnouncements } from './announcements.ts';
import type { RegisterContext } from './config.ts';
import { announce, reverse, revokeOnRequest, revokeUrgently } from './orders.ts';
import { countResets, resetState } from './resets.ts';

const leaf = z.string();
const signature = bytesSchema(64);
const keyId = bytesSchema(8);
// Repeated approvers have a code of their own.
const approvals = z.array(z.strictObject({ approver: keyId, signature })).max(MAX_APPROVALS);
const position = z.number().int().nonnegative();
const positionOrNone = z.number().int().min(-1);

const announceBody = z.strictObject({ leaf, reason: reasonSchema, after: positionOrNone, approvals });
const reverseBody = z.strictObject({ leaf, announcement: position, approvals });
const urgentBody = z.strictObject({ leaf, reason: reasonSchema, approvals });
const requestBody = z.strictObject({ leaf, issuer: keyId, signature });
const resetsBody = z.strictObject({
  issuer: keyId,
  count: z.number().int().min(1).max(TREE_LEAVES),
  previous: positionOrNone,
  signature,
});

/**
 * The routes.
 *
 * @param register - Whose; bodies are limited and typed by the app that mounts them.
 */
export function decisionRoutes(register: RegisterContext): Hono {
  const app = new Hono();
  app.post('/v1/announcements', async (c) => {
    const body = await readJson(c, announceBody);
    const status = await announce(register, { ...body, leaf: parseField(body.leaf) });
    return c.json({ leaf: body.leaf, status }, 202);
  });
  app.post('/v1/reversals', async (c) => {
    const body = await readJson(c, reverseBody);
    const status = await reverse(register, { ...body, leaf: parseField(body.leaf) });
    return c.json({ leaf: body.leaf, status }, 202);
  });
  app.post('/v1/revocations', async (c) => {
    const body = await readJson(c, urgentBody);
    const status = await revokeUrgently(register, { ...body, leaf: parseField(body.leaf) });
    return c.json({ leaf: body.leaf, status }, 202);
  });
  app.post('/v1/requests', async (c) => {
    const body = await readJson(c, requestBody);
    const order = { leaf: parseField(body.leaf), issuer: body.issuer, signature: fromBase64Url(body.signature) };
    return c.json({ leaf: body.leaf, status: await revokeOnRequest(register, order) }, 202);
  });
  app.post('/v1/resets', async (c) => {
    const body = await readJson(c, resetsBody);
    return c.json(await countResets(register, { ...body, signature: fromBase64Url(body.signature) }), 202);
  });
  app.get('/v1/resets/:issuer', async (c) => c.json(await resetState(register, c.req.param('issuer'))));
  app.get('/announcements/:file{[0-9]{1,15}\\.json}', async (c) => {
    const block = Number(c.req.param('file').slice(0, -'.json'.length));
    const announcements = await openAnnouncements(register, block);
    return c.json({ announcements }, 200, { 'Cache-Control': 'no-cache' });
  });
  return app;
}
