// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The witnesses of a register, and the cosignatures that it has of them. A checkpoint is followed by
 * the next only once enough witnesses have cosigned it, so that what clients accept is a chain without
 * gaps, and a register that was set back to an older state never goes on from there.
 * docs/protocol.md section 7.
 *
 * @module
 */
import type { Kysely } from 'kysely';
import { checkWitnessPolicy, type WitnessPolicy } from '../log/cosignature.ts';
import type { NoteKey } from '../log/note.ts';
import type { CheckpointRow, RegisterTables } from '../storage/register.ts';

/** A witness as the register's configuration names it. */
export interface WitnessEndpoint extends NoteKey {
  /** Where it takes checkpoints: `POST {url}/add-checkpoint`; without a slash at the end. */
  readonly url: string;
}

/** Who watches a register. */
export interface Witnessing {
  /** Different names, keys and operators. */
  readonly witnesses: readonly WitnessEndpoint[];
  /** How many of them must have cosigned a checkpoint before the next is cut; 0: nobody is waited for. */
  readonly threshold: number;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Longest wait for an answer, milliseconds; a minute unless given. */
  readonly timeout?: number;
}

/** A register without witnesses: for those that watch one themselves. */
export const UNWATCHED: Witnessing = {
  witnesses: [],
  threshold: 0,
  fetch: () => Promise.reject(new TypeError('there are no witnesses')),
};

/**
 * Checks a configuration.
 *
 * @throws ProtocolError `witness_policy_invalid`.
 */
export function policyOf({ witnesses, threshold }: Witnessing): WitnessPolicy {
  const policy = { keys: witnesses, threshold };
  checkWitnessPolicy(policy);
  return policy;
}

/** Whether enough witnesses have cosigned the checkpoint of an epoch. */
export async function isWitnessed(
  db: Kysely<RegisterTables>,
  { witnesses, threshold }: Witnessing,
  epoch: number,
): Promise<boolean> {
  if (threshold === 0) {
    return true;
  }
  const { count } = await db
    .selectFrom('cosignatures')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('epoch', '=', epoch)
    .where(
      'witness',
      'in',
      witnesses.map(({ name }) => name),
    )
    .executeTakeFirstOrThrow();
  return count >= threshold;
}

/**
 * The notes of checkpoints with the cosignatures that there are.
 *
 * @param rows - Checkpoints, in any order, which is kept.
 */
export async function cosignedNotes(
  db: Kysely<RegisterTables>,
  rows: readonly Pick<CheckpointRow, 'epoch' | 'note'>[],
): Promise<readonly string[]> {
  if (rows.length === 0) {
    return [];
  }
  const lines = await db
    .selectFrom('cosignatures')
    .select(['epoch', 'line'])
    .where(
      'epoch',
      'in',
      rows.map(({ epoch }) => epoch),
    )
    .orderBy('witness')
    .execute();
  return rows.map(({ epoch, note }) =>
    [note, ...lines.filter((row) => row.epoch === epoch).map(({ line }) => line)].join(''),
  );
}

/** A witness and the last that is known of it: public. */
export interface WitnessState {
  readonly name: string;
  readonly publicKey: Uint8Array;
  /** Its last cosignature; undefined if there is none. */
  readonly last: { readonly epoch: number; readonly time: number } | undefined;
}

/** The last cosignature of each witness. */
export async function witnessStates(
  db: Kysely<RegisterTables>,
  { witnesses }: Witnessing,
): Promise<readonly WitnessState[]> {
  return Promise.all(
    witnesses.map(async ({ name, publicKey }) => ({
      name,
      publicKey,
      last: await db
        .selectFrom('cosignatures')
        .select(['epoch', 'time'])
        .where('witness', '=', name)
        .orderBy('epoch', 'desc')
        .limit(1)
        .executeTakeFirst(),
    })),
  );
}
