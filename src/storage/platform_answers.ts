// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How a verification ends in the verifier's database: settled once by an answer, closed by too many refused ones,
 * collected once. Each is one transaction that sees no other. docs/protocol.md section 6.
 *
 * @module
 */
import type { ActionDone, LimitUsed, PlatformDatabase, VerificationRow, WebhookRow } from './platform.ts';

/** How a pending verification ends. */
export type Settlement =
  | {
      readonly status: 'verified';
      readonly result: string;
      readonly action?: ActionDone | undefined;
      readonly limit?: LimitUsed | undefined;
    }
  | { readonly status: 'rejected'; readonly errorCode: string };

/** What is written together with a settlement. */
export interface SettlementRecord {
  readonly responseCodeHash: string;
  /** The reply to keep for whoever sends the answer again, by how it ends. */
  readonly sealedReply: Readonly<Record<'settled' | 'action_already_done', string>> | undefined;
  /** To be delivered. */
  readonly webhook: WebhookRow | undefined;
}

/**
 * Ends a pending verification, exactly once, together with the action or the time of a limit that it consumes.
 *
 * @returns `nonce_used` if it was no longer pending, and `limit_index_used` if the time of the limit was used before:
 * nothing is written then; `action_already_done` if the pseudonym had acted before: the verification then ends
 * as rejected.
 */
export async function settleVerification(
  db: PlatformDatabase,
  id: string,
  settlement: Settlement,
  { responseCodeHash, sealedReply, webhook }: SettlementRecord,
): Promise<'settled' | 'nonce_used' | 'action_already_done' | 'limit_index_used'> {
  return db.transaction(async (tx) => {
    const row = await tx.selectFrom('verification').select('status').where('id', '=', id).executeTakeFirst();
    if (row?.status !== 'pending') return 'nonce_used';
    const consume = async (table: 'action_done' | 'limit_used', values: ActionDone | LimitUsed): Promise<boolean> => {
      const inserted = await tx
        .insertInto(table)
        .values(values)
        .onConflict((conflict) => conflict.columns(['scope', 'context', 'nullifier']).doNothing())
        .executeTakeFirst();
      return inserted.numInsertedOrUpdatedRows === 1n;
    };
    const { action, limit }: { action?: ActionDone | undefined; limit?: LimitUsed | undefined } =
      settlement.status === 'verified' ? settlement : {};
    if (limit !== undefined && !(await consume('limit_used', limit))) return 'limit_index_used';
    const repeated = action !== undefined && !(await consume('action_done', action));
    const outcome = repeated ? 'action_already_done' : 'settled';
    await tx
      .updateTable('verification')
      .set({
        response_code_hash: responseCodeHash,
        sealed_reply: sealedReply?.[outcome] ?? null,
        ...(repeated
          ? { status: 'rejected', error_code: 'action_already_done' }
          : settlement.status === 'verified'
            ? { status: 'verified', result: settlement.result }
            : { status: 'rejected', error_code: settlement.errorCode }),
      })
      .where('id', '=', id)
      .execute();
    if (webhook !== undefined) await tx.insertInto('webhook').values(webhook).execute();
    return outcome;
  });
}

/**
 * Counts an answer that was refused; at the limit the verification ends as rejected.
 *
 * @param webhook - To be delivered if it ends.
 */
export async function countRefusedAnswer(
  db: PlatformDatabase,
  id: string,
  limit: number,
  webhook: WebhookRow | undefined,
): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await tx
      .updateTable('verification')
      .set((where) => ({ refused_answers: where('refused_answers', '+', 1) }))
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .returning('refused_answers')
      .executeTakeFirst();
    if (row === undefined || row.refused_answers < limit) return;
    await tx
      .updateTable('verification')
      .set({ status: 'rejected', error_code: 'too_many_attempts' })
      .where('id', '=', id)
      .execute();
    if (webhook !== undefined) await tx.insertInto('webhook').values(webhook).execute();
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
    const forgotten = { result: null, response_code_hash: null, sealed_reply: null };
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
