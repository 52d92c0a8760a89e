// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How an open enrolment stands at the issuer, for a wallet that was closed in between.
 *
 * @module
 */
import { z } from 'zod';
import { callSession, type EnrolDeps, type Enrolment } from './enrol.ts';
import { accepted, jsonOf } from './http.ts';
import type { Stage } from './pending.ts';

/** Statuses of an enrolment at which the wallet knows what to do next. */
const NEXT: Readonly<Record<string, Stage>> = {
  open: 'document',
  document_accepted: 'face',
  face_accepted: 'phone',
};
const GONE: ReadonlySet<number> = new Set([401, 404, 410]);
const answer = z.object({ status: z.string() });

/**
 * Asks the issuer.
 *
 * @returns The first step that is not done: `request` when it has decided, since the same wish again gets the
 * same answer; `ended` when it knows the session no more.
 * @throws {@link ProtocolError} as the call fails.
 */
export async function standingOf(deps: EnrolDeps, enrolment: Enrolment): Promise<Stage | 'ended'> {
  const reply = await callSession(deps, enrolment, '', { method: 'GET' });
  if (GONE.has(reply.status)) return 'ended';
  const { status } = jsonOf(accepted(reply, 'the issuer'), answer, 'the issuer');
  return NEXT[status] ?? 'request';
}
