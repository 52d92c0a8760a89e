// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The holder's secrets: seed `s`, the person's root of all pseudonyms, and blinding `r`, fresh for every
 * issue. Both have 248 random bits and never leave the wallet. docs/protocol.md section 4.
 *
 * @module
 */
import { bytesToInteger, type FieldElement, toField } from '../protocol/field.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Random } from './environment.ts';

/** Secrets that open a leaf. */
export interface Holder {
  /** The same for every credential of a person. */
  readonly seed: FieldElement;
  /** Never used for two leaves. */
  readonly blinding: FieldElement;
}

/** Bytes of a secret: 248 bits, below the order of BN254 without a reduction. */
const SECRET_BYTES = 31;

function secret(random: Random): FieldElement {
  const bytes = random(SECRET_BYTES);
  if (bytes.length !== SECRET_BYTES || bytes.every((byte) => byte === bytes[0])) {
    throw new ProtocolError('randomness_broken', 'the source of randomness does not work; no secret was made');
  }
  return toField(bytesToInteger(bytes));
}

/** Makes the secrets of a person who has none. */
export function createHolder(random: Random): Holder {
  return { seed: secret(random), blinding: secret(random) };
}

/** Secrets for another issue to the same person: the same seed, a fresh blinding. */
export function renewHolder(holder: Pick<Holder, 'seed'>, random: Random): Holder {
  return { seed: holder.seed, blinding: secret(random) };
}
