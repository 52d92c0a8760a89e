// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a wallet must see before it keeps a credential: attributes without odd values, a seed's age that is
 * right for what was asked, a leaf that follows from them and from the wallet's own secrets, and the
 * signature of the issuer that it trusts. docs/protocol.md section 8.
 *
 * @module
 */
import { z } from 'zod';
import { credentialLeaf } from '../commitment/credential.ts';
import type { Poseidon } from '../commitment/poseidon.ts';
import { isSignedBy, keyIdOf, leafMessage } from '../log/signatures.ts';
import { type Attributes, checkAttributes, packAttributes } from '../protocol/attributes.ts';
import { addDays, type CalendarDate, dateInZone, monthStart, monthStartAfter, toDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { attributesSchema } from './credential.ts';
import type { Clock, IssuerConfig, RegisterConfig } from './environment.ts';

/** The issuer's answer to the request for a credential. */
export const issuedAnswer = z.object({
  attributes: attributesSchema,
  leaf: z.string().transform(parseField),
  issuer: z.string(),
  signature: z.string().transform(fromBase64Url),
});

/**
 * How old the seed must be, by `secretSince`, and how many came before it:
 * - `new`: made for this request, and the person's first;
 * - `reset`: made for this request, after others;
 * - `unknown`: of an earlier day, which a restored wallet does not know, or of a request whose answer was lost;
 * - a credential's: exactly as there.
 */
export type SeedAge = 'new' | 'reset' | 'unknown' | Pick<Attributes, 'secretSince' | 'generation'>;

/** What the check needs. */
export interface IssuedDeps {
  readonly issuer: IssuerConfig;
  readonly register: Pick<RegisterConfig, 'timeZone'>;
  readonly clock: Clock;
  readonly poseidon: Poseidon;
}

/**
 * Checks what an issuer shows.
 *
 * @param holder - The commitment of this wallet's secrets.
 * @throws {@link ProtocolError} `attributes_refused`, `leaf_mismatch`, `signature_invalid`.
 */
export function checkIssued(
  { attributes, leaf, issuer, signature }: z.output<typeof issuedAnswer>,
  holder: FieldElement,
  age: SeedAge,
  deps: IssuedDeps,
): void {
  const today = dateInZone(deps.clock(), deps.register.timeZone);
  checkAttributes(attributes, today, secretSinceFor(age, attributes.secretSince, today));
  if (!hasGeneration(age, attributes.generation)) {
    throw new ProtocolError('attributes_refused', 'the issuer shows an unexpected value of generation');
  }
  if (credentialLeaf(deps.poseidon, holder, packAttributes(attributes)) !== leaf) {
    throw new ProtocolError('leaf_mismatch', 'the issuer signed something else than it shows; do not use this issuer');
  }
  if (issuer !== keyIdOf(deps.issuer.key) || !isSignedBy(leafMessage(leaf), signature, deps.issuer.key)) {
    throw new ProtocolError('signature_invalid', 'the credential is not signed by the issuer that this wallet trusts');
  }
}

/** What `secretSince` must be; undefined for a seed of today. */
function secretSinceFor(age: SeedAge, shown: number, today: CalendarDate): CalendarDate | undefined {
  if (age === 'new' || age === 'reset') return undefined;
  if (age !== 'unknown') return toDate(age.secretSince);
  // Any month's start up to that of a seed of today; another is compared with today's, and refused.
  const latest = monthStartAfter(addDays(today, 1));
  const isPossible = shown <= latest && isMonthStart(shown);
  return isPossible ? toDate(shown) : undefined;
}

function isMonthStart(value: number): boolean {
  try {
    return monthStart(toDate(value)) === value;
  } catch {
    return false;
  }
}

function hasGeneration(age: SeedAge, generation: number): boolean {
  if (age === 'new') return generation === 0;
  if (age === 'reset') return generation > 0;
  return age === 'unknown' || generation === age.generation;
}
