// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How far an issuer's signed leaves have come on their way into the register.
 *
 * @module
 */
import type { IssuerSchema } from './issuer.ts';
import type { Database } from './open.ts';

/** A signed leaf that is on its way. */
export interface Underway {
  /** Decimal. */
  readonly leaf: string;
  /** Ed25519 over the leaf's message, base64url. */
  readonly signature: string;
  /** The leaf whose place it takes, or null. */
  readonly replaces: string | null;
  readonly submitted: number;
}

/** Signed leaves that the register has not acknowledged yet. */
export function unsubmittedLeaves(db: Database<IssuerSchema>): Promise<readonly Underway[]> {
  return db.kysely
    .selectFrom('credential')
    .select(['leaf', 'signature', 'replaces', 'submitted'])
    .where('submitted', '=', 0)
    .execute();
}

/** Leaves that take another's place and that the log is not known to hold; the earlier of a chain come first. */
export async function openReplacements(db: Database<IssuerSchema>): Promise<readonly Underway[]> {
  const rows = await db.kysely
    .selectFrom('credential')
    .select(['leaf', 'signature', 'replaces', 'submitted'])
    .where('replaces', 'is not', null)
    .execute();
  const depth = (leaf: string | null): number => {
    const row = rows.find((other) => other.leaf === leaf);
    return row === undefined ? 0 : 1 + depth(row.replaces);
  };
  return rows
    .map((row) => ({ row, at: depth(row.leaf) }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

/** Whether a leaf is one that this issuer signed, and has not withdrawn. */
export async function hasLeaf(db: Database<IssuerSchema>, leaf: string): Promise<boolean> {
  return (await db.kysely.selectFrom('credential').select('leaf').where('leaf', '=', leaf).execute()).length > 0;
}

/** Notes that the register has acknowledged a leaf. */
export async function markSubmitted(db: Database<IssuerSchema>, leaf: string): Promise<void> {
  await db.kysely.updateTable('credential').set({ submitted: 1 }).where('leaf', '=', leaf).execute();
}

/** Notes that the register knows a leaf no more, and has to be told again. */
export async function markFallen(db: Database<IssuerSchema>, leaf: string): Promise<void> {
  await db.kysely
    .updateTable('credential')
    .set({ submitted: 0 })
    .where('leaf', '=', leaf)
    .where('replaces', 'is not', null)
    .execute();
}

/** Notes that the log holds a replacement: the old leaf is forgotten, with an appeal about it. */
export function completeReplacement(db: Database<IssuerSchema>, leaf: string, replaced: string): Promise<void> {
  return db.transaction(async (tx) => {
    await tx.updateTable('credential').set({ replaces: null, submitted: 1 }).where('leaf', '=', leaf).execute();
    await tx.deleteFrom('appeal').where('leaf', '=', replaced).execute();
    await tx.deleteFrom('credential').where('leaf', '=', replaced).execute();
  });
}

/** Forgets a leaf that can never be published, since the one whose place it would take is revoked. */
export function withdrawLeaf(db: Database<IssuerSchema>, leaf: string): Promise<void> {
  return db.transaction(async (tx) => {
    const row = await tx.selectFrom('credential').select('replaces').where('leaf', '=', leaf).executeTakeFirst();
    await tx
      .updateTable('credential')
      .set({ replaces: row?.replaces ?? null })
      .where('replaces', '=', leaf)
      .execute();
    await tx.deleteFrom('appeal').where('leaf', '=', leaf).execute();
    await tx.deleteFrom('credential').where('leaf', '=', leaf).execute();
  });
}
