// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a witness keeps: the replay's state, leaves and tree; what it cosigned; what it refused.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Kysely } from 'kysely';
import { reasonSchema } from '../log/events.ts';
import {
  decodeReplayState,
  encodeReplayState,
  initialState,
  type LeafRecord,
  type ReplayChanges,
  type ReplayState,
  type ReplayStore,
} from '../log/replay_state.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { nodesAt, pruneFamilies, treeOf, writeFamilies } from '../storage/tree.ts';
import type { CosignedRow, RefusalRow, WatchedLeafRow, WitnessTables } from '../storage/witness.ts';
import type { WitnessContext } from './witness_config.ts';

type Db = Kysely<WitnessTables>;

/** Rows in one statement: below the parameter limits of both databases. */
const BATCH = 1000;
/** Refusals kept for each code. The first are kept: they tell when it began. */
export const KEPT_REFUSALS = 100;

/**
 * The state from which the next checkpoint is replayed.
 *
 * @throws {@link ProtocolError} `witness_log_changed` if the database is of another log.
 */
export async function readState({ register, poseidon }: WitnessContext, db: Db): Promise<ReplayState> {
  const row = await db.selectFrom('watched').selectAll().executeTakeFirst();
  if (row !== undefined && row.origin !== register.name) {
    throw new ProtocolError('witness_log_changed', 'the database is of another log; a witness has one for each');
  }
  return row === undefined ? initialState(poseidon) : decodeReplayState(row.state);
}

/** Leaves and nodes as they were replayed. */
export function replayStore(db: Db): ReplayStore {
  return {
    ...nodesAt(treeOf(db), Infinity),
    readLeaves: async (leaves) => {
      const records = new Map<string, LeafRecord>();
      for (let start = 0; start < leaves.length; start += BATCH) {
        const batch = leaves.slice(start, start + BATCH);
        const rows = await db.selectFrom('watched_leaves').selectAll().where('leaf', 'in', batch).execute();
        for (const row of rows) records.set(row.leaf, toRecord(row));
      }
      return records;
    },
  };
}

function toRecord(row: WatchedLeafRow): LeafRecord {
  const { leaf, tree_index, issuer, revoked, replaced, announcement, reason, due } = row;
  return {
    leaf,
    index: tree_index,
    issuer,
    revoked: revoked === 1,
    replaced: replaced === 1,
    announcement,
    reason: reason === null ? null : reasonSchema.parse(reason),
    due,
  };
}

/**
 * Stores a part of a replay.
 *
 * @param size - Size of the checkpoint that is replayed.
 */
export async function writeChanges(db: Db, size: number, { leaves, tree }: ReplayChanges): Promise<void> {
  const rows = leaves.map(({ leaf, index, issuer, revoked, replaced, announcement, reason, due }) => ({
    ...{ leaf, issuer, announcement, reason, due },
    tree_index: index,
    revoked: revoked ? 1 : 0,
    replaced: replaced ? 1 : 0,
  }));
  for (let start = 0; start < rows.length; start += BATCH) {
    await db
      .insertInto('watched_leaves')
      .values(rows.slice(start, start + BATCH))
      .onConflict((conflict) =>
        conflict.column('leaf').doUpdateSet((query) => ({
          revoked: query.ref('excluded.revoked'),
          replaced: query.ref('excluded.replaced'),
          announcement: query.ref('excluded.announcement'),
          reason: query.ref('excluded.reason'),
          due: query.ref('excluded.due'),
        })),
      )
      .execute();
  }
  await writeFamilies(treeOf(db), size, tree.families);
}

/** Stores that a checkpoint is cosigned: the end of its replay. */
export async function writeCosigned(
  { register }: WitnessContext,
  db: Db,
  state: ReplayState,
  cosigned: CosignedRow,
): Promise<void> {
  const row = { origin: register.name, state: encodeReplayState(state) };
  await db
    .insertInto('watched')
    .values(row)
    .onConflict((conflict) => conflict.column('origin').doUpdateSet({ state: row.state }))
    .execute();
  await db.insertInto('cosigned').values(cosigned).execute();
  await pruneFamilies(treeOf(db), cosigned.size);
}

/** The checkpoint that was cosigned for an epoch, or the latest. */
export function readCosigned(db: Db, epoch?: number): Promise<CosignedRow | undefined> {
  const rows = db.selectFrom('cosigned').selectAll();
  return (
    epoch === undefined ? rows.orderBy('epoch', 'desc').limit(1) : rows.where('epoch', '=', epoch)
  ).executeTakeFirst();
}

/** Keeps a refusal as evidence, unless it is known or there are enough of its kind. */
export async function keepRefusal(db: Db, refusal: Omit<RefusalRow, 'id'>): Promise<void> {
  const id = `${refusal.code} ${bytesToHex(sha256(utf8ToBytes(refusal.note)))}`;
  const { count } = await db
    .selectFrom('refusals')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('code', '=', refusal.code)
    .executeTakeFirstOrThrow();
  if (count < KEPT_REFUSALS) {
    await db
      .insertInto('refusals')
      .values({ id, ...refusal })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }
}

/** What was refused, the first of it first. */
export function readRefusals(db: Db): Promise<readonly RefusalRow[]> {
  return db.selectFrom('refusals').selectAll().orderBy('time').orderBy('id').execute();
}
