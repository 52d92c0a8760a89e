// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../scripts/circuits/compile.ts';
import { sizesTable, withSizes } from '../../scripts/docs_sizes.ts';

const table = sizesTable();

it('docs/protocol.md has the sizes of blocks and deltas; otherwise: npm run docs:sizes', async () => {
  const document = await readFile(join(ROOT, 'docs', 'protocol.md'), 'utf8');
  expect(await withSizes(document, table)).toBe(document);
  const stale = document.replace(/(\| full block of 2\^18 +\| +)[\d.]+/, '$11.23');
  expect(stale).not.toBe(document);
  expect(await withSizes(stale, table)).toBe(document);
});
