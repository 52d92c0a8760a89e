// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import {
  ACTION_SECONDS,
  ACTIONS,
  checkTimes,
  CLOCK_TOLERANCE_MS,
  drawChallenge,
  type LivenessChallenge,
  SEQUENCES,
  UPLOAD_SECONDS,
} from '../../src/issuer/liveness_challenge.ts';
import { type FramePlace, MIN_STEP_FRAMES, STEP_TOLERANCE_MS } from '../../src/protocol/liveness.ts';

const NOW = Date.UTC(2026, 10, 24);
const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

describe('sequences', () => {
  it('are 22: no action twice in a row, a turn and a blink in each', () => {
    expect(SEQUENCES).toHaveLength(22);
    expect(new Set(SEQUENCES.map((sequence) => sequence.join())).size).toBe(22);
    for (const sequence of SEQUENCES) {
      expect(sequence).toHaveLength(ACTIONS);
      expect(sequence.every((action, i) => action !== sequence[i - 1])).toBe(true);
      expect(sequence).toContain('blink');
      expect(sequence.some((action) => action.startsWith('turn_'))).toBe(true);
    }
  });

  it('begin with a look ahead and are drawn with equal chances', () => {
    const drawn = new Map<string, number>();
    const rounds = 2200;
    for (let i = 0; i < rounds; i++) {
      const { steps } = drawChallenge(random, NOW);
      expect(steps[0]?.action).toBe('look_ahead');
      const key = steps
        .slice(1)
        .map(({ action }) => action)
        .join();
      drawn.set(key, (drawn.get(key) ?? 0) + 1);
    }
    expect(drawn.size).toBe(22);
    // 100 each are expected; seven standard deviations.
    for (const count of drawn.values()) expect(Math.abs(count - 100)).toBeLessThan(70);
  });

  it('draw bytes again that would make some likelier', () => {
    const bytes = [255, 242, 241];
    const { steps } = drawChallenge(
      (length) => (length === 1 ? Uint8Array.of(bytes.shift() ?? 0) : random(length)),
      NOW,
    );
    expect(bytes).toEqual([]);
    expect(steps.slice(1).map(({ action }) => action)).toEqual(SEQUENCES[241 % 22]);
  });
});

describe('the times of a capture', () => {
  const challenge: LivenessChallenge = {
    ...drawChallenge(random, NOW),
    steps: (['look_ahead', 'turn_left', 'blink'] as const).map((action) => ({
      action,
      seconds: ACTION_SECONDS[action],
    })),
  };
  const places: readonly FramePlace[] = [
    [0, 0],
    [0, 1000],
    [1, 2500],
    [1, 4000],
    [2, 5500],
    [2, 6500],
    [2, 7500],
  ].map(([step = 0, at = 0]) => ({ step, at }));
  const check = (
    frames = places,
    now = NOW + 9000,
    id = challenge.id,
    of: LivenessChallenge | undefined = challenge,
  ) => {
    checkTimes(of, { challenge: id, frames }, now);
  };
  const code = (name: string) => expect.objectContaining({ code: name }) as Error;

  it('are right in order and in time', () => {
    expect(() => check()).not.toThrow();
    // Whoever is faster than asked is as welcome.
    expect(() => check(places.map((place, at) => ({ ...place, at })))).not.toThrow();
  });

  it('belong to one challenge', () => {
    expect(() => check(places, NOW + 9000, 'another')).toThrow(code('liveness_unknown'));
    expect(() => checkTimes(undefined, { challenge: challenge.id, frames: places }, NOW)).toThrow(
      code('liveness_unknown'),
    );
  });

  it('end by the clock of the issuer', () => {
    const end = drawChallenge(random, NOW);
    expect(end.expiresAt).toBe(NOW + (2 + ACTIONS * 3 + UPLOAD_SECONDS) * 1000);
    expect(() => check(places, challenge.expiresAt - 1)).not.toThrow();
    expect(() => check(places, challenge.expiresAt)).toThrow(code('liveness_expired'));
  });

  it('are not from the future', () => {
    expect(() => check(places, NOW + 7500 - CLOCK_TOLERANCE_MS)).not.toThrow();
    expect(() => check(places, NOW + 7500 - CLOCK_TOLERANCE_MS - 1)).toThrow(code('liveness_out_of_order'));
  });

  it('do not exceed a step, counted from the first picture', () => {
    // The third step ends 8 s after the first picture, wherever that is.
    const last = places.map((place, i) => (i === 6 ? { ...place, at: 8000 + STEP_TOLERANCE_MS } : place));
    expect(() => check(last, NOW + 20_000)).not.toThrow();
    const beyond = places.map((place, i) => (i === 6 ? { ...place, at: 8001 + STEP_TOLERANCE_MS } : place));
    expect(() => check(beyond, NOW + 20_000)).toThrow(code('liveness_out_of_order'));
  });

  it('rise, step by step, with enough pictures for each', () => {
    const swapped = [places[0], places[2], places[1], ...places.slice(3)] as FramePlace[];
    expect(() => check(swapped)).toThrow(code('liveness_out_of_order'));
    expect(() => check(places.map((place, i) => (i === 3 ? { ...place, at: 2500 } : place)))).toThrow(
      code('liveness_out_of_order'),
    );
    for (const [step, action] of (['look_ahead', 'turn_left', 'blink'] as const).entries()) {
      const own = places.filter((place) => place.step === step);
      expect(own).toHaveLength(MIN_STEP_FRAMES[action]);
      expect(() => check(places.filter((place) => place !== own[0]))).toThrow(code('liveness_out_of_order'));
    }
    expect(() => check([...places, { step: 3, at: 7600 }])).toThrow(code('liveness_out_of_order'));
    expect(() => check([])).toThrow(code('liveness_out_of_order'));
  });
});
