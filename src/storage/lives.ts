// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Decisions about a person's credentials, each in one transaction: what an issuer knows of a person and a
 * seed, and what it writes when a leaf is signed.
 *
 * @module
 */
import type { Kysely } from 'kysely';
import type { BackupKind } from '../protocol/backup_form.ts';
import type { IssuerSchema } from './issuer.ts';
import type { Database, Transaction } from './open.ts';

/** A leaf whose revocation nobody has asked for. */
export interface KnownLeaf {
  /** Decimal. */
  readonly leaf: string;
  readonly document: number;
  /** The leaf whose place it takes and that the log may still hold. */
  readonly replaces: string | null;
}

/** What an issuer knows of a person. */
export interface KnownPerson {
  /** Poseidon tag of the seed, decimal. */
  readonly seedTag: string;
  readonly generation: number;
  /** YYYYMMDD, a month's start. */
  readonly secretSince: number;
  /** In the order of their numbers. */
  readonly leaves: readonly KnownLeaf[];
}

/** What an issuer knows of a person and a seed that meet. */
export interface Known {
  readonly person: KnownPerson | undefined;
  /** Whether the seed is another person's, or was anyone's before a reset. */
  readonly seedTaken: boolean;
}

/** Reads what is known. */
export async function readKnown(db: Kysely<IssuerSchema>, dedupTag: string, seedTag: string): Promise<Known> {
  const rows = await db
    .selectFrom('person')
    .selectAll()
    .where((where) => where.or([where('dedup_tag', '=', dedupTag), where('seed_tag', '=', seedTag)]))
    .execute();
  const retired = await db.selectFrom('retired_seed').select('seed_tag').where('seed_tag', '=', seedTag).execute();
  const person = rows.find((row) => row.dedup_tag === dedupTag);
  const leaves = await db
    .selectFrom('credential')
    .select(['leaf', 'document', 'replaces'])
    .where('dedup_tag', '=', dedupTag)
    .where('revocation', '=', 0)
    .orderBy('leaf')
    .execute();
  return {
    person: person && {
      seedTag: person.seed_tag,
      generation: person.generation,
      secretSince: person.secret_since,
      leaves,
    },
    seedTaken: retired.length > 0 || rows.some((row) => row.seed_tag === seedTag && row.dedup_tag !== dedupTag),
  };
}

/** Sealed backups by kind, base64url; null deletes one. */
export type BackupChange = Readonly<Partial<Record<BackupKind, string | null>>>;

/** A decision that a leaf is signed. */
export interface Decided {
  /** What the decision rests on. */
  readonly known: Known;
  readonly dedupTag: string;
  readonly seedTag: string;
  readonly generation: number;
  readonly secretSince: number;
  readonly leaf: string;
  readonly document: number;
  readonly expiry: number;
  /** YYYYMMDD, a month's start. */
  readonly issued: number;
  readonly signature: string;
  /** The leaf whose place the new one takes. */
  readonly replaces: string | undefined;
  /** Leaves to be revoked as the holder's wish. */
  readonly revokes: readonly string[];
  readonly backups: BackupChange;
}

/**
 * Writes a decision: person, leaf, wishes and backups, all or nothing.
 *
 * @returns False if something else was decided since `known` was read; then nothing is written.
 */
export function recordDecision(db: Database<IssuerSchema>, decided: Decided): Promise<boolean> {
  const { known, dedupTag, seedTag, generation, secretSince, leaf, replaces, revokes } = decided;
  return db.transaction(async (tx) => {
    const now = await readKnown(tx, dedupTag, seedTag);
    if (JSON.stringify(now) !== JSON.stringify(known)) {
      return false;
    }
    const row = { dedup_tag: dedupTag, seed_tag: seedTag, generation, secret_since: secretSince };
    if (known.person === undefined) {
      await tx.insertInto('person').values(row).execute();
    } else if (known.person.seedTag !== seedTag) {
      await retire(tx, known.person.seedTag, row);
    }
    await tx
      .insertInto('credential')
      .values({
        leaf,
        dedup_tag: dedupTag,
        document: decided.document,
        expiry: decided.expiry,
        signature: decided.signature,
        submitted: 0,
        issued: decided.issued,
        revocation: 0,
        replaces: replaces ?? null,
      })
      .execute();
    if (revokes.length > 0) {
      await tx.updateTable('credential').set({ revocation: 1 }).where('leaf', 'in', revokes).execute();
    }
    await changeBackups(tx, dedupTag, decided.backups);
    return true;
  });
}

/** A reset: another seed for the person, the old one nobody's, its backups gone, and one more to be counted. */
async function retire(tx: Transaction<IssuerSchema>, oldSeedTag: string, row: IssuerSchema['person']): Promise<void> {
  await tx.insertInto('retired_seed').values({ seed_tag: oldSeedTag }).execute();
  await tx.updateTable('person').set(row).where('dedup_tag', '=', row.dedup_tag).execute();
  await tx.deleteFrom('backup').where('dedup_tag', '=', row.dedup_tag).execute();
  await tx
    .updateTable('reset_report')
    .set((report) => ({ waiting: report('waiting', '+', 1) }))
    .execute();
}

async function changeBackups(tx: Transaction<IssuerSchema>, dedupTag: string, change: BackupChange): Promise<void> {
  for (const [kind, sealed] of Object.entries(change)) {
    await tx.deleteFrom('backup').where('dedup_tag', '=', dedupTag).where('kind', '=', kind).execute();
    if (sealed !== null) {
      await tx.insertInto('backup').values({ dedup_tag: dedupTag, kind, sealed }).execute();
    }
  }
}

/**
 * Changes the backups of the person of a seed.
 *
 * @returns Whether there is such a person.
 */
export function storeBackups(db: Database<IssuerSchema>, seedTag: string, change: BackupChange): Promise<boolean> {
  return db.transaction(async (tx) => {
    const person = await tx.selectFrom('person').select('dedup_tag').where('seed_tag', '=', seedTag).executeTakeFirst();
    if (person === undefined) return false;
    await changeBackups(tx, person.dedup_tag, change);
    return true;
  });
}

/** The backups that are kept for a person, by kind. */
export async function readBackups(
  db: Database<IssuerSchema>,
  dedupTag: string,
): Promise<Readonly<Partial<Record<BackupKind, string>>>> {
  const rows = await db.kysely
    .selectFrom('backup')
    .select(['kind', 'sealed'])
    .where('dedup_tag', '=', dedupTag)
    .execute();
  return Object.fromEntries(rows.map(({ kind, sealed }) => [kind, sealed]));
}
