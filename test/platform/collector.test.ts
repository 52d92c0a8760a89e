// SPDX-License-Identifier: GPL-3.0-or-later
/** How proofs become batches, by a verifier that waits until it is told to answer. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BatchVerifier, createLocalVerifier, type JudgedBatch } from '../../src/platform/batch_verifier.ts';
import {
  type CheckedProof,
  type Collector,
  COLLECTOR_LIMITS,
  type CollectorLimits,
  createCollector,
} from '../../src/platform/collector.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { toField } from '../../src/protocol/field.ts';
import type { Groth16Proof } from '../../src/protocol/presentation.ts';
import type { BatchItem, Verdict } from '../../src/verifying/batch.ts';
import { keptPresentation } from '../fixtures/read.ts';
import { ATTACKS, type Good } from '../verifying/attacks.ts';
import { manifest, secureRandom, showKey, showVkey } from './fixtures.ts';

/** Proofs by number: what a proof is does not matter to the collector. */
const numbered = (n: number): BatchItem => ({ signals: [toField(BigInt(n))], proof: {} as Groth16Proof });
const numberOf = ({ signals }: BatchItem): number => Number(signals[0]);

/** A verifier whose batches are answered by hand. */
class Hand implements BatchVerifier {
  readonly lanes: number;
  readonly batches: { readonly numbers: number[]; answer(of?: (n: number) => Verdict): void; fail(): void }[] = [];
  isClosed = false;

  constructor(lanes = 1) {
    this.lanes = lanes;
  }

  judge(items: readonly BatchItem[]): Promise<JudgedBatch> {
    const numbers = items.map(numberOf);
    return new Promise((resolve, reject) => {
      this.batches.push({
        numbers,
        answer: (of = () => true) => {
          resolve({ verdicts: numbers.map(of), cpuMs: 10 });
        },
        fail: () => {
          reject(new ProtocolError('verifier_unavailable', 'told to fail'));
        },
      });
    });
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  get sizes(): number[] {
    return this.batches.map(({ numbers }) => numbers.length);
  }
}

let hand: Hand;
let collector: Collector;
const make = (limits: Partial<CollectorLimits> = {}, lanes = 1): void => {
  hand = new Hand(lanes);
  collector = createCollector(hand, limits);
};
const check = (n: number): Promise<CheckedProof> => {
  const { signals, proof } = numbered(n);
  const checked = collector.checkProof(signals, proof);
  checked.catch(() => undefined);
  return checked;
};
const checkMany = (count: number, from = 0): Promise<CheckedProof>[] =>
  Array.from({ length: count }, (_, i) => check(from + i));

beforeEach(() => {
  vi.useFakeTimers();
  make();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a batch', () => {
  it('is what arrives within the window of its first proof, which waits no longer', async () => {
    void check(0);
    await vi.advanceTimersByTimeAsync(2);
    void check(1);
    expect(hand.batches).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(hand.batches.map(({ numbers }) => numbers)).toEqual([[0, 1]]);
  });

  it('has one proof where no other comes', async () => {
    const lone = check(7);
    await vi.advanceTimersByTimeAsync(COLLECTOR_LIMITS.window);
    hand.batches[0]?.answer();
    expect(await lone).toEqual({ holds: true, cpuMs: 10 });
  });

  it('is handed over at once when it is full, and a proof behind it has a window of its own', async () => {
    void checkMany(65);
    expect(hand.sizes).toEqual([64]);
    hand.batches[0]?.answer();
    await vi.advanceTimersByTimeAsync(2);
    expect(hand.sizes).toEqual([64]);
    await vi.advanceTimersByTimeAsync(1);
    expect(hand.sizes).toEqual([64, 1]);
  });

  it('goes on collecting while no lane is free, and then waits no longer', async () => {
    void checkMany(3);
    await vi.advanceTimersByTimeAsync(3);
    void checkMany(20, 3);
    await vi.advanceTimersByTimeAsync(100);
    void checkMany(1, 23);
    expect(hand.sizes).toEqual([3]);
    hand.batches[0]?.answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(hand.sizes).toEqual([3, 21]);
  });

  it('is divided among free lanes, but not below what is worth a batch', async () => {
    make({ window: 3, batch: 64, share: 8 }, 2);
    void checkMany(10);
    await vi.advanceTimersByTimeAsync(3);
    expect(hand.sizes).toEqual([8, 2]);
    make({ window: 3, batch: 64, share: 8 }, 2);
    void checkMany(40);
    await vi.advanceTimersByTimeAsync(3);
    expect(hand.sizes).toEqual([20, 20]);
    make({ window: 3, batch: 64, share: 8 }, 2);
    void checkMany(5);
    await vi.advanceTimersByTimeAsync(3);
    expect(hand.sizes).toEqual([5]);
  });

  it('never exceeds the largest, nor the lanes', async () => {
    make({}, 2);
    void checkMany(64);
    void checkMany(300, 64);
    await vi.advanceTimersByTimeAsync(3);
    for (let answered = 0; answered < hand.batches.length; answered++) {
      expect(hand.batches.length - answered).toBeLessThanOrEqual(2);
      hand.batches[answered]?.answer();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(Math.max(...hand.sizes)).toBeLessThanOrEqual(64);
    expect(hand.batches.flatMap(({ numbers }) => numbers).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 364 }, (_, i) => i),
    );
  });
});

describe('a verdict', () => {
  it('is that of its own proof, with its part of the cost, whatever its neighbours get', async () => {
    const checked = checkMany(4);
    await vi.advanceTimersByTimeAsync(3);
    const verdicts: Verdict[] = [true, false, new ProtocolError('proof_malformed', 'of this proof'), true];
    hand.batches[0]?.answer((n) => verdicts[n] ?? false);
    expect(await Promise.allSettled(checked)).toMatchObject([
      { status: 'fulfilled', value: { holds: true, cpuMs: 2.5 } },
      { status: 'fulfilled', value: { holds: false, cpuMs: 2.5 } },
      { status: 'rejected', reason: { code: 'proof_malformed' } },
      { status: 'fulfilled', value: { holds: true, cpuMs: 2.5 } },
    ]);
  });

  it('leaves the event loop several turns before the next, to let callers in', async () => {
    vi.useRealTimers();
    let turn = 0;
    let isCounting = true;
    const count = (): void => {
      turn++;
      if (isCounting) setImmediate(count);
    };
    const told = checkMany(COLLECTOR_LIMITS.batch).map((checked) => checked.then(() => turn));
    setImmediate(count);
    hand.batches[0]?.answer();
    const turns = await Promise.all(told);
    isCounting = false;
    expect(turns.slice(1).map((at, i) => at - (turns[i] ?? Number.NaN))).toEqual(Array.from({ length: 63 }, () => 4));
  });

  it('that is missing is no acceptance', async () => {
    const verifier = new Hand();
    verifier.judge = () => Promise.resolve({ verdicts: [true], cpuMs: 1 });
    collector = createCollector(verifier);
    const [first, second] = checkMany(2);
    await vi.advanceTimersByTimeAsync(3);
    expect(await first).toMatchObject({ holds: true });
    await expect(second).rejects.toThrow('no verdict');
  });

  it('that cannot be had fails its batch, and not the next', async () => {
    const [lost] = checkMany(1);
    await vi.advanceTimersByTimeAsync(3);
    const later = check(1);
    hand.batches[0]?.fail();
    await expect(lost).rejects.toMatchObject({ code: 'verifier_unavailable' });
    await vi.advanceTimersByTimeAsync(3);
    hand.batches[1]?.answer();
    expect(await later).toMatchObject({ holds: true });
  });
});

describe('the queue', () => {
  it('holds so many and refuses the next at once; what it holds is judged', async () => {
    make({ batch: 4, queue: 6 });
    const running = checkMany(4);
    const held = checkMany(6, 4);
    await expect(check(10)).rejects.toMatchObject({ code: 'verifier_busy' });
    hand.batches[0]?.answer();
    await vi.advanceTimersByTimeAsync(0);
    const late = check(11);
    for (const i of [1, 2]) {
      hand.batches[i]?.answer();
      await vi.advanceTimersByTimeAsync(3);
    }
    const all = await Promise.all([...running, ...held, late]);
    expect(all.every(({ holds }) => holds)).toBe(true);
    expect(hand.batches.map(({ numbers }) => numbers)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 11],
    ]);
  });

  it('is emptied with an error when the collector closes, and takes nothing afterwards', async () => {
    const running = check(0);
    await vi.advanceTimersByTimeAsync(3);
    const held = check(1);
    await collector.close();
    expect(hand.isClosed).toBe(true);
    await expect(held).rejects.toMatchObject({ code: 'verifier_unavailable' });
    await expect(check(2)).rejects.toMatchObject({ code: 'verifier_unavailable' });
    hand.batches[0]?.answer();
    expect(await running).toMatchObject({ holds: true });
    await vi.advanceTimersByTimeAsync(10);
    expect(hand.sizes).toEqual([1]);
  });
});

describe('over a real verifier', () => {
  it('every attack is refused as it is alone, and the good proofs between them are not', async () => {
    vi.useRealTimers();
    const keptUnder = (name: string): Good => ({ ...keptPresentation(manifest.version, name), vkey: showVkey });
    const [good, other] = [keptUnder('account'), keptUnder('action')];
    const real = createCollector(createLocalVerifier(await showKey(), secureRandom));
    const items = ATTACKS.flatMap(({ of, refusal }) => [
      { item: of(good), expected: refusal },
      { item: other, expected: true },
    ]);
    const outcomes = await Promise.all(
      items.map(({ item: { signals, proof } }) =>
        real.checkProof(signals, proof).then(
          ({ holds }) => holds,
          (error: unknown) => (error as ProtocolError).code,
        ),
      ),
    );
    expect(outcomes).toEqual(items.map(({ expected }) => expected));
    await real.close();
  });
});
