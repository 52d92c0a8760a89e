// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the compiler's `--inspect` finds in our own templates. It warns of signals that no constraint
 * names and of outputs of components that nobody reads. Its warnings about circomlib's templates are let
 * pass: `LessThan` reads one bit of its `Num2Bits` and needs the others for their range only.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles } from '../checks/modules.ts';
import { ROOT } from './compile.ts';

/** Names of the templates declared below a folder of the repository. */
async function templatesIn(folder: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const path of await listFiles(ROOT, folder, /\.circom$/)) {
    const source = await readFile(join(ROOT, path), 'utf8');
    for (const [, name = ''] of source.matchAll(/^\s*template\s+(?:custom\s+|parallel\s+)*(\w+)/gm)) names.add(name);
  }
  return names;
}

/**
 * Warnings that name no template, or another one than circomlib's.
 *
 * @param output - What the compiler printed under `--inspect`, colours removed.
 */
export async function ownWarnings(output: string): Promise<string[]> {
  const [own, theirs] = [await templatesIn('circuits'), await templatesIn('node_modules/circomlib/circuits')];
  const warnings = output.split('\n').filter((line) => /^\s*(warning|error)\b/.test(line));
  return warnings.filter((line) => {
    const template = /In template "(\w+)/.exec(line)?.[1];
    return template === undefined || own.has(template) || !theirs.has(template);
  });
}
