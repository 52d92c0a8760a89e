// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The outbox of a verifier: webhooks are written in the transaction that they tell of, and leave it when they are
 * delivered. Several processes may deliver from one outbox: whoever takes a webhook has it for a while, and when
 * that process ends in between, another takes it. docs/protocol.md section 6.
 *
 * @module
 */
import type { PlatformDatabase, WebhookRow } from './platform.ts';

/**
 * Takes webhooks that are due.
 *
 * @param db - Of the verifier.
 * @param now - Unix milliseconds.
 * @param until - Until when nobody else takes them, Unix milliseconds.
 * @param count - Most webhooks.
 * @returns Those that were taken, and whether more may be due: also where others took some of those that were seen.
 */
export async function takeWebhooks(
  db: PlatformDatabase,
  now: number,
  until: number,
  count: number,
): Promise<{ readonly taken: readonly WebhookRow[]; readonly more: boolean }> {
  const due = await db.kysely
    .selectFrom('webhook')
    .selectAll()
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .limit(count)
    .execute();
  const taken: WebhookRow[] = [];
  for (const row of due) {
    // Only one of those that saw the same time can change it.
    const { numUpdatedRows } = await db.kysely
      .updateTable('webhook')
      .set({ due_at: until })
      .where('id', '=', row.id)
      .where('due_at', '=', row.due_at)
      .executeTakeFirst();
    if (numUpdatedRows === 1n) taken.push({ ...row, due_at: until });
  }
  return { taken, more: due.length === count };
}

/** Removes a webhook that was delivered, or given up. */
export async function removeWebhook(db: PlatformDatabase, id: string): Promise<void> {
  await db.kysely.deleteFrom('webhook').where('id', '=', id).execute();
}

/**
 * Puts a webhook off after a delivery that failed.
 *
 * @param dueAt - When it is sent next, Unix milliseconds.
 */
export async function postponeWebhook(
  db: PlatformDatabase,
  { id, attempts }: WebhookRow,
  dueAt: number,
): Promise<void> {
  await db.kysely
    .updateTable('webhook')
    .set({ attempts: attempts + 1, due_at: dueAt })
    .where('id', '=', id)
    .execute();
}

/** How many webhooks wait. */
export async function countWebhooks(db: PlatformDatabase): Promise<number> {
  const row = await db.kysely
    .selectFrom('webhook')
    .select((where) => where.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return row.count;
}
