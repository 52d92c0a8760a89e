// SPDX-License-Identifier: Apache-2.0
/**
 * The two statements, with the order of their public signals: outputs first, then public inputs in
 * the order of `circuits/show.circom` and `circuits/issue.circom`. Nothing else in the project knows
 * this order. docs/protocol.md section 5.
 *
 * @module
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { HASH_TAG } from './domains.ts';
import { ProtocolError } from './errors.ts';
import { type FieldElement, hashToField, parseField } from './field.ts';

/** Public signals of `show`, in snarkjs order. */
export const SHOW_SIGNALS = [
  'nullifier',
  'revealed',
  'root',
  'scope',
  'context',
  'policy',
  'nationalityMask',
  'binding',
] as const;

/** Public signals of `issue`, in snarkjs order. */
export const ISSUE_SIGNALS = ['holder', 'seedTag', 'session'] as const;

/** Depth of the tree of active credentials; each level takes three bits of the leaf index. */
export const TREE_DEPTH = 11;
/** Children of a node. */
export const TREE_ARITY = 8;

/** Values of the public signals of `show`. */
export type ShowStatement = Readonly<Record<(typeof SHOW_SIGNALS)[number], FieldElement>>;
/** Values of the public signals of `issue`. */
export type IssueStatement = Readonly<Record<(typeof ISSUE_SIGNALS)[number], FieldElement>>;

/** Public signals as snarkjs writes them: decimal strings, in order. */
export function toSignals<Name extends string>(
  names: readonly Name[],
  statement: Readonly<Record<Name, FieldElement>>,
): string[] {
  return names.map((name) => statement[name].toString());
}

/**
 * Reads public signals from their wire form.
 *
 * @throws {@link ProtocolError} `signals_invalid` if the count is wrong, `field_not_canonical`.
 */
export function fromSignals<Name extends string>(
  names: readonly Name[],
  signals: readonly unknown[],
): Record<Name, FieldElement> {
  if (signals.length !== names.length) {
    throw new ProtocolError('signals_invalid', `expected ${String(names.length)} public signals`);
  }
  return Object.fromEntries(names.map((name, i) => [name, parseField(signals[i])])) as Record<Name, FieldElement>;
}

/**
 * The public input `session` of `issue`: an enrolment session at an issuer.
 *
 * @param id - The session's random identifier.
 */
export function deriveSession(id: string): FieldElement {
  return hashToField(HASH_TAG.session, utf8ToBytes(id));
}
