// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { importFaults } from '../../scripts/checks/imports.ts';
import { inTree } from './tree.ts';

const faults = (files: Record<string, string>): Promise<string[]> => inTree(files, importFaults);

describe('the check of imports', () => {
  it('accepts a tree whose imports run one way', async () => {
    const found = await faults({
      'src/protocol/field.ts': 'export const p = 1n;',
      'src/commitment/tree.ts': "import { p } from '../protocol/field.ts'; export const t = p;",
      'src/register/app.ts': "import { t } from '../commitment/tree.ts'; import 'node:fs'; export const a = t;",
      'src/server/start.ts': "import { a } from '../register/app.ts'; import '../demo/people.ts'; void a;",
      'src/demo/people.ts': 'export {};',
    });
    expect(found).toEqual([]);
  });

  it.each([
    ['up', 'protocol', "import { x } from '../commitment/x.ts';"],
    ['up by a re-export', 'protocol', "export * from '../commitment/x.ts';"],
    ['up by a type', 'protocol', "import type { X } from '../commitment/x.ts';"],
    ['up by a type in place', 'protocol', "export type X = import('../commitment/x.ts').X;"],
    ['up while running', 'protocol', "await import('../commitment/x.ts');"],
    ['to a neighbour', 'verifying', "import { x } from '../commitment/x.ts';"],
    ['from one service to another', 'platform', "import { x } from '../register/x.ts';"],
    ['from the wallet to storage', 'wallet', "import { x } from '../storage/x.ts';"],
    ['from the wallet to http', 'wallet', "import type { X } from '../http/x.ts';"],
    ['from a service to the demo', 'issuer', "import { x } from '../demo/x.ts';"],
    ['out of src', 'server', "import { x } from '../../scripts/x.ts';"],
  ])('refuses an import %s', async (_, room, text) => {
    const found = await faults({ [`src/${room}/a.ts`]: `\n${text}` });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`src/${room}/a.ts:2: ${room} must not import`);
  });

  it('refuses a folder that is no room', async () => {
    expect(await faults({ 'src/helpers/a.ts': '' })).toEqual([expect.stringContaining('"helpers" is no room')]);
  });

  it('tells a circle once, and lets types run in circles', async () => {
    const circle = {
      'src/log/a.ts': "import './b.ts';",
      'src/log/b.ts': "import './c.ts';",
      'src/log/c.ts': "import './b.ts';",
    };
    expect(await faults(circle)).toEqual(['src/log/b.ts: circle src/log/b.ts -> src/log/c.ts -> src/log/b.ts']);
    expect(await faults({ ...circle, 'src/log/c.ts': "import type { B } from './b.ts';" })).toEqual([]);
  });

  it.each(['node:fs', 'fs', 'fs/promises', 'crypto'])('refuses %s behind the wallet', async (builtin) => {
    const found = await faults({
      'src/wallet/present.ts': "import '../proving/arm.ts';",
      'src/proving/arm.ts': "new Worker(new URL('./worker.ts', import.meta.url));",
      'src/proving/worker.ts': `import x from '${builtin}';`,
    });
    expect(found).toEqual([
      `src/proving/worker.ts:1: the wallet pulls in ${builtin} through ` +
        'src/wallet/present.ts -> src/proving/arm.ts -> src/proving/worker.ts',
    ]);
  });

  it('lets the wallet use what it imports as a type only', async () => {
    const found = await faults({
      'src/wallet/a.ts': "import type { B } from '../proving/b.ts';",
      'src/proving/b.ts': "import 'node:fs';",
    });
    expect(found).toEqual([]);
  });
});
