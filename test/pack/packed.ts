// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The package for platforms, packed once for all tests that install it: they run at the same time, and packing takes
 * a while.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EMBEDDABLE } from '../../scripts/checks/licences.ts';
import { listFiles } from '../../scripts/checks/modules.ts';
import { ROOT } from '../../scripts/circuits/compile.ts';

const run = promisify(execFile);
const BUILD = join(ROOT, 'build');
const LOCK = join(BUILD, 'pack.lock');
/** Milliseconds after which whoever holds the lock is taken to have died. */
const LONGEST = 120_000;

const changedAt = async (path: string): Promise<number> => (await stat(path)).mtimeMs;

/** Path of the package, made from the sources as they are. */
export async function packed(): Promise<string> {
  await mkdir(BUILD, { recursive: true });
  while (!(await taken())) await setTimeout(100);
  try {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const file = join(BUILD, `bauta-platform-${version}.tgz`);
    const made = await changedAt(file).catch(() => 0);
    return made > (await newestSource()) ? file : await pack();
  } finally {
    await rmdir(LOCK);
  }
}

async function taken(): Promise<boolean> {
  try {
    await mkdir(LOCK);
    return true;
  } catch {
    const since = await changedAt(LOCK).catch(() => Date.now());
    if (Date.now() - since > LONGEST) await rmdir(LOCK).catch(() => undefined);
    return false;
  }
}

async function newestSource(): Promise<number> {
  const inputs = ['package.json', 'tsconfig.json', 'tsconfig.platform.json', 'scripts/pack_platform.ts'];
  for (const folder of EMBEDDABLE) inputs.push(...(await listFiles(ROOT, folder.replace(/\/$/, ''), /\.ts$/)));
  return Math.max(...(await Promise.all(inputs.map((path) => changedAt(join(ROOT, path))))));
}

async function pack(): Promise<string> {
  const { stdout } = await run('npm', ['run', '--silent', 'pack:platform'], { cwd: ROOT });
  return join(ROOT, stdout.trim());
}
