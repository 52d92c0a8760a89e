// SPDX-License-Identifier: Apache-2.0
/**
 * `bauta/verifying`: the check of proofs and presentations, for platforms that embed it.
 *
 * @module
 */
export { openVerificationKey } from './artifacts.ts';
export { type BatchItem, verifyBatch } from './batch.ts';
export { loadVerificationKey, type VerificationKey, verifyProof } from './groth16.ts';
export {
  checkPresentation,
  checkPresentationWith,
  type PresentationCheck,
  type PresentationFacts,
  type PresentationOutcome,
  type ProofCheck,
  type RejectionCode,
} from './presentation.ts';
