// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a camera would have seen of a sample person who follows a sequence of actions: pictures made of the
 * person's live still by `face_warp.ts`. No recording of a person who turned and blinked could be given to
 * this project, and this is the best honest material there is: real skin and light, made motion. A capture
 * of such pictures passes, which also says what the check does not stop.
 *
 * @module
 */
import sharp from 'sharp';
import { type LandmarkedFace, type LandmarkFinder, pointsOf } from '../issuer/face_landmarks.ts';
import { CAPTURE_SIDE } from '../issuer/face_capture.ts';
import { flatLikeness, greyFace } from '../issuer/face_flatness.ts';
import { noseOffset } from '../issuer/face_geometry.ts';
import { decodeImage } from '../issuer/images.ts';
import { MAX_TURN_LIKENESS, MIN_TURN_OFFSET, MIN_TURN_YAW } from '../issuer/liveness_rules.ts';
import type { Pixels } from '../issuer/pixels.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FramePlace, LivenessAction } from '../protocol/liveness.ts';
import { type Pose, poseFace } from './face_warp.ts';

/** A made picture with its place in the capture. */
export interface SampleFrame extends FramePlace {
  readonly jpeg: Uint8Array;
}

/** Most that a still may be turned, in radians on the mesh's scale, and be used as it is. */
const MAX_STILL_ANGLE = 0.08;
/** Degrees of turning to a radian of the mesh's yaw. */
const DEGREES_OF_YAW = 110;
const STRAIGHTENING_ROUNDS = 3;

/** What is seen during each action, besides turns. */
const POSES: Readonly<Record<'look_ahead' | 'blink', readonly Pose[]>> = {
  look_ahead: [
    { left: 0, closed: 0 },
    { left: 1, closed: 0 },
  ],
  blink: [
    { left: 1, closed: 0 },
    { left: 0, closed: 1 },
    { left: 2, closed: 0 },
  ],
};
/** Degrees of a turn: the least, the most, and in between. */
const TURN = { least: 31, most: 59, step: 4 } as const;
/** What a turn must look like in the end: as that of somebody who turns clearly. */
const CLEARLY = {
  yaw: MIN_TURN_YAW + 0.03,
  offset: MIN_TURN_OFFSET + 0.04,
  likeness: MAX_TURN_LIKENESS - 0.02,
} as const;

/**
 * Makes a capture of a still.
 *
 * @param still - A picture of a face from the front.
 * @throws ProtocolError `face_missing` if there is none in it.
 */
export async function makeFrames(
  landmarks: LandmarkFinder,
  still: Uint8Array,
  actions: readonly LivenessAction[],
): Promise<readonly SampleFrame[]> {
  const picture = await straighten(landmarks, await decodeImage(still, CAPTURE_SIDE));
  return poseAll(landmarks, picture, actions);
}

async function faceOf(landmarks: LandmarkFinder, picture: Pixels): Promise<LandmarkedFace> {
  const [face] = await landmarks.find(picture);
  if (face === undefined) throw new ProtocolError('face_missing', 'there is no face in the still');
  return face;
}

/** Turns a head that looks aside to the front: few photographs that may be given away are of the front. */
async function straighten(landmarks: LandmarkFinder, still: Pixels): Promise<Pixels> {
  let { angle } = await faceOf(landmarks, still);
  if (Math.abs(angle.roll) < MAX_STILL_ANGLE && Math.abs(angle.yaw) < MAX_STILL_ANGLE) return still;
  const upright = await rotate(still, (-angle.roll * 180) / Math.PI);
  const face = await faceOf(landmarks, upright);
  let picture = upright;
  let left = 0;
  for (let round = 0; round < STRAIGHTENING_ROUNDS; round++) {
    ({ angle } = await faceOf(landmarks, picture));
    left -= angle.yaw * DEGREES_OF_YAW;
    picture = poseFace(upright, face, landmarks.triangles, { left, closed: 0 });
  }
  return picture;
}

async function rotate({ width, height, data }: Pixels, degrees: number): Promise<Pixels> {
  const turned = await sharp(data, { raw: { width, height, channels: 3 } })
    .rotate(degrees, { background: '#b4b4b4' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: turned.info.width, height: turned.info.height, data: new Uint8Array(turned.data) };
}

async function poseAll(
  landmarks: LandmarkFinder,
  picture: Pixels,
  actions: readonly LivenessAction[],
): Promise<readonly SampleFrame[]> {
  const face = await faceOf(landmarks, picture);
  const frames: SampleFrame[] = [];
  for (const [step, action] of actions.entries()) {
    const poses =
      action === 'turn_left' || action === 'turn_right'
        ? await turnPoses(landmarks, picture, face, action === 'turn_left' ? 1 : -1)
        : POSES[action];
    for (const pose of poses) {
      // Made pictures take no time, and an issuer takes none from the future.
      const at = frames.length;
      // A person never holds quite still, and no two pictures of a camera are the same.
      const moved = { ...pose, left: pose.left + frames.length * 0.13 };
      const posed = marked(poseFace(picture, face, landmarks.triangles, moved));
      frames.push({ step, at, jpeg: await toJpeg(posed) });
    }
  }
  return frames;
}

/** The smallest turn that looks clear, which is not the same for all heads. */
async function turnPoses(
  landmarks: LandmarkFinder,
  picture: Pixels,
  face: LandmarkedFace,
  side: 1 | -1,
): Promise<readonly Pose[]> {
  const reference = await greyFace(picture, face.box, pointsOf(face));
  const pose = (degrees: number): Pose => ({ left: side * degrees, closed: 0 });
  let degrees: number = TURN.least;
  for (; degrees < TURN.most; degrees += TURN.step) {
    const turned = poseFace(picture, face, landmarks.triangles, pose(degrees));
    const [seen] = await landmarks.find(turned);
    if (seen === undefined) break;
    const yaw = side * (seen.angle.yaw - face.angle.yaw);
    const offset = side * (noseOffset(pointsOf(seen)) - noseOffset(pointsOf(face)));
    const { whole } = flatLikeness(reference, await greyFace(turned, seen.box, pointsOf(seen)));
    if (yaw >= CLEARLY.yaw && offset >= CLEARLY.offset && whole <= CLEARLY.likeness) break;
  }
  return [pose(degrees), pose(degrees + TURN.step)];
}

/** Side of a block of a JPEG, pixels. */
const BLOCK = 8;
/** Blocks in a row that tell one picture from all others. */
const MARKS = 8;

/**
 * No camera gives the same picture again, and an issuer takes none again. A sensor's noise would do, and would also
 * change what is seen of narrow eyes: so that some blocks at the edge, far from the face, are each of another grey.
 */
function marked({ width, height, data }: Pixels): Pixels {
  const copy = new Uint8Array(data);
  const channels = data.length / (width * height);
  for (let block = 0; block < MARKS; block++) {
    const grey = Math.floor(Math.random() * 256);
    for (let row = 0; row < BLOCK; row++) {
      const from = (row * width + block * BLOCK) * channels;
      copy.fill(grey, from, from + BLOCK * channels);
    }
  }
  return { width, height, data: copy };
}

/** Encodes a picture as the wallet's page does. */
export async function toJpeg({ width, height, data }: Pixels): Promise<Uint8Array> {
  return new Uint8Array(
    await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85 })
      .toBuffer(),
  );
}
