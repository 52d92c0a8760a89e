// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From why someone enrols to what the wallet asks the issuer for.
 *
 * @module
 */
import type { Credential } from './credential.ts';
import type { CredentialWish } from './enrol.ts';
import { RESET, RESTORED, sameSeed } from './life.ts';
import type { PendingEnrolment } from './pending.ts';

/** What a pending enrolment asks for at its end. */
export function wishOf(
  { purpose, asked }: Pick<PendingEnrolment, 'purpose' | 'asked'>,
  credentials: readonly Credential[],
): CredentialWish {
  if (purpose === 'restore') return RESTORED;
  // Asked again, the wish stays the same, since the issuer answers alike to no other.
  if (purpose === 'reset') return asked === true ? { ...RESET, age: 'unknown' } : RESET;
  const [known] = credentials;
  if (known !== undefined) return sameSeed(known);
  return asked === true ? { age: 'unknown' } : {};
}
