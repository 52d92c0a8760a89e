// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { licenceFaults } from '../../scripts/checks/licences.ts';
import { inTree } from './tree.ts';

const APACHE = '// SPDX-License-Identifier: Apache-2.0\n';
const GPL = '// SPDX-License-Identifier: GPL-3.0-or-later\n';
const faults = (files: Record<string, string>): Promise<string[]> => inTree(files, licenceFaults);
const pkg = (name: string, json: object): Record<string, string> => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, ...json }),
});

describe('the check of licences', () => {
  it('accepts embeddable modules on permissive packages, and GPL elsewhere', async () => {
    const found = await faults({
      'src/verifying/groth16.ts': `${APACHE}import 'mcl/sub'; import '../protocol/field.ts';`,
      'src/protocol/field.ts': APACHE,
      'src/proving/arm.ts': `${GPL}import 'snarkjs';`,
      'scripts/tool.sh': '#!/bin/sh\n# SPDX-License-Identifier: GPL-3.0-or-later\n',
      ...pkg('mcl', { license: '(MIT OR GPL-3.0)', dependencies: { types: '1' } }),
      ...pkg('types', { licenses: [{ type: 'MIT' }] }),
      ...pkg('snarkjs', { license: 'GPL-3.0' }),
    });
    expect(found).toEqual([]);
  });

  it.each([
    ['none', 'src/log/a.ts', ''],
    ['Apache-2.0 outside the embeddable folders', 'src/platform/app.ts', APACHE],
    ['GPL inside them', 'src/platform/client/a.ts', GPL],
    ['one too far down', 'circuits/lib/a.circom', `\n\n\n${GPL}`],
    ['none in a configuration file', 'vite.config.ts', ''],
  ])('refuses a header: %s', async (_, path, text) => {
    expect(await faults({ [path]: text })).toEqual([expect.stringMatching(`^${path}: expected "SPDX`)]);
  });

  it('refuses a module under GPL behind an embeddable one, types too', async () => {
    const files = { 'src/protocol/b.ts': `${APACHE}import type { A } from '../log/a.ts';`, 'src/log/a.ts': GPL };
    expect(await faults(files)).toEqual([
      'src/protocol/b.ts -> src/log/a.ts: an Apache-2.0 module imports one under GPL',
    ]);
  });

  it.each(['GPL-3.0', 'MIT AND GPL-3.0', 'LGPL-2.1', undefined])(
    'refuses a package below under %s',
    async (license) => {
      const found = await faults({
        'src/verifying/a.ts': `${APACHE}import 'outer';`,
        ...pkg('outer', { license: 'MIT', dependencies: { '@inner/one': '1' } }),
        ...pkg('@inner/one', { license }),
      });
      expect(found).toEqual([
        `src/verifying/a.ts -> outer -> @inner/one: licence ${license ?? 'none'} may not be embedded`,
      ]);
    },
  );

  it('reads the nested copy of a package, as Node does', async () => {
    const found = await faults({
      'src/verifying/a.ts': `${APACHE}import 'outer';`,
      ...pkg('outer', { license: 'MIT', dependencies: { inner: '1' } }),
      ...pkg('inner', { license: 'MIT' }),
      'node_modules/outer/node_modules/inner/package.json': '{"license":"AGPL-3.0"}',
    });
    expect(found).toHaveLength(1);
  });

  it('refuses Poseidon, a package that is not installed, and Node', async () => {
    const found = await faults({
      'src/protocol/a.ts': `${APACHE}import 'poseidon-lite/poseidon2'; import 'absent'; import 'node:fs';`,
      ...pkg('poseidon-lite', { license: 'MIT' }),
    });
    expect(found).toEqual([
      expect.stringContaining('hold no Poseidon'),
      expect.stringContaining('absent: not installed'),
      expect.stringContaining('import no node:fs'),
    ]);
  });
});
