// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../scripts/circuits/compile.ts';
import { circuitTables, withTables } from '../../scripts/docs_circuits.ts';

const tables = await circuitTables();

it('docs/circuits.md has the numbers of the circuits; otherwise: npm run docs:circuits', async () => {
  const document = await readFile(join(ROOT, 'docs', 'circuits.md'), 'utf8');
  expect(await withTables(document, tables)).toBe(document);
  const stale = document.replace(/\d,\d{3}(?= +\| the tree)/, '1,234').replace(/\| compiler.*/, '');
  expect(stale).not.toBe(document);
  expect(await withTables(stale, tables)).toBe(document);
});
