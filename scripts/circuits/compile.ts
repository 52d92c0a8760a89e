// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Runs the pinned circom compiler. Always from the repository root and always with `--O2` stated:
 * circom2 finds no includes above its working folder, and its default is another level.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { CircuitName } from '../../src/protocol/artifacts.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** The repository's root folder. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Where committed artifacts live. */
export const ARTIFACTS = join(ROOT, 'circuits', 'artifacts');
/** Level of simplification, named in the manifest. */
export const FLAGS = ['--O2'];

/** What a compilation writes. */
const OUTPUTS = ['--r1cs', '--wasm', '--sym'];

/** Files that one compilation leaves. */
export interface Compiled {
  readonly r1cs: string;
  readonly wasm: string;
  readonly sym: string;
  /** What the compiler printed, colours removed. */
  readonly output: string;
}

/** Name and version of the compiler, as in the manifest. */
export async function compilerName(): Promise<string> {
  const pkg = JSON.parse(await readFile(require.resolve('circom2/package.json'), 'utf8')) as { version: string };
  return `circom2 ${pkg.version}`;
}

/**
 * Compiles one circuit.
 *
 * @param source - Path of a `.circom` file, or the name of one of the project's circuits.
 * @param out - Output folder, below the repository root.
 * @param flags - Compiler flags after the defaults.
 * @param outputs - What to write; without the witness program it takes half the time.
 */
export async function compile(
  source: CircuitName | `${string}.circom`,
  out: string,
  flags: readonly string[] = FLAGS,
  outputs: readonly string[] = OUTPUTS,
): Promise<Compiled> {
  const path = source.endsWith('.circom') ? source : join(ROOT, 'circuits', `${source}.circom`);
  const name = path.replace(/^.*\//, '').replace(/\.circom$/, '');
  await mkdir(out, { recursive: true });
  const { stdout, stderr } = await run(
    process.execPath,
    [
      require.resolve('circom2/cli.js'),
      relative(ROOT, path),
      ...outputs,
      ...flags,
      '-l',
      'node_modules',
      '-o',
      relative(ROOT, out),
    ],
    { cwd: ROOT, maxBuffer: 1 << 26 },
  );
  return {
    r1cs: join(out, `${name}.r1cs`),
    wasm: join(out, `${name}_js`, `${name}.wasm`),
    sym: join(out, `${name}.sym`),
    output: (stdout + stderr).replace(/\u001b\[[0-9;]*m/g, ''),
  };
}

/** SHA-256 of a file, in hex. */
export async function sha256File(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
