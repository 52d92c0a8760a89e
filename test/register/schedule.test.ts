// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activeFrom, isDue, type LatestCut, type Schedule } from '../../src/register/schedule.ts';
import { shuffle } from '../../src/register/shuffle.ts';

const SCHEDULE: Schedule = { epochSeconds: 100, turn: 'schedule' };
const ON_DEMAND: Schedule = { epochSeconds: 100, turn: 'on_demand' };

describe('on schedule', () => {
  it('cuts at each multiple, waiting or not, to be active at the next', () => {
    const latest = { activeFrom: 1000, cutAt: 900 };
    expect(isDue(SCHEDULE, latest, 999.999, true)).toBe(false);
    expect(isDue(SCHEDULE, latest, 1000, false)).toBe(true);
    expect(activeFrom(SCHEDULE, latest, 1000)).toBe(1100);
    expect(activeFrom(SCHEDULE, latest, 1050)).toBe(1100);
  });

  it('gives a late cut an epoch more, and skips the cut in between', () => {
    const latest = { activeFrom: 1000, cutAt: 900 };
    expect(activeFrom(SCHEDULE, latest, 1050.5)).toBe(1200);
    const late = { activeFrom: 1200, cutAt: 1050 };
    expect(isDue(SCHEDULE, late, 1100, true)).toBe(false);
    expect(isDue(SCHEDULE, late, 1200, true)).toBe(true);
  });

  it('begins with a checkpoint that is active at once, and cuts again at the next multiple', () => {
    expect(isDue(SCHEDULE, undefined, 1030.5, false)).toBe(true);
    expect(activeFrom(SCHEDULE, undefined, 1030.5)).toBe(1030);
    const first = { activeFrom: 1030, cutAt: 1030 };
    expect(isDue(SCHEDULE, first, 1099, true)).toBe(false);
    expect(isDue(SCHEDULE, first, 1100, true)).toBe(true);
  });
});

describe('on demand', () => {
  it('cuts when something waits and nothing is next, to be active an epoch later', () => {
    const latest = { activeFrom: 1000, cutAt: 900 };
    expect(isDue(ON_DEMAND, latest, 1000, false)).toBe(false);
    expect(isDue(ON_DEMAND, latest, 999.9, true)).toBe(false);
    expect(isDue(ON_DEMAND, latest, 1000, true)).toBe(true);
    expect(activeFrom(ON_DEMAND, latest, 1000.2)).toBe(1101);
  });
});

describe('every register', () => {
  it('has at most one next checkpoint, and one that becomes active later than the last', () => {
    const steps = fc.array(fc.tuple(fc.double({ min: 0, max: 400, noNaN: true }), fc.boolean()), { maxLength: 40 });
    fc.assert(
      fc.property(
        steps,
        fc.constantFrom(SCHEDULE, ON_DEMAND),
        fc.integer({ min: 1, max: 200 }),
        (walk, kind, length) => {
          const schedule = { ...kind, epochSeconds: length };
          let now = 10_000;
          let latest: LatestCut | undefined;
          for (const [step, waiting] of walk) {
            now += step;
            if (isDue(schedule, latest, now, waiting)) {
              const from = activeFrom(schedule, latest, now);
              if (latest !== undefined) {
                expect(latest.activeFrom).toBeLessThanOrEqual(now);
                expect(from).toBeGreaterThan(latest.activeFrom);
                expect(from).toBeGreaterThanOrEqual(now + (schedule.turn === 'schedule' ? length / 2 : length));
                expect(from).toBeLessThan(now + 1.5 * length + 1);
              }
              latest = { activeFrom: from, cutAt: Math.floor(now) };
            }
          }
        },
      ),
    );
  });
});

describe('the shuffle', () => {
  /** Bytes of a counter through a small generator: any sequence will do. */
  function bytes(seed: number): (length: number) => Uint8Array {
    let state = seed + 1;
    return (length) =>
      Uint8Array.from({ length }, () => {
        state = (state * 48_271) % 2_147_483_647;
        return state >> 16;
      });
  }

  it('permutes without changing its argument', () => {
    const items = Object.freeze(Array.from({ length: 100 }, (_, i) => i));
    const shuffled = shuffle(items, bytes(1));
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
    expect(shuffle([], bytes(1))).toEqual([]);
    expect(shuffle(['a'], bytes(1))).toEqual(['a']);
  });

  it('makes all orders of three equally likely', () => {
    const random = bytes(7);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = shuffle(['a', 'b', 'c'], random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) {
      expect(count).toBeGreaterThan(850);
      expect(count).toBeLessThan(1150);
    }
  });

  it('draws again where a remainder would favour small numbers', () => {
    // 2^32 mod 3 = 1: the draw 0xffffffff is not used.
    const draws = [Uint8Array.of(255, 255, 255, 255), Uint8Array.of(0, 0, 0, 1), Uint8Array.of(0, 0, 0, 1)];
    expect(shuffle(['a', 'b', 'c'], () => draws.shift() ?? new Uint8Array(4))).toEqual(['a', 'c', 'b']);
    expect(draws).toHaveLength(0);
  });
});
