// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Inputs of the circuits for tests and forgeries: a valid case, changed as wanted, with leaf, path and
 * root made to fit whatever was changed.
 *
 * @module
 */
import { credentialLeaf, holderCommitment } from '../../src/commitment/credential.ts';
import type { Poseidon } from '../../src/commitment/poseidon.ts';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { childPosition } from '../../src/commitment/tree.ts';
import { type Attributes, packAttributes } from '../../src/protocol/attributes.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { packPolicy, type Policy } from '../../src/protocol/policy.ts';
import { TREE_DEPTH } from '../../src/protocol/statement.ts';
import type { Signals, Verdict } from './forge.ts';

/** The hash of the cases. */
export const hash: Poseidon = await buildWasmPoseidon();

/** Attributes that meet {@link POLICY} with nothing to spare. */
export const ATTRIBUTES: Attributes = {
  version: 1,
  document: 2,
  nationality: 42,
  region: 33,
  assurance: 2,
  phone: 1,
  birth: 20081122,
  expiry: 20261122,
  issued: 20261101,
  secretSince: 20261201,
  generation: 5,
  issuer: 3001,
};

/** Every bound is tight against {@link ATTRIBUTES}; everything is revealed. */
export const POLICY: Policy = {
  today: ATTRIBUTES.expiry,
  birthMin: ATTRIBUTES.birth,
  birthMax: ATTRIBUTES.birth,
  documentMask: 2 ** ATTRIBUTES.document,
  minAssurance: ATTRIBUTES.assurance,
  phoneRequired: 1,
  secretSinceMax: ATTRIBUTES.secretSince,
  issuedMin: ATTRIBUTES.issued,
  reveal: 0b111111111,
  nullifierOn: 1,
  limit: 3,
};

/** A statement's parts before they are packed; `word` members replace what would be packed. */
export interface ShowCase {
  readonly attributes: Attributes;
  readonly policy: Policy;
  readonly attributesWord?: bigint;
  readonly policyWord?: bigint;
  readonly nationalityMask: bigint;
  readonly scope: bigint;
  readonly context: bigint;
  readonly binding: bigint;
  readonly seed: bigint;
  readonly blinding: bigint;
  readonly extension: bigint;
  readonly leafIndex: bigint;
  readonly index: bigint;
  /** The other children on the path; any function of level and position. */
  readonly sibling: (level: number, position: number) => bigint;
  /** Replaces the eight children at the lowest level, the leaf among them. */
  readonly children?: readonly bigint[];
}

/** A valid case. */
export const VALID: ShowCase = {
  attributes: ATTRIBUTES,
  policy: POLICY,
  nationalityMask: 1n << BigInt(ATTRIBUTES.nationality),
  scope: 11n ** 70n,
  context: 13n ** 60n,
  binding: 17n ** 60n,
  seed: 3n ** 150n,
  blinding: 5n ** 100n,
  extension: 0n,
  leafIndex: 0x1a2b3c4d5n,
  index: 2n,
  sibling: (level, position) => BigInt(1000 * (level + 1) + position),
};

/** The valid case with other attributes, the policy as it is. */
export const attributes = (changes: Partial<Attributes>): Pick<ShowCase, 'attributes'> => ({
  attributes: { ...ATTRIBUTES, ...changes },
});

/** The valid case with another policy, the attributes as they are. */
export const policy = (changes: Partial<Policy>): Pick<ShowCase, 'policy'> => ({ policy: { ...POLICY, ...changes } });

/**
 * Forces bits of a `Num2Bits` to claim another highest bit, with the lowest made to keep the sum:
 * what a prover would do who wants a comparison to come out otherwise.
 *
 * @param honest - The witness to change.
 * @param component - The `Num2Bits`.
 * @param highest - Position of its highest bit.
 */
export function otherHighestBit(honest: Verdict, component: string, highest: number): Signals {
  const at = (bit: number): string => `${component}.out[${String(bit)}]`;
  const was = honest.value(at(highest));
  const moved = (1n << BigInt(highest)) * (was === 1n ? 1n : -1n);
  return { [at(highest)]: 1n - was, [at(0)]: honest.value(at(0)) + moved };
}

/** Inputs of `issue`. */
export const ISSUE = { session: 7n ** 50n, seed: 3n ** 150n, blinding: 5n ** 100n };

/** Values of the inputs of `show` by name, arrays nested. */
export interface ShowWords {
  readonly root: bigint;
  readonly scope: bigint;
  readonly context: bigint;
  readonly policy: bigint;
  readonly nationalityMask: bigint;
  readonly binding: bigint;
  readonly seed: bigint;
  readonly blinding: bigint;
  readonly attributes: bigint;
  readonly extension: bigint;
  readonly leafIndex: bigint;
  readonly path: readonly (readonly bigint[])[];
  readonly index: bigint;
}

const field = (value: bigint): FieldElement => toField(value);

/** The leaf of a case. */
export function leafOf(show: ShowCase): FieldElement {
  const attributes = field(show.attributesWord ?? packAttributes(show.attributes));
  const holder = holderCommitment(hash, field(show.seed), field(show.blinding));
  return credentialLeaf(hash, holder, attributes, field(show.extension));
}

/** Fits leaf, path and root to a case and packs it; only the low 33 bits of leafIndex name a place. */
export function showWords(show: ShowCase): ShowWords {
  let node = leafOf(show);
  const path: FieldElement[][] = [];
  for (let level = 0; level < TREE_DEPTH; level++) {
    const children = Array.from({ length: 8 }, (_, position) => field(show.sibling(level, position)));
    children[childPosition(Number(BigInt.asUintN(33, show.leafIndex)), level)] = node;
    const chosen = level === 0 && show.children !== undefined ? show.children.map(field) : children;
    path.push(chosen);
    node = hash(chosen);
  }
  const { scope, context, nationalityMask, binding, seed, blinding, extension, leafIndex, index } = show;
  return {
    root: node,
    policy: show.policyWord ?? packPolicy(show.policy),
    attributes: show.attributesWord ?? packAttributes(show.attributes),
    ...{ scope, context, nationalityMask, binding, seed, blinding, extension, leafIndex, path, index },
  };
}

/** Inputs as the witness calculator takes them: flat arrays. */
export function calculatorInputs(words: object): Record<string, bigint[]> {
  return Object.fromEntries(
    Object.entries(words).map(([name, value]: [string, unknown]) => [name, [value].flat(2) as bigint[]]),
  );
}

/** Inputs as the forger takes them: one signal a name. */
export function signals(words: object): Signals {
  const flat = (name: string, value: unknown): [string, bigint][] =>
    Array.isArray(value)
      ? value.flatMap((item: unknown, i) => flat(`${name}[${String(i)}]`, item))
      : [[name, value as bigint]];
  return Object.fromEntries(Object.entries(words).flatMap(([name, value]: [string, unknown]) => flat(name, value)));
}
