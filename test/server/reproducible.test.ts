// SPDX-License-Identifier: GPL-3.0-or-later
/** The wallet's pages come out the same wherever they are built, so that anyone can compare them with the log. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { parseManifest } from '../../src/protocol/artifacts.ts';
import { ARTIFACTS, ROOT } from '../../src/server/pages.ts';
import { publishedFiles } from '../../src/server/published_files.ts';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** Copies the sources into a folder of another name and length, and builds them there. */
async function buildIn(prefix: string): Promise<Readonly<Record<string, string>>> {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  folders.push(folder);
  for (const name of ['src', 'package.json', 'vite.config.ts', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  for (const name of ['node_modules', 'circuits']) symlinkSync(join(ROOT, name), join(folder, name));
  await promisify(execFile)(
    process.execPath,
    [join(folder, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'],
    { cwd: folder, env: { ...process.env, NODE_ENV: 'production' } },
  );
  const manifest = parseManifest(JSON.parse(await readFile(join(ARTIFACTS, 'manifest.json'), 'utf8')));
  return publishedFiles(manifest, join(folder, 'build', 'wallet'));
}

it(
  'builds the pages twice, in different folders, into the hashes that the log publishes',
  { timeout: 120_000 },
  async () => {
    const [one, other] = await Promise.all([buildIn('a-'), buildIn('a-much-longer-name-of-a-folder-')]);
    const pages = Object.keys(one).filter((name) => name.startsWith('wallet/'));
    expect(pages).toContain('wallet/index.html');
    expect(pages).toContain('wallet/service_worker.js');
    expect(pages.filter((name) => /^wallet\/assets\/.*\.js$/.test(name)).length).toBeGreaterThan(20);
    expect(other).toEqual(one);
  },
);
