// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sequences of actions, drawn for one capture each. A sequence is `look_ahead`, then one drawn with equal
 * chances from all sequences of {@link ACTIONS} turns and blinks in which no action comes twice in a row and
 * both a turn and a blink occur: 22 of them, so a recording of an earlier capture fits one new sequence in 22.
 * docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import {
  type FramePlace,
  type LivenessAction,
  type LivenessStep,
  MIN_STEP_FRAMES,
  STEP_TOLERANCE_MS,
} from '../protocol/liveness.ts';
import { toBase64Url } from '../protocol/scope.ts';

/** Actions after the first look ahead. */
export const ACTIONS = 4;

/** Seconds of each action. */
export const ACTION_SECONDS: Readonly<Record<LivenessAction, number>> = {
  look_ahead: 2,
  turn_left: 3,
  turn_right: 3,
  blink: 3,
};

/** Seconds beside those of the actions until a capture must have arrived: a countdown, and sending it. */
export const UPLOAD_SECONDS = 30;

/** Milliseconds by which a page's clock may run ahead of the issuer's. */
export const CLOCK_TOLERANCE_MS = 1000;

/** A sequence that waits for its capture, and for one only. */
export interface LivenessChallenge {
  readonly id: string;
  readonly steps: readonly LivenessStep[];
  /** Unix milliseconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** All sequences of actions that may be drawn. */
export const SEQUENCES: readonly (readonly LivenessAction[])[] = sequences(ACTIONS).filter(
  (sequence) => sequence.includes('blink') && sequence.some((action) => action !== 'blink'),
);

/**
 * Draws a sequence.
 *
 * @param random - Cryptographically secure.
 */
export function drawSteps(random: (length: number) => Uint8Array): readonly LivenessStep[] {
  return (['look_ahead', ...drawOne(SEQUENCES, random)] as const).map((action) => ({
    action,
    seconds: ACTION_SECONDS[action],
  }));
}

/**
 * Asks for a sequence.
 *
 * @param random - Cryptographically secure.
 * @param now - Unix milliseconds.
 * @param steps - The sequence; by default one that is drawn now.
 */
export function drawChallenge(
  random: (length: number) => Uint8Array,
  now: number,
  steps: readonly LivenessStep[] = drawSteps(random),
): LivenessChallenge {
  const seconds = steps.reduce((sum, step) => sum + step.seconds, UPLOAD_SECONDS);
  return { id: toBase64Url(random(16)), steps, issuedAt: now, expiresAt: now + seconds * 1000 };
}

/**
 * Checks that a capture answers the challenge in time and in order.
 *
 * @param frames - Places of the pictures, in order.
 * @param now - When the last byte had arrived, Unix milliseconds.
 * @throws {@link ProtocolError} `liveness_unknown` for another challenge or none; `liveness_expired`;
 * `liveness_out_of_order` for pictures that are too few, out of order, beyond their step, or from the future.
 */
export function checkTimes(
  challenge: LivenessChallenge | undefined,
  given: { readonly challenge: string; readonly frames: readonly FramePlace[] },
  now: number,
): asserts challenge is LivenessChallenge {
  if (challenge === undefined || challenge.id !== given.challenge) {
    throw new ProtocolError('liveness_unknown', 'these pictures answer no open request; begin the pictures again');
  }
  if (now >= challenge.expiresAt) {
    throw new ProtocolError('liveness_expired', 'the pictures came too late; begin the pictures again');
  }
  const { frames } = given;
  const start = frames[0]?.at ?? NaN;
  const isOrdered = frames.every(({ step, at }, i) => {
    const before = frames[i - 1];
    return before === undefined || (step >= before.step && at > before.at);
  });
  let deadline = start + STEP_TOLERANCE_MS;
  const isInTime = challenge.steps.every(({ action, seconds }, step) => {
    const own = frames.filter((frame) => frame.step === step);
    deadline += seconds * 1000;
    return own.length >= MIN_STEP_FRAMES[action] && own.every(({ at }) => at <= deadline);
  });
  const last = frames.at(-1)?.at ?? NaN;
  const isPast = start >= 0 && last <= now - challenge.issuedAt + CLOCK_TOLERANCE_MS;
  if (!isOrdered || !isInTime || !isPast || frames.some(({ step }) => step >= challenge.steps.length)) {
    throw new ProtocolError('liveness_out_of_order', 'the pictures do not follow the steps in time; begin them again');
  }
}

/** All sequences in which no action comes twice in a row. */
function sequences(length: number): readonly (readonly LivenessAction[])[] {
  if (length === 0) return [[]];
  return sequences(length - 1).flatMap((sequence) =>
    (['turn_left', 'turn_right', 'blink'] as const)
      .filter((action) => action !== sequence.at(-1))
      .map((action) => [...sequence, action]),
  );
}

/** Draws with equal chances: bytes beyond the last whole multiple are drawn again. */
function drawOne<T>(list: readonly T[], random: (length: number) => Uint8Array): T {
  for (;;) {
    const byte = random(1)[0] ?? 255;
    const chosen = list[byte % list.length];
    if (byte < 256 - (256 % list.length) && chosen !== undefined) return chosen;
  }
}
