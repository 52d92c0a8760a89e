// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A check that keeps nothing: the caller made the request and owns its nonce and, for an action, the
 * record of who has acted.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import type { z } from 'zod';
import type { VerifiedProof, verifyProofSchema } from './client/messages.ts';
import type { PlatformDeps } from './deps.ts';
import { findCheckpoint, measuredCheck } from './openid4vp.ts';
import { resultOf } from './result.ts';

/**
 * Checks a presentation against a request.
 *
 * @throws {@link ProtocolError} `request_invalid` for a request of another origin, whose pseudonyms are
 * not this platform's to check; `checkpoints_unavailable`; and for malformed input.
 */
export async function verifyStateless(
  deps: PlatformDeps,
  { request, presentation }: z.output<typeof verifyProofSchema>,
): Promise<{ body: VerifiedProof; cpuMs?: number }> {
  if (!URL.canParse(request.response_uri) || new URL(request.response_uri).origin !== deps.origin) {
    throw new ProtocolError('request_invalid', `response_uri must be of ${deps.origin}`);
  }
  if (request.iat * 1000 > deps.clock() + CLOCK_SKEW) {
    throw new ProtocolError('request_invalid', 'the request is from the future');
  }
  try {
    const checkpoint = await findCheckpoint(deps, request, presentation);
    const { outcome, cpuMs } = await measuredCheck(deps, request, presentation, checkpoint);
    return outcome.ok
      ? { body: { ok: true, result: resultOf(deps, request, outcome, checkpoint) }, cpuMs }
      : { body: { ok: false, code: outcome.code }, cpuMs };
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'checkpoint_not_accepted') {
      return { body: { ok: false, code: error.code } };
    }
    throw error;
  }
}

/** Milliseconds by which the caller's clock may be ahead. */
const CLOCK_SKEW = 60_000;
