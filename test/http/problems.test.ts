// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { STATUS_OF } from '../../src/http/statuses.ts';

const SOURCES = join(import.meta.dirname, '..', '..', 'src');

it('gives a status to codes that exist, and to no others', () => {
  const written = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .flatMap((name) => readFileSync(join(SOURCES, name), 'utf8').match(/'[a-z0-9_]+'/g) ?? []);
  const known = new Set(written.map((quoted) => quoted.slice(1, -1)));
  expect(Object.keys(STATUS_OF).filter((code) => !known.has(code))).toEqual([]);
});
