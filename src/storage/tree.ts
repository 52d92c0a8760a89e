// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The tree of active credentials in SQL, a row for the eight children of a node: whoever hashes a node
 * needs all eight. A row has a version for each checkpoint that changed it, so that the tree can be read
 * as the previous, the active and the next root have it; versions that no such root needs are deleted.
 *
 *     children = eight values, 32 bytes each, big-endian
 *
 * A nation of 1.4 * 10^9 has 2 * 10^8 rows. docs/scale.md says how that compares with a row for each
 * node and with files.
 *
 * @module
 */
import type { Kysely, Transaction } from 'kysely';
import { emptyAt, type Family, type NodeStore } from '../log/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { TREE_ARITY } from '../protocol/statement.ts';
import { fieldAt, fieldsToBytes, VALUE_BYTES } from './field_bytes.ts';

/** A version of a family: valid from the checkpoint of that size until the next version. */
export interface FamilyRow {
  /** Level of the children. */
  readonly level: number;
  /** Position of their parent, one level up. */
  readonly parent: number;
  /** Size of the checkpoint that made it. */
  readonly size: number;
  /** 256 bytes. A `Uint8Array` from PostgreSQL, an `ArrayBuffer` from libsql. */
  readonly children: Uint8Array | ArrayBuffer;
}

/** The tree's table, part of a service's schema. */
export interface TreeTables {
  families: FamilyRow;
}

/** A connection or transaction that has the table. */
export type TreeDb = Kysely<TreeTables>;

/** The part of a service's database that holds its tree. */
export function treeOf<Schema extends TreeTables>(db: Kysely<Schema> | Transaction<Schema>): TreeDb {
  return db as unknown as TreeDb;
}

/** Rows in one statement: below the parameter limits of both databases. */
const BATCH = 1000;
const FAMILY_BYTES = TREE_ARITY * VALUE_BYTES;

/** Creates the table; part of a migration. */
export async function createTreeTable<Schema>(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('families')
    .addColumn('level', 'integer', (column) => column.notNull())
    .addColumn('parent', 'bigint', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    // SQLite takes any name of a type, and keeps bytes as they come.
    .addColumn('children', 'bytea', (column) => column.notNull())
    .addPrimaryKeyConstraint('families_key', ['level', 'parent', 'size'])
    .execute();
  await db.schema.createIndex('families_size').on('families').column('size').execute();
}

/**
 * The tree as a checkpoint left it.
 *
 * @param db - Connection or transaction.
 * @param size - Size of the checkpoint; `Infinity` for the latest state.
 */
export function nodesAt(db: TreeDb, size: number): NodeStore {
  return {
    read: async (level, positions) => {
      const parents = [...new Set(positions.map((position) => Math.floor(position / TREE_ARITY)))];
      const families = await readFamilies(db, size, level, parents);
      const values = new Map<number, FieldElement>();
      for (const position of positions) {
        const children = families.get(Math.floor(position / TREE_ARITY));
        if (children !== undefined) values.set(position, fieldAt(children, position % TREE_ARITY));
      }
      return values;
    },
  };
}

async function readFamilies(
  db: TreeDb,
  size: number,
  level: number,
  parents: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array>> {
  const families = new Map<number, Uint8Array>();
  for (let start = 0; start < parents.length; start += BATCH) {
    const rows = await db
      .selectFrom('families')
      .select(['parent', 'children'])
      .where('level', '=', level)
      .where('parent', 'in', parents.slice(start, start + BATCH))
      .where('size', '<=', Math.min(size, Number.MAX_SAFE_INTEGER))
      .orderBy('parent')
      .orderBy('size')
      .execute();
    // Of several versions the latest stays.
    for (const { parent, children } of rows) families.set(parent, bytesOf(children));
  }
  return families;
}

/**
 * Nodes of one level between two positions that are not empty, ascending.
 *
 * @param db - Connection or transaction.
 * @param empty - `emptyRoots`.
 * @param size - Size of a checkpoint.
 * @param level - `0` to `TREE_DEPTH - 1`.
 * @param first - First position, a multiple of eight.
 * @param count - Number of positions, a multiple of eight.
 * @returns Values by position, counted from `first`.
 */
export async function readRange(
  db: TreeDb,
  empty: readonly FieldElement[],
  size: number,
  level: number,
  first: number,
  count: number,
): Promise<ReadonlyMap<number, FieldElement>> {
  const rows = await db
    .selectFrom('families')
    .select(['parent', 'children'])
    .where('level', '=', level)
    .where('parent', '>=', first / TREE_ARITY)
    .where('parent', '<', (first + count) / TREE_ARITY)
    .where('size', '<=', size)
    .orderBy('parent')
    .orderBy('size')
    .execute();
  const latest = new Map(rows.map(({ parent, children }) => [parent, bytesOf(children)] as const));
  const values = new Map<number, FieldElement>();
  for (const [parent, children] of latest) {
    for (let child = 0; child < TREE_ARITY; child++) {
      const value = fieldAt(children, child);
      if (value !== emptyAt(empty, level)) values.set(parent * TREE_ARITY + child - first, value);
    }
  }
  return values;
}

/**
 * Stores the families that a checkpoint changed. What the same checkpoint stored before is replaced: a
 * large one updates the tree in parts.
 *
 * @param tx - Transaction of the cut.
 * @param size - Size of the checkpoint.
 * @param families - Changed families, each once.
 */
export async function writeFamilies(tx: TreeDb, size: number, families: readonly Family[]): Promise<void> {
  for (let start = 0; start < families.length; start += BATCH) {
    const rows = families.slice(start, start + BATCH).map(({ level, parent, children }) => ({
      level,
      parent,
      size,
      children: Buffer.from(fieldsToBytes(children).buffer),
    }));
    await tx
      .insertInto('families')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['level', 'parent', 'size'])
          .doUpdateSet((query) => ({ children: query.ref('excluded.children') })),
      )
      .execute();
  }
}

/**
 * Deletes what a checkpoint has superseded. Called once for every checkpoint, so that only the families
 * which that checkpoint changed are looked at.
 *
 * @param tx - Transaction of the cut.
 * @param oldest - Size of the oldest checkpoint whose tree is still read.
 */
export async function pruneFamilies(tx: TreeDb, oldest: number): Promise<void> {
  await tx
    .deleteFrom('families')
    .where('size', '<', oldest)
    .where((query) =>
      query.eb(
        query.refTuple('level', 'parent'),
        'in',
        query
          .selectFrom('families as newer')
          .select(['newer.level', 'newer.parent'])
          .where('newer.size', '=', oldest)
          .$asTuple('level', 'parent'),
      ),
    )
    .execute();
}

function bytesOf(children: Uint8Array | ArrayBuffer): Uint8Array {
  const bytes = children instanceof Uint8Array ? children : new Uint8Array(children);
  if (bytes.length !== FAMILY_BYTES) {
    throw new ProtocolError(
      'register_inconsistent',
      'a row of the tree is damaged; replay the log into a new database',
    );
  }
  return bytes;
}
