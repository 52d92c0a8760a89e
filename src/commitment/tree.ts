// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Nodes and paths of the 8-ary Poseidon tree of active credentials, depth 11, 2^33 leaves; an empty
 * or revoked leaf is 0.
 *
 *     node = Poseidon(8 children)
 *
 * docs/protocol.md section 5.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, toField } from '../protocol/field.ts';
import { TREE_ARITY, TREE_DEPTH } from '../protocol/statement.ts';
import type { Poseidon } from './poseidon.ts';

/** Number of leaves. */
export const TREE_LEAVES = TREE_ARITY ** TREE_DEPTH;
/** Value of an empty or revoked leaf. */
export const EMPTY_LEAF = toField(0n);

/** For each level from the leaf up, the eight children of the node on the path. */
export type TreePath = readonly (readonly FieldElement[])[];

/**
 * Roots of empty subtrees by level: `[0]` the empty leaf, `[TREE_DEPTH]` the empty tree's root.
 *
 * @returns `TREE_DEPTH + 1` values.
 */
export function emptyRoots(hash: Poseidon): readonly FieldElement[] {
  const roots = [EMPTY_LEAF];
  for (let level = 0; level < TREE_DEPTH; level++) {
    roots.push(hash(Array.from({ length: TREE_ARITY }, () => roots[level] ?? EMPTY_LEAF)));
  }
  return roots;
}

/** Position of a leaf's ancestor among its siblings at a level, 0 to 7. */
export function childPosition(index: number, level: number): number {
  return Math.floor(index / TREE_ARITY ** level) % TREE_ARITY;
}

/**
 * Checks a path and returns its root.
 *
 * @param hash - The Poseidon to use.
 * @param leaf - The leaf.
 * @param index - Its position, `0 <= index < TREE_LEAVES`.
 * @param path - Children at each level, from the leaf up.
 * @throws {@link ProtocolError} `path_invalid` if the path does not hold the leaf at that position.
 */
export function pathRoot(hash: Poseidon, leaf: FieldElement, index: number, path: TreePath): FieldElement {
  const sound =
    Number.isSafeInteger(index) &&
    index >= 0 &&
    index < TREE_LEAVES &&
    path.length === TREE_DEPTH &&
    path.every((children) => children.length === TREE_ARITY);
  let node = leaf;
  for (const [level, children] of sound ? path.entries() : []) {
    if (children[childPosition(index, level)] !== node) {
      throw new ProtocolError('path_invalid', 'the tree path does not hold this leaf at this position');
    }
    node = hash(children);
  }
  if (!sound) {
    throw new ProtocolError('path_invalid', `a tree path has ${String(TREE_DEPTH)} levels of eight children`);
  }
  return node;
}
