// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hostile files in every run: half a minute for each of three targets, all at once, each in a process of its own.
 * `npm run fuzz` does the same for as long as one likes.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FUZZ_TARGETS, fuzz, type FuzzReport } from '../../scripts/fuzz.ts';
import { mutate } from '../../scripts/fuzz/mutate.ts';
import { numbersOf } from '../../scripts/fuzz/random.ts';
import { readOne, type Target } from '../../scripts/fuzz/target.ts';
import { derTarget } from '../../scripts/fuzz/target_der.ts';
import { jp2Target, jpegTarget } from '../../scripts/fuzz/target_images.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';

const SECONDS = 30;
/** Fewer files than this in that time: something has become slow, or nothing was read. */
const FEWEST = { der: 500, jpeg: 150, jp2: 60 } as const;

/** Programs that end badly, in the place of the one that fuzzes. */
const PROGRAMS: Readonly<Record<string, string>> = {
  crash: `import { writeSync } from 'node:fs'; writeSync(1, '..'); process.kill(process.pid, 'SIGSEGV');`,
  hang: `import { writeSync } from 'node:fs'; writeSync(1, '...'); setInterval(() => {}, 1000);`,
  exit: `process.stdout.write('.'); process.exit(0);`,
};
/** Silence of the second after which it counts as hung, milliseconds: more than a start takes. */
const SILENCE_MS = 10_000;

let reports: readonly FuzzReport[] = [];
let badly: readonly FuzzReport[] = [];
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bauta-fuzz-'));
  const programs = Object.entries(PROGRAMS).map(([name, text]) => {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(path, text);
    return path;
  });
  const bad = programs.map((program) =>
    fuzz({ target: 'der', seconds: 1, seed: 'test', silenceMs: SILENCE_MS, program }),
  );
  reports = await Promise.all(FUZZ_TARGETS.map((target) => fuzz({ target, seconds: SECONDS })));
  badly = await Promise.all(bad);
}, 180_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('hostile files', () => {
  it.each(FUZZ_TARGETS)('of %s are accepted or refused by a known code, in time, in bounded memory', (target) => {
    const report = reports.find((found) => found.target === target);
    expect(report?.faults, `seed ${report?.seed ?? ''}`).toEqual([]);
    const { cases = 0, outcomes = {} } = report ?? {};
    expect(cases).toBeGreaterThan(FEWEST[target]);
    const { accepted = 0, ...refused } = outcomes;
    expect(accepted).toBeGreaterThan(cases / 64);
    expect(Object.values(refused).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(cases / 10);
  });
});

/** Hostile by design, and every file that ever fails: keep it here, named by its target. */
describe('kept files', () => {
  const FOLDER = new URL('../vectors/hostile/', import.meta.url);
  const targets = new Map<string, Target>();
  beforeAll(async () => {
    targets
      .set('der', await derTarget())
      .set('jpeg', await jpegTarget())
      .set('jp2', await jp2Target());
  });
  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.bin')))('%s', async (name) => {
    const target = targets.get(/^[a-z0-9]+/.exec(name)?.[0] ?? '');
    if (target === undefined) throw new Error('name it by its target');
    const bytes = new Uint8Array(readFileSync(new URL(name, FOLDER)));
    // Pictures have one reader, whatever the seed.
    const seeds = target.form === 'der' ? target.seeds : target.seeds.slice(0, 1);
    for (const seed of seeds) expect((await readOne(target, seed, bytes)).fault, seed.name).toBeUndefined();
  });
});

describe('the fuzzer', () => {
  it('reports a crash, a hang and an early end, and which file did it', () => {
    const [crash, hang, exit] = badly;
    expect(crash?.faults).toEqual([
      expect.stringMatching(/^case 1: the process died \(SIGSEGV\); the file is .*der-test;/),
    ]);
    expect(hang?.faults).toEqual([expect.stringMatching(/^case 2: the process hung/)]);
    expect(exit?.faults).toEqual([expect.stringMatching(/^case 0: the process died \(0\)/)]);
  });

  it('takes no other error and no other code for a refusal', async () => {
    const target = { form: 'der', seeds: [], made: [], codes: ['document_malformed'] } as const;
    const outcome = (read: () => unknown) =>
      readOne(target, { name: '', bytes: new Uint8Array(), read }, new Uint8Array());
    const fail = (error: Error) => () => {
      throw error;
    };
    expect(await outcome(() => 1)).toEqual({ outcome: 'accepted' });
    expect(await outcome(fail(new ProtocolError('document_malformed', 'x')))).toEqual({
      outcome: 'document_malformed',
    });
    expect((await outcome(fail(new ProtocolError('internal_error', 'x')))).fault).toContain('internal_error');
    expect((await outcome(fail(new TypeError('x')))).fault).toContain('TypeError');
    expect((await outcome(() => Promise.reject(new RangeError('x')))).fault).toContain('RangeError');
  });

  it('makes the same changes again from the same seed, and hardly ever none', async () => {
    const { seeds } = await jpegTarget();
    const others = seeds.map(({ bytes }) => bytes);
    const [first = new Uint8Array()] = others;
    const variant = (seed: string, index: number) => mutate(first, 'markers', numbersOf(seed, index), others);
    const all = Array.from({ length: 200 }, (_, index) => Buffer.from(variant('a', index)).toString('base64'));
    expect(all).toEqual(Array.from({ length: 200 }, (_, index) => Buffer.from(variant('a', index)).toString('base64')));
    expect(new Set(all).size).toBeGreaterThan(190);
    expect(Buffer.from(variant('b', 0)).toString('base64')).not.toBe(all[0]);
    expect(all.filter((text) => text === Buffer.from(first).toString('base64')).length).toBeLessThan(5);
  });
});
