// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What an issuer keeps: keyed tags that hold one person to one seed, and the leaves it signed. No
 * name, number or portrait has a column here. docs/protocol.md section 8.
 *
 * @module
 */
import type { Migration } from 'kysely';
import type { Database } from './open.ts';

/** Tables of an issuer. */
export interface IssuerSchema {
  person: {
    /** HMAC of the person number, hex. */
    dedup_tag: string;
    /** Poseidon tag of the seed, decimal. */
    seed_tag: string;
    generation: number;
    /** YYYYMMDD, a month's start. */
    secret_since: number;
  };
  credential: {
    /** Decimal field element. */
    leaf: string;
    dedup_tag: string;
    document: number;
    /** YYYYMMDD, a month's start. */
    expiry: number;
    /** Ed25519 signature over the leaf, base64url. */
    signature: string;
    /** False until the register has acknowledged the leaf. */
    submitted: number;
    /** Month of issue, YYYYMMDD, a month's start; 0 if it was made before this was kept. */
    issued: number;
    /** The holder's wish to have it revoked: 0 none, 1 not yet acknowledged by the register, 2 acknowledged. */
    revocation: number;
  };
  /** An appeal that waits for a decision; deleted with it. */
  appeal: {
    /** Random, base64url. */
    reference: string;
    leaf: string;
    /** Log position of the announcement. */
    announcement: number;
    reason: string;
    /** When the revocation takes effect, Unix seconds. */
    effective: number;
    /** The holder's own words. */
    text: string;
  };
}

/** Migrations of {@link IssuerSchema}, in order. */
export const issuerMigrations: Record<string, Migration> = {
  '0001_persons_and_credentials': {
    async up(db) {
      await db.schema
        .createTable('person')
        .addColumn('dedup_tag', 'text', (column) => column.primaryKey())
        .addColumn('seed_tag', 'text', (column) => column.notNull().unique())
        .addColumn('generation', 'integer', (column) => column.notNull())
        .addColumn('secret_since', 'integer', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('credential')
        .addColumn('leaf', 'text', (column) => column.primaryKey())
        .addColumn('dedup_tag', 'text', (column) => column.notNull().references('person.dedup_tag'))
        .addColumn('document', 'integer', (column) => column.notNull())
        .addColumn('expiry', 'integer', (column) => column.notNull())
        .addColumn('signature', 'text', (column) => column.notNull())
        .addColumn('submitted', 'integer', (column) => column.notNull())
        .execute();
    },
  },
  '0002_requests_and_appeals': {
    async up(db) {
      for (const name of ['issued', 'revocation']) {
        await db.schema
          .alterTable('credential')
          .addColumn(name, 'integer', (column) => column.notNull().defaultTo(0))
          .execute();
      }
      await db.schema
        .createTable('appeal')
        .addColumn('reference', 'text', (column) => column.primaryKey())
        .addColumn('leaf', 'text', (column) => column.notNull().unique().references('credential.leaf'))
        .addColumn('announcement', 'bigint', (column) => column.notNull())
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('effective', 'bigint', (column) => column.notNull())
        .addColumn('text', 'text', (column) => column.notNull())
        .execute();
    },
  },
};

/** One decided enrolment. */
export interface IssuedCredential {
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
}

/** Why a person and a seed could not be recorded. */
export type EnrolmentConflict = 'person_already_enrolled' | 'seed_already_enrolled';

/**
 * Records a person, the seed's tag and the signed leaf in one transaction; unique on both sides.
 *
 * @returns `undefined`, or what is already taken. Nothing is written in that case.
 */
export async function recordIssue(
  db: Database<IssuerSchema>,
  issued: IssuedCredential,
): Promise<EnrolmentConflict | undefined> {
  return db.transaction(async (tx) => {
    const taken = await tx
      .selectFrom('person')
      .select(['dedup_tag'])
      .where((where) => where.or([where('dedup_tag', '=', issued.dedupTag), where('seed_tag', '=', issued.seedTag)]))
      .execute();
    if (taken.length > 0) {
      return taken.some((row) => row.dedup_tag === issued.dedupTag)
        ? 'person_already_enrolled'
        : 'seed_already_enrolled';
    }
    await tx
      .insertInto('person')
      .values({
        dedup_tag: issued.dedupTag,
        seed_tag: issued.seedTag,
        generation: issued.generation,
        secret_since: issued.secretSince,
      })
      .execute();
    await tx
      .insertInto('credential')
      .values({
        leaf: issued.leaf,
        dedup_tag: issued.dedupTag,
        document: issued.document,
        expiry: issued.expiry,
        signature: issued.signature,
        submitted: 0,
        issued: issued.issued,
        revocation: 0,
      })
      .execute();
    return undefined;
  });
}

/** Signed leaves that the register has not acknowledged yet. */
export async function unsubmittedLeaves(
  db: Database<IssuerSchema>,
): Promise<readonly { readonly leaf: string; readonly signature: string }[]> {
  return db.kysely.selectFrom('credential').select(['leaf', 'signature']).where('submitted', '=', 0).execute();
}

/** Notes that the register has acknowledged a leaf. */
export async function markSubmitted(db: Database<IssuerSchema>, leaf: string): Promise<void> {
  await db.kysely.updateTable('credential').set({ submitted: 1 }).where('leaf', '=', leaf).execute();
}
