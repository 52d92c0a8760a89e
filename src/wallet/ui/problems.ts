// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From an error to what a person reads: what happened and what to do next, by its stable code.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import type { Strings } from './strings/en.ts';

/** Codes that mean the same to a person as another one. */
const SAME_AS: Readonly<Record<string, keyof Strings['problems']>> = {
  response_timeout: 'network_failed',
  request_unknown: 'request_expired',
  enrolment_out_of_order: 'enrolment_unknown',
  enrolment_expired: 'enrolment_unknown',
  token_invalid: 'enrolment_unknown',
};

/** The code of an error; `unexpected` for those that have none. */
export function codeOf(error: unknown): string {
  return error instanceof ProtocolError ? error.code : 'unexpected';
}

/** The text for a code; that of `unexpected` for codes without a text of their own. */
export function textOf(code: string, strings: Strings): string {
  const known = (name: string): name is keyof Strings['problems'] => Object.hasOwn(strings.problems, name);
  return strings.problems[known(code) ? code : (SAME_AS[code] ?? 'unexpected')];
}
