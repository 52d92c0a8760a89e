// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differenceLines, differences } from '../../scripts/bench/compare.ts';
import { FIGURE_NAMES, QUICK, SECTION_NAMES, select } from '../../scripts/bench/figures.ts';
import { sourceOf } from '../../scripts/bench/growth_circuits.ts';
import { plotsOf } from '../../scripts/bench/plots.ts';
import { type Figures, parseResults, type Results, shortened } from '../../scripts/bench/results.ts';
import { measure } from '../../scripts/bench/runner.ts';
import { median, summarize } from '../../scripts/bench/stats.ts';
import { targetTable, tableLines } from '../../scripts/bench/tables.ts';
import { documentOf } from '../../scripts/docs_bench.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DATA = join(ROOT, 'docs', 'benchmarks', 'results.json');

/** Figures that all took the same time, but for the named ones. */
function figures(usual: number, others: Record<string, number> = {}): Figures {
  const ms = (name: string): number => others[name] ?? usual;
  return Object.fromEntries(
    FIGURE_NAMES.map((name) => {
      const value = ms(name);
      return [
        name,
        {
          ms: { median: value, q1: value * 0.9, q3: value * 1.1, min: value / 2, max: value * 2, runs: 9 },
          cpuMs: value,
        },
      ];
    }),
  );
}

function madeUp(usual = 100, others: Record<string, number> = {}): Results {
  const point = (size: number): Results['growth']['depth'] => [
    { size, ms: { 'bauta.fire': usual }, counts: { constraints: 6458 } },
  ];
  return parseResults({
    format: 1,
    day: '2026-11-24',
    quick: false,
    machine: {
      cpu: 'A processor',
      cores: 2,
      memoryGiB: 8,
      system: 'linux x64',
      node: '20.20.2',
      v8: '11.3',
      loadBefore: 0,
      versions: { snarkjs: '0.7.6' },
    },
    node: figures(usual, others),
    bytes: { downloadBrotli: 3_456_789, download: 8_000_000, semaphore20Brotli: 2_000_000 },
    chromium: { version: '150', figures: figures(usual * 2), throttled: figures(usual * 4) },
    throttling: 4.01,
    tap: { verified: summarize([41, 42, 43]), member: summarize([141, 142, 143]) },
    memory: { node: { 'bauta.full': 77 }, chromium: { 'bauta.full': 88 } },
    growth: { depth: point(5), attributes: point(11), batch: point(64), concurrency: point(2) },
  });
}

describe('statistics', () => {
  it('are the median and the quartiles', () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ median: 3, q1: 2, q3: 4, min: 1, max: 5, runs: 5 });
    expect(median([1, 2, 3, 4])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(() => summarize([])).toThrow(RangeError);
  });

  it('keep their order and do not depend on the order of the samples', () => {
    const samples = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(samples, (all) => {
        const { min, q1, median: middle, q3, max } = summarize(all);
        const ordered = [min, q1, middle, q3, max];
        expect(ordered).toEqual([...ordered].sort((a, b) => a - b));
        expect(summarize([...all].reverse())).toEqual(summarize(all));
        expect(all.filter((value) => value <= middle).length).toBeGreaterThanOrEqual(all.length / 2);
      }),
    );
  });
});

describe('the runner', () => {
  const quiet = { say: (): void => undefined };
  const rounds = { most: 2, least: 2, seconds: 60 };
  const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 160));

  it('takes turns, and goes the other way every other round', async () => {
    const seen: string[] = [];
    const subject = (name: string) => ({
      name,
      prepare: () =>
        Promise.resolve({
          run: async () => {
            seen.push(name);
            await slow();
          },
        }),
    });
    const all = await measure([subject('a'), subject('b')], rounds, quiet);
    expect(seen.join('')).toBe('ab' + 'ab' + 'ba');
    expect(all['a']?.ms.runs).toBe(2);
  });

  it('counts what was asked for, not what surrounds it, and tells the CPU time where it is known', async () => {
    let cpu = 0;
    const subject = {
      name: 'a',
      per: 10,
      prepare: () =>
        Promise.resolve({
          run: () => Promise.resolve(void (cpu += 50)),
          after: () => Promise.resolve(void (cpu += 7)),
        }),
    };
    const all = await measure([subject], rounds, { ...quiet, cpu: () => cpu });
    expect(all['a']?.cpuMs).toBe(5);
  });

  it('fails when what was measured does not work', async () => {
    const subject = {
      name: 'a',
      prepare: () => Promise.resolve({ run: slow, check: () => Promise.reject(new Error('not accepted')) }),
    };
    await expect(measure([subject], rounds, quiet)).rejects.toThrow('not accepted');
  });
});

describe('the selection', () => {
  it('is everything, a quick part, or what is named', () => {
    expect(select(false, [])).toEqual({ figures: FIGURE_NAMES, sections: SECTION_NAMES });
    expect(select(true, [])).toEqual({ figures: QUICK, sections: ['bytes'] });
    expect(select(true, ['noble']).figures).toEqual(['noble.verify']);
    expect(select(false, ['bauta.fire', 'tap'])).toEqual({ figures: ['bauta.fire'], sections: ['tap'] });
    expect(() => select(false, ['bauta.fir'])).toThrow('"bauta.fir"');
  });
});

describe('comparing', () => {
  it('gives ratios of what both runs measured, and says which are more than noise', () => {
    const before = madeUp(100);
    const now = madeUp(105, { 'bauta.fire': 50 });
    const all = differences(before, now);
    expect(all.find(({ name }) => name === 'bauta.fire')).toMatchObject({
      before: 100,
      now: 50,
      ratio: 0.5,
      clear: true,
    });
    expect(all.find(({ name }) => name === 'snarkjs.prove')).toMatchObject({ ratio: 1.05, clear: false });
    expect(all.find(({ name }) => name === 'downloadBrotli')).toMatchObject({ ratio: 1, clear: false });
    expect(all.filter(({ name }) => name.startsWith('throttled'))).toHaveLength(FIGURE_NAMES.length);
    expect(differences(before, { ...now, node: {}, chromium: undefined, bytes: {} })).toEqual([]);
    expect(differenceLines(all).join('\n')).toMatch(/bauta\.fire +100 -> 50 {2}x 0\.50\n/);
    expect(differenceLines([])).toEqual(['the two runs measured nothing in common']);
  });

  it('refuses a file of something else', () => {
    expect(() => parseResults({ format: 2 })).toThrow('no file of results');
  });
});

describe('the report', () => {
  it('says of each target whether it was reached', () => {
    const reached = targetTable(madeUp(1000, { 'bauta.fire': 4 }));
    expect(reached).toContain('| `snarkjs.prove` / `bauta.fire` | 250 | 250 | yes |');
    expect(targetTable(madeUp(1000, { 'bauta.fire': 5 }))).toContain('| 250 | 200 | **no** |');
  });

  it('has every measured number in the document and on the terminal', async () => {
    const results = madeUp(123);
    const text = await documentOf(results);
    for (const name of FIGURE_NAMES) expect(text).toContain(`\`${name}\``);
    for (const part of [
      '123 (111–135)',
      '246 (',
      '492 (',
      '3.46 MB',
      '42.0 ms',
      '77',
      '88',
      '6,458',
      'A processor',
      '4.01 times',
    ]) {
      expect(text, part).toContain(part);
    }
    for (const { file } of plotsOf(results)) expect(text).toContain(`(benchmarks/${file})`);
    expect(tableLines(results).join('\n')).toContain('tap to verified: 42.0 ms');
  });

  it('leaves out what was not measured', async () => {
    const { machine, day } = madeUp();
    const bare = parseResults({ format: 1, day, quick: true, machine, node: {}, bytes: {}, growth: {} });
    expect(await documentOf(bare)).not.toMatch(/undefined|NaN|\bnull\b/);
    expect(tableLines(bare)).toEqual([]);
  });

  it.skipIf(!existsSync(DATA))('docs/benchmarks.md is of its results; otherwise: npm run docs:bench', async () => {
    const results = parseResults(JSON.parse(await readFile(DATA, 'utf8')));
    expect(await readFile(join(ROOT, 'docs', 'benchmarks.md'), 'utf8')).toBe(await documentOf(results));
  });
});

it('writes circuits of other sizes', () => {
  expect(sourceOf({ depth: 7, more: 0 })).toMatch(/= Show\(7\);\n$/);
  expect(sourceOf({ depth: 11, more: 8 })).toMatch(/= Wider\(11, 8\);\n$/);
});

describe('npm run bench', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bauta-bench-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const bench = (...options: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)('npm', ['run', '--silent', 'bench', '--', ...options], { cwd: ROOT });

  it('prints the short form, compares, and leaves the results', { timeout: 120_000 }, async () => {
    const before = join(folder, 'results.json');
    await writeFile(before, JSON.stringify(madeUp()));
    const { stdout, stderr } = await bench(
      '--quick',
      '--json',
      '--only',
      'noble',
      '--only',
      'bauta.verify',
      '--compare',
      before,
    );
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const short = JSON.parse(stdout) as ReturnType<typeof shortened>;
    expect(Object.keys(short)).toEqual(['machine', 'ms', 'bytes']);
    expect(Object.keys(short.ms).sort()).toEqual(['bauta.verify', 'noble.verify']);
    for (const value of Object.values(short.ms)) expect(value).toBeGreaterThan(0);
    expect(short.machine.versions['snarkjs']).toBe('0.7.6');
    expect(stderr).toMatch(/noble\.verify +100 -> [\d.]+ {2}x \d/);
    const kept = parseResults(JSON.parse(await readFile(join(ROOT, 'build', 'bench', 'only.json'), 'utf8')));
    expect(shortened(kept)).toEqual(short);
  });

  it.each([
    ['an unknown name', ['--only', 'bauta.fir'], 'no figure or part named "bauta.fir"'],
    ['an unknown option', ['--fast'], '--fast'],
    ['a file that is not there', ['--compare', 'build/none.json'], 'none.json'],
  ])('refuses %s and says why', async (_, options, reason) => {
    await expect(bench(...options)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(reason) as string,
    });
  });

  it('explains every figure', async () => {
    const { stdout } = await bench('--help');
    for (const name of [...FIGURE_NAMES, ...SECTION_NAMES]) expect(stdout).toContain(`  ${name} `);
  });
});
