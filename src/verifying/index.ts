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
  type PresentationCheck,
  type PresentationOutcome,
  type RejectionCode,
} from './presentation.ts';
