// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run check:licences`: every file names its licence in its first lines, and the folders that
 * platforms may embed are Apache-2.0 through and through: they import nothing under GPL, neither of
 * the project nor of any package below, and no Poseidon.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { closure, type Import, listFiles, packageOf, readModules, runCheck } from './modules.ts';

/** Folders that platforms may embed. */
export const EMBEDDABLE: readonly string[] = ['src/protocol/', 'src/verifying/', 'src/platform/client/'];
const CODE_FOLDERS = ['src', 'scripts', 'test', 'circuits', '.ci'];
const CODE = /\.(tsx?|js|mjs|circom|css|html|sh)$|^run$/;
/** Licences that may stand in an Apache-2.0 work. */
const PERMISSIVE = ['Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'CC0-1.0', 'Unlicense'];
const POSEIDON = /poseidon|circom/i;

const isEmbeddable = (path: string): boolean => EMBEDDABLE.some((folder) => path.startsWith(folder));

async function* headerFaults(root: string): AsyncIterable<string> {
  const lists = await Promise.all(CODE_FOLDERS.map((folder) => listFiles(root, folder, CODE)));
  const configuration = (await readdir(root)).filter((name) => CODE.test(name));
  for (const path of [...configuration, ...lists.flat()]) {
    const expected = isEmbeddable(path) ? 'Apache-2.0' : 'GPL-3.0-or-later';
    const head = (await readFile(join(root, path), 'utf8')).split('\n', 3).join('\n');
    if (/SPDX-License-Identifier: ([\w.-]+)/.exec(head)?.[1] !== expected) {
      yield `${path}: expected "SPDX-License-Identifier: ${expected}" at the top`;
    }
  }
}

interface PackageJson {
  readonly license?: string | { readonly type?: string };
  readonly licenses?: readonly { readonly type?: string }[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Whether an SPDX expression lets a work be used under a permissive licence. */
function isPermissive(expression: string): boolean {
  const plain = expression.replaceAll(/[()]/g, '');
  return plain
    .split(/\s+OR\s+/)
    .some((choice) => choice.split(/\s+AND\s+/).every((licence) => PERMISSIVE.includes(licence)));
}

const licenceOf = (json: PackageJson): string =>
  (typeof json.license === 'object' ? json.license.type : json.license) ??
  json.licenses?.map(({ type }) => type ?? 'none').join(' OR ') ??
  'none';

/** Finds a package as Node would: in `node_modules` of the folder or of one above. */
async function findPackage(root: string, folder: string, name: string): Promise<[string, PackageJson] | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const found = join(at, 'node_modules', name);
    const text = await readFile(join(found, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return [found, JSON.parse(text) as PackageJson];
    if (at === root || at === dirname(at)) return undefined;
  }
}

async function* packageFaults(
  root: string,
  folder: string,
  chain: readonly string[],
  seen: Set<string>,
): AsyncIterable<string> {
  const name = chain.at(-1) ?? '';
  const found = await findPackage(root, folder, name);
  if (found === undefined) {
    yield `${chain.join(' -> ')}: not installed; run npm ci`;
    return;
  }
  const [home, json] = found;
  if (seen.has(home)) return;
  seen.add(home);
  if (!isPermissive(licenceOf(json))) yield `${chain.join(' -> ')}: licence ${licenceOf(json)} may not be embedded`;
  if (POSEIDON.test(name)) yield `${chain.join(' -> ')}: the embeddable folders hold no Poseidon`;
  for (const dependency of Object.keys({
    ...json.dependencies,
    ...json.optionalDependencies,
    ...json.peerDependencies,
  })) {
    // What is optional and absent is not embedded; what is required is installed beside its parent.
    if (json.dependencies?.[dependency] === undefined && !(await findPackage(root, home, dependency))) continue;
    yield* packageFaults(root, home, [...chain, dependency], seen);
  }
}

async function* embeddableFaults(root: string): AsyncIterable<string> {
  const modules = await readModules(root, 'src');
  const start = [...modules.keys()].filter(isEmbeddable);
  const seen = new Set<string>();
  const isOwn = ({ path }: Import): boolean => path !== undefined;
  for (const [path, chain] of closure(modules, start, isOwn)) {
    if (!isEmbeddable(path)) {
      yield `${chain.join(' -> ')}: an Apache-2.0 module imports one under GPL`;
      continue;
    }
    for (const { specifier } of (modules.get(path) ?? []).filter((found) => !isOwn(found))) {
      if (isBuiltin(specifier)) yield `${path}: embeddable modules run in a browser too and import no ${specifier}`;
      else yield* packageFaults(root, join(root, dirname(path)), [path, packageOf(specifier)], seen);
    }
  }
}

/**
 * Faults of the tree below a root, one line each.
 *
 * @param root - Folder that holds `src` and `node_modules`.
 */
export async function licenceFaults(root: string): Promise<string[]> {
  const faults: string[] = [];
  for await (const fault of headerFaults(root)) faults.push(fault);
  for await (const fault of embeddableFaults(root)) faults.push(fault);
  return faults;
}

await runCheck(import.meta.url, licenceFaults);
