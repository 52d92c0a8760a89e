// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run check:pages`: builds the wallet's pages and weighs what its first page loads: the entry and all
 * that it imports, compressed as the host sends it. Workers, the service worker, other pages and
 * the proving files are counted apart and reported, not limited.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { ARTIFACT_PARTS, buildPages, PAGES } from '../../src/server/pages.ts';
import { compress } from '../../src/server/artifact_parts.ts';

/** Most bytes of compressed script on the first page. */
export const MAX_SCRIPT_BYTES = 150_000;

/** What was weighed, bytes compressed. */
export interface PageWeight {
  /** Scripts of the first page by name. */
  readonly welcome: ReadonlyMap<string, number>;
  readonly total: number;
  /** Everything else, by what it is. */
  readonly apart: Readonly<Record<'otherPages' | 'workers' | 'serviceWorker' | 'styles' | 'provingFiles', number>>;
}

const IMPORT = /(?:^|[;}\s])(?:import|export)\s*(?:[\w$*{}\s,]+?\s*from\s*)?["'](\.{1,2}\/[^"']+\.js)["']/g;

/** Scripts that a script imports before it runs; what it imports later is not among them. */
export function importsOf(source: string): readonly string[] {
  return [...source.matchAll(IMPORT)].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

/** Scripts of a page that load before it is shown. */
async function closure(folder: string, entries: readonly string[]): Promise<readonly string[]> {
  const seen = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const from = path;
    const source = await readFile(join(folder, path), 'utf8');
    waiting.push(...importsOf(source).map((found) => posix.join(posix.dirname(from), found)));
  }
  return [...seen].sort();
}

async function weigh(folder: string, path: string): Promise<number> {
  return (await compress(await readFile(join(folder, path)))).length;
}

async function weighAll(folder: string, paths: readonly string[]): Promise<number> {
  const weights = await Promise.all(paths.map((path) => weigh(folder, path)));
  return weights.reduce((sum, bytes) => sum + bytes, 0);
}

/** Weighs built pages. */
export async function weighPages(folder: string = PAGES): Promise<PageWeight> {
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  const entries = [...page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].flatMap(([, path]) => path ?? []);
  if (entries.length === 0) throw new Error('the page has no script; is it built?');
  const scripts = await closure(folder, entries);
  const welcome = new Map(await Promise.all(scripts.map(async (path) => [path, await weigh(folder, path)] as const)));
  const assets = (await readdir(join(folder, 'assets'))).map((name) => `assets/${name}`);
  const isWorker = (path: string): boolean => /\/(?:lane_)?worker-/.test(path);
  const parts = await readdir(ARTIFACT_PARTS, { recursive: true }).catch(() => []);
  const kept = parts.filter((name) => name.endsWith('.br')).map((name) => readFile(join(ARTIFACT_PARTS, name)));
  return {
    welcome,
    total: [...welcome.values()].reduce((sum, bytes) => sum + bytes, 0),
    apart: {
      otherPages: await weighAll(
        folder,
        assets.filter((path) => path.endsWith('.js') && !isWorker(path) && !welcome.has(path)),
      ),
      workers: await weighAll(
        folder,
        assets.filter((path) => path.endsWith('.js') && isWorker(path)),
      ),
      serviceWorker: await weigh(folder, 'service_worker.js'),
      styles: await weighAll(
        folder,
        assets.filter((path) => path.endsWith('.css')),
      ),
      provingFiles: (await Promise.all(kept)).reduce((sum, bytes) => sum + bytes.length, 0),
    },
  };
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

async function check(): Promise<void> {
  await buildPages();
  const { welcome, total, apart } = await weighPages();
  for (const [path, bytes] of welcome) console.log(`${kilobytes(bytes).padStart(9)}  ${path}`);
  console.log(`${kilobytes(total).padStart(9)}  script of the first page; at most ${kilobytes(MAX_SCRIPT_BYTES)}`);
  for (const [name, bytes] of Object.entries(apart)) console.log(`${kilobytes(bytes).padStart(9)}  apart: ${name}`);
  if (total > MAX_SCRIPT_BYTES) {
    console.error('the first page is too heavy: load what it does not need when it is needed');
    process.exitCode = 1;
  }
}

if (process.argv[1]?.endsWith('page_size.ts') === true) await check();
