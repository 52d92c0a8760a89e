// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the register's page shows, out of its database.
 *
 * @module
 */
import { sql } from 'kysely';
import { type Checkpoint, openCheckpoint } from '../../log/checkpoint.ts';
import type { RegisterContext } from '../config.ts';
import { type WitnessState, witnessStates } from '../witnessing.ts';

/** Points of a curve, and rows of its table. */
export const MOST_POINTS = 60;

/** What the page shows. */
export interface PageData {
  readonly origin: string;
  readonly timeZone: string;
  readonly active: Checkpoint | undefined;
  /** Undefined until one is cut for the next epoch. */
  readonly next: Checkpoint | undefined;
  /** Checkpoints at equal distances up to the latest, oldest first; at most {@link MOST_POINTS}. */
  readonly history: readonly Checkpoint[];
  readonly rules: RegisterContext['rules'];
  readonly approvers: number;
  readonly threshold: number;
  readonly witnesses: readonly WitnessState[];
}

/** Reads it. */
export async function readPageData(register: RegisterContext): Promise<PageData> {
  const { database, origin, timeZone, rules, approvers, witnessing, clock } = register;
  const history = await readHistory(register);
  const latest = history.at(-1);
  const isActive = latest !== undefined && latest.activeFrom * 1000 <= clock();
  return {
    origin,
    timeZone,
    active: isActive ? latest : await checkpointOf(register, (latest?.epoch ?? 0) - 1),
    next: isActive ? undefined : latest,
    history,
    rules,
    approvers: Object.keys(approvers).length,
    threshold: witnessing.threshold,
    witnesses: await witnessStates(database.kysely, witnessing),
  };
}

async function checkpointOf(register: RegisterContext, epoch: number): Promise<Checkpoint | undefined> {
  const row = await register.database.kysely
    .selectFrom('checkpoints')
    .select('note')
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  return row && open(register, row.note);
}

async function readHistory(register: RegisterContext): Promise<readonly Checkpoint[]> {
  const db = register.database.kysely;
  const { latest } = await db
    .selectFrom('checkpoints')
    .select(({ fn }) => fn.max<number | null>('epoch').as('latest'))
    .executeTakeFirstOrThrow();
  if (latest === null) {
    return [];
  }
  const stride = Math.ceil((latest + 1) / MOST_POINTS);
  const rows = await db
    .selectFrom('checkpoints')
    .select('note')
    .where(sql<boolean>`epoch % ${sql.lit(stride)} = ${sql.lit(latest % stride)}`)
    .orderBy('epoch')
    .execute();
  return rows.map(({ note }) => open(register, note));
}

function open({ origin, publicKey }: RegisterContext, note: string): Checkpoint {
  return openCheckpoint(note, { name: origin, publicKey });
}
