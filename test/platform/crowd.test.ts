// SPDX-License-Identifier: GPL-3.0-or-later
/** Many answers at once, through verifying threads: nobody's answer is lost, or refused for another's. */
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startThread } from '../../src/http/threads.ts';
import { type BatchVerifier, createLocalVerifier } from '../../src/platform/batch_verifier.ts';
import { type Collector, createCollector } from '../../src/platform/collector.ts';
import { createVerifyingPool } from '../../src/platform/verifying_pool.ts';
import { parseField } from '../../src/protocol/field.ts';
import type { Presentation } from '../../src/protocol/presentation.ts';
import { keptPresentation, type KeptPresentation } from '../fixtures/read.ts';
import { fromG1, pointOfOrder10069, toG1, toG2, fromG2 } from '../verifying/points.ts';
import {
  endProving,
  type Holder,
  makeHolder,
  manifest,
  present,
  secureRandom,
  showKey,
  showVkeyBytes,
} from './fixtures.ts';
import {
  answer,
  begin,
  call,
  checkpointOf,
  postJson,
  problemOf,
  startVerifier,
  type Verifier,
  type VerifierOptions,
} from './harness.ts';

// A proof takes seconds, more where other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

const kept: KeptPresentation = keptPresentation(manifest.version, 'account');
let opened: { close(): Promise<void> }[] = [];

/** A verifier that knows the root of the kept presentation. */
async function verifierOf(collector: Collector, options: VerifierOptions = {}): Promise<Verifier> {
  const verifier = await startVerifier({
    origin: new URL(kept.request.response_uri).origin,
    timeZone: kept.timeZone,
    checkProof: collector.checkProof,
    ...options,
  });
  verifier.now = kept.now;
  verifier.checkpoints = [
    checkpointOf(parseField(kept.root), { size: kept.presentation.checkpoint, activeFrom: kept.now / 1000 - 3600 }),
  ];
  opened.push(verifier, collector);
  return verifier;
}

const post = (verifier: Verifier, presentation: Presentation): Promise<Response> =>
  call(verifier.app, '/v1/proofs/verify', postJson({ request: kept.request, presentation }));

const { proof } = kept.presentation;
const withProof = (change: Partial<Presentation['proof']>): Presentation => ({
  ...kept.presentation,
  proof: { ...proof, ...change },
});
const negated = withProof({ pi_c: fromG1(toG1(proof.pi_c).negate()) });
const outside = withProof({ pi_b: fromG2(toG2(proof).add(pointOfOrder10069())) });

afterEach(async () => {
  await Promise.all(opened.map((part) => part.close()));
  opened = [];
});

describe('many proofs at once', () => {
  it('with bad ones among them: each gets what it would get alone', async () => {
    const pool = await createVerifyingPool({ manifest, vkey: showVkeyBytes, threads: 2 });
    const batches: number[] = [];
    const watched: BatchVerifier = {
      ...pool,
      judge: async (items) => {
        batches.push(items.length);
        // As if each proof took a second: so much that what stands beside it does not matter.
        return { ...(await pool.judge(items)), cpuMs: items.length * 1000 };
      },
    };
    const verifier = await verifierOf(createCollector(watched));
    const crowd = Array.from({ length: 40 }, (_, i) => (i === 7 ? negated : i === 23 ? outside : kept.presentation));
    const responses = await Promise.all(crowd.map((presentation) => post(verifier, presentation)));
    for (const [i, response] of responses.entries()) {
      if (i === 23) {
        expect(await problemOf(response)).toEqual({ status: 400, code: 'proof_malformed' });
      } else {
        const body = (await response.json()) as object;
        expect(body).toMatchObject(i === 7 ? { ok: false, code: 'proof_invalid' } : { ok: true });
        const [, ms] = /^verify;dur=([\d.]+)$/.exec(response.headers.get('server-timing') ?? '') ?? [];
        // Its part of the batch, and the little that was done for it alone.
        expect(Math.floor(Number(ms) / 1000)).toBe(1);
      }
    }
    expect(batches.reduce((sum, size) => sum + size)).toBe(40);
    expect(batches.length).toBeLessThan(40);
  });

  it('and a thread that ends with them in its hands: they are judged by the next', async () => {
    let started = 0;
    const pool = await createVerifyingPool({
      manifest,
      vkey: showVkeyBytes,
      threads: 1,
      start: (data) => {
        started++;
        if (started > 1) {
          const beside = new URL('../../src/platform/verifying_pool.ts', import.meta.url).href;
          return startThread(beside, './verifying_worker', data);
        }
        const code = `
          const { parentPort } = require('node:worker_threads');
          parentPort.postMessage({ kind: 'ready' });
          parentPort.on('message', () => process.exit(1));`;
        return new Worker(code, { eval: true });
      },
    });
    const verifier = await verifierOf(createCollector(pool));
    const crowd = [kept.presentation, negated, kept.presentation];
    const responses = await Promise.all(crowd.map((presentation) => post(verifier, presentation)));
    expect(await Promise.all(responses.map((response) => response.json()))).toMatchObject([
      { ok: true },
      { ok: false, code: 'proof_invalid' },
      { ok: true },
    ]);
    expect(started).toBe(2);
  });
});

describe('more proofs than may wait', () => {
  let holder: Holder;
  let open: () => void;
  let gate: Promise<void>;
  let gated: BatchVerifier;

  beforeAll(async () => {
    holder = await makeHolder();
  });
  afterAll(endProving);

  beforeEach(async () => {
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const local = createLocalVerifier(await showKey(), secureRandom);
    gated = { ...local, judge: (items) => gate.then(() => local.judge(items)) };
  });

  const isWaiting = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

  it('are told to come back in a second; those that wait are answered', async () => {
    const verifier = await verifierOf(createCollector(gated, { batch: 2, queue: 2 }));
    const running = [kept.presentation, negated].map((presentation) => post(verifier, presentation));
    await isWaiting();
    const held = [kept.presentation, kept.presentation].map((presentation) => post(verifier, presentation));
    await isWaiting();
    const refused = await post(verifier, kept.presentation);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await problemOf(refused)).toEqual({ status: 503, code: 'verifier_busy' });
    open();
    const answers = await Promise.all(
      [...running, ...held].map(async (response) => (await response).json() as Promise<unknown>),
    );
    expect(answers).toMatchObject([{ ok: true }, { ok: false }, { ok: true }, { ok: true }]);
    expect(await (await post(verifier, kept.presentation)).json()).toMatchObject({ ok: true });
  });

  it('are refused before anything is looked up, those of backends and of wallets alike', async () => {
    const verifier = await verifierOf(createCollector(gated), { mostUnderWay: 2 });
    const held = [kept.presentation, negated].map((presentation) => post(verifier, presentation));
    await isWaiting();
    expect(await problemOf(await post(verifier, kept.presentation))).toEqual({ status: 503, code: 'verifier_busy' });
    // Beginning is no such work.
    const { request } = await begin(verifier, { ask: { age_over: 18 } });
    const unknown = { ...request, state: 'no-such-state' };
    const refused = await answer(verifier, unknown, kept.presentation);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await problemOf(refused)).toEqual({ status: 503, code: 'verifier_busy' });
    open();
    expect(await Promise.all(held.map(async (one) => (await one).status))).toEqual([200, 200]);
    expect(await problemOf(await answer(verifier, unknown, kept.presentation))).toMatchObject({
      code: 'request_unknown',
    });
    expect(await (await post(verifier, kept.presentation)).json()).toMatchObject({ ok: true });
  });

  it('can answer the same request later, however often they were told so', async () => {
    const collector = createCollector(gated, { batch: 1, queue: 1 });
    const verifier = await startVerifier({ roots: [holder.root], checkProof: collector.checkProof });
    opened.push(verifier, collector);
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => begin(verifier, { ask: { age_over: 18 } })));
    if (one === undefined || two === undefined || three === undefined) return expect.fail();
    const presentation = await present(holder, three.request);
    const wrong = [one, two].map(({ request }) => answer(verifier, request, presentation));
    await isWaiting();
    for (let i = 0; i < 12; i++) {
      const response = await answer(verifier, three.request, presentation);
      // Wallets are pages of another origin: they may read when to come back.
      expect(response.headers.get('access-control-expose-headers')).toContain('Retry-After');
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await problemOf(response)).toEqual({ status: 503, code: 'verifier_busy' });
    }
    open();
    for (const response of wrong) {
      expect(await problemOf(await response)).toEqual({ status: 422, code: 'proof_invalid' });
    }
    expect((await answer(verifier, three.request, presentation)).status).toBe(200);
  });
});
