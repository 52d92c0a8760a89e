// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * vitest globalSetup: a PostgreSQL for the run. Uses the server of BAUTA_TEST_POSTGRES (a URL of a user
 * who may create databases) or else starts a throw-away cluster on a Unix socket and deletes it at the
 * end. Without binaries the tests on PostgreSQL are skipped by name, except under CI=true.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Admin URL, or what is missing. */
    readonly postgres: { readonly url: string } | { readonly missing: string };
  }
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['BAUTA_TEST_POSTGRES'];
  if (given !== undefined && given !== '') {
    project.provide('postgres', { url: given });
    return undefined;
  }
  const binaries = findBinaries();
  if (binaries === undefined) {
    const missing = 'initdb and postgres are not installed (Debian: apt-get install postgresql)';
    if (process.env['CI'] === 'true') {
      throw new Error(`tests need PostgreSQL: ${missing}`);
    }
    project.provide('postgres', { missing });
    return undefined;
  }
  const cluster = await startCluster(binaries);
  project.provide('postgres', { url: cluster.url });
  return cluster.stop;
}

/** The folder with PostgreSQL's programs, if it is installed. */
export function findBinaries(): string | undefined {
  const packaged = '/usr/lib/postgresql';
  const versions = existsSync(packaged) ? readdirSync(packaged).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(packaged, version, 'bin')),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/**
 * Starts a throw-away cluster on a Unix socket.
 *
 * @param binaries - From {@link findBinaries}.
 * @param options - `durable` if commits must reach the disk, as they do in use.
 */
export async function startCluster(
  binaries: string,
  { durable = false } = {},
): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'bauta-pg-'));
  const user = serverUser();
  if (user !== undefined) {
    chownSync(folder, user.uid, user.gid);
  }
  const data = join(folder, 'data');
  const options = { cwd: folder, stdio: 'ignore', env: { PATH: process.env['PATH'], LC_ALL: 'C' }, ...user } as const;
  execFileSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    options,
  );
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    // The cluster of the tests is deleted at the end: nothing needs to reach the disk.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    max_connections: '200',
  };
  const server = spawn(
    join(binaries, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    options,
  );
  const kill = (): void => {
    server.kill('SIGINT');
  };
  process.once('exit', kill);
  const url = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`;
  const stop = async (): Promise<void> => {
    process.removeListener('exit', kill);
    await ended(server);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await reachable(url, server);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/** initdb refuses to run as root: the user of Debian's package runs it then. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function reachable(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline || server.exitCode !== null) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) {
    return;
  }
  const exit = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  await exit;
}
