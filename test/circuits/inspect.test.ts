// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compile, ROOT } from '../../scripts/circuits/compile.ts';
import { ownWarnings } from '../../scripts/circuits/inspect.ts';

const FOLDER = 'build/inspect';

beforeAll(async () => {
  await mkdir(join(ROOT, FOLDER), { recursive: true });
});
afterAll(async () => {
  await rm(join(ROOT, FOLDER), { recursive: true, force: true });
});

/** What the inspection says of a template called `name`. */
async function inspect(name: string, body: string): Promise<string[]> {
  const source = `pragma circom 2.2.0;
include "../../circuits/lib/at_most.circom";
template ${name}() { signal input x; ${body} }
component main = ${name}();`;
  const path = `${FOLDER}/${name}.circom` as const;
  await writeFile(join(ROOT, path), source);
  return ownWarnings((await compile(path, join(ROOT, FOLDER), ['--O2', '--inspect'])).output);
}

// `npm run check:circuits` compiles the circuits themselves under the same inspection.
it('lets pass what the compiler says of circomlib, and nothing of ours', async () => {
  expect(await inspect('Clean', 'AtMost(3)(x, 5);')).toEqual([]);
  expect(await inspect('Unread', 'component bits = Num2Bits(4); bits.in <== x;')).toEqual([
    expect.stringContaining('In template "Unread()"'),
  ]);
  expect(await inspect('Unbound', 'signal y; y <-- x * x;')).toEqual(
    expect.arrayContaining([
      expect.stringContaining('Consider using <=='),
      expect.stringContaining('Local signal y does not appear in any constraint'),
    ]),
  );
});

it('takes a warning that names no template for ours', async () => {
  expect(await ownWarnings('warning[T3001]: something new\n')).toHaveLength(1);
  expect(await ownWarnings('warning[CA01]: In template "Show(11)": something')).toHaveLength(1);
  expect(await ownWarnings('warning[CA02]: In template "LessThan(27)": something')).toEqual([]);
});
