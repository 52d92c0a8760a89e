// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Each template below `show` and `issue` in TypeScript, on the sizes of templates.circom: the outputs for some
 * inputs, or undefined where the template must refuse them.
 *
 * @module
 */
import { deriveNullifier, holderCommitment } from '../../src/commitment/credential.ts';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { FIELD_ORDER, toField } from '../../src/protocol/field.ts';
import type { Scope } from '../../src/protocol/scope.ts';

const hash = await buildWasmPoseidon();
const field = (value: bigint): bigint => ((value % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
const isBoolean = (value: bigint): boolean => value === 0n || value === 1n;

/** Inputs of templates.circom. */
export interface TemplateInputs {
  readonly word: bigint;
  readonly values: readonly bigint[];
  readonly choice: readonly bigint[];
  readonly lesser: bigint;
  readonly greater: bigint;
  readonly leaf: bigint;
  readonly indexBits: readonly bigint[];
  readonly path: readonly (readonly bigint[])[];
  readonly seed: bigint;
  readonly blinding: bigint;
  readonly secret: bigint;
  readonly scope: bigint;
  readonly context: bigint;
  readonly index: bigint;
  readonly limit: bigint;
  readonly on: bigint;
}

/** Widths of the four fields of templates.circom. */
const WIDTHS = [3, 8, 1, 8] as const;

/** Fields: four numbers and twenty bits, for a word below 2^20. */
export function fields({ word }: TemplateInputs): { fields: bigint[]; bits: bigint[] } | undefined {
  if (word >= 1n << 20n) return undefined;
  let rest = word;
  const take = (width: number): bigint => {
    const low = BigInt.asUintN(width, rest);
    rest >>= BigInt(width);
    return low;
  };
  return {
    fields: WIDTHS.map(take),
    bits: Array.from({ length: 20 }, (_, i) => (word / 2n ** BigInt(i)) % 2n),
  };
}

/** Select: the sum of all values, each times 1 where the bits name its place and 0 elsewhere. */
export function select({ values, choice }: TemplateInputs): bigint {
  return field(
    values.reduce(
      (sum, value, place) =>
        sum + choice.reduce((product, bit, i) => product * ((place >> i) % 2 === 1 ? bit : 1n - bit), value),
      0n,
    ),
  );
}

/** AtMost: whether the difference is an unsigned number of 8 bits, which for operands of 8 bits is the order. */
export function atMost({ lesser, greater }: TemplateInputs): boolean {
  return field(greater - lesser) < 256n;
}

/** Membership: the root, where each node is the child that the position's bits name. */
export function membership({ leaf, indexBits, path }: TemplateInputs): bigint | undefined {
  let node = leaf;
  for (const [level, children] of path.entries()) {
    const [b0 = 0n, b1 = 0n, b2 = 0n] = indexBits.slice(3 * level, 3 * level + 3);
    if (children[Number(b0 + 2n * b1 + 4n * b2)] !== node) return undefined;
    node = hash(children.map(toField));
  }
  return node;
}

/** HolderCommitment. */
export function holder({ seed, blinding }: TemplateInputs): bigint {
  return holderCommitment(hash, toField(seed), toField(blinding));
}

/** Nullifier, for `limit` below 2^8 and a boolean `on`. */
export function nullifier({ secret, scope, context, index, limit, on }: TemplateInputs): bigint | undefined {
  if (!isBoolean(on) || limit >= 256n) throw new RangeError('the template assumes both');
  if (on === 0n) return [scope, context, index, limit].every((value) => value === 0n) ? 0n : undefined;
  if (index >= limit) return undefined;
  return deriveNullifier(hash, toField(secret), toField(scope) as Scope, toField(context), toField(index));
}

/** The eight children at both levels, filled by a rule, such that the leaf is where its bits say. */
export function pathOf(leaf: bigint, indexBits: readonly bigint[], siblings: readonly bigint[]): bigint[][] {
  let node = leaf;
  return [0, 1].map((level) => {
    const place = indexBits.slice(3 * level, 3 * level + 3).reduce((sum, bit, i) => sum + (Number(bit) << i), 0);
    const children = Array.from({ length: 8 }, (_, i) => (i === place ? node : (siblings[8 * level + i] ?? 0n)));
    node = hash(children.map(toField));
    return children;
  });
}
