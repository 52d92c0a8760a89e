// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a platform's verifier keeps: open requests, results until they are collected, and which actions
 * are done. An action's row carries neither a time nor a verification, so that it says no more than
 * that this pseudonym acted. docs/protocol.md section 6.
 *
 * @module
 */
import type { Kysely } from 'kysely';
import type { Migrations } from './migrate.ts';
import type { Database } from './open.ts';

/** One verification that a platform asked for. */
export interface VerificationRow {
  /** Name of the verification in the platform's API. */
  id: string;
  /** Last part of the address from which a wallet fetches the request object. */
  request_id: string;
  state: string;
  nonce: string;
  /** The request object, JSON. */
  request: string;
  /** SHA-256 of the token that the platform left in the browser that began, base64url. */
  browser_token_hash: string;
  /** Page to return to; null on another device. */
  redirect_uri: string | null;
  /** Only a pending verification can be answered, and only once. */
  status: 'pending' | 'verified' | 'rejected';
  /** Answers that were refused. */
  refused_answers: number;
  /** Response codes that were wrong. */
  wrong_codes: number;
  /** SHA-256 of the code that the answer gave out, base64url; null while pending and once collected. */
  response_code_hash: string | null;
  /** JSON; null until verified and once collected. */
  result: string | null;
  error_code: string | null;
  /** Unix milliseconds. */
  expires_at: number;
}

/** A pseudonym under an action's scope and context, decimal field elements. */
export interface ActionDone {
  scope: string;
  context: string;
  nullifier: string;
}

/** Tables of a platform's verifier. */
export interface PlatformSchema {
  verification: VerificationRow;
  /** The opening date by which an action's name is known from its first use on. */
  action: { name: string; opens: number };
  action_done: ActionDone;
}

/** Migrations of {@link PlatformSchema}. */
export const platformMigrations: Migrations = {
  '001_verifications_and_actions': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('verification')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('request_id', 'text', (column) => column.notNull().unique())
        .addColumn('state', 'text', (column) => column.notNull().unique())
        .addColumn('nonce', 'text', (column) => column.notNull().unique())
        .addColumn('request', 'text', (column) => column.notNull())
        .addColumn('browser_token_hash', 'text', (column) => column.notNull())
        .addColumn('redirect_uri', 'text')
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('refused_answers', 'integer', (column) => column.notNull())
        .addColumn('wrong_codes', 'integer', (column) => column.notNull())
        .addColumn('response_code_hash', 'text')
        .addColumn('result', 'text')
        .addColumn('error_code', 'text')
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('verification_expires_at').on('verification').column('expires_at').execute();
      await db.schema
        .createTable('action')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('opens', 'integer', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('action_done')
        .addColumn('scope', 'text', (column) => column.notNull())
        .addColumn('context', 'text', (column) => column.notNull())
        .addColumn('nullifier', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('action_done_once', ['scope', 'context', 'nullifier'])
        .execute();
    },
  },
};

/** Database of a platform's verifier. */
export type PlatformDatabase = Database<PlatformSchema>;

/** Fixes an action's opening date at its first use. Returns the date by which the name is known. */
export async function actionOpening(db: PlatformDatabase, name: string, opens: number): Promise<number> {
  return db.transaction(async (tx) => {
    await tx
      .insertInto('action')
      .values({ name, opens })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    const known = await tx.selectFrom('action').select('opens').where('name', '=', name).executeTakeFirstOrThrow();
    return known.opens;
  });
}

/** Keeps a new verification and deletes those that expired before a time, Unix milliseconds. */
export async function insertVerification(
  db: PlatformDatabase,
  row: VerificationRow,
  deleteExpiredBefore: number,
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.deleteFrom('verification').where('expires_at', '<', deleteExpiredBefore).execute();
    await tx.insertInto('verification').values(row).execute();
  });
}

/** Finds a verification by one of its names. */
export async function findVerification(
  db: PlatformDatabase,
  by: 'id' | 'request_id' | 'state',
  value: string,
): Promise<VerificationRow | undefined> {
  return db.kysely.selectFrom('verification').selectAll().where(by, '=', value).executeTakeFirst();
}

/** How a pending verification ends. */
export type Settlement =
  | { readonly status: 'verified'; readonly result: string; readonly action: ActionDone | undefined }
  | { readonly status: 'rejected'; readonly errorCode: string };

/**
 * Ends a pending verification, exactly once, together with the action that it consumes.
 *
 * @returns `nonce_used` if it was no longer pending, and then nothing is written; `action_already_done`
 * if the pseudonym had acted before: the verification then ends as rejected.
 */
export async function settleVerification(
  db: PlatformDatabase,
  id: string,
  settlement: Settlement,
  responseCodeHash: string | null,
): Promise<'settled' | 'nonce_used' | 'action_already_done'> {
  return db.transaction(async (tx) => {
    const pending = await tx
      .updateTable('verification')
      .set({
        status: settlement.status,
        response_code_hash: responseCodeHash,
        ...(settlement.status === 'verified' ? { result: settlement.result } : { error_code: settlement.errorCode }),
      })
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .executeTakeFirst();
    if (pending.numUpdatedRows === 0n) return 'nonce_used';
    if (settlement.status === 'rejected' || settlement.action === undefined) return 'settled';
    const done = await tx
      .insertInto('action_done')
      .values(settlement.action)
      .onConflict((conflict) => conflict.columns(['scope', 'context', 'nullifier']).doNothing())
      .executeTakeFirst();
    if (done.numInsertedOrUpdatedRows === 1n) return 'settled';
    await tx
      .updateTable('verification')
      .set({ status: 'rejected', result: null, error_code: 'action_already_done' })
      .where('id', '=', id)
      .execute();
    return 'action_already_done';
  });
}

/** Counts an answer that was refused; at the limit the verification ends as rejected. */
export async function countRefusedAnswer(db: PlatformDatabase, id: string, limit: number): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await tx
      .updateTable('verification')
      .set((where) => ({ refused_answers: where('refused_answers', '+', 1) }))
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .returning('refused_answers')
      .executeTakeFirst();
    if (row !== undefined && row.refused_answers >= limit) {
      await tx
        .updateTable('verification')
        .set({ status: 'rejected', error_code: 'too_many_attempts' })
        .where('id', '=', id)
        .execute();
    }
  });
}

/** What collecting a result gave. */
export type Collected =
  | { readonly outcome: 'collected'; readonly row: VerificationRow }
  | { readonly outcome: 'response_code_invalid' | 'response_code_used' | 'too_many_attempts' };

/**
 * Hands out a result for its response code, once, and forgets it. At the limit of wrong codes the
 * result is forgotten unseen.
 *
 * @param codeMatches - Compares a stored hash with the code at hand, in constant time.
 */
export async function collectVerification(
  db: PlatformDatabase,
  id: string,
  codeMatches: (hash: string) => boolean,
  wrongCodesLimit: number,
): Promise<Collected> {
  return db.transaction<Collected>(async (tx) => {
    const row = await tx.selectFrom('verification').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined || row.status === 'pending') return { outcome: 'response_code_invalid' };
    if (row.wrong_codes >= wrongCodesLimit) return { outcome: 'too_many_attempts' };
    if (row.response_code_hash === null) return { outcome: 'response_code_used' };
    const forgotten = { result: null, response_code_hash: null };
    if (codeMatches(row.response_code_hash)) {
      await tx.updateTable('verification').set(forgotten).where('id', '=', id).execute();
      return { outcome: 'collected', row };
    }
    const wrong = row.wrong_codes + 1;
    const last = wrong >= wrongCodesLimit;
    await tx
      .updateTable('verification')
      .set({
        wrong_codes: wrong,
        ...(last ? { ...forgotten, status: 'rejected', error_code: 'too_many_attempts' } : {}),
      })
      .where('id', '=', id)
      .execute();
    return { outcome: last ? 'too_many_attempts' : 'response_code_invalid' };
  });
}
