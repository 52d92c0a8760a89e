// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LOG_RULES } from '../../src/log/faults.ts';

it('docs/protocol.md lists the rules of the log as the replay has them', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'protocol.md'), 'utf8');
  const part = text.split('<!-- rules:begin -->')[1]?.split('<!-- rules:end -->')[0] ?? '';
  const rows = [...part.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)].map(([, rule, meaning]) => [rule, meaning]);
  expect(Object.fromEntries(rows)).toEqual(LOG_RULES);
});
