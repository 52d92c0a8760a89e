// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Blocks of a register as an auditor makes them from the replayed tree: what the register or a mirror
 * serves must be the same bytes.
 *
 * @module
 */
import { BLOCK_LEAVES, BLOCK_LEVELS, blockPath, blockWidth, encodeBlock, UPPER_LEVELS } from '../log/block.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import { emptyAt, type NodeStore } from '../log/tree.ts';
import type { FieldElement } from '../protocol/field.ts';
import { TREE_ARITY } from '../protocol/statement.ts';

/** The blocks of a checkpoint that a register serves: all up to the last leaf, and the first in any case. */
export function blocksOf({ size, counts }: Checkpoint): readonly { readonly path: string; readonly number: number }[] {
  const count = Math.max(1, Math.ceil(counts.issued / BLOCK_LEAVES));
  return Array.from({ length: count }, (_, number) => ({ path: blockPath(size, number), number }));
}

/**
 * Writes a block of the tree as it stands.
 *
 * @param store - The tree at the checkpoint.
 * @param empty - `emptyRoots`.
 * @param size - Size of the checkpoint.
 * @param number - Number of the block.
 */
export async function makeBlock(
  store: NodeStore,
  empty: readonly FieldElement[],
  size: number,
  number: number,
): Promise<Uint8Array> {
  const levels = [];
  for (let level = 0; level < BLOCK_LEVELS; level++) {
    const width = blockWidth(level);
    const stored = await store.read(level, range(number * width, width));
    const values = [...stored].filter(([, value]) => value !== emptyAt(empty, level));
    levels.push(new Map(values.map(([position, value]) => [position - number * width, value])));
  }
  const upper: FieldElement[][] = [];
  for (let up = 0; up < UPPER_LEVELS; up++) {
    const level = BLOCK_LEVELS + up;
    const first = Math.floor(number / TREE_ARITY ** (up + 1)) * TREE_ARITY;
    const stored = await store.read(level, range(first, TREE_ARITY));
    upper.push(range(first, TREE_ARITY).map((position) => stored.get(position) ?? emptyAt(empty, level)));
  }
  return encodeBlock({ size, number, empty, upper, levels });
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
