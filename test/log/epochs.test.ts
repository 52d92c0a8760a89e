// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { type Checkpoint, reasonCounts } from '../../src/log/checkpoint.ts';
import { acceptedCheckpoints, type Acceptance, sortEpochs } from '../../src/log/epochs.ts';
import { entryHash } from '../../src/log/merkle.ts';
import { toField } from '../../src/protocol/field.ts';

const START = 1_790_000_000;
const EPOCH = 21_600;

/** Checkpoint of an epoch: sizes 10, 20, …; active from START + epoch * EPOCH. */
function checkpoint(epoch: number, change: Partial<Checkpoint> = {}): Checkpoint {
  return {
    origin: 'register.test/v1',
    size: 10 * (epoch + 1),
    rootHash: entryHash(String(epoch)),
    epoch,
    activeFrom: START + epoch * EPOCH,
    presentationRoot: toField(BigInt(1000 + epoch)),
    counts: { issued: 0, revoked: 0, active: 0, announced: 0, resets: 0, replaced: 0 },
    reasons: reasonCounts(),
    ...change,
  };
}

const CHAIN = [0, 1, 2, 3].map((epoch) => checkpoint(epoch));

/** Epochs accepted so many milliseconds after epoch 2 became active. */
function accepted(after: number, acceptance?: Acceptance, chain = CHAIN): readonly number[] {
  const now = (START + 2 * EPOCH) * 1000 + after;
  return acceptedCheckpoints(chain, now, acceptance).map(({ epoch }) => epoch);
}

describe('accepted checkpoints', () => {
  it('are the active, the next, and for ten minutes the previous', () => {
    expect(accepted(-1)).toEqual([1, 2]);
    expect(accepted(0)).toEqual([2, 3, 1]);
    expect(accepted(1)).toEqual([2, 3, 1]);
    expect(accepted(600_000 - 1)).toEqual([2, 3, 1]);
    expect(accepted(600_000)).toEqual([2, 3]);
    expect(accepted(EPOCH * 1000 - 1)).toEqual([2, 3]);
    expect(accepted(EPOCH * 1000)).toEqual([3, 2]);
    expect(accepted(EPOCH * 1000 + 600_000)).toEqual([3]);
  });

  it('hold no previous for a step-up or without grace', () => {
    expect(accepted(0, { stepUp: true })).toEqual([2, 3]);
    expect(accepted(0, { graceSeconds: 0 })).toEqual([2, 3]);
    expect(accepted(59_999, { graceSeconds: 60 })).toEqual([2, 3, 1]);
    expect(accepted(60_000, { graceSeconds: 60 })).toEqual([2, 3]);
  });

  it('never reach further than one epoch ahead or behind', () => {
    expect(accepted(-EPOCH * 1000)).toEqual([1, 2, 0]);
    expect(accepted(-2 * EPOCH * 1000)).toEqual([0, 1]);
    expect(accepted(-2 * EPOCH * 1000 - 1)).toEqual([0]);
    expect(accepted(0, {}, [])).toEqual([]);
  });

  it('do not depend on the order or on repetition', () => {
    expect(accepted(0, {}, [...CHAIN, ...CHAIN].reverse())).toEqual([2, 3, 1]);
  });

  it('name the active one', () => {
    expect(sortEpochs(CHAIN, START * 1000 - 1).active).toBeUndefined();
    expect(sortEpochs(CHAIN, START * 1000).active?.epoch).toBe(0);
    expect(sortEpochs(CHAIN, (START + 9 * EPOCH) * 1000).active?.epoch).toBe(3);
  });
});

describe('contradictions of a register', () => {
  it('do not include an epoch in which nothing happened', () => {
    const quiet = checkpoint(1, { size: 10, rootHash: entryHash('0'), presentationRoot: toField(1000n) });
    expect(sortEpochs([checkpoint(0), quiet], START * 1000).next).toEqual(quiet);
  });

  it.each([
    ['a second root for an epoch', checkpoint(2, { presentationRoot: toField(5n) })],
    ['a second log for an epoch', checkpoint(2, { rootHash: entryHash('forked') })],
    ['a second size for an epoch', checkpoint(2, { size: 31 })],
    ['a second time for an epoch', checkpoint(2, { activeFrom: START + 2 * EPOCH + 1 })],
    ['a smaller log later', checkpoint(4, { size: 39 })],
    [
      'an other root for one size',
      checkpoint(4, { size: 40, presentationRoot: toField(5n), rootHash: entryHash('3') }),
    ],
    ['an other log of one size', checkpoint(4, { size: 40, presentationRoot: toField(1003n) })],
    ['a later epoch that is active at the same time', checkpoint(4, { activeFrom: START + 3 * EPOCH })],
    ['another origin', checkpoint(2, { origin: 'other.test/v1' })],
  ])('are found: %s', (_, extra) => {
    for (const chain of [
      [...CHAIN, extra],
      [extra, ...CHAIN],
    ]) {
      expect(() => acceptedCheckpoints(chain, START * 1000)).toThrow(
        expect.objectContaining({ code: 'checkpoint_second_root' }) as Error,
      );
    }
  });
});
