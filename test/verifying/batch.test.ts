// SPDX-License-Identifier: GPL-3.0-or-later
import { webcrypto } from 'node:crypto';
import { bn254 } from '@noble/curves/bn254.js';
import fc from 'fast-check';
import * as mcl from 'mcl-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesToInteger } from '../../src/protocol/field.ts';
import { type BatchItem, judgeBatch, verifyBatch } from '../../src/verifying/batch.ts';
import { verifyProof, type VerificationKey } from '../../src/verifying/groth16.ts';
import { keptPresentation, presentationNames } from '../fixtures/read.ts';
import { manifest, seededRandom, showKey, showVkey } from '../platform/fixtures.ts';
import { ATTACKS, type Good } from './attacks.ts';
import { fromG1, type G1, rerandomize, toG1 } from './points.ts';

const secure = (length: number): Uint8Array => webcrypto.getRandomValues(new Uint8Array(length));
const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** Good proofs of different statements. */
const pool: readonly Good[] = presentationNames(manifest.version).map((name) => {
  const { signals, proof } = keptPresentation(manifest.version, name);
  return { signals, proof, vkey: showVkey };
});
const [first, second] = pool as readonly [Good, Good];

let key: VerificationKey;
beforeAll(async () => {
  key = await showKey();
});

/** A proof with a point added to its C, which holds no longer. */
const shifted = ({ signals, proof }: BatchItem, by: G1): BatchItem => ({
  signals,
  proof: { ...proof, pi_c: fromG1(toG1(proof.pi_c).add(by)) },
});

const single = ({ signals, proof }: BatchItem): Promise<boolean> =>
  verifyProof(key, signals, proof).catch((error: unknown) => {
    expect(error).toHaveProperty('code');
    return false;
  });

describe('verifyBatch', () => {
  it('accepts good proofs of different statements, and nothing at all', async () => {
    expect(pool.length).toBeGreaterThan(3);
    expect(await verifyBatch(key, pool, secure)).toEqual(pool.map(() => true));
    expect(await verifyBatch(key, [], secure)).toEqual([]);
  });

  it('gives the verdicts of single verification, in order, whatever stands beside what', async () => {
    const candidate = fc
      .tuple(fc.nat(), fc.oneof(fc.constant(undefined), fc.nat()), fc.bigInt({ min: 1n, max: 1n << 64n }))
      .map(([at, attack, k]): BatchItem => {
        const good = pool[at % pool.length] ?? first;
        const again = { ...good, proof: rerandomize(good.proof, k) };
        return attack === undefined ? again : (ATTACKS[attack % ATTACKS.length]?.of(again) ?? again);
      });
    const met = { good: 0, bad: 0 };
    const property = fc.asyncProperty(fc.array(candidate, { maxLength: 7 }), async (items) => {
      const expected = await Promise.all(items.map(single));
      expected.forEach((isGood) => met[isGood ? 'good' : 'bad']++);
      expect(await verifyBatch(key, items, secure)).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 20 });
    expect(Math.min(met.good, met.bad)).toBeGreaterThan(5);
  });

  it.each(ATTACKS)('$name: refused, and its neighbours are not', async ({ of }) => {
    expect(await verifyBatch(key, [first, of(first), second], secure)).toEqual([true, false, true]);
  });

  it('refuses every attack at once, and not the good proofs between them', async () => {
    const items = ATTACKS.flatMap(({ of }, i) => (i % 4 === 0 ? [first, of(second)] : [of(first)]));
    const verdicts = await verifyBatch(key, items, secure);
    expect(verdicts).toEqual(items.map((item) => item === first));
    expect(verdicts.filter((isGood) => !isGood)).toHaveLength(ATTACKS.length);
  });

  it('finds bad proofs at whatever places of a batch', async () => {
    const bad = shifted(first, bn254.G1.Point.BASE);
    const places = fc.uniqueArray(fc.nat({ max: 12 }), { minLength: 1, maxLength: 13 });
    const property = fc.asyncProperty(places, async (at) => {
      const items = Array.from({ length: 13 }, (_, i) => (at.includes(i) ? bad : second));
      expect(await verifyBatch(key, items, secure)).toEqual(items.map((item) => item === second));
    });
    await fc.assert(property, { numRuns: 15 });
  });

  it('takes more proofs than mcl adds up at once', async () => {
    const items = Array.from({ length: 260 }, (_, i) => (i === 258 ? shifted(first, bn254.G1.Point.BASE) : first));
    expect(await verifyBatch(key, items, secure)).toEqual(items.map((item) => item === first));
  });

  it('says why, where it is asked', async () => {
    const items = [first, ...ATTACKS.map(({ of }) => of(first))];
    const verdicts = await judgeBatch(key, items, secure);
    const codes = verdicts.map((verdict) => (typeof verdict === 'boolean' ? verdict : verdict.code));
    expect(codes).toEqual([true, ...ATTACKS.map(({ refusal }) => refusal)]);
  });

  it("checks the order of B itself, whatever mcl's flag says", async () => {
    mcl.verifyOrderG2(false);
    try {
      const outside = ATTACKS.filter(({ name }) => name.includes('order 10069')).map(({ of }) => of(first));
      expect(outside).toHaveLength(3);
      expect(await verifyBatch(key, [...outside, second], secure)).toEqual([false, false, false, true]);
    } finally {
      mcl.verifyOrderG2(true);
    }
  });
});

describe('weights', () => {
  const d = bn254.G1.Point.BASE.multiply(5n);

  it('are drawn once, after every proof is read, 16 bytes for each that is well formed', async () => {
    const events: string[] = [];
    const watched = (item: BatchItem): BatchItem => ({
      signals: item.signals,
      get proof() {
        events.push('read');
        return item.proof;
      },
    });
    const malformed = { ...first, proof: { ...first.proof, pi_a: ['1', '3', '1'] } } as BatchItem;
    await verifyBatch(key, [first, malformed, second].map(watched), (length) => {
      events.push(`drawn ${String(length)}`);
      return secure(length);
    });
    expect(events).toEqual(['read', 'read', 'read', 'drawn 32']);
    events.length = 0;
    expect(await verifyBatch(key, [malformed].map(watched), () => expect.fail('drawn for nothing'))).toEqual([false]);
  });

  it('refuse two errors that cancel under equal weights', async () => {
    const [less, more] = [shifted(first, d.negate()), shifted(second, d)];
    const sumOfC = (...items: BatchItem[]): G1 =>
      items.map(({ proof }) => toG1(proof.pi_c)).reduce((sum, c) => sum.add(c));
    // A, B and the signals are those of good proofs and C counts by its sum alone: equal weights see no difference.
    expect(sumOfC(less, more).equals(sumOfC(first, second))).toBe(true);
    for (let i = 0; i < 8; i++) expect(await verifyBatch(key, [less, more], secure)).toEqual([false, false]);
    expect(await verifyBatch(key, [less, first, more], secure)).toEqual([false, true, false]);
  });

  it('must be secret: with weights known beforehand, two bad proofs pass', async () => {
    const known = seededRandom('known to everyone');
    const bytes = seededRandom('known to everyone')(32);
    const [z1, z2] = [bytes.subarray(0, 16), bytes.subarray(16)].map((part) => bytesToInteger(part) + 1n);
    const pair = [shifted(first, d.multiply(z2 ?? 0n)), shifted(second, d.multiply(z1 ?? 0n).negate())];
    expect(await Promise.all(pair.map(single))).toEqual([false, false]);
    expect(await verifyBatch(key, pair, known)).toEqual([true, true]);
    expect(await verifyBatch(key, pair, secure)).toEqual([false, false]);
  });

  it('are never zero, under which anything passes', async () => {
    const bad = shifted(first, d);
    expect(await verifyBatch(key, [bad], zeros)).toEqual([false]);
    const onlyFirstZero = (length: number): Uint8Array => new Uint8Array(length).fill(1, 16);
    expect(await verifyBatch(key, [bad, second], onlyFirstZero)).toEqual([false, true]);
  });

  it.each([
    ['repeats itself', zeros],
    ['gives too little', (length: number) => secure(length - 1)],
    ['gives too much', (length: number) => secure(length + 1)],
    ['gives nothing', () => new Uint8Array()],
  ])('are not taken from a source that %s', async (_, random) => {
    await expect(verifyBatch(key, [first, second], random)).rejects.toMatchObject({ code: 'randomness_broken' });
  });
});
