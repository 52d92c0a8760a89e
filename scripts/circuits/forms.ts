// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The circuits in the three forms that forging needs, compiled once for each state of the sources and
 * kept below `build/forge`:
 *
 * - `original`: the sources at `--O0`, every signal a wire of its own;
 * - `twin`: the same with every `===` blanked out, so only definitions are left;
 * - `shipped`: the sources at `--O2`, what the committed keys were made for.
 *
 * circom names an anonymous component after its place in the text, `Select_29_1146`. Here it is named by
 * its order among its like, `Select#0`, which stays when a comment grows.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { CircuitName } from '../../src/protocol/artifacts.ts';
import { listFiles } from '../checks/modules.ts';
import { compile, compilerName, ROOT } from './compile.ts';
import { type R1cs, readR1cs, readSymbols } from './r1cs.ts';

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

/** What compilations write here: no witness program. */
const CONSTRAINTS = ['--r1cs', '--sym'];
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
  for (const path of [...own, 'node_modules/circomlib/package.json', 'scripts/circuits/forms.ts']) {
    hash.update(path).update(await readFile(join(ROOT, path)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function compileForms(name: CircuitName, folder: string): Promise<void> {
  const source = `circuits/${name}.circom` as const;
  await writeTwin(join(folder, 'source'));
  const twin = relative(ROOT, join(folder, 'source'));
  const lib = ['-l', `${twin}/include`];
  await Promise.all([
    compile(source, join(folder, 'original'), ['--O0'], CONSTRAINTS),
    compile(`${twin}/${source}` as `${string}.circom`, join(folder, 'twin'), ['--O0', ...lib], CONSTRAINTS),
    compile(source, join(folder, 'shipped'), ['--O2'], CONSTRAINTS),
  ]);
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

/**
 * Names that do not depend on places in the text.
 *
 * @param names - Every signal of a circuit, as in a `.sym` file at `--O0`.
 * @returns For each, the name without `main.` and with anonymous components by their order.
 */
export function stableNames(names: Iterable<string>): ReadonlyMap<string, string> {
  const split = Array.from(names, (name) => [name, name.split('.')] as const);
  const ANONYMOUS = /^([A-Z]\w*?)_\d+_(\d+)((?:\[\d+\])*)$/;
  const places = new Map<string, Set<number>>();
  const kin = (path: readonly string[], depth: number, template: string): string =>
    `${path.slice(0, depth).join('.')}.${template}`;
  for (const [, path] of split) {
    for (const [depth, part] of path.entries()) {
      const [, template, place] = ANONYMOUS.exec(part) ?? [];
      if (template === undefined) continue;
      const key = kin(path, depth, template);
      places.set(key, (places.get(key) ?? new Set()).add(Number(place)));
    }
  }
  const ranks = new Map(
    Array.from(places, ([key, set]) => [key, new Map([...set].sort((a, b) => a - b).map((place, i) => [place, i]))]),
  );
  const rename = (path: readonly string[]): string =>
    path
      .map((part, depth) => {
        const [, template, place, index] = ANONYMOUS.exec(part) ?? [];
        if (template === undefined) return part;
        return `${template}#${String(ranks.get(kin(path, depth, template))?.get(Number(place)))}${index ?? ''}`;
      })
      .slice(1)
      .join('.');
  return new Map(split.map(([name, path]) => [name, rename(path)]));
}

/** Reads the constraints of a compilation at `--O0`, or at another level with the names found there. */
export async function readForm(path: string, stable?: ReadonlyMap<string, string>): Promise<Form> {
  const symbols = await readSymbols(`${path}.sym`);
  const names = stable ?? stableNames(symbols.keys());
  return {
    r1cs: await readR1cs(`${path}.r1cs`),
    symbols: new Map(Array.from(symbols, ([name, wire]) => [names.get(name) ?? name, wire])),
  };
}

/** The forms of a circuit; compiles them the first time, about half a minute of CPU. */
export async function forms(name: CircuitName): Promise<Forms> {
  const folder = await formsFolder(name);
  const at = (kind: keyof Forms): string => join(folder, kind, name);
  const stable = stableNames((await readSymbols(`${at('original')}.sym`)).keys());
  return {
    original: await readForm(at('original'), stable),
    twin: await readForm(at('twin'), stable),
    shipped: await readForm(at('shipped'), stable),
  };
}
