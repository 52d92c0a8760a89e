// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run bench:peers`: installs what the benchmarks compare with and what draws their plots, by a lock
 * file of their own in `scripts/bench/peers`. They are no dependencies of the project. No scripts of
 * packages are run.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Peers, Plots } from './peers_types.ts';

/** Where the peers are. */
export const PEERS = fileURLToPath(new URL('peers', import.meta.url));
const LOCK = join(PEERS, 'package-lock.json');
/** A copy of the lock file that was installed, written last: without it an installation is not complete. */
const INSTALLED = join(PEERS, 'node_modules', '.installed');

const read = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

/**
 * Installs the peers unless they are installed as the lock file says.
 *
 * @throws Error if npm fails, with its message.
 */
export async function installPeers(say: (line: string) => void): Promise<void> {
  const lock = await readFile(LOCK, 'utf8');
  if ((await read(INSTALLED)) === lock) return;
  say('installing the peers, some 400 MB on disk');
  await rm(INSTALLED, { force: true });
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PEERS });
  await writeFile(INSTALLED, lock);
}

const load = (file: string): Promise<unknown> => import(pathToFileURL(join(PEERS, file)).href);

/** The peers that are measured; they must be installed. */
export const loadPeers = (): Promise<Peers> => load('measured.js') as Promise<Peers>;

/** What draws plots; it must be installed. */
export const loadPlots = (): Promise<Plots> => load('plots.js') as Promise<Plots>;

/** Reads a file of the package semaphore-artifacts of zk-kit. */
export async function readSemaphore(file: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(PEERS, 'node_modules', '@zk-kit', 'semaphore-artifacts', file)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installPeers((line) => console.error(line));
}
