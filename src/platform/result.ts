// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a checked presentation means to the platform: a pseudonym, the claims that were asked, and on
 * what the trust rests.
 *
 * @module
 */
import type { Checkpoint } from '../log/checkpoint.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Ask, Disclosed } from '../protocol/policy.ts';
import type { RequestObject } from '../protocol/request.ts';
import type { PresentationOutcome, RejectionCode } from '../verifying/presentation.ts';
import { ACR, type Result } from './client/messages.ts';
import type { PlatformDeps } from './deps.ts';

/** The result of an accepted presentation. */
export function resultOf(
  { clock, manifest }: PlatformDeps,
  request: RequestObject,
  outcome: Extract<PresentationOutcome, { ok: true }>,
  checkpoint: Checkpoint,
): Result {
  return {
    ...(outcome.pseudonym === undefined ? {} : { sub: outcome.pseudonym.sub }),
    claims: claimsOf(outcome.ask, outcome.disclosed),
    acr: ACR[request.purpose],
    auth_time: Math.floor(clock() / 1000),
    channel: request.channel,
    trust: {
      keys: manifest.keys,
      register: checkpoint.origin,
      checkpoint: checkpoint.size,
      epoch: checkpoint.epoch,
    },
  };
}

/** Claims by the names of the request's query; values as asked, or as disclosed. */
function claimsOf(ask: Ask, disclosed: Disclosed): Result['claims'] {
  return {
    valid_id: true,
    ...(ask.age_over === undefined ? {} : { [`age_over_${String(ask.age_over)}`]: true }),
    ...(ask.document_group === 'any' ? {} : { document_group: ask.document_group }),
    ...(ask.nationality_group === 'any' ? {} : { nationality_group: ask.nationality_group }),
    ...(ask.min_assurance === 1 ? {} : { min_assurance: ask.min_assurance }),
    ...(ask.phone_confirmed ? { phone_confirmed: true } : {}),
    ...Object.fromEntries(Object.entries(disclosed).filter(([, value]) => value !== undefined)),
  };
}

const REFUSALS: Readonly<Record<RejectionCode, string>> = {
  artifact_version_mismatch: 'the proof was made with another version of the circuits; update the wallet',
  claims_mismatch: 'the presentation does not disclose exactly what was asked',
  nullifier_mismatch: 'the presentation must carry a pseudonym exactly when one was asked',
  proof_invalid: 'the proof does not hold for this request',
  request_expired: 'the request has expired; go back to the platform and start again',
  sub_mismatch: 'another pseudonym was expected',
};

/** A refused presentation as an error. */
export function refusalOf(code: RejectionCode): ProtocolError {
  return new ProtocolError(code, REFUSALS[code]);
}
