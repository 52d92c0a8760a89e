// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Builds what the wallet's host serves, when it is missing or older than its sources: the pages, and the
 * proving files in parts.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseManifest } from '../protocol/artifacts.ts';
import { buildParts, compress } from './artifact_parts.ts';

/** The project's root folder. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Folder of the built pages. */
export const PAGES = join(ROOT, 'build', 'wallet');
/** Folder of circuit artifacts. */
export const ARTIFACTS = join(ROOT, 'circuits', 'artifacts');
/** Folder of the parts in which wallets download them. */
export const ARTIFACT_PARTS = join(ROOT, 'build', 'artifacts');

/** Folders whose files end up in the pages. */
const SOURCES = [
  ...['wallet', 'protocol', 'commitment', 'proving', 'log'].map((name) => join(ROOT, 'src', name)),
  ARTIFACTS,
];

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
 * Makes sure that pages and parts are built.
 *
 * @param onBuild - Called before a build, which takes some seconds.
 */
export async function buildPages(onBuild: () => void = () => undefined): Promise<void> {
  const manifest = parseManifest(JSON.parse(await readFile(join(ARTIFACTS, 'manifest.json'), 'utf8')));
  let told = false;
  const tell = (): void => {
    if (!told) onBuild();
    told = true;
  };
  await buildParts(manifest, ARTIFACTS, ARTIFACT_PARTS, tell);
  const built = await stat(join(PAGES, 'index.html')).then(
    (file) => file.mtimeMs,
    () => 0,
  );
  const changed = Math.max(...(await Promise.all(SOURCES.map(newest))));
  if (built > changed) {
    return;
  }
  tell();
  // A process of its own, so that pages are the same whatever NODE_ENV this one has.
  await promisify(execFile)(
    process.execPath,
    [join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'],
    { cwd: ROOT, env: { ...process.env, NODE_ENV: 'production' } },
  );
  await compressAssets(join(PAGES, 'assets'));
}

async function compressAssets(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /\.(js|css)$/.test(name));
  await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      await writeFile(`${path}.br`, await compress(await readFile(path)));
    }),
  );
}
