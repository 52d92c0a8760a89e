// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run circuits:build`: compiles both circuits into `build/circuits`, prints their constraint
 * counts, and fails if the outcome is not the one that the committed keys were made for or the
 * compiler's inspection finds fault with our templates.
 *
 * @module
 */
import { readManifest, rebuild } from './rebuild.ts';

const manifest = await readManifest();
for (const name of ['show', 'issue'] as const) {
  const { constraints, faults } = await rebuild(name, manifest);
  const verdict = faults.length === 0 ? 'r1cs and wasm as in the manifest, inspection clean' : 'not as it should be';
  console.log(`${name}: ${String(constraints)} constraints; ${verdict}`);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}
