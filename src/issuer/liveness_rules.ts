// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Whether the pictures of a capture show a face that did what it was asked to do. Everything is measured
 * against one picture of the same capture, the **frontal** one:
 *
 * ```text
 * turned    yaw, offset of the nose and parallax, each beyond its bound, to the asked side, and no homography
 *           that explains it (face_flatness.ts), in two pictures
 * blinked   in one picture the eyes narrower by both measures of openness, and not alike after the best
 *           homography; in one before it and in one after it open
 * unasked   turned to a side that the step does not ask for, after its beginning
 * ```
 *
 * Landmarks alone do not do: a photograph that is tilted two ways and rolled leads the face mesh to see a head
 * that turned. But every such picture is a homography of the first. The bounds stand between what faces and
 * what tilted photographs give (test/issuer/liveness_faces.test.ts). docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import type { LivenessAction } from '../protocol/liveness.ts';
import { noseOffset, openness, parallax, type Point } from './face_geometry.ts';
import type { Likeness } from './face_flatness.ts';
import { type LandmarkedFace, pointsOf } from './face_landmarks.ts';

/** Narrowest face of a live picture, in pixels of the picture as it is examined. */
export const MIN_LIVE_FACE_SIDE = 96;
/** Share of the pictures that may show no face: heads blur while they turn. */
export const MAX_MISSING_SHARE = 0.2;
/** Most that a frontal face may be turned, in radians on the mesh's scale. */
export const MAX_FRONTAL_ANGLE = { yaw: 0.14, pitch: 0.35, roll: 0.3 } as const;
/** Least change of yaw of a turned face, on the same scale; about 25 degrees. */
export const MIN_TURN_YAW = 0.13;
/** Least change of the nose's offset of a turned face. */
export const MIN_TURN_OFFSET = 0.34;
/** Least parallax of the nose of a turned face. */
export const MIN_TURN_PARALLAX = 0.1;
/** Pictures that must show the turn. */
export const TURN_FRAMES = 2;
/** Most change of roll of a turned face. */
export const MAX_TURN_ROLL = 0.25;
/** Largest likeness of a turned face to the frontal one after the best homography; photographs have 0.98 and more. */
export const MAX_TURN_LIKENESS = 0.93;
/** Largest part of the frontal openness, by each measure, of a closed eye; narrow eyes close to 0.83 of theirs. */
export const MAX_CLOSED = 0.86;
/** Least part of the frontal openness, on average of both measures, of an open eye. */
export const MIN_OPEN = 0.9;
/** Largest likeness of closed eyes to the frontal ones after the best homography; photographs have 0.98 and more. */
export const MAX_CLOSED_LIKENESS = 0.965;
/** Most change of yaw and roll while the eyes are closed: a turned head makes eyes look narrower. */
export const MAX_BLINK_TURN = 0.13;
/** Part of the widest openness at which the eyes of the frontal picture count as closed. */
export const MAX_FRONTAL_CLOSED = 0.72;
/** Openness by width below which no eye counts as open, whatever it is compared with. */
export const MIN_OPENNESS = 0.15;

/** What was found in a picture of a capture. */
export interface ObservedFrame {
  /** Step to which it belongs, counted from 0. */
  readonly step: number;
  readonly faces: readonly LandmarkedFace[];
}

/** Which pictures bear the verdict, by their number in the capture. */
export interface SeenActions {
  /** Shows the face from the front with open eyes. */
  readonly frontal: number;
  /** For each step after the first, a picture in which the action is seen. */
  readonly acting: readonly number[];
}

/** How alike two pictures are if both show one flat thing; both by their number in the capture. */
export type LikenessOf = (reference: number, other: number) => Likeness;

/** Where each action turns the head: 1 is the person's own left. */
const SIDES: Readonly<Record<LivenessAction, -1 | 0 | 1>> = { look_ahead: 0, turn_left: 1, turn_right: -1, blink: 0 };

interface Measured {
  readonly at: number;
  readonly step: number;
  readonly face: LandmarkedFace;
  readonly points: readonly Point[];
}

/**
 * Judges a capture by its landmarks.
 *
 * @param actions - What was asked, `look_ahead` first.
 * @param frames - All pictures, in order.
 * @param likeness - Asked only of pictures that pass everything else.
 * @throws {@link ProtocolError} `face_multiple`, `face_missing`, `face_too_small`, `face_turned_away`,
 * `face_eyes_closed`, `liveness_turn_missing`, `liveness_blink_missing`, `liveness_action_unasked`.
 */
export function findActions(
  actions: readonly LivenessAction[],
  frames: readonly ObservedFrame[],
  likeness: LikenessOf,
): SeenActions {
  const measured = soleFaces(frames);
  const frontal = findFrontal(measured);
  checkUnasked(actions, measured, frontal);
  const acting = actions.slice(1).map((action, i) => {
    const step = i + 1;
    return action === 'blink'
      ? findBlink(measured, frontal, step, likeness)
      : findTurn(measured, frontal, step, action, likeness);
  });
  return { frontal: frontal.at, acting };
}

/** The pictures that show a face; refuses what cannot be judged. */
function soleFaces(frames: readonly ObservedFrame[]): readonly Measured[] {
  const measured: Measured[] = [];
  for (const [at, { step, faces }] of frames.entries()) {
    const [face, another] = faces;
    if (another !== undefined) {
      throw new ProtocolError('face_multiple', 'another face came into the picture; take the pictures alone');
    }
    if (face === undefined) continue;
    if (face.box.width < MIN_LIVE_FACE_SIDE) {
      throw new ProtocolError('face_too_small', 'the face is too small in the picture; come closer to the camera');
    }
    measured.push({ at, step, face, points: pointsOf(face) });
  }
  const isMissing = frames.length - measured.length > frames.length * MAX_MISSING_SHARE;
  if (isMissing || !measured.some(({ step }) => step === 0)) {
    throw new ProtocolError('face_missing', 'the face left the picture; keep it in the middle, in even light');
  }
  return measured;
}

/** The picture of the first step that shows the face most from the front, with open eyes. */
function findFrontal(measured: readonly Measured[]): Measured {
  const straight = measured
    .filter(({ step, face: { angle } }) => step === 0 && isFrontal(angle))
    .sort((a, b) => tilt(a) - tilt(b));
  if (straight.length === 0) {
    throw new ProtocolError('face_turned_away', 'the face is turned away; look straight into the camera at first');
  }
  // Narrow eyes are nobody's fault: open is what this person's eyes are at their widest.
  const widest = Math.max(...measured.filter(({ face }) => isFrontal(face.angle)).map(widthOpenness));
  const frontal = straight.find((one) => {
    const open = widthOpenness(one);
    return open >= MIN_OPENNESS && open > widest * MAX_FRONTAL_CLOSED;
  });
  if (frontal === undefined) {
    throw new ProtocolError('face_eyes_closed', 'the eyes are closed; look into the camera with open eyes at first');
  }
  return frontal;
}

/**
 * Refuses turns that nobody asked for: a recording of somebody who does everything all the time would answer
 * any sequence. At the beginning of a step the head may still be where the step before had it.
 */
function checkUnasked(actions: readonly LivenessAction[], measured: readonly Measured[], frontal: Measured): void {
  for (const [step, action] of actions.entries()) {
    if (step === 0) continue;
    let allowed = [SIDES[action], SIDES[actions[step - 1] ?? 'look_ahead']];
    for (const one of measured.filter((each) => each.step === step)) {
      const side = sideOf(one, frontal);
      if (side === 0 || side === SIDES[action]) {
        allowed = [SIDES[action]];
      } else if (!allowed.includes(side)) {
        throw new ProtocolError(
          'liveness_action_unasked',
          'the head turned unasked; do only what is asked, and in time',
        );
      }
    }
  }
}

/** To which side a face is turned, by its landmarks alone. */
function sideOf({ face, points }: Measured, frontal: Measured): -1 | 0 | 1 {
  const yaw = face.angle.yaw - frontal.face.angle.yaw;
  const offset = noseOffset(points) - noseOffset(frontal.points);
  if (Math.min(yaw / MIN_TURN_YAW, offset / MIN_TURN_OFFSET) >= 1) return 1;
  return Math.max(yaw / MIN_TURN_YAW, offset / MIN_TURN_OFFSET) <= -1 ? -1 : 0;
}

/** The least turned picture among those that show the turn. */
function findTurn(
  measured: readonly Measured[],
  frontal: Measured,
  step: number,
  action: Exclude<LivenessAction, 'blink'>,
  likeness: LikenessOf,
): number {
  const side = action === 'turn_left' ? 1 : -1;
  const turned = measured
    .filter((one) => one.step === step)
    .map((one) => ({
      at: one.at,
      yaw: side * (one.face.angle.yaw - frontal.face.angle.yaw),
      offset: side * (noseOffset(one.points) - noseOffset(frontal.points)),
      beside: side * parallax(frontal.points, one.points),
      roll: Math.abs(one.face.angle.roll - frontal.face.angle.roll),
    }))
    .filter(
      ({ yaw, offset, beside }) => yaw >= MIN_TURN_YAW && offset >= MIN_TURN_OFFSET && beside >= MIN_TURN_PARALLAX,
    )
    .filter(({ roll }) => roll <= MAX_TURN_ROLL)
    .sort((a, b) => a.yaw - b.yaw)
    .filter(({ at }) => likeness(frontal.at, at).whole <= MAX_TURN_LIKENESS);
  const [least] = turned;
  if (least === undefined || turned.length < TURN_FRAMES) {
    const name = action === 'turn_left' ? 'left' : 'right';
    throw new ProtocolError(
      'liveness_turn_missing',
      `the head was not seen to turn to your ${name}; turn it clearly and stay a moment (a photograph will not do)`,
    );
  }
  return least.at;
}

/** The picture in which the eyes are closed, with an open one before and after it. */
function findBlink(measured: readonly Measured[], frontal: Measured, step: number, likeness: LikenessOf): number {
  const reference = openness(frontal.points);
  const parts = measured.map((one) => {
    const { byWidth, byHeight } = openness(one.points);
    const { yaw, roll } = one.face.angle;
    return {
      at: one.at,
      step: one.step,
      width: byWidth / reference.byWidth,
      height: byHeight / reference.byHeight,
      isStill:
        Math.abs(yaw - frontal.face.angle.yaw) <= MAX_BLINK_TURN &&
        Math.abs(roll - frontal.face.angle.roll) <= MAX_BLINK_TURN,
    };
  });
  const open = parts.filter(({ width, height }) => (width + height) / 2 >= MIN_OPEN);
  const blink = parts
    .filter((one) => one.step === step && one.isStill && Math.max(one.width, one.height) <= MAX_CLOSED)
    .filter(({ at }) => open.some((other) => other.at < at && other.step >= step - 1))
    .filter(({ at }) => open.some((other) => other.at > at && other.step === step))
    .sort((a, b) => a.width - b.width)
    .find(({ at }) => likeness(frontal.at, at).eyes <= MAX_CLOSED_LIKENESS);
  if (blink === undefined) {
    throw new ProtocolError(
      'liveness_blink_missing',
      'the eyes were not seen to close and open again; close them for a second (a photograph will not do)',
    );
  }
  return blink.at;
}

function isFrontal({ yaw, pitch, roll }: LandmarkedFace['angle']): boolean {
  return (
    Math.abs(yaw) <= MAX_FRONTAL_ANGLE.yaw &&
    Math.abs(pitch) <= MAX_FRONTAL_ANGLE.pitch &&
    Math.abs(roll) <= MAX_FRONTAL_ANGLE.roll
  );
}

function tilt({ face: { angle } }: Measured): number {
  return Math.hypot(angle.yaw, angle.pitch, angle.roll);
}

function widthOpenness({ points }: Measured): number {
  return openness(points).byWidth;
}
