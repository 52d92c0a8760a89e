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

const COLUMNS = ['leaf', 'signature', 'replaces', 'submitted'] as const;

/**
 * Signed leaves that the register has not acknowledged yet: first those that take nobody's place, then
 * replacements, the earlier of a chain first.
 */
export async function unsubmittedLeaves(db: Database<IssuerSchema>): Promise<readonly Underway[]> {
  const rows = await db.kysely.selectFrom('credential').select(COLUMNS).where('submitted', '=', 0).execute();
  return earlierFirst(rows);
}

/** Replacements that the register has acknowledged and that the log is not known to hold; the earlier first. */
export async function openReplacements(db: Database<IssuerSchema>): Promise<readonly Underway[]> {
  const rows = await db.kysely
    .selectFrom('credential')
    .select(COLUMNS)
    .where('submitted', '=', 1)
    .where('replaces', 'is not', null)
    .execute();
  return earlierFirst(rows);
}

/** What waits of a leaf and of those whose places it would take, the earliest first. */
export async function unsubmittedChain(db: Database<IssuerSchema>, leaf: string): Promise<readonly Underway[]> {
  const chain: Underway[] = [];
  for (let at: string | null = leaf; at !== null;) {
    const row: Underway | undefined = await db.kysely
      .selectFrom('credential')
      .select(COLUMNS)
      .where('leaf', '=', at)
      .executeTakeFirst();
    if (row?.submitted === 0) chain.unshift(row);
    at = row?.replaces ?? null;
  }
  return chain;
}

/** Sorts leaves by how many stand before them; those are looked up by leaf, since many may wait. */
function earlierFirst(rows: readonly Underway[]): readonly Underway[] {
  const replaced = new Map(rows.map(({ leaf, replaces }) => [leaf, replaces]));
  const depth = (leaf: string): number => {
    let at = 0;
    for (let before = replaced.get(leaf) ?? null; before !== null; before = replaced.get(before) ?? null) at += 1;
    return at;
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
