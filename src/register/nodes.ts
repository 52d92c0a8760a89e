// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The tree in SQL. A node has a version for each checkpoint that changed it, so that blocks of the
 * previous, the active and the next root can be read; versions that no such root needs are deleted.
 *
 * @module
 */
import type { Kysely } from 'kysely';
import { TREE_ARITY, TREE_DEPTH } from '../protocol/statement.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import { BLOCK_LEVELS, encodeBlock } from '../log/block.ts';
import { emptyAt, type NodeStore, type TreeNode } from '../log/tree.ts';
import type { RegisterTables } from '../storage/register.ts';

/** Rows in one statement: below the parameter limits of both databases. */
const BATCH = 1000;

/**
 * The tree as a checkpoint left it.
 *
 * @param db - Connection or transaction.
 * @param size - Size of the checkpoint.
 */
export function nodesAt(db: Kysely<RegisterTables>, size: number): NodeStore {
  return {
    read: async (level, positions) => {
      const values = new Map<number, FieldElement>();
      for (let start = 0; start < positions.length; start += BATCH) {
        const rows = await db
          .selectFrom('nodes')
          .select(['position', 'value'])
          .where('level', '=', level)
          .where('position', 'in', positions.slice(start, start + BATCH))
          .where('size', '<=', size)
          .orderBy('position')
          .orderBy('size')
          .execute();
        setLatest(values, rows);
      }
      return values;
    },
  };
}

/** Of several versions of a node, which come oldest first, the latest stays. */
function setLatest(
  values: Map<number, FieldElement>,
  rows: readonly { readonly position: number; readonly value: string }[],
): void {
  for (const { position, value } of rows) {
    values.set(position, parseField(value));
  }
}

/**
 * Stores the nodes that a checkpoint changed.
 *
 * @param tx - Transaction of the cut.
 * @param size - Size of the checkpoint.
 * @param nodes - Changed nodes.
 */
export async function writeNodes(tx: Kysely<RegisterTables>, size: number, nodes: readonly TreeNode[]): Promise<void> {
  for (let start = 0; start < nodes.length; start += BATCH) {
    const rows = nodes
      .slice(start, start + BATCH)
      .map(({ level, position, value }) => ({ level, position, size, value: value.toString() }));
    await tx.insertInto('nodes').values(rows).execute();
  }
}

/**
 * Deletes what the oldest retained checkpoint has superseded. Called once for every checkpoint, so
 * that only the nodes which that checkpoint changed are looked at.
 *
 * @param tx - Transaction of the cut.
 * @param oldest - Size of the oldest checkpoint whose blocks are still served.
 */
export async function pruneNodes(tx: Kysely<RegisterTables>, oldest: number): Promise<void> {
  await tx
    .deleteFrom('nodes')
    .where('size', '<', oldest)
    .where((query) =>
      query.eb(
        query.refTuple('level', 'position'),
        'in',
        query
          .selectFrom('nodes as newer')
          .select(['newer.level', 'newer.position'])
          .where('newer.size', '=', oldest)
          .$asTuple('level', 'position'),
      ),
    )
    .execute();
}

/**
 * Writes a block from the stored tree.
 *
 * @param db - Connection.
 * @param empty - `emptyRoots`.
 * @param size - Size of a checkpoint that is retained.
 * @param number - Number of the block.
 */
export async function readBlock(
  db: Kysely<RegisterTables>,
  empty: readonly FieldElement[],
  size: number,
  number: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const levels: ReadonlyMap<number, FieldElement>[] = [];
  for (let level = 0; level < BLOCK_LEVELS; level++) {
    levels.push(await readLevel(db, emptyAt(empty, level), size, number, level));
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

/** Nodes of one level of a block that are not empty, by position within the block. */
async function readLevel(
  db: Kysely<RegisterTables>,
  emptyValue: FieldElement,
  size: number,
  number: number,
  level: number,
): Promise<ReadonlyMap<number, FieldElement>> {
  const width = TREE_ARITY ** (BLOCK_LEVELS - level);
  const first = number * width;
  const rows = await db
    .selectFrom('nodes')
    .select(['position', 'value'])
    .where('level', '=', level)
    .where('position', '>=', first)
    .where('position', '<', first + width)
    .where('size', '<=', size)
    .orderBy('position')
    .orderBy('size')
    .execute();
  const values = new Map<number, FieldElement>();
  setLatest(
    values,
    rows.map(({ position, value }) => ({ position: position - first, value })),
  );
  return new Map([...values].filter(([, value]) => value !== emptyValue));
}
