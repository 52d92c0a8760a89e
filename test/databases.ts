// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Runs the same tests on SQLite and on PostgreSQL, on a fresh database each time one is asked for.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, describe, inject, it } from 'vitest';

let counter = 0;

/**
 * Defines a suite for each dialect.
 *
 * @param name - Of the suite; the dialect is added.
 * @param define - Receives a function that makes a fresh, empty database and returns its URL, which the
 * test opens with `openDatabase` and closes; it is deleted after the suite.
 */
export function describeOnEachDatabase(
  name: string,
  define: (open: () => Promise<string>, kind: 'sqlite' | 'postgres') => void,
): void {
  describe(`${name} (SQLite)`, () => {
    const folders: string[] = [];
    afterAll(() => {
      for (const folder of folders) {
        rmSync(folder, { recursive: true, force: true });
      }
    });
    define(() => {
      const folder = mkdtempSync(join(tmpdir(), 'bauta-db-'));
      folders.push(folder);
      return Promise.resolve(`file:${join(folder, 'test.sqlite')}`);
    }, 'sqlite');
  });
  describeOnPostgres(name, (open) => {
    define(open, 'postgres');
  });
}

/** The same on PostgreSQL alone. */
export function describeOnPostgres(name: string, define: (open: () => Promise<string>) => void): void {
  const postgres = inject('postgres') as { url?: string; missing?: string } | undefined;
  const admin = postgres?.url;
  if (admin === undefined) {
    const missing = postgres?.missing ?? 'vitest.config.ts does not run test/postgres.ts';
    if (process.env['CI'] === 'true') {
      throw new Error(`tests need PostgreSQL: ${missing}`);
    }
    describe(`${name} (PostgreSQL)`, () => {
      it.skip(`skipped: ${missing}`, () => undefined);
    });
    return;
  }
  describe(`${name} (PostgreSQL)`, () => {
    const databases: string[] = [];
    afterAll(async () => {
      await withClient(admin, async (client) => {
        for (const database of databases) {
          await client.query(`drop database if exists ${database} with (force)`);
        }
      });
    });
    define(async () => {
      const database = `bauta_test_${String(process.pid)}_${String(Date.now())}_${String(counter++)}`;
      await withClient(admin, (client) => client.query(`create database ${database} template template0`));
      databases.push(database);
      const url = new URL(admin);
      url.pathname = `/${database}`;
      return url.href;
    });
  });
}

async function withClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
