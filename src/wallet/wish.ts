// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From why someone enrols to what the wallet asks the issuer for.
 *
 * @module
 */
import type { Credential } from './credential.ts';
import type { CredentialWish } from './enrol.ts';
import type { Random } from './environment.ts';
import { createHolder } from './holder.ts';
import { RESET, RESTORED, sameSeed } from './life.ts';
import type { PendingEnrolment } from './pending.ts';

/**
 * Refusals by which the issuer says that it has made nothing, and that the seed is not anyone's: it has looked for
 * both the person and the seed. After them the seed need not be kept, and another wish may follow.
 */
export const REFUSED_IN_FULL: ReadonlySet<string> = new Set([
  'person_already_enrolled',
  'person_unknown',
  'reset_too_soon',
  'resets_exhausted',
]);

/**
 * What changes for someone who asked for an identity of before, and whom the issuer does not know
 * (`person_unknown`): the session goes on with the wish for a first credential.
 *
 * @param random - For other secrets in place of those of a backup, which belong to an identity of before.
 */
export function asNewcomer(
  { enrolment, restored }: Pick<PendingEnrolment, 'enrolment' | 'restored'>,
  random: Random,
): Partial<PendingEnrolment> {
  const secrets = restored === true ? { enrolment: { ...enrolment, ...createHolder(random) } } : {};
  return { ...secrets, purpose: 'first', asked: false, restored: false, agreed: false };
}

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
