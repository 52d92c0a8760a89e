// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the figures were measured on, and in which versions.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../circuits/compile.ts';
import { PEERS } from './peers.ts';
import type { Machine } from './results.ts';

/** Packages that are measured, in the project and beside it. */
const OWN = ['snarkjs', 'ffjavascript', 'mcl-wasm', '@noble/curves'];
const BESIDE = [
  '@semaphore-protocol/core',
  '@zk-kit/semaphore-artifacts',
  '@digitalbazaar/bbs-signatures',
  'snarkjs',
  '@noble/curves',
];

async function versionOf(root: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { version: string }).version;
}

async function versions(): Promise<Record<string, string>> {
  const all = await Promise.all([
    ...OWN.map(async (name) => [name, await versionOf(ROOT, name)] as const),
    ...BESIDE.map(
      async (name) => [OWN.includes(name) ? `${name} of peers` : name, await versionOf(PEERS, name)] as const,
    ),
  ]);
  return Object.fromEntries(all.flatMap(([name, version]) => (version === undefined ? [] : [[name, version]])));
}

/** The commit, with a mark if the sources differ from it; undefined outside a checkout. */
async function commit(): Promise<string | undefined> {
  const git = promisify(execFile);
  try {
    const { stdout: head } = await git('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: ROOT });
    const { stdout: changed } = await git('git', ['status', '--porcelain', '--', 'src', 'circuits'], { cwd: ROOT });
    return head.trim() + (changed.trim() === '' ? '' : ' with changes');
  } catch {
    return undefined;
  }
}

/** Describes this machine. */
export async function describeMachine(): Promise<Machine> {
  const processors = cpus();
  const head = await commit();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
    ...(head === undefined ? {} : { commit: head }),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    versions: await versions(),
  };
}
