// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The statement of `show` in TypeScript, condition by condition, on the project's own encodings and
 * commitments: what the circuit must accept, and with which outputs.
 *
 * @module
 */
import { credentialLeaf, deriveNullifier, holderCommitment } from '../../src/commitment/credential.ts';
import { pathRoot } from '../../src/commitment/tree.ts';
import { unpackAttributes } from '../../src/protocol/attributes.ts';
import { pack } from '../../src/protocol/bits.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { toField } from '../../src/protocol/field.ts';
import { REVEAL_LAYOUT, unpackPolicy } from '../../src/protocol/policy.ts';
import type { Scope } from '../../src/protocol/scope.ts';
import { hash, type ShowWords } from '../../scripts/circuits/cases.ts';

/** Outputs of `show`. */
export interface ShowOutputs {
  readonly nullifier: bigint;
  readonly revealed: bigint;
}

const bit = (mask: bigint, position: number): boolean => ((mask >> BigInt(position)) & 1n) === 1n;

/** The outputs for some inputs, or the number of the first condition that they do not meet. */
export function referenceShow(words: ShowWords): ShowOutputs | string {
  const { nationalityMask: mask, leafIndex, scope, context, index } = words;
  let attributes, policy;
  try {
    attributes = unpackAttributes(toField(words.attributes));
    policy = unpackPolicy(toField(words.policy));
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'value_out_of_range') return 'C1';
    throw error;
  }
  if (mask >> 253n !== 0n || leafIndex >> 33n !== 0n) return 'C1';
  if (attributes.version !== 1) return 'C2';
  if (attributes.expiry < policy.today) return 'C3';
  if (attributes.birth < policy.birthMin || attributes.birth > policy.birthMax) return 'C4';
  if (!bit(BigInt(policy.documentMask), attributes.document)) return 'C5';
  if (!bit(mask, attributes.nationality)) return 'C6';
  if (attributes.assurance < policy.minAssurance) return 'C7';
  if (policy.phoneRequired === 1 && attributes.phone === 0) return 'C8';
  if (attributes.secretSince > policy.secretSinceMax) return 'C9';
  if (attributes.issued < policy.issuedMin) return 'C10';

  const shown = Object.fromEntries(
    REVEAL_LAYOUT.map(([name], i) => [name, bit(BigInt(policy.reveal), i) ? attributes[name] : 0]),
  ) as Record<(typeof REVEAL_LAYOUT)[number][0], number>;
  const revealed = pack(REVEAL_LAYOUT, shown);

  const [seed, blinding] = [toField(words.seed), toField(words.blinding)];
  const holder = holderCommitment(hash, seed, blinding);
  const leaf = credentialLeaf(hash, holder, toField(words.attributes), toField(words.extension));
  try {
    const path = words.path.map((children) => children.map(toField));
    if (pathRoot(hash, leaf, Number(leafIndex), path) !== words.root) return 'C12';
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'path_invalid') return 'C12';
    throw error;
  }

  if (policy.nullifierOn === 0) {
    const isNothing = scope === 0n && context === 0n && index === 0n && policy.limit === 0;
    return isNothing ? { nullifier: 0n, revealed } : 'C13';
  }
  if (index >= BigInt(policy.limit)) return 'C13';
  return { nullifier: deriveNullifier(hash, seed, scope as Scope, toField(context), toField(index)), revealed };
}
