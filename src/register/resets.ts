// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How many people issuers gave a new seed: told by each issuer, added up in public. Each count names the
 * one before, so that none is told twice and none is left out unseen. docs/protocol.md section 7.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import { NO_EVENT, resetsMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { ResetRow } from '../storage/decisions.ts';
import type { RegisterTables } from '../storage/register.ts';
import type { RegisterContext } from './config.ts';
import { findKey, requireSignature } from './leaves.ts';
import type { EventOf } from './waiting.ts';

type Tx = Transaction<RegisterTables>;

/** A count as an issuer submits it. */
export interface ResetCount {
  /** Key id of the issuer. */
  readonly issuer: string;
  /** People since its latest `resets_counted`, from 1. */
  readonly count: number;
  /** Log position of that event, or -1. */
  readonly previous: number;
  /** Over `resetsMessage(count, previous)`, 64 bytes. */
  readonly signature: Uint8Array;
}

/** Where an issuer's counts stand. */
export interface ResetState {
  readonly issuer: string;
  /** Log position of its latest event, or -1: what the next count names. */
  readonly previous: number;
  /** A count that waits for the next cut, or 0. */
  readonly pending: number;
}

/**
 * Accepts a count. A later one for the same `previous` takes the place of one that still waits.
 *
 * @throws {@link ProtocolError} `issuer_unknown`, `signature_invalid`, `resets_out_of_order`.
 */
export async function countResets(register: RegisterContext, order: ResetCount): Promise<ResetState> {
  const { issuer, count, previous, signature } = order;
  const key = findKey(register.issuers, issuer);
  if (key === undefined) {
    throw new ProtocolError('issuer_unknown', 'this register does not take counts from that issuer key');
  }
  requireSignature(resetsMessage(count, previous), signature, key);
  return register.database.transaction(async (tx) => {
    const row = await rowOf(tx, issuer);
    if (previous !== row.position) {
      throw new ProtocolError(
        'resets_out_of_order',
        `the latest count of this issuer is at position ${String(row.position)}`,
      );
    }
    const waiting = { ...row, pending: count, signature: toBase64Url(signature) };
    await tx
      .insertInto('resets')
      .values(waiting)
      .onConflict((conflict) => conflict.column('issuer').doUpdateSet({ pending: count, signature: waiting.signature }))
      .execute();
    return { issuer, previous, pending: count };
  });
}

/**
 * Where an issuer's counts stand.
 *
 * @throws {@link ProtocolError} `issuer_unknown`.
 */
export async function resetState(register: RegisterContext, issuer: string): Promise<ResetState> {
  if (findKey(register.issuers, issuer) === undefined) {
    throw new ProtocolError('issuer_unknown', 'this register does not take counts from that issuer key');
  }
  const { position, pending } = await register.database.transaction((tx) => rowOf(tx, issuer));
  return { issuer, previous: position, pending };
}

async function rowOf(tx: Tx, issuer: string): Promise<ResetRow> {
  const row = await tx.selectFrom('resets').selectAll().where('issuer', '=', issuer).executeTakeFirst();
  return row ?? { issuer, position: NO_EVENT, total: 0, pending: 0, signature: '' };
}

/** Counts that wait, in a fixed order. */
export async function pendingResets(tx: Tx): Promise<readonly EventOf<'resets_counted'>[]> {
  const rows = await tx.selectFrom('resets').selectAll().where('pending', '>', 0).orderBy('issuer').execute();
  return rows.map(({ issuer, pending, signature }) => ({ kind: 'resets_counted', issuer, count: pending, signature }));
}

/** Notes that counts stand in the log. */
export async function writeResets(
  tx: Tx,
  counted: readonly { readonly position: number; readonly event: EventOf<'resets_counted'> }[],
): Promise<void> {
  for (const { position, event } of counted) {
    await tx
      .updateTable('resets')
      .set((row) => ({ position, total: row('total', '+', event.count), pending: 0, signature: '' }))
      .where('issuer', '=', event.issuer)
      .execute();
  }
}

/** People reset, as far as the log tells. */
export async function totalResets(tx: Tx): Promise<number> {
  const rows = await tx.selectFrom('resets').select('total').execute();
  return rows.reduce((sum, { total }) => sum + total, 0);
}
