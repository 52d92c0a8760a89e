// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { FaceMemory, REMEMBERED_FRAMES, REMEMBERED_MS, REMEMBERED_PEOPLE } from '../../src/issuer/face_memory.ts';
import type { LivenessStep } from '../../src/protocol/liveness.ts';

const memory = (): FaceMemory => new FaceMemory((length) => crypto.getRandomValues(new Uint8Array(length)));
const blink: readonly LivenessStep[] = [{ action: 'blink', seconds: 1 }];
const turn: readonly LivenessStep[] = [{ action: 'turn_left', seconds: 1 }];
const picture = (number: number): Uint8Array => new Uint8Array(Uint32Array.of(number).buffer);

describe('the memory of captures', () => {
  it('keeps a sequence until it is answered, or for a day', () => {
    const kept = memory();
    expect(kept.stepsFor('a', 0, () => blink)).toBe(blink);
    expect(kept.stepsFor('a', REMEMBERED_MS - 1, () => turn)).toBe(blink);
    expect(kept.stepsFor('b', 1, () => turn)).toBe(turn);
    kept.take('b', []);
    expect(kept.stepsFor('b', 2, () => blink)).toBe(blink);
    expect(kept.stepsFor('a', REMEMBERED_MS, () => turn)).toBe(turn);
  });

  it('has room for so many people and pictures, and forgets the oldest', () => {
    const kept = memory();
    for (let i = 0; i <= REMEMBERED_PEOPLE; i++) kept.stepsFor(String(i), 0, () => blink);
    expect(kept.stepsFor(String(REMEMBERED_PEOPLE), 0, () => turn)).toBe(blink);
    expect(kept.stepsFor('0', 0, () => turn)).toBe(turn);
    for (let i = 0; i <= REMEMBERED_FRAMES; i++) kept.take('a', [picture(i)]);
    expect(kept.knows([picture(0)])).toBe(false);
    expect(kept.knows([picture(0), picture(1)])).toBe(true);
    expect(kept.knows([picture(REMEMBERED_FRAMES)])).toBe(true);
  });
});
