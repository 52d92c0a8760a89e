// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

it('the README lists every command, and none that does not exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const rows = [...read('README.md').matchAll(/^\| `npm (?:run )?([a-z:]+)`/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual(Object.keys(scripts).sort());
});
