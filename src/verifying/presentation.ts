// SPDX-License-Identifier: Apache-2.0
/**
 * The check of a presentation. Every one of the eight public signals is computed from what the
 * verifier holds, or checked, before the proof is looked at:
 *
 * | signal | comes from |
 * | --- | --- |
 * | nullifier | the presentation: canonical, zero exactly when the policy asks for no pseudonym |
 * | revealed | the typed claims of the presentation, packed under what was asked |
 * | root | an accepted checkpoint, found by the caller |
 * | scope, context, policy, nationalityMask, binding | the verifier's own request |
 *
 * Whether the request was answered before is the caller's question: proofs can be re-randomised, so
 * replay is a matter of nonces and nullifiers, never of proof bytes. docs/protocol.md section 6.
 *
 * @module
 */
import { dateInZone } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import { type Ask, type Disclosed, packRevealed, unpackPolicy } from '../protocol/policy.ts';
import type { Groth16Proof, Presentation } from '../protocol/presentation.ts';
import { askOf, requestInputs, type RequestObject } from '../protocol/request.ts';
import { NO_SCOPE, type Nullifier, subOf } from '../protocol/scope.ts';
import { SHOW_SIGNALS, type ShowStatement } from '../protocol/statement.ts';
import { verifyProof, type VerificationKey } from './groth16.ts';

/** What is checked against what. */
export interface PresentationFacts {
  /** From the wallet, well formed. */
  readonly presentation: Presentation;
  /** The verifier's own request, as stored. */
  readonly request: RequestObject;
  /** Presentation root of the accepted checkpoint that the presentation names. */
  readonly root: FieldElement;
  /** Unix time in milliseconds. */
  readonly now: number;
  /** The register's time zone, an IANA name. */
  readonly timeZone: string;
}

/** {@link PresentationFacts} and the key under which the proof is checked. */
export interface PresentationCheck extends PresentationFacts {
  /** Key of the circuit `show`, of the version that the request names. */
  readonly key: VerificationKey;
}

/**
 * Tells whether a proof of `show` holds for exactly these signals, as `verifyProof` does under a key: a
 * service may collect what arrives together and use `verifyBatch`.
 */
export type ProofCheck = (signals: readonly FieldElement[], proof: Groth16Proof) => Promise<boolean>;

/** Why a well-formed presentation is not accepted. */
export type RejectionCode =
  | 'artifact_version_mismatch'
  | 'claims_mismatch'
  | 'nullifier_mismatch'
  | 'proof_invalid'
  | 'request_expired'
  | 'sub_mismatch';

/** What a presentation proves, or why it is refused. */
export type PresentationOutcome =
  | {
      readonly ok: true;
      readonly ask: Ask;
      readonly disclosed: Disclosed;
      /** The holder's pseudonym under the request's scope and context, where one was asked. */
      readonly pseudonym: { readonly nullifier: Nullifier; readonly sub: string } | undefined;
      readonly statement: ShowStatement;
    }
  | { readonly ok: false; readonly code: RejectionCode };

/**
 * Checks a presentation against a request, with one proof at a time.
 *
 * @returns Never a partial success; the order of the checks is cheapest first and no part of the contract.
 * @throws {@link ProtocolError} `field_not_canonical`, `proof_malformed` for a malformed presentation,
 * and those of {@link requestInputs} for a request that contradicts itself.
 */
export async function checkPresentation({ key, ...facts }: PresentationCheck): Promise<PresentationOutcome> {
  return checkPresentationWith((signals, proof) => verifyProof(key, signals, proof), facts);
}

/**
 * Checks a presentation against a request, given a way to check proofs.
 *
 * @param checkProof - Called once at most, with signals that were computed or checked, and always last.
 * @param facts - See {@link PresentationFacts}.
 * @returns As {@link checkPresentation}.
 * @throws {@link ProtocolError} as {@link checkPresentation}, and what `checkProof` throws.
 */
export async function checkPresentationWith(
  checkProof: ProofCheck,
  facts: PresentationFacts,
): Promise<PresentationOutcome> {
  const { presentation, request, root, now, timeZone } = facts;
  const reject = (code: RejectionCode): PresentationOutcome => ({ ok: false, code });
  const nullifier = parseField(presentation.nullifier) as Nullifier;
  const inputs = requestInputs(request);
  const ask = askOf(request.dcql_query);
  const policy = unpackPolicy(inputs.policy);
  if (policy.today !== dateInZone(request.iat * 1000, timeZone)) {
    throw new ProtocolError('request_invalid', "the request's policy is not of the day on which it was made");
  }
  if (ask.pseudonym !== (inputs.scope !== NO_SCOPE)) {
    throw new ProtocolError('request_invalid', 'a pseudonym needs a scope, and no pseudonym none');
  }
  if (now >= request.exp * 1000) return reject('request_expired');
  if (presentation.version !== request.dcql_query.credentials[0].meta.version) {
    return reject('artifact_version_mismatch');
  }
  if (ask.pseudonym !== (nullifier !== 0n)) return reject('nullifier_mismatch');
  const revealed = tryPack(presentation.disclosed, ask);
  if (revealed === undefined) return reject('claims_mismatch');
  const pseudonym = ask.pseudonym ? { nullifier, sub: subOf(nullifier) } : undefined;
  if (request.expect_sub !== undefined && request.expect_sub !== pseudonym?.sub) return reject('sub_mismatch');
  const statement: ShowStatement = { nullifier, revealed, root, ...inputs };
  const signals = SHOW_SIGNALS.map((name) => statement[name]);
  if (!(await checkProof(signals, presentation.proof))) return reject('proof_invalid');
  return { ok: true, ask, disclosed: presentation.disclosed, pseudonym, statement };
}

function tryPack(disclosed: Disclosed, ask: Ask): FieldElement | undefined {
  try {
    return packRevealed(disclosed, ask);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
