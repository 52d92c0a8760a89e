// SPDX-License-Identifier: GPL-3.0-or-later
/** Verifying threads: what they answer, and what becomes of a batch when they do not. */
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startThread } from '../../src/http/threads.ts';
import type { BatchVerifier } from '../../src/platform/batch_verifier.ts';
import { createVerifyingPool, type VerifyingPoolOptions } from '../../src/platform/verifying_pool.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import type { BatchItem, Verdict } from '../../src/verifying/batch.ts';
import { verifyProof } from '../../src/verifying/groth16.ts';
import { keptPresentation } from '../fixtures/read.ts';
import { ATTACKS, type Good } from '../verifying/attacks.ts';
import { manifest, showKey, showVkey, showVkeyBytes } from './fixtures.ts';

// A thread takes a second to start, more where other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

const keptUnder = (name: string): Good => ({ ...keptPresentation(manifest.version, name), vkey: showVkey });
const [first, second] = [keptUnder('account'), keptUnder('action')];
const item = ({ signals, proof }: BatchItem): BatchItem => ({ signals, proof });
/** A proof that fake threads end at. */
const poison: BatchItem = { signals: [], proof: first.proof };

let pools: BatchVerifier[] = [];
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  pools = [];
});

async function open(options: Partial<VerifyingPoolOptions> = {}): Promise<BatchVerifier> {
  const pool = await createVerifyingPool({ manifest, vkey: showVkeyBytes, threads: 1, ...options });
  pools.push(pool);
  return pool;
}

/** A thread that says that it is ready and then does as told with each batch of `items`. */
const fake = (onBatch: string): Worker => {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const answer = (items) => parentPort.postMessage({ kind: 'judged', verdicts: items.map(() => true), cpuMs: 1 });
    parentPort.postMessage({ kind: 'ready' });
    parentPort.on('message', (items) => { ${onBatch} });
  `;
  const worker = new Worker(code, { eval: true });
  worker.on('error', () => undefined);
  return worker;
};
const real: NonNullable<VerifyingPoolOptions['start']> = (data) =>
  startThread(new URL('../../src/platform/verifying_pool.ts', import.meta.url).href, './verifying_worker', data);

/** Starts one thread after another; the last kind again and again. */
function inTurn(...starts: NonNullable<VerifyingPoolOptions['start']>[]): {
  start: NonNullable<VerifyingPoolOptions['start']>;
  started: () => number;
} {
  let count = 0;
  return {
    start: (data) => (starts[Math.min(count++, starts.length - 1)] ?? real)(data),
    started: () => count,
  };
}

const codeOf = (verdict: Verdict | undefined): unknown => (verdict instanceof ProtocolError ? verdict.code : verdict);

describe('verifying threads', () => {
  it('accept good proofs and refuse every attack, as verifyProof does, and tell what it cost', async () => {
    const pool = await open();
    const key = await showKey();
    const items = [first, ...ATTACKS.map(({ of }) => of(first)), second].map(item);
    const alone = await Promise.all(
      items.map(({ signals, proof }) => verifyProof(key, signals, proof).catch((error: unknown) => error as Verdict)),
    );
    const { verdicts, cpuMs } = await pool.judge(items);
    expect(verdicts.map(codeOf)).toEqual(alone.map(codeOf));
    expect(verdicts.map(codeOf)).toEqual([true, ...ATTACKS.map(({ refusal }) => refusal), true]);
    expect(cpuMs).toBeGreaterThan(1);
  });

  it('judge at the same time, each one batch, and refuse what exceeds that', async () => {
    const pool = await open({ threads: 2 });
    expect(pool.lanes).toBe(2);
    const judged = [pool.judge([item(first)]), pool.judge([item(second)])];
    await expect(pool.judge([item(first)])).rejects.toMatchObject({ code: 'verifier_busy' });
    for (const { verdicts } of await Promise.all(judged)) expect(verdicts).toEqual([true]);
    expect((await pool.judge([item(first)])).verdicts).toEqual([true]);
  });

  it('load no key but the one that the manifest names', async () => {
    const vkey = Uint8Array.from([...showVkeyBytes, 0x20]);
    await expect(open({ vkey })).rejects.toMatchObject({ code: 'artifact_hash_mismatch' });
  });

  it.each([
    ['end before they are ready', 'process.exit(1)'],
    ['are never ready', 'setInterval(() => {}, 1000)'],
  ])('that %s make no pool', async (_, code) => {
    const start = (): Worker => new Worker(code, { eval: true });
    const limits = { load: 300, judge: 300 };
    await expect(open({ start, limits })).rejects.toMatchObject({ code: 'verifier_unavailable' });
  });

  it('that answer something else are not believed', async () => {
    const pool = await open({ start: () => fake(`parentPort.postMessage({ kind: 'ready' })`) });
    await expect(pool.judge([item(first)])).rejects.toMatchObject({ code: 'verifier_unavailable' });
  });
});

describe('a thread that ends in the middle of a batch', () => {
  it('is replaced, and its batch judged by the next', async () => {
    const { start, started } = inTurn(() => fake('process.exit(1)'), real);
    const pool = await open({ start });
    const bad = ATTACKS.find(({ name }) => name === 'C negated')?.of(first) ?? first;
    expect((await pool.judge([first, bad, second].map(item))).verdicts).toEqual([true, false, true]);
    expect((await pool.judge([item(first)])).verdicts).toEqual([true]);
    expect(started()).toBe(2);
  });

  it.each([
    ['throws', 'throw new Error("broken")'],
    ['does not answer', ''],
    ['never comes to an end', 'for (;;);'],
  ])('and one that %s, alike', async (_, onBatch) => {
    const { start, started } = inTurn(
      () => fake(onBatch),
      () => fake('answer(items)'),
    );
    const pool = await open({ start, limits: { load: 10_000, judge: 300 } });
    expect((await pool.judge([item(first)])).verdicts).toEqual([true]);
    expect(started()).toBe(2);
  });

  it('for one proof of the batch: that alone is answered with an error', async () => {
    const deadly = `if (items.some(({ signals }) => signals.length === 0)) process.exit(1); answer(items)`;
    const { start, started } = inTurn(() => fake(deadly));
    const pool = await open({ start });
    const { verdicts } = await pool.judge([item(first), poison, item(second)]);
    expect(verdicts.map(codeOf)).toEqual([true, 'verifier_unavailable', true]);
    expect((await pool.judge([item(first)])).verdicts).toEqual([true]);
    // two for the batch, one for the proof alone, one that goes on
    expect(started()).toBe(4);
  });

  it('and does not come back: the batch is answered with an error, and so is the next', async () => {
    const { start } = inTurn(
      () => fake('process.exit(1)'),
      () => new Worker('process.exit(1)', { eval: true }),
    );
    const pool = await open({ start });
    for (let i = 0; i < 2; i++) {
      await expect(pool.judge([item(first)])).rejects.toMatchObject({ code: 'verifier_unavailable' });
    }
  });
});

describe('closing', () => {
  it('ends the threads; what is being judged and what comes later is told so', async () => {
    const pool = await open({ start: () => fake('') });
    const judging = pool.judge([item(first)]);
    const closing = pool.close();
    await expect(judging).rejects.toMatchObject({ code: 'verifier_unavailable' });
    await closing;
    await expect(pool.judge([item(first)])).rejects.toMatchObject({ code: 'verifier_unavailable' });
  });
});
