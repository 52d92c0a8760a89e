// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The circuits in the three forms that forging needs, compiled once for each state of the sources and
 * kept below `build/forge`:
 *
 * - `original`: the sources at `--O0`, every signal a wire of its own;
 * - `twin`: the same with every `===` blanked out, so only definitions are left;
 * - `shipped`: the sources at `--O2`, what the committed keys were made for.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { listFiles } from '../../scripts/checks/modules.ts';
import { compile, compilerName, ROOT } from '../../scripts/circuits/compile.ts';
import { type R1cs, readR1cs, readSymbols } from '../../scripts/circuits/r1cs.ts';
import type { CircuitName } from '../../src/protocol/artifacts.ts';

/** Constraints with the wires of named signals. */
export interface Form {
  readonly r1cs: R1cs;
  readonly symbols: ReadonlyMap<string, number>;
}

/** One circuit in all three forms. */
export interface Forms {
  readonly original: Form;
  readonly twin: Form;
  readonly shipped: Form;
}

const CIRCOMLIB = 'node_modules/circomlib/circuits';
const FORGE = join(ROOT, 'build', 'forge');

/**
 * Blanks out every constraint without a definition, keeping all offsets, since circom names anonymous
 * components after their place in the text.
 */
export function withoutAssertions(source: string): string {
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');
  return source
    .replaceAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, blank)
    .replaceAll(/[^;{}]+;?/g, (statement) => (statement.includes('===') ? blank(statement) : statement));
}

/** Copies `circuits` and circomlib to a folder, without assertions. */
async function writeTwin(folder: string): Promise<void> {
  await cp(join(ROOT, 'circuits'), join(folder, 'circuits'), {
    recursive: true,
    filter: (path) => !path.endsWith('artifacts'),
  });
  await cp(join(ROOT, CIRCOMLIB), join(folder, 'include', 'circomlib', 'circuits'), { recursive: true });
  for (const path of await listFiles(folder, '.', /\.circom$/)) {
    const file = join(folder, path);
    await writeFile(file, withoutAssertions(await readFile(file, 'utf8')));
  }
}

async function sourcesHash(): Promise<string> {
  const hash = createHash('sha256').update(await compilerName());
  const own = await listFiles(ROOT, 'circuits', /\.circom$/);
  for (const path of [...own, 'node_modules/circomlib/package.json', 'test/circuits/compiled.ts']) {
    hash.update(path).update(await readFile(join(ROOT, path)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function compileForms(name: CircuitName, folder: string): Promise<void> {
  const source = `circuits/${name}.circom` as const;
  await writeTwin(join(folder, 'source'));
  const twin = relative(ROOT, join(folder, 'source'));
  await compile(source, join(folder, 'original'), ['--O0']);
  await compile(`${twin}/${source}` as `${string}.circom`, join(folder, 'twin'), ['--O0', '-l', `${twin}/include`]);
  await compile(source, join(folder, 'shipped'), ['--O2']);
}

/** Compiles a circuit unless it is there; one process at a time, others wait for it. */
async function formsFolder(name: CircuitName): Promise<string> {
  const folder = join(FORGE, `${name}-${await sourcesHash()}`);
  const exists = (path: string): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  await mkdir(FORGE, { recursive: true });
  while (!(await exists(folder))) {
    const work = `${folder}.making`;
    const mine = await mkdir(work).then(
      () => true,
      () => false,
    );
    if (mine) {
      try {
        await compileForms(name, work);
        await rename(work, folder);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    } else if (Date.now() - (await stat(work).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs > 300_000) {
      await rm(work, { recursive: true, force: true }); // left by a process that was killed
    } else {
      await setTimeout(200);
    }
  }
  return folder;
}

/** The forms of a circuit; compiles them the first time, about half a minute of CPU. */
export async function forms(name: CircuitName): Promise<Forms> {
  const folder = await formsFolder(name);
  const form = async (kind: keyof Forms): Promise<Form> => ({
    r1cs: await readR1cs(join(folder, kind, `${name}.r1cs`)),
    symbols: await readSymbols(join(folder, kind, `${name}.sym`)),
  });
  return { original: await form('original'), twin: await form('twin'), shipped: await form('shipped') };
}
