// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Opens a service's database: SQLite (libsql) by default, PostgreSQL by URL, one schema on both.
 * What a transaction has acknowledged survives the death of the process: SQLite runs in WAL mode with
 * `synchronous = FULL`, PostgreSQL with its default `synchronous_commit`. docs/operations.md.
 *
 * @module
 */
import SqliteDatabase from 'libsql';
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  sql,
  type Transaction,
} from 'kysely';
import { Pool, types } from 'pg';
import { ProtocolError } from '../protocol/errors.ts';
import { hurried } from './hurried.ts';

export type { Transaction } from 'kysely';

/** How a transaction meets others. */
export interface TransactionOptions<Schema> {
  /**
   * Tables that nobody else writes to while the transaction runs: for a long one, which would otherwise
   * be run again for every short one that it meets. On SQLite that holds for every transaction.
   */
  readonly exclusive?: readonly (keyof Schema & string)[];
}

/** An open database with the tables of `Schema`. */
export interface Database<Schema> {
  /** For reads and for single statements. Inside {@link Database.transaction} use its argument instead. */
  readonly kysely: Kysely<Schema>;
  /** The same without {@link OpenOptions.queryTimeout}: for migrations, which take as long as they take. */
  readonly unhurried: Kysely<Schema>;
  readonly dialect: 'sqlite' | 'postgres';
  /**
   * Runs work as one transaction that sees no other: `BEGIN IMMEDIATE` on SQLite, `SERIALIZABLE` on
   * PostgreSQL. A check followed by a write therefore happens exactly once.
   *
   * @param work - Everything through `tx`: on SQLite the one connection is taken until it ends, so that
   * `kysely` inside would wait for ever. On PostgreSQL it runs again when it meets another transaction,
   * so it has no effect but on the database.
   * @param options - How it meets others.
   * @returns What `work` returned, once it is durable.
   */
  transaction<T>(work: (tx: Transaction<Schema>) => Promise<T>, options?: TransactionOptions<Schema>): Promise<T>;
  /** Closes all connections; the database is unusable afterwards. */
  close(): Promise<void>;
}

/**
 * Attempts of a PostgreSQL transaction by SQLSTATE: serialization_failure, deadlock_detected, and
 * unique_violation, which may stand for a conflict and, if it does not, comes again.
 */
const ATTEMPTS: ReadonlyMap<unknown, number> = new Map([
  ['40001', 20],
  ['40P01', 20],
  ['23505', 3],
]);
/** Milliseconds that SQLite waits for another process's lock. */
const BUSY_TIMEOUT = 10_000;

/** How a database is opened. */
export interface OpenOptions {
  /**
   * Milliseconds that a caller waits for a connection to PostgreSQL, in line for one included. Without it as long as
   * it takes: right where a long transaction may hold up the others.
   */
  readonly connectTimeout?: number;
  /**
   * Milliseconds in which PostgreSQL must have answered a statement, or its connection is given up. Without it as long
   * as it takes, and a host that falls silent holds its callers until the system gives up the connection: many minutes.
   * For a service none of whose statements is long.
   */
  readonly queryTimeout?: number;
}

/** Milliseconds without a word after which the system asks whether a connection still lives. */
const KEEP_ALIVE_DELAY = 10_000;

/**
 * Opens a database.
 *
 * @param url - `file:PATH` or `:memory:` for SQLite, `postgres://…` or `postgresql://…` for PostgreSQL.
 * @param options - See {@link OpenOptions}.
 * @throws {@link ProtocolError} `database_url_invalid` for any other URL.
 */
export async function openDatabase<Schema>(url: string, options: OpenOptions = {}): Promise<Database<Schema>> {
  const database = /^postgres(ql)?:\/\//.test(url)
    ? openPostgres<Schema>(url, options)
    : openSqlite<Schema>(sqlitePath(url));
  try {
    await database.kysely.executeQuery(CompiledQuery.raw('select 1'));
  } catch (cause) {
    await database.close();
    throw new ProtocolError('database_unreachable', 'the database could not be opened; check its URL', { cause });
  }
  return database;
}

function sqlitePath(url: string): string {
  if (url === ':memory:') {
    return url;
  }
  if (url.startsWith('file:') && url.length > 'file:'.length) {
    return url.slice('file:'.length);
  }
  throw new ProtocolError('database_url_invalid', 'a database URL is file:PATH, :memory: or postgres://…');
}

function openSqlite<Schema>(path: string): Database<Schema> {
  const file = new SqliteDatabase(path);
  file.pragma(`busy_timeout = ${String(BUSY_TIMEOUT)}`);
  file.pragma('journal_mode = WAL');
  file.pragma('synchronous = FULL');
  file.pragma('foreign_keys = ON');
  // Deleted rows are overwritten: what a service promises to delete does not linger in free pages.
  file.pragma('secure_delete = ON');
  const kysely = new Kysely<Schema>({ dialect: new ImmediateSqliteDialect({ database: file }) });
  return {
    kysely,
    unhurried: kysely,
    dialect: 'sqlite',
    transaction: (work) => kysely.transaction().execute(work),
    close: () => kysely.destroy(),
  };
}

function openPostgres<Schema>(url: string, { connectTimeout, queryTimeout }: OpenOptions): Database<Schema> {
  const pool = new Pool({
    connectionString: url,
    ...(connectTimeout === undefined ? {} : { connectionTimeoutMillis: connectTimeout }),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY,
    types: { getTypeParser: parserOf },
  });
  // A connection that breaks is replaced; without a listener it would end the process. The pool listens to those that
  // are idle, and to none that is in use: there the statement under way fails, or the next one.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const unhurried = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const kysely =
    queryTimeout === undefined
      ? unhurried
      : new Kysely<Schema>({ dialect: new PostgresDialect({ pool: hurried(pool, queryTimeout) }) });
  let ended: Promise<void> | undefined;
  return {
    kysely,
    unhurried,
    dialect: 'postgres',
    transaction: async (work, { exclusive = [] } = {}) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await kysely
            .transaction()
            .setIsolationLevel('serializable')
            .execute(async (tx) => {
              if (exclusive.length > 0) {
                // Before anything is read, so that what is read is what the last writer left.
                await sql`lock table ${sql.join(exclusive.map((name) => sql.table(name)))} in share row exclusive mode`.execute(
                  tx,
                );
              }
              return work(tx);
            });
        } catch (error) {
          if (attempt >= (ATTEMPTS.get((error as { code?: unknown }).code) ?? 1)) {
            throw error;
          }
          // Spreads the contenders; nothing depends on how.
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * attempt));
        }
      }
    },
    close: () => (ended ??= pool.end()),
  };
}

/** PostgreSQL's type numbers of 64-bit integers (counters, counts) and of numerics (sums). */
const INTEGER_TYPES: readonly number[] = [types.builtins.INT8, types.builtins.NUMERIC];

/** Integers arrive as numbers, as they do from SQLite; counters stay below 2^53. */
const parserOf: typeof types.getTypeParser = (oid, format): unknown =>
  INTEGER_TYPES.includes(oid) ? toSafeNumber : types.getTypeParser(oid, format);

function toSafeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError('the database holds an integer beyond 2^53');
  }
  return value;
}

/** SQLite whose transactions take the write lock at once, so that no two of them read the same state. */
class ImmediateSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver(this.#config);
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter();
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** Lets a migration on SQLite happen whole or not at all. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
