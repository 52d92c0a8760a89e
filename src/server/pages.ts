// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Builds the wallet's pages when they are missing or older than their sources.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The project's root folder. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Folder of the built pages. */
export const PAGES = join(ROOT, 'build', 'wallet');
/** Folder of circuit artifacts. */
export const ARTIFACTS = join(ROOT, 'circuits', 'artifacts');

/** Folders whose files end up in the pages. */
const SOURCES = ['wallet', 'protocol', 'commitment', 'proving', 'log'].map((name) => join(ROOT, 'src', name));

async function newest(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const times = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mtimeMs),
  );
  return Math.max(0, ...times);
}

/**
 * Makes sure that the pages are built.
 *
 * @param onBuild - Called before a build, which takes some seconds.
 */
export async function buildPages(onBuild: () => void = () => undefined): Promise<void> {
  const built = await stat(join(PAGES, 'index.html')).then(
    (file) => file.mtimeMs,
    () => 0,
  );
  const changed = Math.max(...(await Promise.all(SOURCES.map(newest))));
  if (built > changed) {
    return;
  }
  onBuild();
  // A process of its own, so that pages are the same whatever NODE_ENV this one has.
  await promisify(execFile)(
    process.execPath,
    [join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'],
    { cwd: ROOT, env: { ...process.env, NODE_ENV: 'production' } },
  );
}
