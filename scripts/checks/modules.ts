// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reads which module imports which, for the checks in this folder. Syntax only: nothing is resolved
 * beyond relative paths, so the checks also run on a made-up tree.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One import, re-export, dynamic import or `new URL(…, import.meta.url)`. */
export interface Import {
  /** As written, without a bundler's `?query`. */
  readonly specifier: string;
  /** Path from the root for a relative specifier, otherwise undefined: a package or a built-in. */
  readonly path: string | undefined;
  /** Erased by the compiler. */
  readonly typeOnly: boolean;
  /** First line is 1. */
  readonly line: number;
}

/** Imports by module; keys are paths from the root with forward slashes. */
export type Modules = ReadonlyMap<string, readonly Import[]>;

/** Files below a folder whose name passes, less packages installed below it, as paths from the root, sorted. */
export async function listFiles(root: string, folder: string, wanted: RegExp): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .filter(({ parentPath }) => !relative(join(root, folder), parentPath).split(sep).includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Reads all TypeScript modules below a folder. */
export async function readModules(root: string, folder: string): Promise<Modules> {
  const modules = new Map<string, readonly Import[]>();
  for (const path of await listFiles(root, folder, /\.tsx?$/)) {
    modules.set(path, importsOf(path, await readFile(join(root, path), 'utf8')));
  }
  return modules;
}

function importsOf(path: string, text: string): Import[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, typeOnly: boolean): void => {
    if (node === undefined || !ts.isStringLiteralLike(node)) return;
    const specifier = node.text.replace(/\?.*$/, '');
    found.push({
      specifier,
      path: specifier.startsWith('.')
        ? normalize(join(dirname(path), specifier))
            .split(sep)
            .join('/')
        : undefined,
      typeOnly,
      line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1,
    });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.length === 2) {
      if (node.arguments[1]?.getText() === 'import.meta.url') add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/**
 * Every module that some modules pull in, with the import that pulled it.
 *
 * @param modules - All modules.
 * @param from - Where to begin.
 * @param follow - Which imports count.
 * @returns For each module reached, the chain of modules that leads to it, itself last.
 */
export function closure(
  modules: Modules,
  from: Iterable<string>,
  follow: (found: Import) => boolean,
): Map<string, readonly string[]> {
  const chains = new Map<string, readonly string[]>();
  const waiting = Array.from(from, (path) => [path]);
  for (let chain = waiting.shift(); chain !== undefined; chain = waiting.shift()) {
    const path = chain.at(-1) ?? '';
    if (chains.has(path)) continue;
    chains.set(path, chain);
    for (const found of modules.get(path) ?? []) {
      if (found.path !== undefined && modules.has(found.path) && follow(found)) waiting.push([...chain, found.path]);
    }
  }
  return chains;
}

/** Name of the npm package that a specifier names. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * Runs a check when its module is the program: prints each fault and exits with 1 if there is one.
 *
 * @param url - `import.meta.url` of the check.
 * @param find - Faults of the tree at a root, one line each.
 */
export async function runCheck(url: string, find: (root: string) => Promise<readonly string[]>): Promise<void> {
  if (process.argv[1] !== fileURLToPath(url)) return;
  const faults = await find(process.cwd());
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
