// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The count of resets on its way to the register. A report that was sent stays as it is until the log holds
 * it, so that nobody is counted twice or left out, whenever the issuer or an answer is lost.
 *
 * @module
 */
import type { IssuerSchema } from './issuer.ts';
import type { Database } from './open.ts';

/** A report that the register may have. */
export interface ResetReport {
  readonly count: number;
  /** Log position of the report before, or -1. */
  readonly previous: number;
}

/**
 * The report to send, if there is one.
 *
 * @param previous - Log position of the latest report in the log: where it is not the one that the sent
 * report names, that one has been logged, and the resets since become the next.
 */
export function nextReport(db: Database<IssuerSchema>, previous: number): Promise<ResetReport | undefined> {
  return db.transaction(async (tx) => {
    const row = await tx.selectFrom('reset_report').selectAll().executeTakeFirstOrThrow();
    if (row.sent > 0 && row.previous === previous) {
      return { count: row.sent, previous };
    }
    await tx.updateTable('reset_report').set({ waiting: 0, sent: row.waiting, previous }).execute();
    return row.waiting === 0 ? undefined : { count: row.waiting, previous };
  });
}

/** Whether there is anything to report, or a report whose fate is not known. */
export async function hasReport(db: Database<IssuerSchema>): Promise<boolean> {
  const row = await db.kysely.selectFrom('reset_report').select(['waiting', 'sent']).executeTakeFirstOrThrow();
  return row.waiting + row.sent > 0;
}
