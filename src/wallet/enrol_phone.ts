// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Confirming a phone as the wallet sees it: the issuer sends a code to the number, the person types it.
 * Possible once a document was accepted and until the credential is asked for; whoever leaves it out has a
 * credential without a phone. docs/protocol.md section 8.
 *
 * @module
 */
import { z } from 'zod';
import { PHONE_CODE_DIGITS } from '../protocol/phone.ts';
import { callSession, type EnrolDeps, type Enrolment } from './enrol.ts';
import { accepted, type Answer, jsonOf, textOf } from './http.ts';

/** The other side, in messages. */
const ISSUER = 'the issuer';

const time = z.iso.datetime().transform((text) => Date.parse(text));
const sentAnswer = z.object({ expires_at: time, resend_at: time });
const waitAnswer = z.object({ code: z.literal('too_many_requests'), wait_seconds: z.number().int().nonnegative() });
const wrongAnswer = z.object({ code: z.literal('phone_code_wrong'), attempts_left: z.number().int().nonnegative() });

/** What came of asking for a code; times are Unix milliseconds. */
export type PhoneCodeRequest =
  /**
   * It is on its way, unless the number was sent too many today: that is told to nobody, since it would
   * tell who uses it.
   */
  | { readonly outcome: 'sent'; readonly expiresAt: number; readonly resendAt: number }
  /** Too early, or too often: ask again from then on. */
  | { readonly outcome: 'wait'; readonly until: number };

/** What came of a code. */
export type PhoneConfirmation =
  | { readonly outcome: 'confirmed' }
  /** With no attempts left another code has to be asked for. */
  | { readonly outcome: 'wrong'; readonly attemptsLeft: number };

/**
 * Asks the issuer to send a code to a number; an earlier code is void.
 *
 * @param number - With its calling code behind a plus sign, as the person wrote it.
 * @throws {@link ProtocolError} the issuer's code: `phone_invalid`, `phone_region_unsupported`,
 * `phone_not_mobile`, `attempts_exhausted`, `sms_unavailable`, `sms_refused`, `enrolment_out_of_order`.
 */
export async function requestPhoneCode(
  deps: EnrolDeps,
  enrolment: Enrolment,
  number: string,
): Promise<PhoneCodeRequest> {
  const answer = await call(deps, enrolment, 'POST', { number });
  const wait = refusalOf(answer, waitAnswer);
  if (wait !== undefined) return { outcome: 'wait', until: deps.clock() + wait.wait_seconds * 1000 };
  const { expires_at: expiresAt, resend_at: resendAt } = jsonOf(answer, sentAnswer, ISSUER);
  return { outcome: 'sent', expiresAt, resendAt };
}

/** Whether a text has the form of a code; spaces around it do not count. */
export function isPhoneCode(text: string): boolean {
  return new RegExp(`^\\d{${String(PHONE_CODE_DIGITS)}}$`).test(text.trim());
}

/**
 * Brings the code to the issuer. The same right code may be brought again, should the answer be lost.
 *
 * @param code - Of the form of {@link isPhoneCode}.
 * @throws {@link ProtocolError} the issuer's code: `phone_code_missing`, `phone_code_expired`, `phone_limit`,
 * `enrolment_out_of_order`.
 */
export async function confirmPhone(deps: EnrolDeps, enrolment: Enrolment, code: string): Promise<PhoneConfirmation> {
  const answer = await call(deps, enrolment, 'PUT', { code: code.trim() });
  const wrong = refusalOf(answer, wrongAnswer);
  if (wrong !== undefined) return { outcome: 'wrong', attemptsLeft: wrong.attempts_left };
  accepted(answer, ISSUER);
  return { outcome: 'confirmed' };
}

function call(deps: EnrolDeps, enrolment: Enrolment, method: 'POST' | 'PUT', body: object): Promise<Answer> {
  return callSession(deps, enrolment, '/phone', { method, type: 'application/json', body: JSON.stringify(body) });
}

/** A refusal that says more than its code. */
function refusalOf<Schema extends z.ZodType>(answer: Answer, schema: Schema): z.output<Schema> | undefined {
  if (answer.status < 400) return undefined;
  try {
    return schema.safeParse(JSON.parse(textOf(answer))).data;
  } catch {
    return undefined;
  }
}
