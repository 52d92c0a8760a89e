// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Having a document's chip challenged: the issuer asks, whoever holds the chip (`companion.ts`) answers, and
 * this wallet carries both ways what it can neither make nor read. With a right answer the credential has
 * assurance level 2. docs/protocol.md section 8, "The chip".
 *
 * @module
 */
import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { callSession, type EnrolDeps, type Enrolment } from './enrol.ts';
import { accepted, jsonOf } from './http.ts';

/** The other side, in messages. */
const ISSUER = 'the issuer';

const bytes = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(4096)
  .transform(fromBase64Url);
const challengeAnswer = z.object({
  challenge: bytes.optional(),
  opening: z.array(bytes).max(8).optional(),
  command: bytes.optional(),
});

/** What the issuer asks of a chip; at least one of `challenge` and `command`. */
export interface ChipChallenge {
  /** For the chip to sign. */
  readonly challenge?: Uint8Array | undefined;
  /** Commands to send in the session with the chip, then `command` directly to it. */
  readonly opening?: readonly Uint8Array[] | undefined;
  readonly command?: Uint8Array | undefined;
}

/** What the chip answered; at least one. */
export interface ChipAnswer {
  readonly signature?: Uint8Array | undefined;
  readonly relayed?: Uint8Array | undefined;
}

/**
 * Asks for a challenge to the chip of the document that was sent; an earlier one is void.
 *
 * @throws {@link ProtocolError} the issuer's code: `chip_unsupported` for a document that nothing can be asked
 * of, which is no fault and leaves assurance level 1; `attempts_exhausted`.
 */
export async function challengeChip(deps: EnrolDeps, enrolment: Enrolment): Promise<ChipChallenge> {
  const answer = await callSession(deps, enrolment, '/chip-challenge', { method: 'POST' });
  return jsonOf(answer, challengeAnswer, ISSUER);
}

/**
 * Brings the chip's answer to the issuer; good for one challenge, once.
 *
 * @throws {@link ProtocolError} the issuer's code: `chip_authentication_failed`, `challenge_missing`.
 */
export async function answerChip(deps: EnrolDeps, enrolment: Enrolment, answer: ChipAnswer): Promise<void> {
  const { signature, relayed } = answer;
  const body = JSON.stringify({
    signature: signature && toBase64Url(signature),
    relayed: relayed && toBase64Url(relayed),
  });
  accepted(await callSession(deps, enrolment, '/chip', { method: 'PUT', type: 'application/json', body }), ISSUER);
}
