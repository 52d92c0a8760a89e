// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importsOf, weighPages } from '../../scripts/checks/page_size.ts';

describe('the weight of the first page', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bauta-pages-'));
    await mkdir(join(folder, 'assets'));
    const files = {
      'index.html': '<script type="module" crossorigin src="/assets/index-a.js"></script>',
      'assets/index-a.js':
        'import{a as b}from"./shared-b.js";import"./effect-c.js";const p=()=>import("./page-d.js");b(p);',
      'assets/shared-b.js': 'import{z}from"./deep-e.js";export{z as a};',
      'assets/effect-c.js': '',
      'assets/deep-e.js': 'export const z=1;',
      'assets/page-d.js': 'export{z}from"./deep-e.js";',
      'assets/worker-f.js': 'import"./deep-e.js";',
      'assets/index-g.css': 'a{}',
      'service_worker.js': '',
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('counts what is imported before the page is shown, and the rest apart', async () => {
    const { welcome, total, apart } = await weighPages(folder);
    expect([...welcome.keys()]).toEqual([
      'assets/deep-e.js',
      'assets/effect-c.js',
      'assets/index-a.js',
      'assets/shared-b.js',
    ]);
    expect(total).toBe([...welcome.values()].reduce((sum, bytes) => sum + bytes, 0));
    expect(apart.otherPages).toBeGreaterThan(0);
    expect(apart.workers).toBeGreaterThan(0);
    expect(apart.styles).toBeGreaterThan(0);
  });

  it('reads imports as builds write them', () => {
    expect(
      importsOf('import{a}from"./x.js";import b,{c as d}from"./y.js";export*from"./z.js";import*as e from"./w.js"'),
    ).toEqual(['./x.js', './y.js', './z.js', './w.js']);
    expect(importsOf('const a=import("./later.js");const b="from \\"./text.js\\"";')).toEqual([]);
  });
});
