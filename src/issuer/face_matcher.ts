// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * When two pictures show the same person. Two networks, trained by different people on different
 * pictures, each find the faces with a detector of their own and describe them; a match needs
 *
 * ```
 * distance(portrait, live) <= 0.5     for every matcher
 * ```
 *
 * on scales where 0.5 is the threshold of each (`face_human.ts`, `face_api.ts`). One alone lets through
 * strangers of one ethnicity at the usual 0.6. Each picture must show one face, and the matchers must
 * have looked at the same one. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import type { Pixels } from './pixels.ts';

/** Largest distance, on the scale of each matcher, at which a matcher agrees. */
export const MAX_FACE_DISTANCE = 0.5;

/** Longest side, in pixels, to which pictures are shrunk before matching. */
export const MATCHING_SIDE = 1024;

/** Narrowest face, in pixels after shrinking, that is compared. */
export const MIN_FACE_SIDE = 48;

/** Faces that a matcher reports at most; two are already too many. */
export const MAX_FACES = 3;

/** Where a face is, in pixels of the picture. */
export interface FaceBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A face that a matcher found, in its own terms. */
export interface DescribedFace {
  readonly box: FaceBox;
  /** Comparable only with descriptors of the same matcher. */
  readonly descriptor: readonly number[];
}

/** A network that finds, describes and compares faces. */
export interface FaceMatcher {
  /** Name under which its distance is reported. */
  readonly name: string;
  /** All faces of a picture, at most {@link MAX_FACES}. */
  find: (picture: Pixels) => Promise<readonly DescribedFace[]>;
  /** Distance of two descriptors, 0 for equal ones; up to 0.5 the matcher takes them for one person. */
  distance: (a: readonly number[], b: readonly number[]) => number;
}

/** Result of a comparison. */
export interface FaceVerdict {
  /** True only if every distance is at most {@link MAX_FACE_DISTANCE}. */
  readonly match: boolean;
  /** Distance by name of matcher. */
  readonly distances: Readonly<Record<string, number>>;
}

/** Which of the two pictures a message speaks of. */
export type PictureRole = 'portrait' | 'live';

const PICTURE: Readonly<Record<PictureRole, { readonly name: string; readonly advice: string }>> = {
  portrait: { name: "the document's portrait", advice: 'read the document again or use another document' },
  live: { name: 'the live picture', advice: 'take it again: face the camera, in even light, alone, closer' },
};

/**
 * Describes the one face of a picture with each matcher.
 *
 * @returns A descriptor for each matcher, in their order.
 * @throws {@link ProtocolError} `face_missing` if a matcher finds none or a too small one; `face_multiple` if
 *   one finds several, or the matchers found different ones.
 */
export async function describeSoleFace(
  matchers: readonly FaceMatcher[],
  picture: Pixels,
  role: PictureRole,
): Promise<readonly (readonly number[])[]> {
  const found: DescribedFace[] = [];
  for (const matcher of matchers) {
    const face = soleFace(await matcher.find(picture), role);
    if (found.some((other) => !sameFace(face.box, other.box))) {
      throw refusal('face_multiple', 'more than one face', role);
    }
    found.push(face);
  }
  return found.map((face) => face.descriptor);
}

/**
 * Compares two pictures, given what {@link describeSoleFace} says of each.
 *
 * @throws {@link ProtocolError} `face_unavailable` if there is not one descriptor for each matcher.
 */
export function compareDescriptors(
  matchers: readonly FaceMatcher[],
  portrait: readonly (readonly number[])[],
  live: readonly (readonly number[])[],
): FaceVerdict {
  const distances = matchers.map(({ name, distance }, at) => {
    const [a, b] = [portrait[at], live[at]];
    if (a === undefined || b === undefined || a.length === 0 || a.length !== b.length) {
      throw new ProtocolError('face_unavailable', 'the faces could not be described; try again');
    }
    return [name, distance(a, b)] as const;
  });
  // A distance that is not a number is no match.
  const match = distances.length > 0 && distances.every(([, distance]) => distance <= MAX_FACE_DISTANCE);
  return { match, distances: Object.fromEntries(distances) };
}

/** Euclidean distance of two descriptors of equal length. */
export function euclidean(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, at) => value - (b[at] ?? NaN)));
}

function soleFace(faces: readonly DescribedFace[], role: PictureRole): DescribedFace {
  const [face, another] = faces;
  if (another !== undefined) {
    throw refusal('face_multiple', 'more than one face', role);
  }
  if (face === undefined) {
    throw refusal('face_missing', 'no face', role);
  }
  if (face.box.width < MIN_FACE_SIDE) {
    throw refusal('face_missing', 'no face that is large enough', role);
  }
  return face;
}

/** Whether the middle of each box lies in the other. */
function sameFace(a: FaceBox, b: FaceBox): boolean {
  const holds = (box: FaceBox, other: FaceBox): boolean => {
    const [x, y] = [other.x + other.width / 2, other.y + other.height / 2];
    return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
  };
  return holds(a, b) && holds(b, a);
}

function refusal(code: 'face_missing' | 'face_multiple', what: string, role: PictureRole): ProtocolError {
  const { name, advice } = PICTURE[role];
  return new ProtocolError(code, `${what} was found in ${name}; ${advice}`);
}
