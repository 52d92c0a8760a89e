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
import type { LandmarkedFace, LandmarkFinder } from '../issuer/face_landmarks.ts';
import { CAPTURE_SIDE } from '../issuer/face_capture.ts';
import { decodeImage } from '../issuer/images.ts';
import type { Pixels } from '../issuer/pixels.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FramePlace, LivenessAction } from '../protocol/liveness.ts';
import { type Pose, poseFace } from './face_warp.ts';

/** A made picture with its place in the capture. */
export interface SampleFrame extends FramePlace {
  readonly jpeg: Uint8Array;
}

/** What is seen during each action. */
const POSES: Readonly<Record<LivenessAction, readonly Pose[]>> = {
  look_ahead: [
    { left: 0, closed: 0 },
    { left: 1, closed: 0 },
  ],
  turn_left: [
    { left: 31, closed: 0 },
    { left: 35, closed: 0 },
  ],
  turn_right: [
    { left: -31, closed: 0 },
    { left: -35, closed: 0 },
  ],
  blink: [
    { left: 1, closed: 0 },
    { left: 0, closed: 1 },
    { left: 2, closed: 0 },
  ],
};

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
  const picture = await decodeImage(still, CAPTURE_SIDE);
  const [face] = await landmarks.find(picture);
  if (face === undefined) throw new ProtocolError('face_missing', 'there is no face in the still');
  return poseAll(picture, face, landmarks.triangles, actions);
}

async function poseAll(
  picture: Pixels,
  face: LandmarkedFace,
  triangles: readonly number[],
  actions: readonly LivenessAction[],
): Promise<readonly SampleFrame[]> {
  const frames: SampleFrame[] = [];
  for (const [step, action] of actions.entries()) {
    for (const pose of POSES[action]) {
      // Made pictures take no time, and an issuer takes none from the future.
      const at = frames.length;
      // A person never holds quite still, and no two pictures of a camera are the same.
      const moved = { ...pose, left: pose.left + frames.length * 0.13 };
      frames.push({ step, at, jpeg: await toJpeg(poseFace(picture, face, triangles, moved)) });
    }
  }
  return frames;
}

/** Encodes a picture as the wallet's page does. */
export async function toJpeg({ width, height, data }: Pixels): Promise<Uint8Array> {
  return new Uint8Array(
    await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85 })
      .toBuffer(),
  );
}
