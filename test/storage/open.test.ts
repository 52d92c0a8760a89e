// SPDX-License-Identifier: GPL-3.0-or-later
import { sql, type Generated } from 'kysely';
import { describe, expect, it } from 'vitest';
import { migrate, type Migrations } from '../../src/storage/migrate.ts';
import { isDatabaseAway } from '../../src/storage/failures.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';
import { describeOnEachDatabase, describeOnPostgres } from '../databases.ts';
import { openLine } from '../server/verifier_world.ts';

interface Tables {
  counters: { name: string; value: number };
  notes: { id: Generated<number>; at: number; text: string };
}

const MIGRATIONS: Migrations = {
  '001_counters': {
    up: async (db) => {
      await db.schema
        .createTable('counters')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('value', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
};

async function openCounters(url: string): Promise<Database<Tables>> {
  const db = await openDatabase<Tables>(url);
  await migrate(db, MIGRATIONS);
  return db;
}

function read(db: Database<Tables>, name: string): Promise<{ value: number } | undefined> {
  return db.kysely.selectFrom('counters').select('value').where('name', '=', name).executeTakeFirst();
}

describeOnEachDatabase('a database', (fresh) => {
  it('keeps what a transaction acknowledged, also after it is opened again', async () => {
    const url = await fresh();
    const first = await openCounters(url);
    await first.transaction((tx) => tx.insertInto('counters').values({ name: 'a', value: 1 }).execute());
    await first.close();
    const second = await openCounters(url);
    expect(await read(second, 'a')).toEqual({ value: 1 });
    await second.close();
  });

  it('rolls a failed transaction back whole', async () => {
    const db = await openCounters(await fresh());
    const failing = db.transaction(async (tx) => {
      await tx.insertInto('counters').values({ name: 'a', value: 1 }).execute();
      throw new Error('after the write');
    });
    await expect(failing).rejects.toThrow('after the write');
    expect(await read(db, 'a')).toBeUndefined();
    await db.close();
  });

  it('lets exactly one of many concurrent check-then-write transactions win', async () => {
    const url = await fresh();
    const db = await openCounters(url);
    const other = await openDatabase<Tables>(url);
    const attempt = (base: Database<Tables>): Promise<boolean> =>
      base.transaction(async (tx) => {
        const seen = await tx.selectFrom('counters').select('value').where('name', '=', 'once').executeTakeFirst();
        if (seen !== undefined) {
          return false;
        }
        await sql`select 1`.execute(tx);
        await tx.insertInto('counters').values({ name: 'once', value: 1 }).execute();
        return true;
      });
    const won = await Promise.all([db, db, db, db, db].map(attempt));
    won.push(await attempt(other));
    expect(won.filter(Boolean)).toHaveLength(1);
    await db.close();
    await other.close();
  });

  it('lets many inserts of one key through once, though none of them looked for it', async () => {
    const db = await openCounters(await fresh());
    const insert = (): Promise<unknown> =>
      db.transaction((tx) => tx.insertInto('counters').values({ name: 'key', value: 1 }).execute());
    const results = await Promise.allSettled([insert(), insert(), insert()]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await db.close();
  });

  it('lets an exclusive transaction finish before others write', async () => {
    const db = await openCounters(await fresh());
    let runs = 0;
    const long = db.transaction(
      async (tx) => {
        runs += 1;
        const before = await tx.selectFrom('counters').selectAll().execute();
        await new Promise((resolve) => setTimeout(resolve, 100));
        await tx.insertInto('counters').values({ name: 'seen', value: before.length }).execute();
      },
      { exclusive: ['counters'] },
    );
    const short = Array.from({ length: 5 }, (_, i) =>
      db.transaction(async (tx) => {
        await tx.selectFrom('counters').selectAll().execute();
        await tx
          .insertInto('counters')
          .values({ name: String(i), value: 0 })
          .execute();
      }),
    );
    await Promise.all([long, ...short]);
    expect(runs).toBe(1);
    const rows = await db.kysely.selectFrom('counters').selectAll().execute();
    expect(rows).toHaveLength(6);
    await db.close();
  });

  it('loses no increment of concurrent transactions', async () => {
    const db = await openCounters(await fresh());
    await db.kysely.insertInto('counters').values({ name: 'n', value: 0 }).execute();
    const increment = (): Promise<unknown> =>
      db.transaction(async (tx) => {
        const { value } = await tx
          .selectFrom('counters')
          .select('value')
          .where('name', '=', 'n')
          .executeTakeFirstOrThrow();
        await tx
          .updateTable('counters')
          .set({ value: value + 1 })
          .where('name', '=', 'n')
          .execute();
      });
    await Promise.all(Array.from({ length: 8 }, increment));
    expect(await read(db, 'n')).toEqual({ value: 8 });
    await db.close();
  });

  it('returns 64-bit integers, counts and sums as numbers', async () => {
    const db = await openCounters(await fresh());
    await db.kysely.insertInto('counters').values({ name: 'big', value: 1_800_000_000_000 }).execute();
    const row = await db.kysely
      .selectFrom('counters')
      .select(({ fn }) => [fn.countAll<number>().as('count'), fn.sum<number>('value').as('sum'), 'value'])
      .groupBy('value')
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ count: 1, sum: 1_800_000_000_000, value: 1_800_000_000_000 });
    await db.close();
  });

  it('applies a migration whole or not at all, and can be asked twice', async () => {
    const db = await openCounters(await fresh());
    await migrate(db, MIGRATIONS);
    const broken: Migrations = {
      ...MIGRATIONS,
      '002_broken': {
        up: async (schema) => {
          await schema.schema.createTable('half').addColumn('name', 'text').execute();
          throw new Error('halfway');
        },
      },
    };
    await expect(migrate(db, broken)).rejects.toMatchObject({ code: 'migration_failed' });
    await expect(sql`select * from half`.execute(db.kysely)).rejects.toThrow();
    await expect(migrate(db, {})).rejects.toMatchObject({ code: 'migration_failed' });
    await db.close();
  });
});

describeOnPostgres('a database whose host falls silent', (fresh) => {
  it('is given up statement by statement, with the connection, and reached again', async () => {
    const line = await openLine(await fresh());
    const db = await openDatabase<Tables>(line.url, { connectTimeout: 2_000, queryTimeout: 300 });
    await migrate(db, MIGRATIONS);
    await Promise.all(Array.from({ length: 10 }, () => db.kysely.executeQuery(sql`select 1`.compile(db.kysely))));
    const others: Promise<unknown>[] = [];
    const halfway = db.transaction(async (tx) => {
      await tx.insertInto('counters').values({ name: 'halfway', value: 1 }).execute();
      line.silence();
      others.push(...Array.from({ length: 9 }, () => read(db, 'halfway').catch((error: unknown) => error)));
      await tx.insertInto('counters').values({ name: 'never', value: 1 }).execute();
    });
    const failures = [await halfway.catch((error: unknown) => error), ...(await Promise.all(others))];
    for (const error of failures) expect(isDatabaseAway(error), String(error)).toBe(true);
    expect(await read(db, 'never')).toBeUndefined();
    await db.close();
    line.close();
  });

  it('a late statement neither blocks nor passes on the connection that it was on, and migrations may be long', async () => {
    const db = await openDatabase<Tables>(await fresh(), { queryTimeout: 300 });
    const slow: Migrations = {
      ...MIGRATIONS,
      '002_slow': {
        up: async (schema) => {
          await sql`select pg_sleep(1)`.execute(schema);
        },
      },
    };
    await migrate(db, slow);
    const late = db.transaction(async (tx) => {
      await tx.insertInto('counters').values({ name: 'late', value: 1 }).execute();
      await sql`select pg_sleep(1)`.execute(tx);
    });
    await expect(late).rejects.toThrow('did not answer a statement in time');
    const rows = await Promise.all(Array.from({ length: 20 }, () => read(db, 'late')));
    expect(rows.every((row) => row === undefined)).toBe(true);
    await db.close();
  });
});

describe('openDatabase', () => {
  it.each(['', 'file:', 'mysql://localhost/x', '/tmp/x.sqlite', 'http://localhost'])('refuses %j', async (url) => {
    await expect(openDatabase(url)).rejects.toMatchObject({ code: 'database_url_invalid' });
  });

  it('says when there is no server', async () => {
    await expect(openDatabase('postgres://nobody@127.0.0.1:1/none')).rejects.toMatchObject({
      code: 'database_unreachable',
    });
  });

  it('writes through to the disk before SQLite acknowledges', async () => {
    const db = await openDatabase<Tables>(':memory:');
    const mode = await sql<{ synchronous: number }>`pragma synchronous`.execute(db.kysely);
    expect(mode.rows).toEqual([{ synchronous: 2 }]);
    await db.close();
  });
});
