// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The commitments of a credential.
 *
 *     holder    = Poseidon(102, s, r)
 *     leaf      = Poseidon(103, holder, attributes, extension)
 *     seedTag   = Poseidon(107, s)
 *     nullifier = Poseidon(101, s, scope, context, index)
 *
 * docs/protocol.md section 4. Each takes the {@link Poseidon} to use as its first argument.
 *
 * @module
 */
import { POSEIDON_TAG } from '../protocol/domains.ts';
import { type FieldElement, toField } from '../protocol/field.ts';
import type { Nullifier, Scope } from '../protocol/scope.ts';
import type { Poseidon } from './poseidon.ts';

const tag = (name: keyof typeof POSEIDON_TAG): FieldElement => toField(POSEIDON_TAG[name]);

/** Value of `extension` in version 1. */
export const NO_EXTENSION = toField(0n);

/** Commits to the seed under a blinding that is fresh for every issue. */
export function holderCommitment(hash: Poseidon, seed: FieldElement, blinding: FieldElement): FieldElement {
  return hash([tag('holder'), seed, blinding]);
}

/** The leaf that an issuer signs and the register holds. */
export function credentialLeaf(
  hash: Poseidon,
  holder: FieldElement,
  attributes: FieldElement,
  extension: FieldElement = NO_EXTENSION,
): FieldElement {
  return hash([tag('leaf'), holder, attributes, extension]);
}

/** The seed's tag, shown to the issuer only, by which it keeps one seed to one person. */
export function seedTag(hash: Poseidon, seed: FieldElement): FieldElement {
  return hash([tag('seed'), seed]);
}

/** The holder's pseudonym in a scope and context. */
export function deriveNullifier(
  hash: Poseidon,
  seed: FieldElement,
  scope: Scope,
  context: FieldElement,
  index: FieldElement = toField(0n),
): Nullifier {
  return hash([tag('nullifier'), seed, scope, context, index]) as Nullifier;
}
