// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { toField } from '../../src/protocol/field.ts';
import type { Random } from '../../src/wallet/environment.ts';
import { planSync, retryPause, syncDue } from '../../src/wallet/schedule.ts';
import { needsSync, type Position, type Positions, type Synced } from '../../src/wallet/synced.ts';

const HOUR = 3_600_000;
const EPOCH = { epochSeconds: 6 * 3600 };
/** When the last known root becomes active. */
const ACTIVE = 1_790_000_000_000;
const MINUTE = 60_000;

const positionFrom = (activeFrom: number): Position => ({
  note: '',
  size: 1,
  epoch: 1,
  activeFrom: activeFrom / 1000,
  root: toField(1n),
  path: [],
});
const POSITIONS: Positions = [positionFrom(ACTIVE)];
const drawn =
  (value: number): Random =>
  (length) =>
    new Uint8Array(length).fill(Math.floor(value * 256));
const plan = (now: number, value: number): number => planSync(POSITIONS, EPOCH, now, drawn(value));
const syncedAt = (at: number, next: number): Synced => ({ positions: POSITIONS, at, bytes: 0, next });

describe('a planned sync', () => {
  it('lies in the epoch in which the next root becomes known, and before the wallet is stale', () => {
    const now = ACTIVE - HOUR;
    for (let i = 0; i < 256; i++) {
      const at = plan(now, i / 256);
      expect(at).toBeGreaterThanOrEqual(ACTIVE + 18 * MINUTE);
      expect(at).toBeLessThan(ACTIVE + 6 * HOUR);
      expect(needsSync({ positions: POSITIONS }, EPOCH, at)).toBe(false);
    }
  });

  it('is spread evenly over the epoch, with none at its turn', () => {
    const hours = new Map<number, number>();
    for (let i = 0; i < 256; i++) {
      const hour = Math.floor((plan(ACTIVE - HOUR, i / 256) - ACTIVE) / HOUR);
      hours.set(hour, (hours.get(hour) ?? 0) + 1);
    }
    expect([...hours.keys()]).toEqual([0, 1, 2, 3, 4, 5]);
    // The first hour lacks the 18 minutes in which the register publishes.
    expect(hours.get(0)).toBeGreaterThan(25);
    for (const hour of [1, 2, 3, 4, 5]) expect(hours.get(hour)).toBeGreaterThan(40);
  });

  it('uses what is left of the epoch, and the one after where nothing is', () => {
    const now = ACTIVE + 3 * HOUR;
    expect(plan(now, 0)).toBeGreaterThanOrEqual(now + 15 * MINUTE);
    expect(plan(now, 255 / 256)).toBeLessThan(ACTIVE + 6 * HOUR);
    const late = ACTIVE + 100 * HOUR;
    expect(plan(late, 0.5)).toBeGreaterThan(late);
    expect(plan(late, 255 / 256)).toBeLessThan(ACTIVE + 102 * HOUR);
  });

  it('is never sooner than a quarter of an hour, however short epochs are', () => {
    for (const value of [0, 0.5, 255 / 256]) {
      const at = planSync(POSITIONS, { epochSeconds: 2 }, ACTIVE + 1, drawn(value));
      expect(at - ACTIVE).toBeGreaterThanOrEqual(15 * MINUTE);
      expect(at - ACTIVE).toBeLessThan(31 * MINUTE);
    }
  });

  it('is due at its time, at once without a sync, and at once when the wallet is stale', () => {
    const synced = syncedAt(ACTIVE - HOUR, ACTIVE + 2 * HOUR);
    expect(syncDue(synced, EPOCH, ACTIVE)).toBe(ACTIVE + 2 * HOUR);
    expect(syncDue(undefined, EPOCH, ACTIVE)).toBe(0);
    expect(syncDue(synced, EPOCH, ACTIVE + 6 * HOUR)).toBe(0);
  });

  it('does not count if a wrong clock made it', () => {
    expect(syncDue(syncedAt(ACTIVE, ACTIVE + 1000 * HOUR), EPOCH, ACTIVE + 1)).toBe(0);
    expect(syncDue(syncedAt(ACTIVE + HOUR, ACTIVE + 2 * HOUR), EPOCH, ACTIVE)).toBe(0);
    for (let i = 0; i < 256; i++) {
      for (const now of [ACTIVE - 12 * HOUR, ACTIVE, ACTIVE + 5.9 * HOUR]) {
        const next = plan(now, i / 256);
        expect(syncDue(syncedAt(now, next), EPOCH, now)).toBe(next);
      }
    }
  });
});

it('pauses after failures grow to an hour, and differ between wallets', () => {
  expect(retryPause(1, drawn(0))).toBe(30_000);
  expect(retryPause(1, drawn(255 / 256))).toBeGreaterThan(89_000);
  expect(retryPause(3, drawn(0.5))).toBeCloseTo(240_000, -4);
  expect(retryPause(40, drawn(255 / 256))).toBeLessThanOrEqual(90 * MINUTE);
});
