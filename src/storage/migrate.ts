// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Brings a database to the current schema. Each service keeps its migrations beside its tables, as
 * code that reads the same on both dialects; portable column types are `text` (field elements in
 * decimal, hex, base64url), `integer`, and `bigint` (counters, Unix milliseconds).
 *
 * @module
 */
import { type Migration, Migrator } from 'kysely';
import { ProtocolError } from '../protocol/errors.ts';
import type { Database } from './open.ts';

/** Migrations by name, applied in alphabetical order: `'001_events'`, `'002_…'`. Names never change. */
export type Migrations = Readonly<Record<string, Migration>>;

/**
 * Applies the migrations that the database does not have yet, all or none.
 *
 * @param database - Of one service; two services do not share a database.
 * @param migrations - All migrations of that service, or of its part.
 * @param part - Name of a part with tables of its own, which a service has or has not; letters only.
 * @throws {@link ProtocolError} `migration_failed` if one fails or the database is of a newer program.
 */
export async function migrate<Schema>(
  database: Database<Schema>,
  migrations: Migrations,
  part?: string,
): Promise<void> {
  const migrator = new Migrator({
    db: database.unhurried,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
    ...(part === undefined
      ? {}
      : { migrationTableName: `kysely_migration_${part}`, migrationLockTableName: `kysely_migration_lock_${part}` }),
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    throw new ProtocolError(
      'migration_failed',
      'the database could not be brought to this version; is it from a newer version, or of another service?',
      { cause: error },
    );
  }
}
