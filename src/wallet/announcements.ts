// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Whether a revocation of the wallet's credential is announced, found in a file that is the same for every
 * holder of a block, and what the holder can say against it. docs/protocol.md sections 7 and 8.
 *
 * @module
 */
import { z } from 'zod';
import { BLOCK_LEAVES } from '../log/block.ts';
import { reasonSchema, type RevocationReason } from '../log/events.ts';
import type { Credential } from './credential.ts';
import { type EnrolDeps, openEnrolment, proveSeed } from './enrol.ts';
import type { Fetch, Random, RegisterConfig } from './environment.ts';
import { jsonOf, send } from './http.ts';
import { sourcesOf } from './mirrors.ts';

/** Largest file, bytes: some 20,000 announcements in a block of 262,144 leaves. */
const MAX_BYTES = 5_000_000;

const fileSchema = z.object({
  announcements: z.array(
    z.object({ leaf: z.string(), reason: reasonSchema, effective: z.number().int().nonnegative() }),
  ),
});

/** An announced revocation of the wallet's own credential. */
export interface OwnAnnouncement {
  readonly reason: RevocationReason;
  /** When it takes effect at the earliest, Unix seconds. */
  readonly effective: number;
}

/**
 * Looks for the credential among the announcements of its block: at the register, and at a mirror if there
 * is one, so that neither alone can keep it from the holder. What is asked tells the block and no more.
 *
 * @throws ProtocolError as the call fails, if nobody answers.
 */
export async function findAnnouncement(
  credential: Credential,
  register: RegisterConfig,
  deps: { readonly fetch: Fetch; readonly random: Random; readonly signal?: AbortSignal },
): Promise<OwnAnnouncement | undefined> {
  const block = Math.floor(credential.index / BLOCK_LEAVES);
  const sources = sourcesOf(register, deps.random);
  const asked = [...new Set([sources[0], register.url])].filter((url) => url !== undefined);
  const answers = await Promise.allSettled(
    asked.map(async (url) => {
      const call = { url: `${url}/announcements/${String(block)}.json`, maxBytes: MAX_BYTES, signal: deps.signal };
      return jsonOf(await send(deps.fetch, call), fileSchema, 'the register').announcements;
    }),
  );
  deps.signal?.throwIfAborted();
  const heard = answers.filter((answer) => answer.status === 'fulfilled').flatMap(({ value }) => value);
  if (answers.every(({ status }) => status === 'rejected')) {
    throw answers.find((answer) => answer.status === 'rejected')?.reason;
  }
  const leaf = credential.leaf.toString();
  const own = heard.find((announcement) => announcement.leaf === leaf);
  return own && { reason: own.reason, effective: own.effective };
}

/**
 * Appeals against the announced revocation, with a proof of the seed instead of documents.
 *
 * @param text - The holder's words, 1 to 4000 characters.
 * @returns The issuer's reference.
 * @throws ProtocolError the issuer's codes: `announcement_unknown`, `register_unreachable`, …
 */
export async function appeal(deps: EnrolDeps, credential: Credential, text: string): Promise<string> {
  const session = await openEnrolment(deps, { seed: credential.seed });
  const { form } = await proveSeed(deps, session);
  const answer = await send(deps.fetch, {
    url: `${deps.issuer.url}/v1/enrolments/${session.id}/appeal`,
    method: 'POST',
    headers: { authorization: `Bearer ${session.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...form, leaf: credential.leaf.toString(), text }),
    signal: deps.signal,
  });
  return jsonOf(answer, z.object({ reference: z.string().max(64) }), 'the issuer').reference;
}
