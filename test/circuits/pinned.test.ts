// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { FLAGS } from '../../scripts/circuits/compile.ts';
import { forms } from '../../scripts/circuits/forms.ts';
import { readManifest } from '../../scripts/circuits/rebuild.ts';

/** A change of these is a change of the circuit or its compiler, and so of the keys. */
const PINNED = {
  show: { constraints: 6458, domain: 8192, wires: 6526, publicOutputs: 2, publicInputs: 6, privateInputs: 94 },
  issue: { constraints: 496, domain: 512, wires: 500, publicOutputs: 2, publicInputs: 1, privateInputs: 2 },
} as const;

const manifest = await readManifest();

it('the compiler and its flags are as pinned', () => {
  expect(manifest).toMatchObject({ compiler: 'circom2 0.2.23', flags: ['--O2'] });
  expect(FLAGS).toEqual(manifest.flags);
});

// That the shipped r1cs is the one of the committed keys, byte by byte: npm run check:circuits.
it.each(['show', 'issue'] as const)('the sizes of %s are as pinned', async (circuit) => {
  const { constraints, ...counts } = (await forms(circuit)).shipped.r1cs;
  const { constraints: expected, domain } = manifest.circuits[circuit];
  expect({ ...counts, constraints: constraints.length, domain }).toEqual(PINNED[circuit]);
  expect(expected).toBe(constraints.length);
  // The keys' domain has room for the constraints, one for each public signal, and one.
  const used = constraints.length + counts.publicOutputs + counts.publicInputs + 1;
  expect(used).toBeLessThanOrEqual(domain);
  expect(used).toBeGreaterThan(domain / 2);
});

it('show stays within its budget', () => {
  expect(manifest.circuits.show.constraints).toBeLessThanOrEqual(6600);
});
