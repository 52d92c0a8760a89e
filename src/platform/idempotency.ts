// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `Idempotency-Key`: a backend that got no answer repeats its request under the same key, and gets the answer
 * that the first one made; nothing is made twice, also when both arrive at once, at different processes.
 * docs/protocol.md section 6.
 *
 * @module
 */
import { canonicalJson } from '../protocol/canonical.ts';
import type { IdempotencyRow } from '../storage/platform.ts';
import type { PlatformDeps } from './deps.ts';
import { openReply, sealReply } from './sealed_replies.ts';
import { secretHash } from './secrets.ts';

/** Seconds for which an answer is given again. */
export const IDEMPOTENCY_SECONDS = 86_400;

/** Whose request it is, and under which key it may be repeated. */
export interface IdempotentRequest {
  /** The backend's bearer key: two backends' idempotency keys have nothing to do with each other. */
  readonly apiKey: string;
  readonly key: string;
  readonly body: unknown;
}

/**
 * The row that keeps an answer.
 *
 * @throws ProtocolError `body_invalid` where a text of the request is not Unicode.
 */
export function idempotencyRow(
  { clock, random }: Pick<PlatformDeps, 'clock' | 'random'>,
  request: IdempotentRequest,
  answer: unknown,
): IdempotencyRow {
  return {
    name: secretHash(secretOf(request)),
    body_hash: secretHash(canonicalJson(request.body, 'body_invalid')),
    sealed: sealReply(secretOf(request), 'idempotency', answer, random),
    expires_at: clock() + IDEMPOTENCY_SECONDS * 1000,
  };
}

/** The answer that was given before. */
export function repeatedAnswer(request: IdempotentRequest, sealed: string): unknown {
  return openReply(secretOf(request), 'idempotency', sealed);
}

function secretOf({ apiKey, key }: IdempotentRequest): string {
  // A bearer key holds no space, so that no two pairs make one text.
  return `${apiKey} ${key}`;
}
