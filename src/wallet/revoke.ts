// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The holder's own wish that all their credentials be revoked, with a proof of the seed instead of documents.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { z } from 'zod';
import type { FieldElement } from '../protocol/field.ts';
import { callSession, type EnrolDeps, openEnrolment, proveSeed } from './enrol.ts';
import { jsonOf } from './http.ts';

/**
 * Has all credentials of a seed revoked. The issuer keeps the wish before it answers; the register empties the
 * leaves at the next epoch.
 *
 * @returns How many.
 * @throws {@link ProtocolError} `person_unknown`, and those of the calls.
 */
export async function revokeOwn(deps: EnrolDeps, seed: FieldElement): Promise<number> {
  const session = await openEnrolment(deps, { seed });
  const { form } = await proveSeed(deps, session);
  const answer = await callSession(deps, session, '/revocation', {
    method: 'POST',
    type: 'application/json',
    body: JSON.stringify(form),
  });
  return jsonOf(answer, z.object({ leaves: z.array(z.string()) }), 'the issuer').leaves.length;
}
