// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Real data that this project did not write, in a folder beside the repository, absent for most people:
 * tests that need it use `it.skipIf(sharedPath(…) === undefined)`.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../shared/data/', import.meta.url);

/** Path of a file or folder of `../shared/data`, or undefined where it is absent. */
export function sharedPath(relative: string): string | undefined {
  const path = fileURLToPath(new URL(relative, ROOT));
  return existsSync(path) ? path : undefined;
}

/** Bytes of a file of `../shared/data`; call it only inside tests that are skipped where it is absent. */
export function readShared(relative: string): Uint8Array {
  const path = sharedPath(relative);
  if (path === undefined) throw new Error(`../shared/data/${relative} is absent: skip this test`);
  return new Uint8Array(readFileSync(path));
}
