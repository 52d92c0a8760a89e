// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a platform's verifier keeps: open requests, results until they are collected, which actions are done,
 * what answers were given under an idempotency key, and webhooks until they are delivered. An action's row
 * carries neither a time nor a verification, so that it says no more than that this pseudonym acted.
 * docs/protocol.md section 6.
 *
 * @module
 */
import { type Kysely, sql } from 'kysely';
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
  /** The reply to the answer, sealed under the answer's retry token; null without one and once collected. */
  sealed_reply: string | null;
  /** Unix milliseconds. */
  created_at: number;
  /** Unix milliseconds. */
  expires_at: number;
}

/** A pseudonym under an action's scope and context, decimal field elements. */
export interface ActionDone {
  scope: string;
  context: string;
  nullifier: string;
}

/** One time of those that a limit allows. */
export interface LimitUsed extends ActionDone {
  /** When its period can no longer be asked for, Unix milliseconds. */
  ends_at: number;
}

/** An answer that was given under an idempotency key. */
export interface IdempotencyRow {
  /** Hash of the key and of whose it is. */
  name: string;
  /** Hash of the request's body. */
  body_hash: string;
  /** The answer, sealed under the key itself. */
  sealed: string;
  /** Unix milliseconds. */
  expires_at: number;
}

/** A webhook that is not delivered yet. */
export interface WebhookRow {
  /** `webhook-id` of every delivery of it. */
  id: string;
  /** What is sent, as it is signed. */
  body: string;
  /** Deliveries that failed. */
  attempts: number;
  /** When it is sent next, or while it is being sent, when another process may; Unix milliseconds. */
  due_at: number;
}

/** Tables of a platform's verifier. */
export interface PlatformSchema {
  verification: VerificationRow;
  /** The opening date by which an action's name is known from its first use on. */
  action: { name: string; opens: number };
  action_done: ActionDone;
  limit_used: LimitUsed;
  idempotency: IdempotencyRow;
  webhook: WebhookRow;
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
  '002_operations': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('verification').addColumn('sealed_reply', 'text').execute();
      await db.schema
        .alterTable('verification')
        .addColumn('created_at', 'bigint', (column) => column.notNull().defaultTo(sql`0`))
        .execute();
      await db.schema.createIndex('verification_created_at').on('verification').columns(['created_at', 'id']).execute();
      await db.schema
        .createTable('limit_used')
        .addColumn('scope', 'text', (column) => column.notNull())
        .addColumn('context', 'text', (column) => column.notNull())
        .addColumn('nullifier', 'text', (column) => column.notNull())
        .addColumn('ends_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('limit_used_once', ['scope', 'context', 'nullifier'])
        .execute();
      await db.schema.createIndex('limit_used_ends_at').on('limit_used').column('ends_at').execute();
      await db.schema
        .createTable('idempotency')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('body_hash', 'text', (column) => column.notNull())
        .addColumn('sealed', 'text', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('idempotency_expires_at').on('idempotency').column('expires_at').execute();
      await db.schema
        .createTable('webhook')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('body', 'text', (column) => column.notNull())
        .addColumn('attempts', 'integer', (column) => column.notNull())
        .addColumn('due_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('webhook_due_at').on('webhook').column('due_at').execute();
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

/** What becomes of an insertion under an idempotency key. */
export type Inserted =
  | { readonly outcome: 'inserted' }
  | { readonly outcome: 'repeated'; readonly sealed: string }
  | { readonly outcome: 'key_reused' };

/**
 * Keeps a new verification; under an idempotency key exactly once, however many ask at the same time.
 *
 * @param now - Unix milliseconds.
 */
export async function insertVerification(
  db: PlatformDatabase,
  row: VerificationRow,
  idempotency: IdempotencyRow | undefined,
  now: number,
): Promise<Inserted> {
  if (idempotency === undefined) {
    await db.kysely.insertInto('verification').values(row).execute();
    return { outcome: 'inserted' };
  }
  return db.transaction<Inserted>(async (tx) => {
    const { name } = idempotency;
    const known = await tx.selectFrom('idempotency').selectAll().where('name', '=', name).executeTakeFirst();
    if (known !== undefined && known.expires_at > now) {
      return known.body_hash === idempotency.body_hash
        ? { outcome: 'repeated', sealed: known.sealed }
        : { outcome: 'key_reused' };
    }
    if (known !== undefined) await tx.deleteFrom('idempotency').where('name', '=', name).execute();
    await tx.insertInto('idempotency').values(idempotency).execute();
    await tx.insertInto('verification').values(row).execute();
    return { outcome: 'inserted' };
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

/** Where a page of a list begins: after this verification. */
export interface ListPosition {
  readonly createdAt: number;
  readonly id: string;
}

/** What a list tells of a verification. */
export type ListedRow = Pick<
  VerificationRow,
  'id' | 'status' | 'response_code_hash' | 'request' | 'created_at' | 'expires_at'
>;

/** Verifications, newest first. */
export async function listVerifications(
  db: PlatformDatabase,
  after: ListPosition | undefined,
  count: number,
): Promise<readonly ListedRow[]> {
  let query = db.kysely
    .selectFrom('verification')
    .select(['id', 'status', 'response_code_hash', 'request', 'created_at', 'expires_at']);
  if (after !== undefined) {
    query = query.where((eb) =>
      eb.or([
        eb('created_at', '<', after.createdAt),
        eb.and([eb('created_at', '=', after.createdAt), eb('id', '<', after.id)]),
      ]),
    );
  }
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(count).execute();
}
