// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run check:imports`: imports run one way between the rooms of the house, nothing below `src`
 * imports a script or a test, no modules import each other in a circle, and the wallet, which runs
 * in a browser, pulls in no module of Node.
 *
 * @module
 */
import { builtinModules } from 'node:module';
import { closure, type Import, type Modules, readModules, runCheck } from './modules.ts';

/** A room may import from the lines above its own, never from its own line or below. */
const LAYERS: readonly (readonly string[])[] = [
  ['protocol'],
  ['verifying', 'commitment'],
  ['proving', 'log', 'documents'],
  ['storage', 'http'],
  ['issuer', 'register', 'guard', 'platform', 'companion', 'wallet'],
  ['demo'],
  ['server'],
];
/** Data outside `src` that rooms may read: the wallet's pages are built with the hashes of the artifacts. */
const DATA: ReadonlySet<string> = new Set(['circuits/artifacts/manifest.json']);
/** Rooms above that a room must not use although their order would allow it. */
const CLOSED: Readonly<Record<string, readonly string[]>> = { wallet: ['storage', 'http'] };

const roomOf = (path: string): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? path;
const layerOf = (room: string): number => LAYERS.findIndex((rooms) => rooms.includes(room));
const isBuiltin = ({ specifier }: Import): boolean =>
  specifier.startsWith('node:') || builtinModules.includes(specifier.replace(/\/.*$/, ''));

function* directionFaults(modules: Modules): Iterable<string> {
  for (const [path, imports] of modules) {
    const room = roomOf(path);
    if (layerOf(room) < 0) {
      yield `${path}: "${room}" is no room of the house; put it into one, or name it in scripts/checks/imports.ts`;
      continue;
    }
    for (const found of imports) {
      if (found.path === undefined || DATA.has(found.path)) continue;
      const target = roomOf(found.path);
      if (target === room) continue;
      const runsDown = layerOf(target) >= 0 && layerOf(target) < layerOf(room);
      if (!runsDown || CLOSED[room]?.includes(target)) {
        yield `${path}:${String(found.line)}: ${room} must not import ${target} (${found.specifier})`;
      }
    }
  }
}

function* circleFaults(modules: Modules): Iterable<string> {
  const lasting = (found: Import): boolean => !found.typeOnly;
  for (const [path, imports] of modules) {
    const next = imports.filter(lasting).flatMap((found) => found.path ?? []);
    const back = closure(modules, next, lasting).get(path);
    // Told once for each circle, at its first module by name.
    if (back !== undefined && back.every((other) => other >= path)) {
      yield `${path}: circle ${[path, ...back].join(' -> ')}`;
    }
  }
}

function* browserFaults(modules: Modules): Iterable<string> {
  const wallet = [...modules.keys()].filter((path) => roomOf(path) === 'wallet');
  for (const [path, chain] of closure(modules, wallet, (found) => !found.typeOnly)) {
    for (const found of modules.get(path) ?? []) {
      if (isBuiltin(found) && !found.typeOnly) {
        yield `${path}:${String(found.line)}: the wallet pulls in ${found.specifier} through ${chain.join(' -> ')}`;
      }
    }
  }
}

/**
 * Faults of the tree below a root, one line each.
 *
 * @param root - Folder that holds `src`.
 */
export async function importFaults(root: string): Promise<string[]> {
  const modules = await readModules(root, 'src');
  return [...directionFaults(modules), ...circleFaults(modules), ...browserFaults(modules)];
}

await runCheck(import.meta.url, importFaults);
