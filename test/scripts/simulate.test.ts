// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ASSUMPTIONS, type Assumed, assumed } from '../../scripts/simulate/assumptions.ts';
import { type Measured, measure, spread } from '../../scripts/simulate/measure.ts';
import { blockBytes, deltaBytes, eventsOf, hashesOfCut, model, touched } from '../../scripts/simulate/model.ts';
import { plotsOf } from '../../scripts/simulate/plots.ts';
import { documentOf, reportLines } from '../../scripts/simulate/report.ts';
import { emptyRoots } from '../../src/commitment/tree.ts';
import { BLOCK_LEAVES, BLOCK_LEVELS, blockWidth, encodeBlock, UPPER_LEVELS } from '../../src/log/block.ts';
import { encodeDelta } from '../../src/log/delta.ts';
import { updateTree } from '../../src/log/tree.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { memoryStore, toyHash } from '../log/reference.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NATION = 1_400_000_000;

const costs: Measured = {
  leaves: 1024,
  batch: 64,
  threads: 2,
  database: 'sqlite',
  leavesPerSecond: 50_000,
  updatesPerSecond: 5000,
  perLeafUpdatesPerSecond: 500,
  loadBytes: 3e8,
  seconds: { perHash: 1e-4, perNode: 1.5e-4, perSignature: 1e-3 },
  bytes: { perFamily: 300, perEntry: 300, checkpoint: 1000 },
};

describe('the model of a nation', () => {
  it('hashes as many nodes as the tree does', async () => {
    const hash = toyHash();
    const empty = emptyRoots(hash);
    const leaves = 4096;
    const store = memoryStore();
    const all = new Map(Array.from({ length: leaves }, (_, i) => [i, toField(BigInt(i + 1))]));
    store.write((await updateTree(hash, empty, store, all)).nodes);
    let sum = 0;
    const rounds = 20;
    for (let round = 0; round < rounds; round++) {
      const changed = spread(64, leaves * 1000 + round).map((index) => index % leaves);
      hash.calls = 0;
      await updateTree(hash, empty, store, new Map(changed.map((index) => [index, toField(7n)])));
      sum += hash.calls;
    }
    const expected = hashesOfCut(leaves, 0, 64);
    expect(Math.abs(sum / rounds / expected - 1)).toBeLessThan(0.05);
  });

  it('knows the sizes of blocks and deltas', () => {
    const one = toField(1n);
    const full = Array.from({ length: BLOCK_LEVELS }, (_, level) => blockWidth(level)).map(
      (width) => new Map(Array.from({ length: width }, (_, i) => [i, one])),
    );
    const upper = Array.from({ length: UPPER_LEVELS }, () => Array.from({ length: 8 }, () => one));
    const empty = Array.from({ length: 12 }, () => one);
    const block = encodeBlock({ size: 1, number: 0, empty, upper, levels: full });
    expect(blockBytes(BLOCK_LEAVES)).toBe(block.length);

    // One change: one node of each level.
    const levels = Array.from({ length: BLOCK_LEVELS }, () => new Map<number, FieldElement>([[0, one]]));
    const delta = { epoch: 1, before: 1, after: 2, number: 0, upper: new Map([[0, one]]), levels };
    const bytes = encodeDelta(delta).length;
    expect(Math.abs(deltaBytes(1, 1) - bytes)).toBeLessThan(8 * BLOCK_LEVELS);
  });

  it('touches each node at most once', () => {
    expect(touched(1, 1000)).toBe(1);
    expect(touched(1000, 0)).toBe(0);
    expect(touched(1e9, 10)).toBeCloseTo(10, 5);
    expect(touched(100, 1e6)).toBeCloseTo(100, 5);
  });

  it('grows with the holders', () => {
    const days = [1, 1000, 1_000_000, 50_000_000, NATION].map((holders) => model(holders, costs, assumed));
    for (const [i, day] of days.slice(1).entries()) {
      const before = days[i];
      expect(day.hashesPerDay).toBeGreaterThan(before?.hashesPerDay ?? 0);
      expect(day.coresNeeded).toBeGreaterThan(before?.coresNeeded ?? 0);
      expect(day.bytes.mirrorsPerDay).toBeGreaterThan(before?.bytes.mirrorsPerDay ?? 0);
    }
    for (const { holders, blockAnonymity } of days) {
      expect(blockAnonymity).toBeLessThanOrEqual(Math.min(holders, BLOCK_LEAVES));
      expect(blockAnonymity).toBeGreaterThanOrEqual(1);
    }
    // One block: everyone asks for the same.
    expect(days[1]?.blockAnonymity).toBe(1000);
  });

  it('uses every assumption but the one that says what does not matter', () => {
    const before = JSON.stringify(model(NATION, costs, assumed));
    for (const name of Object.keys(ASSUMPTIONS) as (keyof Assumed)[]) {
      const changed = { ...assumed, [name]: assumed[name] === 32 ? 33 : assumed[name] * 1.5 + 0.01 };
      const same = JSON.stringify(model(NATION, costs, changed)) === before;
      expect(`${name} ${same ? 'unused' : 'used'}`).toBe(`${name} ${name === 'logins' ? 'unused' : 'used'}`);
    }
    for (const { reason } of Object.values(ASSUMPTIONS)) expect(reason.length).toBeGreaterThan(10);
    expect(assumed.syncedDaily + assumed.syncedWeekly + assumed.syncedMonthly).toBeCloseTo(1);
  });

  it('adds a leaf for each one that is emptied by a renewal', () => {
    const { added, revoked } = eventsOf(365, { ...assumed, newHolders: 0, deaths: 0, decisions: 0 });
    expect(added).toBeCloseTo(revoked);
    expect(added).toBeCloseTo(assumed.documentRenewals + assumed.deviceRenewals + assumed.losses);
  });

  it('is told with its assumptions and the years', async () => {
    const simulation = { measured: costs, day: model(NATION, costs, assumed), assumed };
    const machine = {
      cpu: 'A processor',
      cores: 2,
      memoryGiB: 8,
      system: 'x',
      node: '20',
      v8: '1',
      loadBefore: 0,
      versions: {},
    };
    const document = await documentOf(simulation, machine, '2026-11-24');
    for (const name of Object.keys(ASSUMPTIONS)) expect(document).toContain(name);
    expect(document).toContain('1,400,000,000');
    expect(document).not.toMatch(/NaN|undefined|Infinity/);
    expect(reportLines(simulation).join('\n')).not.toMatch(/NaN|undefined|Infinity/);
    expect(plotsOf(simulation).map(({ file }) => file)).toEqual(['wallet.svg', 'hashes.svg']);
  });
});

describeOnEachDatabase('the measurement', (fresh) => {
  it('loads a tree, updates it both ways to the same root, and leaves nothing behind', async () => {
    const said: string[] = [];
    const measured = await measure({
      leaves: 2048,
      batch: 128,
      samples: 16,
      threads: 1,
      database: await fresh(),
      say: (line) => said.push(line),
    });
    expect(measured).toMatchObject({ leaves: 2048, batch: 128, threads: 1 });
    const { leavesPerSecond, updatesPerSecond, perLeafUpdatesPerSecond, seconds, bytes } = measured;
    const numbers = [
      leavesPerSecond,
      updatesPerSecond,
      perLeafUpdatesPerSecond,
      ...Object.values(seconds),
      ...Object.values(bytes),
    ];
    for (const number of numbers) expect(number).toBeGreaterThan(0);
    expect(said).not.toEqual([]);
  }, 60_000);
});

describe('npm run simulate', () => {
  const run = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/simulate.ts', ...args], { cwd: ROOT });

  it('prints the figures as one JSON object, in order, and nothing else', async () => {
    const { stdout } = await run('--holders', '1000000', '--leaves', '512', '--json');
    const printed = JSON.parse(stdout) as Record<string, number>;
    expect(Object.keys(printed)).toEqual([
      'walletBytesPerDay',
      'blockAnonymity',
      'hashesPerDay',
      'coresNeeded',
      'leavesPerSecond',
      'updatesPerSecond',
      'perLeafUpdatesPerSecond',
    ]);
    for (const value of Object.values(printed)) expect(value).toBeGreaterThan(0);
    const same = model(1_000_000, costs, assumed);
    expect(printed).toMatchObject({
      blockAnonymity: Math.round(same.blockAnonymity),
      hashesPerDay: Math.round(same.hashesPerDay),
    });
  }, 60_000);

  it('says how it is used, and refuses what it does not know', async () => {
    expect((await run('--help')).stdout).toContain('--holders N');
    for (const args of [['--holders', '0'], ['--holders', '1e9'], ['--leaves', '8'], ['--fast'], ['more']]) {
      await expect(run(...args)).rejects.toMatchObject({ code: 2 });
    }
  }, 60_000);
});
