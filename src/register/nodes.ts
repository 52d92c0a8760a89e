// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Blocks out of the stored tree. docs/protocol.md section 7.
 *
 * @module
 */
import { BLOCK_LEVELS, encodeBlock } from '../log/block.ts';
import { emptyAt } from '../log/tree.ts';
import type { FieldElement } from '../protocol/field.ts';
import { TREE_ARITY, TREE_DEPTH } from '../protocol/statement.ts';
import { nodesAt, readRange, type TreeDb } from '../storage/tree.ts';

/**
 * Writes a block from the stored tree.
 *
 * @param db - Connection.
 * @param empty - `emptyRoots`.
 * @param size - Size of a checkpoint that is retained.
 * @param number - Number of the block.
 */
export async function readBlock(
  db: TreeDb,
  empty: readonly FieldElement[],
  size: number,
  number: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const levels: ReadonlyMap<number, FieldElement>[] = [];
  for (let level = 0; level < BLOCK_LEVELS; level++) {
    const width = TREE_ARITY ** (BLOCK_LEVELS - level);
    levels.push(await readRange(db, empty, size, level, number * width, width));
  }
  const nodes = nodesAt(db, size);
  const upper: FieldElement[][] = [];
  for (let level = BLOCK_LEVELS; level < TREE_DEPTH; level++) {
    const parent = Math.floor(number / TREE_ARITY ** (level + 1 - BLOCK_LEVELS));
    const positions = Array.from({ length: TREE_ARITY }, (_, child) => parent * TREE_ARITY + child);
    const values = await nodes.read(level, positions);
    upper.push(positions.map((position) => values.get(position) ?? emptyAt(empty, level)));
  }
  return encodeBlock({ size, number, empty, upper, levels });
}
