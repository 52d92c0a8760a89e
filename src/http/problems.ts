// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Problem details (RFC 9457): the one place where an error becomes an HTTP response.
 *
 * ```json
 * { "type": "urn:bauta:problem:CODE", "title": …, "status": …, "detail": …, "code": "CODE" }
 * ```
 *
 * A {@link ProtocolError} shows its code and message. Anything else is `internal_error` and shows
 * nothing: neither message nor stack. docs/protocol.md section 9 lists the codes.
 *
 * @module
 */
import type { Context, Env, Hono, Schema } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ProtocolError } from '../protocol/errors.ts';

/** Status of the codes that do not stand for a malformed request, which is 400. */
export const STATUS_OF: Readonly<Record<string, ContentfulStatusCode>> = {
  // who is asking
  token_missing: 401,
  token_invalid: 401,
  api_key_invalid: 401,
  companion_unpaired: 401,
  browser_token_invalid: 403,
  response_code_invalid: 403,
  too_many_attempts: 403,
  issuer_unknown: 403,
  operator_unknown: 403,
  approver_unknown: 403,
  approver_repeated: 403,
  approvals_missing: 403,
  leaf_of_another: 403,
  listing_expired: 403,
  signature_invalid: 403,
  guard_login_refused: 403,
  guard_erase_refused: 403,
  companion_code_wrong: 403,
  companion_host_refused: 403,
  companion_locked: 403,
  companion_origin_refused: 403,
  // what is asked for
  not_found: 404,
  method_not_allowed: 405,
  leaf_unknown: 404,
  announcement_unknown: 404,
  person_unknown: 404,
  backup_missing: 404,
  block_unknown: 404,
  tile_unknown: 404,
  checkpoint_unknown: 404,
  log_unknown: 404,
  delta_unknown: 404,
  enrolment_unknown: 404,
  request_unknown: 404,
  verification_unknown: 404,
  guard_record_unknown: 404,
  guard_login_unknown: 404,
  guard_registration_unknown: 404,
  // what stands against it
  leaf_revoked: 409,
  leaf_replaced: 409,
  replacement_waits: 409,
  revocation_announced: 409,
  leaf_taken: 409,
  announced_otherwise: 409,
  announcement_outdated: 409,
  resets_out_of_order: 409,
  epoch_not_next: 409,
  challenge_missing: 409,
  phone_code_missing: 409,
  phone_limit: 409,
  companion_busy: 409,
  companion_chip_missing: 409,
  enrolment_out_of_order: 409,
  enrolment_busy: 409,
  liveness_unknown: 409,
  person_already_enrolled: 409,
  seed_already_enrolled: 409,
  reset_too_soon: 409,
  resets_exhausted: 409,
  blinding_reused: 409,
  nonce_used: 409,
  response_code_used: 409,
  action_already_done: 409,
  action_opens_differently: 409,
  limit_index_used: 409,
  liveness_expired: 410,
  request_expired: 410,
  phone_code_expired: 410,
  verification_expired: 410,
  // its form
  body_too_large: 413,
  content_type_unsupported: 415,
  // well formed, and refused
  idempotency_key_reused: 422,
  reason_not_announced: 422,
  reason_not_urgent: 422,
  checkpoint_not_accepted: 422,
  consistency_invalid: 422,
  checkpoint_second_root: 422,
  checkpoint_too_large: 422,
  epoch_too_short: 422,
  epoch_too_far: 422,
  log_fault: 422,
  tiles_mismatch: 422,
  proof_invalid: 422,
  artifact_version_mismatch: 422,
  claims_mismatch: 422,
  nullifier_mismatch: 422,
  sub_mismatch: 422,
  document_malformed: 422,
  document_tampered: 422,
  document_expired: 422,
  document_expires_too_soon: 422,
  document_kind_unsupported: 422,
  algorithm_unsupported: 422,
  chip_access_denied: 422,
  chip_authentication_failed: 422,
  chip_password_invalid: 422,
  chip_refused: 422,
  chip_response_invalid: 422,
  chip_transcript_mismatch: 422,
  chip_unsupported: 422,
  relay_refused: 422,
  certificate_unsupported: 422,
  certificate_expired: 422,
  certificate_not_yet_valid: 422,
  certificate_revoked: 422,
  revocation_unknown: 422,
  revocation_stale: 422,
  csca_unknown: 422,
  signer_not_authorised: 422,
  signing_time_invalid: 422,
  issuing_state_mismatch: 422,
  mrz_malformed: 422,
  mrz_check_digit: 422,
  nationality_unsupported: 422,
  portrait_unsupported: 422,
  person_number_missing: 422,
  document_number_invalid: 422,
  document_number_check_digit: 422,
  document_number_mismatch: 422,
  decoder_refused: 422,
  card_unknown: 422,
  image_malformed: 422,
  image_too_large: 413,
  face_mismatch: 422,
  phone_invalid: 422,
  phone_region_unsupported: 422,
  phone_not_mobile: 422,
  phone_code_wrong: 422,
  sms_refused: 422,
  face_missing: 422,
  face_multiple: 422,
  face_too_small: 422,
  face_too_dark: 422,
  face_too_bright: 422,
  face_blurred: 422,
  face_turned_away: 422,
  face_eyes_closed: 422,
  liveness_turn_missing: 422,
  liveness_blink_missing: 422,
  liveness_action_unasked: 422,
  liveness_face_changed: 422,
  liveness_frames_repeated: 422,
  liveness_out_of_order: 422,
  attempts_exhausted: 429,
  too_many_requests: 429,
  guard_wait: 429,
  // not the caller's fault
  internal_error: 500,
  register_inconsistent: 500,
  randomness_broken: 500,
  tree_full: 503,
  database_unreachable: 503,
  chip_transport_failed: 503,
  companion_document_missing: 503,
  companion_reader_missing: 503,
  register_unreachable: 503,
  checkpoints_unavailable: 503,
  enrolments_full: 503,
  decoder_unreachable: 503,
  decoder_answer_invalid: 503,
  registry_unreachable: 503,
  registry_answer_invalid: 503,
  face_busy: 503,
  face_unavailable: 503,
  sms_unavailable: 503,
  face_models_changed: 503,
  tiles_unavailable: 503,
  witness_busy: 503,
  guard_busy: 503,
  verifier_busy: 503,
  verifier_unavailable: 503,
};

/** Seconds after which the same request is worth sending again, by code. */
const RETRY_AFTER: Readonly<Record<string, number>> = {
  face_busy: 60,
  verifier_busy: 1,
  witness_busy: 1,
  guard_busy: 60,
  verifier_unavailable: 1,
  database_unreachable: 2,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Body too large',
  415: 'Content type not supported',
  422: 'Refused',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
};

/** Codes for errors that hono itself raises, by status. */
const HONO_CODES: Readonly<Record<number, Lowercase<string>>> = {
  400: 'body_invalid',
  401: 'token_invalid',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'content_type_unsupported',
};

/** A problem document. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: ContentfulStatusCode;
  readonly detail: string;
  readonly code: string;
}

/** Describes an error without telling more than its author meant to tell. */
export function describeProblem(error: unknown): Problem {
  const known = asProtocolError(error);
  const status = STATUS_OF[known.code] ?? 400;
  return {
    type: `urn:bauta:problem:${known.code}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail: known.message,
    code: known.code,
  };
}

function asProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) {
    return error;
  }
  if (error instanceof HTTPException) {
    const code = HONO_CODES[error.status];
    if (code !== undefined) {
      return new ProtocolError(code, 'the request does not have the form that this address expects');
    }
  }
  return new ProtocolError('internal_error', 'the service failed; the fault is not in the request');
}

/**
 * Answers with the problem document of an error.
 *
 * @param c - Context of the request.
 * @param error - Anything thrown.
 * @param extra - Further members, e.g. the `error` of OAuth.
 */
export function problem(c: Context, error: unknown, extra: Readonly<Record<string, unknown>> = {}): Response {
  const body = describeProblem(error);
  const retryAfter = RETRY_AFTER[body.code];
  return c.body(JSON.stringify({ ...extra, ...body }), body.status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    ...(body.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  });
}

/**
 * Makes an app answer every error, and every unknown address, with a problem document.
 *
 * @param app - The app.
 * @param onUnexpected - Told of errors that answer `internal_error`; see `logs.ts` for what may be logged.
 * @param translate - Recognises what drivers and libraries throw.
 */
export function installProblems<E extends Env, S extends Schema, Path extends string>(
  app: Hono<E, S, Path>,
  onUnexpected?: (error: unknown) => void,
  translate: (error: unknown) => unknown = (error) => error,
): void {
  app.onError((thrown, c) => {
    const error = translate(thrown);
    if (describeProblem(error).status === 500) {
      onUnexpected?.(error);
    }
    return problem(c, error);
  });
  app.notFound((c) => problem(c, new ProtocolError('not_found', 'there is nothing at this address')));
}
