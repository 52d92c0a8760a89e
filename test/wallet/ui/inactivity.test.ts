// SPDX-License-Identifier: GPL-3.0-or-later
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { holdUnlocked, LOCK_AFTER_MS, LOCK_BUSY_AFTER_MS, watchInactivity } from '../../../src/wallet/ui/inactivity.ts';

const LOOK_MS = 5_000;

let page: EventTarget;
let locked: number;
let ends: (() => void)[];

beforeEach(() => {
  vi.useFakeTimers();
  page = new EventTarget();
  vi.stubGlobal('window', page);
  vi.stubGlobal('document', new EventTarget());
  locked = 0;
  ends = [watchInactivity(() => (locked += 1))];
});
afterEach(() => {
  ends.forEach((end) => end());
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const hold = (): (() => void) => {
  const letGo = holdUnlocked();
  ends.push(letGo);
  return letGo;
};

describe('the lock by inactivity', () => {
  it('comes once the time is over, and from the last touch', () => {
    vi.advanceTimersByTime(LOCK_AFTER_MS - LOOK_MS);
    page.dispatchEvent(new Event('pointerdown'));
    vi.advanceTimersByTime(LOCK_AFTER_MS - LOOK_MS);
    expect(locked).toBe(0);
    vi.advanceTimersByTime(LOOK_MS);
    expect(locked).toBe(1);
  });

  it('comes later while something is under way, but comes', () => {
    hold();
    vi.advanceTimersByTime(LOCK_BUSY_AFTER_MS - LOOK_MS);
    expect(locked).toBe(0);
    vi.advanceTimersByTime(LOOK_MS);
    expect(locked).toBe(1);
  });

  it('counts anew from the end of what was under way, which ends once', () => {
    const [first, second] = [hold(), hold()];
    vi.advanceTimersByTime(2 * LOCK_AFTER_MS);
    first();
    first();
    vi.advanceTimersByTime(2 * LOCK_AFTER_MS);
    expect(locked).toBe(0);
    second();
    vi.advanceTimersByTime(LOCK_AFTER_MS - LOOK_MS);
    expect(locked).toBe(0);
    vi.advanceTimersByTime(LOOK_MS);
    expect(locked).toBe(1);
  });

  it('is there before the touch of whoever wakes the device', () => {
    vi.setSystemTime(Date.now() + LOCK_BUSY_AFTER_MS);
    hold();
    page.dispatchEvent(new Event('keydown'));
    expect(locked).toBe(1);
  });
});
