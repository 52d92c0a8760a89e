// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Updates of the tree of active credentials over a store of nodes: level by level, each dirty node
 * hashed once however many leaves below it changed. Nothing is written here; the caller stores what
 * comes back together with the events that caused it.
 *
 * @module
 */
import { TREE_LEAVES } from '../commitment/tree.ts';
import type { Poseidon } from '../commitment/poseidon.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { TREE_ARITY, TREE_DEPTH } from '../protocol/statement.ts';

/** A node: level 0 holds the leaves, level `TREE_DEPTH` the root; positions count from the left. */
export interface TreeNode {
  readonly level: number;
  readonly position: number;
  readonly value: FieldElement;
}

/** The eight children of a node, the unit that stores keep: a node and its siblings are read and written together. */
export interface Family {
  /** Level of the children, `0` to `TREE_DEPTH - 1`. */
  readonly level: number;
  /** Position of their parent, one level up. */
  readonly parent: number;
  /** Values from left to right; empty subtrees have their roots. */
  readonly children: readonly FieldElement[];
}

/** Where nodes come from. */
export interface NodeStore {
  /**
   * Reads nodes of one level.
   *
   * @param level - `0` to `TREE_DEPTH - 1`: the root is not asked for.
   * @param positions - Ascending, distinct.
   * @returns Those that exist; a missing node is the root of an empty subtree.
   */
  read(level: number, positions: readonly number[]): Promise<ReadonlyMap<number, FieldElement>>;
}

/** What an update changes. */
export interface TreeUpdate {
  readonly root: FieldElement;
  /** Changed nodes, leaves and root included, by level and then by position. */
  readonly nodes: readonly TreeNode[];
  /** The same changes in whole families, by level and then by parent. */
  readonly families: readonly Family[];
}

/** Hashes many families: the values of their parents, in the same order. It may take its time, and other threads. */
export type HashAll = (families: readonly Family[]) => Promise<readonly FieldElement[]>;

/** Hashes families one after another, here and now. */
export function hashInTurn(hash: Poseidon): HashAll {
  return (families) => Promise.resolve(families.map(({ children }) => hash(children)));
}

/** Changes of some levels. */
export interface LevelsUpdate {
  /** Changed families of the levels, by level and then by parent. */
  readonly families: readonly Family[];
  /** Changed nodes of the level above them by position, ascending. */
  readonly above: ReadonlyMap<number, FieldElement>;
}

/**
 * Sets nodes of a level and hashes upwards, each dirty node once.
 *
 * @param hashAll - How to hash.
 * @param empty - `emptyRoots`.
 * @param store - The tree before.
 * @param changed - New values of nodes of the lowest level by position.
 * @param from - The lowest level.
 * @param to - Where to stop: families of the levels below it are hashed.
 */
export async function updateLevels(
  hashAll: HashAll,
  empty: readonly FieldElement[],
  store: NodeStore,
  changed: ReadonlyMap<number, FieldElement>,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<LevelsUpdate> {
  const families: Family[] = [];
  let above = changed;
  for (let level = from; level < to; level++) {
    const here = above;
    const parents = [...new Set([...here.keys()].map((position) => Math.floor(position / TREE_ARITY)))];
    parents.sort((a, b) => a - b);
    const siblings = parents.flatMap(childrenOf).filter((position) => !here.has(position));
    const stored = await store.read(level, siblings);
    const valueAt = valueOf(here, stored, emptyAt(empty, level));
    const dirty = parents.map((parent) => ({ level, parent, children: childrenOf(parent).map(valueAt) }));
    const hashes = await hashAll(dirty);
    for (const family of dirty) families.push(family);
    above = new Map(parents.map((parent, i) => [parent, hashes[i] ?? emptyAt(empty, level + 1)]));
  }
  return { families, above };
}

/**
 * Sets leaves.
 *
 * @param hash - The Poseidon to use.
 * @param empty - `emptyRoots(hash)`.
 * @param store - The tree before.
 * @param leaves - New values by index; `EMPTY_LEAF` empties a position.
 * @throws {@link ProtocolError} `leaf_index_invalid` for an index outside the tree.
 */
export async function updateTree(
  hash: Poseidon,
  empty: readonly FieldElement[],
  store: NodeStore,
  leaves: ReadonlyMap<number, FieldElement>,
): Promise<TreeUpdate> {
  requireInside(leaves.keys());
  const { families, above } = await updateLevels(hashInTurn(hash), empty, store, leaves, { from: 0, to: TREE_DEPTH });
  const root = above.get(0) ?? (await storedRoot(hash, empty, store));
  return { root, nodes: [...changedNodes(families, leaves), ...atLevel(TREE_DEPTH, above)], families };
}

/** Throws `leaf_index_invalid` for an index outside the tree. */
export function requireInside(indices: Iterable<number>): void {
  for (const index of indices) {
    if (!Number.isSafeInteger(index) || index < 0 || index >= TREE_LEAVES) {
      throw new ProtocolError('leaf_index_invalid', 'a leaf index lies outside the tree');
    }
  }
}

/** The nodes that changed, out of their families. */
function changedNodes(families: readonly Family[], leaves: ReadonlyMap<number, FieldElement>): readonly TreeNode[] {
  const dirty = new Set(families.map(({ level, parent }) => `${String(level + 1)}/${String(parent)}`));
  return families.flatMap(({ level, parent, children }) =>
    children.flatMap((value, child) => {
      const position = parent * TREE_ARITY + child;
      const changed = level === 0 ? leaves.has(position) : dirty.has(`${String(level)}/${String(position)}`);
      return changed ? [{ level, position, value }] : [];
    }),
  );
}

/** The root is stored nowhere: the checkpoint has it, and one hash gives it. */
export async function storedRoot(
  hash: Poseidon,
  empty: readonly FieldElement[],
  store: NodeStore,
): Promise<FieldElement> {
  const top = childrenOf(0);
  const stored = await store.read(TREE_DEPTH - 1, top);
  return hash(top.map((position) => stored.get(position) ?? emptyAt(empty, TREE_DEPTH - 1)));
}

function valueOf(
  changed: ReadonlyMap<number, FieldElement>,
  stored: ReadonlyMap<number, FieldElement>,
  empty: FieldElement,
): (position: number) => FieldElement {
  return (position) => changed.get(position) ?? stored.get(position) ?? empty;
}

function atLevel(level: number, changed: ReadonlyMap<number, FieldElement>): readonly TreeNode[] {
  return [...changed].sort(([a], [b]) => a - b).map(([position, value]) => ({ level, position, value }));
}

function childrenOf(parent: number): readonly number[] {
  return Array.from({ length: TREE_ARITY }, (_, child) => parent * TREE_ARITY + child);
}

/** Root of an empty subtree at a level. */
export function emptyAt(empty: readonly FieldElement[], level: number): FieldElement {
  const value = empty[level];
  if (value === undefined) {
    throw new ProtocolError('tree_level_invalid', `the tree has levels 0 to ${String(TREE_DEPTH)}`);
  }
  return value;
}
