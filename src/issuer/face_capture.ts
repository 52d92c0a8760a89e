// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Examines a capture: landmarks of every picture, then, of the few that bear the verdict, light and
 * sharpness, whether all show one person, and whether that is the person of the portrait. At most one
 * decoded picture of a capture is held at a time, and none after it. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { ProtocolError } from '../protocol/errors.ts';
import { type LivenessAction, MAX_FRAME_SIDE } from '../protocol/liveness.ts';
import { flatLikeness, type GreyFace, greyFace, wipe } from './face_flatness.ts';
import { type LandmarkFinder, pointsOf } from './face_landmarks.ts';
import {
  compareDescriptors,
  describeSoleFace,
  type FaceMatcher,
  type FaceVerdict,
  MAX_FACE_DISTANCE,
} from './face_matcher.ts';
import { checkBest, checkLight, checkQuality, measureQuality, type Quality } from './face_quality.ts';
import { decodeImage, imageType } from './images.ts';
import { findActions, type ObservedFrame } from './liveness_rules.ts';
import type { Pixels } from './pixels.ts';

/** Side to which pictures of a capture are shrunk. */
export const CAPTURE_SIDE = 640;

/** A picture of a capture. */
export interface CaptureFrame {
  readonly step: number;
  /** A JPEG file. */
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** The networks that a capture needs. */
export interface CaptureNetworks {
  readonly landmarks: LandmarkFinder;
  /** The first of them also tells whether the face stays the same. */
  readonly matchers: readonly FaceMatcher[];
}

/**
 * Examines a capture.
 *
 * @param portrait - Descriptors of the document's portrait, one for each matcher.
 * @param actions - What was asked, `look_ahead` first.
 * @returns How the frontal picture compares with the portrait; all else has been seen to be right.
 * @throws {@link ProtocolError} `image_malformed`, `image_too_large`, `liveness_frames_repeated`,
 * `liveness_face_changed`, and what `liveness_rules.ts` and `face_quality.ts` throw.
 */
export async function examineCapture(
  { landmarks, matchers }: CaptureNetworks,
  portrait: readonly (readonly number[])[],
  actions: readonly LivenessAction[],
  frames: readonly CaptureFrame[],
): Promise<FaceVerdict> {
  const { observed, greys } = await observe(landmarks, frames);
  try {
    const { frontal, acting } = findActions(actions, observed, (reference, other) => {
      const [a, b] = [greys[reference], greys[other]];
      return a && b ? flatLikeness(a, b) : { whole: NaN, eyes: NaN };
    });
    const live = await withFrame(frames[frontal], async (picture) => {
      const box = observed[frontal]?.faces[0]?.box;
      if (box === undefined) throw unavailable();
      checkQuality(await measureQuality(picture, box));
      return describeSoleFace(matchers, picture, 'live');
    });
    await checkSameFace(
      matchers,
      live,
      acting.map((at) => frames[at]),
    );
    return compareDescriptors(matchers, portrait, live);
  } finally {
    for (const grey of greys) if (grey) wipe(grey);
  }
}

/** Refuses a capture in which another face did what was asked. */
async function checkSameFace(
  matchers: readonly FaceMatcher[],
  frontal: readonly (readonly number[])[],
  acting: readonly (CaptureFrame | undefined)[],
): Promise<void> {
  const [first] = matchers;
  if (first === undefined) throw unavailable();
  for (const frame of acting) {
    const [descriptor] = await withFrame(frame, (picture) => describeSoleFace([first], picture, 'live'));
    const [own] = frontal;
    // A distance that is not a number is another face.
    if (own === undefined || descriptor === undefined || !(first.distance(own, descriptor) <= MAX_FACE_DISTANCE)) {
      throw new ProtocolError('liveness_face_changed', 'the pictures do not all show one person; take them again');
    }
  }
}

/** Finds the faces of all pictures, and refuses a picture that comes twice: a camera never sees the same. */
async function observe(
  landmarks: LandmarkFinder,
  frames: readonly CaptureFrame[],
): Promise<{ readonly observed: readonly ObservedFrame[]; readonly greys: readonly (GreyFace | undefined)[] }> {
  const seen = new Set<string>();
  const observed: ObservedFrame[] = [];
  const first: Quality[] = [];
  const greys: (GreyFace | undefined)[] = [];
  for (const frame of frames) {
    await withFrame(frame, async (picture) => {
      const hash = createHash('sha256').update(picture.data).digest('base64');
      if (seen.has(hash)) {
        throw new ProtocolError('liveness_frames_repeated', 'the camera gave the same picture twice; take them again');
      }
      seen.add(hash);
      const faces = await landmarks.find(picture);
      const [face] = faces;
      if (face === undefined) await checkLight(picture);
      else if (frame.step === 0) first.push(await measureQuality(picture, face.box));
      observed.push({ step: frame.step, faces });
      greys.push(face && (await greyFace(picture, face.box, pointsOf(face))));
    });
  }
  // Said before anything else: in bad light landmarks are anywhere.
  checkBest(first);
  return { observed, greys };
}

/** Decodes a picture for as long as something is done with it. */
async function withFrame<T>(frame: CaptureFrame | undefined, use: (picture: Pixels) => Promise<T>): Promise<T> {
  if (frame === undefined || imageType(frame.jpeg) !== 'jpeg') {
    throw new ProtocolError('image_malformed', 'send JPEG pictures');
  }
  const { width, height } = await sharp(frame.jpeg)
    .metadata()
    .catch(() => ({ width: 0, height: 0 }));
  if (Math.max(width, height) > MAX_FRAME_SIDE) {
    throw new ProtocolError('image_too_large', `send pictures of at most ${String(MAX_FRAME_SIDE)} pixels a side`);
  }
  const picture = await decodeImage(frame.jpeg, CAPTURE_SIDE);
  try {
    return await use(picture);
  } finally {
    picture.data.fill(0);
  }
}

function unavailable(): ProtocolError {
  return new ProtocolError('face_unavailable', 'the pictures could not be examined; try again');
}
