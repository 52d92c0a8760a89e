// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a platform's OIDC bridge keeps: the records of its provider, its keys, and which facts each
 * pseudonym has proved. Identifiers that open something (codes, tokens, sessions) are kept as their
 * SHA-256, so that a copy of the database opens nothing; keys are sealed by the caller.
 * docs/protocol.md section 6, docs/operations.md.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Migrations } from './migrate.ts';
import type { Database } from './open.ts';

/** A record of the provider: session, interaction, grant, code or token. */
export interface OidcRecordRow {
  model: string;
  /** SHA-256 of the identifier, base64url. */
  id_hash: string;
  /** JSON without the identifier. */
  payload: string;
  /** SHA-256 of the grant that it hangs on; null for models that hang on none. */
  grant_hash: string | null;
  /** Second name of a session. */
  uid: string | null;
  /** Unix seconds; null until used. */
  consumed: number | null;
  /** Unix milliseconds. */
  expires_at: number;
}

/** A key of the bridge. */
export interface OidcKeyRow {
  kid: string;
  purpose: 'signing' | 'cookies';
  /** The key, sealed. */
  sealed: string;
  /** Unix milliseconds from which it is used; until then it is only published. */
  active_from: number;
}

/** Tables of a bridge. */
export interface OidcSchema {
  oidc_record: OidcRecordRow;
  oidc_key: OidcKeyRow;
  /** Facts that a pseudonym has proved, for as long as sessions may rest on them. */
  oidc_proved: { sub: string; claim: string; expires_at: number };
}

/** Migrations of {@link OidcSchema}. */
export const oidcMigrations: Migrations = {
  '001_records_and_keys': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('oidc_record')
        .addColumn('model', 'text', (column) => column.notNull())
        .addColumn('id_hash', 'text', (column) => column.notNull())
        .addColumn('payload', 'text', (column) => column.notNull())
        .addColumn('grant_hash', 'text')
        .addColumn('uid', 'text')
        .addColumn('consumed', 'bigint')
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('oidc_record_once', ['model', 'id_hash'])
        .execute();
      await db.schema.createIndex('oidc_record_expires_at').on('oidc_record').column('expires_at').execute();
      await db.schema.createIndex('oidc_record_grant').on('oidc_record').column('grant_hash').execute();
      await db.schema.createIndex('oidc_record_uid').on('oidc_record').column('uid').execute();
      await db.schema
        .createTable('oidc_key')
        .addColumn('kid', 'text', (column) => column.primaryKey())
        .addColumn('purpose', 'text', (column) => column.notNull())
        .addColumn('sealed', 'text', (column) => column.notNull())
        .addColumn('active_from', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('oidc_proved')
        .addColumn('sub', 'text', (column) => column.notNull())
        .addColumn('claim', 'text', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('oidc_proved_once', ['sub', 'claim'])
        .execute();
    },
  },
};

/** Database of a bridge. */
export type OidcDatabase = Database<OidcSchema>;

/** What a record holds; the provider's own. */
export type OidcPayload = Readonly<Record<string, unknown>>;

function hashOf(id: string): string {
  return createHash('sha256').update(id, 'utf8').digest('base64url');
}

/** Keeps a record, in place of an earlier one of the same identifier. */
export async function putRecord(
  db: OidcDatabase,
  model: string,
  id: string,
  payload: OidcPayload,
  expiresAt: number,
): Promise<void> {
  const { grantId, uid } = payload;
  const stored = {
    payload: JSON.stringify({ ...payload, jti: undefined }),
    grant_hash: typeof grantId === 'string' ? hashOf(grantId) : null,
    uid: model === 'Session' && typeof uid === 'string' ? uid : null,
    expires_at: expiresAt,
  };
  await db.kysely
    .insertInto('oidc_record')
    .values({ model, id_hash: hashOf(id), consumed: null, ...stored })
    .onConflict((conflict) => conflict.columns(['model', 'id_hash']).doUpdateSet(stored))
    .execute();
}

/** Finds a record that has not expired. */
export async function findRecord(
  db: OidcDatabase,
  model: string,
  by: { readonly id: string } | { readonly uid: string },
  now: number,
): Promise<OidcPayload | undefined> {
  const row = await db.kysely
    .selectFrom('oidc_record')
    .selectAll()
    .where('model', '=', model)
    .where((where) => ('id' in by ? where('id_hash', '=', hashOf(by.id)) : where('uid', '=', by.uid)))
    .where('expires_at', '>', now)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    ...(JSON.parse(row.payload) as OidcPayload),
    ...('id' in by ? { jti: by.id } : {}),
    ...(row.consumed === null ? {} : { consumed: row.consumed }),
  };
}

/**
 * Uses a record up, once.
 *
 * @returns Whether it was there and not used before.
 */
export async function consumeRecord(db: OidcDatabase, model: string, id: string, nowSeconds: number): Promise<boolean> {
  const done = await db.kysely
    .updateTable('oidc_record')
    .set({ consumed: nowSeconds })
    .where('model', '=', model)
    .where('id_hash', '=', hashOf(id))
    .where('consumed', 'is', null)
    .executeTakeFirst();
  return done.numUpdatedRows === 1n;
}

/** Deletes a record. */
export async function deleteRecord(db: OidcDatabase, model: string, id: string): Promise<void> {
  await db.kysely.deleteFrom('oidc_record').where('model', '=', model).where('id_hash', '=', hashOf(id)).execute();
}

/** Deletes what hangs on a grant, of one model. */
export async function deleteByGrant(db: OidcDatabase, model: string, grantId: string): Promise<void> {
  await db.kysely
    .deleteFrom('oidc_record')
    .where('model', '=', model)
    .where('grant_hash', '=', hashOf(grantId))
    .execute();
}

/** Deletes what expired before a time, Unix milliseconds. */
export async function deleteExpired(db: OidcDatabase, before: number): Promise<void> {
  await db.kysely.deleteFrom('oidc_record').where('expires_at', '<', before).execute();
  await db.kysely.deleteFrom('oidc_proved').where('expires_at', '<', before).execute();
}

/** Notes that a pseudonym has proved facts. */
export async function noteProved(
  db: OidcDatabase,
  sub: string,
  claims: readonly string[],
  expiresAt: number,
): Promise<void> {
  for (const claim of claims) {
    await db.kysely
      .insertInto('oidc_proved')
      .values({ sub, claim, expires_at: expiresAt })
      .onConflict((conflict) => conflict.columns(['sub', 'claim']).doUpdateSet({ expires_at: expiresAt }))
      .execute();
  }
}

/** Facts that a pseudonym has proved and that still count. */
export async function provedOf(db: OidcDatabase, sub: string, now: number): Promise<readonly string[]> {
  const rows = await db.kysely
    .selectFrom('oidc_proved')
    .select('claim')
    .where('sub', '=', sub)
    .where('expires_at', '>', now)
    .execute();
  return rows.map(({ claim }) => claim);
}

/**
 * Reads the keys, lets the caller decide what the set should be, and stores that: as one transaction, so
 * that of several processes one decides and the others find what it decided.
 *
 * @param decide - Given the keys by age, returns those to add and the `kid` of those to delete; called
 * again when the transaction meets another.
 */
export async function updateKeys(
  db: OidcDatabase,
  decide: (keys: readonly OidcKeyRow[]) => {
    readonly add: readonly OidcKeyRow[];
    readonly remove: readonly string[];
  },
): Promise<readonly OidcKeyRow[]> {
  return db.transaction(async (tx) => {
    const read = (): Promise<OidcKeyRow[]> =>
      tx.selectFrom('oidc_key').selectAll().orderBy('active_from').orderBy('kid').execute();
    const { add, remove } = decide(await read());
    if (add.length > 0)
      await tx
        .insertInto('oidc_key')
        .values([...add])
        .execute();
    if (remove.length > 0)
      await tx
        .deleteFrom('oidc_key')
        .where('kid', 'in', [...remove])
        .execute();
    return read();
  });
}
