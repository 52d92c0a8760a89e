// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What holders may ask of an issuer's records: whether they have a credential, that it be revoked, that
 * an announced revocation be looked at again.
 *
 * @module
 */
import type { Database } from './open.ts';
import type { IssuerSchema } from './issuer.ts';

/** A person's credentials, as far as their holder may know. */
export interface PersonRecord {
  readonly generation: number;
  /** Month of the latest, YYYYMMDD; 0 if unknown. */
  readonly issued: number;
  /** Decimal. */
  readonly leaves: readonly string[];
}

/** Finds a person by the tag of the document's number, or of the seed. */
export async function findPerson(
  db: Database<IssuerSchema>,
  by: { readonly dedupTag: string } | { readonly seedTag: string },
): Promise<PersonRecord | undefined> {
  const rows = await db.kysely
    .selectFrom('person')
    .innerJoin('credential', 'credential.dedup_tag', 'person.dedup_tag')
    .select(['generation', 'issued', 'leaf'])
    .where((where) =>
      'dedupTag' in by ? where('person.dedup_tag', '=', by.dedupTag) : where('person.seed_tag', '=', by.seedTag),
    )
    .execute();
  const [first] = rows;
  return first === undefined
    ? undefined
    : {
        generation: first.generation,
        issued: Math.max(...rows.map(({ issued }) => issued)),
        leaves: rows.map(({ leaf }) => leaf),
      };
}

/** Notes that a holder wants leaves revoked. */
export async function recordRequest(db: Database<IssuerSchema>, leaves: readonly string[]): Promise<void> {
  await db.kysely
    .updateTable('credential')
    .set({ revocation: 1 })
    .where('leaf', 'in', leaves)
    .where('revocation', '=', 0)
    .execute();
}

/** Leaves whose revocation the register has not acknowledged yet. */
export async function openRequests(db: Database<IssuerSchema>): Promise<readonly string[]> {
  const rows = await db.kysely.selectFrom('credential').select('leaf').where('revocation', '=', 1).execute();
  return rows.map(({ leaf }) => leaf);
}

/** Notes that the register has acknowledged a revocation. */
export async function markRequested(db: Database<IssuerSchema>, leaf: string): Promise<void> {
  await db.kysely.updateTable('credential').set({ revocation: 2 }).where('leaf', '=', leaf).execute();
}

/** An appeal. */
export type Appeal = Readonly<IssuerSchema['appeal']>;

/**
 * Keeps an appeal. A second one for a leaf takes the place of the text of the first.
 *
 * @returns The reference that it has.
 */
export function recordAppeal(db: Database<IssuerSchema>, appeal: Appeal): Promise<string> {
  return db.transaction(async (tx) => {
    const known = await tx.selectFrom('appeal').select('reference').where('leaf', '=', appeal.leaf).executeTakeFirst();
    const row = { ...appeal, reference: known?.reference ?? appeal.reference };
    await tx.deleteFrom('appeal').where('leaf', '=', appeal.leaf).execute();
    await tx.insertInto('appeal').values(row).execute();
    return row.reference;
  });
}

/** Appeals that wait, by the time that is left. */
export function openAppeals(db: Database<IssuerSchema>): Promise<readonly Appeal[]> {
  return db.kysely.selectFrom('appeal').selectAll().orderBy('effective').orderBy('reference').execute();
}

/** Forgets a decided appeal. */
export async function deleteAppeal(db: Database<IssuerSchema>, reference: string): Promise<void> {
  await db.kysely.deleteFrom('appeal').where('reference', '=', reference).execute();
}
