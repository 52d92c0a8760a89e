// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Deltas of blocks out of the stored tree: what one epoch changed. docs/protocol.md section 7.
 *
 * @module
 */
import type { Kysely } from 'kysely';
import { BLOCK_LEAVES, BLOCK_LEVELS, blockWidth } from '../log/block.ts';
import { type Delta, DELTA_EPOCHS, encodeDelta, MAX_DELTA_BYTES } from '../log/delta.ts';
import { emptyAt } from '../log/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { TREE_ARITY, TREE_DEPTH } from '../protocol/statement.ts';
import type { CheckpointRow, RegisterTables } from '../storage/register.ts';
import { nodesAt, type TreeDb, treeOf } from '../storage/tree.ts';
import type { RegisterContext } from './config.ts';
import { readBlock } from './nodes.ts';

/** A delta up to this size is not worth a comparison with its block. */
const SMALL_BYTES = 16 * 1024;
/** Deltas kept in memory; most have few kilobytes. */
const CACHED = 64;

/** What a delta goes from and to. */
type Step = Pick<Delta, 'epoch' | 'before' | 'after' | 'number'>;

/** Deltas for the public. */
export class Deltas {
  readonly #register: RegisterContext;
  readonly #known = new Map<string, Promise<Uint8Array<ArrayBuffer> | undefined>>();

  constructor(register: RegisterContext) {
    this.#register = register;
  }

  /**
   * What an epoch changed in a block.
   *
   * @param epoch - One of the latest {@link DELTA_EPOCHS}, at least 1.
   * @param number - Number of the block.
   * @throws {@link ProtocolError} `delta_unknown` if there is none; then wallets take the full block.
   */
  async read(epoch: number, number: number): Promise<Uint8Array<ArrayBuffer>> {
    const [after, before] = await this.#checkpoints(epoch);
    const delta =
      after === undefined || before === undefined || number > Math.max(0, after.issued - 1) / BLOCK_LEAVES
        ? undefined
        : await this.#cached({ epoch, before: before.size, after: after.size, number });
    if (delta === undefined) {
      throw new ProtocolError('delta_unknown', 'there is no such delta; take the full block');
    }
    return delta;
  }

  /** The checkpoint of an epoch whose delta exists, and the one before it. */
  async #checkpoints(epoch: number): Promise<readonly CheckpointRow[]> {
    const db = this.#register.database.kysely;
    const { latest } = await db
      .selectFrom('checkpoints')
      .select(({ fn }) => fn.max<number>('epoch').as('latest'))
      .executeTakeFirstOrThrow();
    if (epoch < firstDelta(latest)) return [];
    return db
      .selectFrom('checkpoints')
      .selectAll()
      .where('epoch', 'in', [epoch, epoch - 1])
      .orderBy('epoch', 'desc')
      .execute();
  }

  #cached(step: Step): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const key = `${String(step.epoch)}/${String(step.number)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const reading = this.#make(step);
    this.#known.set(key, reading);
    for (const old of [...this.#known.keys()].slice(0, -CACHED)) this.#known.delete(old);
    reading.catch(() => this.#known.delete(key));
    return reading;
  }

  /** The delta, or undefined if the full block serves better. */
  async #make(step: Step): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { database, empty } = this.#register;
    const tree = treeOf(database.kysely);
    const delta = encodeDelta(await readDelta(tree, empty, step));
    if (delta.length <= SMALL_BYTES) return delta;
    if (delta.length > MAX_DELTA_BYTES) return undefined;
    const block = await readBlock(tree, empty, step.after, step.number);
    return delta.length < block.length ? delta : undefined;
  }
}

/** The first epoch whose delta exists. */
function firstDelta(latest: number): number {
  return Math.max(1, latest - DELTA_EPOCHS + 1);
}

/**
 * Size of the oldest checkpoint whose tree deltas still need.
 *
 * @param db - Connection or transaction.
 * @param latest - Epoch of the latest checkpoint.
 * @returns Undefined while the log has fewer epochs than there are deltas.
 */
export async function oldestOfDeltas(db: Kysely<RegisterTables>, latest: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('checkpoints')
    .select('size')
    .where('epoch', '=', latest - DELTA_EPOCHS)
    .executeTakeFirst();
  return row?.size;
}

/**
 * Reads what changed in a block between two checkpoints.
 *
 * @param db - Connection.
 * @param empty - `emptyRoots`.
 * @param step - Two checkpoints whose trees are retained.
 */
export async function readDelta(db: TreeDb, empty: readonly FieldElement[], step: Step): Promise<Delta> {
  const { before, after, number } = step;
  const changesOf = async (level: number, parents: readonly number[]): Promise<readonly [number, FieldElement][]> => {
    const positions = parents.flatMap((parent) =>
      Array.from({ length: TREE_ARITY }, (_, child) => parent * TREE_ARITY + child),
    );
    const old = await nodesAt(db, before).read(level, positions);
    const fresh = await nodesAt(db, after).read(level, positions);
    return positions.flatMap((position) => {
      const value = fresh.get(position) ?? emptyAt(empty, level);
      return value === (old.get(position) ?? emptyAt(empty, level)) ? [] : [[position, value]];
    });
  };
  const levels: ReadonlyMap<number, FieldElement>[] = [];
  for (let level = 0; level < BLOCK_LEVELS; level++) {
    const width = blockWidth(level);
    const parents = await changedParents(db, step, level, (number * width) / TREE_ARITY, width / TREE_ARITY);
    const changes = await changesOf(level, parents);
    levels.push(new Map(changes.map(([position, value]) => [position - number * width, value])));
  }
  const upper = new Map<number, FieldElement>();
  for (let level = BLOCK_LEVELS; level < TREE_DEPTH; level++) {
    const parent = Math.floor(number / TREE_ARITY ** (level + 1 - BLOCK_LEVELS));
    for (const [position, value] of await changesOf(level, [parent])) {
      upper.set(TREE_ARITY * (level - BLOCK_LEVELS) + (position % TREE_ARITY), value);
    }
  }
  return { ...step, upper, levels };
}

/** Parents, among some neighbours, of which a child changed. */
async function changedParents(
  db: TreeDb,
  { before, after }: Step,
  level: number,
  first: number,
  count: number,
): Promise<readonly number[]> {
  const rows = await db
    .selectFrom('families')
    .select('parent')
    .distinct()
    .where('level', '=', level)
    .where('parent', '>=', first)
    .where('parent', '<', first + count)
    .where('size', '>', before)
    .where('size', '<=', after)
    .orderBy('parent')
    .execute();
  return rows.map(({ parent }) => parent);
}
