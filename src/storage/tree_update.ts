// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Updates of the stored tree in bounded memory: any number of leaves, in ascending order, part by part.
 * A part is made of whole subtrees of 8^5 leaves, hashed up to their roots and stored; the levels above
 * come last. So every dirty node is hashed and stored once, however many parts there are.
 *
 * @module
 */
import type { Poseidon } from '../commitment/poseidon.ts';
import { type HashAll, requireInside, storedRoot, updateLevels } from '../log/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { TREE_ARITY, TREE_DEPTH } from '../protocol/statement.ts';
import { nodesAt, type TreeDb, writeFamilies } from './tree.ts';

/** Levels of the subtrees that a part is made of. */
const PART_LEVELS = 5;
const PART_LEAVES = TREE_ARITY ** PART_LEVELS;

/** How to hash, and what an empty tree looks like. */
export interface TreeHash {
  readonly poseidon: Poseidon;
  readonly hashAll: HashAll;
  /** `emptyRoots(poseidon)`. */
  readonly empty: readonly FieldElement[];
}

/** A leaf's new value, which is `EMPTY_LEAF` where it is revoked, with its index. */
export type LeafChange = readonly [index: number, value: FieldElement];

/** Leaves, or lists of them as pages of a table come. */
type Changes = Iterable<readonly LeafChange[]> | AsyncIterable<readonly LeafChange[]>;

/**
 * Sets leaves in the stored tree.
 *
 * @param hash - How to hash.
 * @param tx - Transaction of the cut.
 * @param size - Size of the checkpoint that is being made; what it changed before is changed again.
 * @param changes - In ascending order of the index, each index once.
 * @returns The root.
 * @throws {@link ProtocolError} `leaf_index_invalid` for an index outside the tree or out of order.
 */
export async function updateStored(hash: TreeHash, tx: TreeDb, size: number, changes: Changes): Promise<FieldElement> {
  const { hashAll, empty } = hash;
  const store = nodesAt(tx, size);
  const upper = new Map<number, FieldElement>();
  for await (const part of parts(changes)) {
    const { families, above } = await updateLevels(hashAll, empty, store, part, { from: 0, to: PART_LEVELS });
    await writeFamilies(tx, size, families);
    for (const [position, value] of above) upper.set(position, value);
  }
  const { families, above } = await updateLevels(hashAll, empty, store, upper, { from: PART_LEVELS, to: TREE_DEPTH });
  await writeFamilies(tx, size, families);
  return above.get(0) ?? storedRoot(hash.poseidon, empty, store);
}

/** Collects changes until they are enough for a part, and then to the end of the subtree. */
async function* parts(changes: Changes): AsyncIterable<ReadonlyMap<number, FieldElement>> {
  let part = new Map<number, FieldElement>();
  let last = -1;
  for await (const page of changes) {
    requireInside(page.map(([index]) => index));
    for (const [index, value] of page) {
      if (index <= last) {
        throw new ProtocolError('leaf_index_invalid', 'changes of the tree come in ascending order, each index once');
      }
      if (part.size >= PART_LEAVES && subtreeOf(index) !== subtreeOf(last)) {
        yield part;
        part = new Map();
      }
      part.set(index, value);
      last = index;
    }
  }
  if (part.size > 0) yield part;
}

function subtreeOf(index: number): number {
  return Math.floor(index / PART_LEAVES);
}
