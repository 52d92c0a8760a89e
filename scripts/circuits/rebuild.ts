// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Compiles the circuits again and compares the r1cs and the witness program, by SHA-256, with those
 * that the manifest names and the keys were made for. docs/protocol.md section 5. Compiles under
 * `--inspect`, which changes neither, and takes a warning about our own templates for a fault.
 *
 * @module
 */
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CircuitName, type Manifest, parseManifest } from '../../src/protocol/artifacts.ts';
import { ARTIFACTS, compile, compilerName, FLAGS, ROOT, sha256File } from './compile.ts';
import { ownWarnings } from './inspect.ts';
import { readR1cs } from './r1cs.ts';

/** Where the output of a compilation is left, until this process ends: two processes never share it. */
const OUT = join(ROOT, 'build', 'circuits', String(process.pid));
process.once('exit', () => {
  rmSync(OUT, { recursive: true, force: true });
});

/** Reads the committed manifest. */
export async function readManifest(): Promise<Manifest> {
  return parseManifest(JSON.parse(await readFile(join(ARTIFACTS, 'manifest.json'), 'utf8')));
}

/** Outcome of {@link rebuild}. */
export interface Rebuilt {
  /** Path of the r1cs. */
  readonly r1cs: string;
  readonly constraints: number;
  /** What differs from the manifest, and what the compiler warns of, one line each. */
  readonly faults: readonly string[];
}

/** Compiles one circuit and compares it with the manifest. */
export async function rebuild(name: CircuitName, manifest: Manifest): Promise<Rebuilt> {
  const compiled = await compile(name, OUT, [...FLAGS, '--inspect']);
  const constraints = (await readR1cs(compiled.r1cs)).constraints.length;
  const expected = manifest.circuits[name];
  const compared = [
    ['compiler', await compilerName(), manifest.compiler],
    ['flags', FLAGS.join(' '), manifest.flags.join(' ')],
    ['constraints', String(constraints), String(expected.constraints)],
    ['r1cs', await sha256File(compiled.r1cs), expected.r1cs.sha256],
    ['wasm', await sha256File(compiled.wasm), expected.wasm.sha256],
  ] as const;
  const faults = compared
    .filter(([, actual, wanted]) => actual !== wanted)
    .map(([what, actual, wanted]) => `${name}: ${what} is ${actual}, the manifest says ${wanted}`);
  faults.push(...(await ownWarnings(compiled.output)).map((warning) => `${name}: ${warning}`));
  return { r1cs: compiled.r1cs, constraints, faults };
}
