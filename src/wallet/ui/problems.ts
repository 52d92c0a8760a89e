// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From an error to what a person reads: what happened and what to do next, by its stable code.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import type { Strings } from './strings/en.ts';

/** Codes that mean the same to a person as another one. */
const SAME_AS = new Map<string, keyof Strings['problems']>(
  Object.entries({
    algorithm_unsupported: 'document_untrusted',
    certificate_expired: 'document_untrusted',
    certificate_not_yet_valid: 'document_untrusted',
    certificate_unsupported: 'document_untrusted',
    certificate_revoked: 'document_untrusted',
    revocation_unknown: 'document_untrusted',
    revocation_stale: 'document_untrusted',
    signer_not_authorised: 'document_untrusted',
    signing_time_invalid: 'document_untrusted',
    document_kind_unsupported: 'document_unsupported',
    nationality_unsupported: 'document_unsupported',
    portrait_unsupported: 'document_unsupported',
    document_malformed: 'document_invalid',
    issuing_state_mismatch: 'document_invalid',
    mrz_check_digit: 'document_invalid',
    mrz_malformed: 'document_invalid',
    document_number_check_digit: 'document_number_invalid',
    document_number_mismatch: 'document_number_invalid',
    decoder_answer_invalid: 'decoder_unreachable',
    registry_answer_invalid: 'decoder_unreachable',
    registry_unreachable: 'decoder_unreachable',
    chip_refused: 'chip_unreadable',
    chip_response_invalid: 'chip_unreadable',
    relay_refused: 'issuer_refused',
    image_malformed: 'image_invalid',
    image_too_large: 'image_invalid',
    enrolment_busy: 'enrolments_full',
    liveness_unknown: 'liveness_expired',
    enrolment_out_of_order: 'enrolment_unknown',
    leaf_mismatch: 'issuer_refused',
    session_mismatch: 'issuer_refused',
    leaf_revoked: 'credential_revoked',
    request_unknown: 'request_expired',
    verification_expired: 'request_expired',
    verification_unknown: 'request_expired',
    vp_token_invalid: 'proof_invalid',
    block_invalid: 'checkpoint_invalid',
    event_invalid: 'checkpoint_invalid',
    note_invalid: 'checkpoint_invalid',
    witness_policy_invalid: 'checkpoint_invalid',
    path_invalid: 'checkpoint_invalid',
    guard_answer_invalid: 'guard_untrusted',
    guard_key_mismatch: 'guard_untrusted',
    guard_unknown: 'guard_untrusted',
    guard_busy: 'guard_unreachable',
    backup_version_unsupported: 'backup_malformed',
    lock_malformed: 'stored_invalid',
    device_key_invalid: 'stored_invalid',
    passkey_invalid: 'passkey_unavailable',
    checkpoints_unavailable: 'service_unavailable',
    face_unavailable: 'service_unavailable',
    internal_error: 'service_unavailable',
    register_refused: 'service_unavailable',
    register_unreachable: 'service_unavailable',
    response_invalid: 'service_unavailable',
    response_too_large: 'service_unavailable',
  } as const),
);

/** What browsers call a part of a page that did not load. */
const IMPORT_FAILED = /dynamically imported module|Importing a module script failed/i;

/** The code of an error; `unexpected` for those that have none. */
export function codeOf(error: unknown): string {
  if (error instanceof ProtocolError) return error.code;
  return error instanceof TypeError && IMPORT_FAILED.test(error.message) ? 'page_incomplete' : 'unexpected';
}

/** The text for a code; that of `unexpected` for codes without a text of their own. */
export function textOf(code: string, strings: Strings): string {
  const known = (name: string): name is keyof Strings['problems'] => Object.hasOwn(strings.problems, name);
  return strings.problems[known(code) ? code : (SAME_AS.get(code) ?? 'unexpected')];
}
