// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Landmarks: BlazeFace finds faces, the face mesh places 468 points on each and estimates how it is turned,
 * and the iris network refines the eyelids, without which a closed eye is hardly told from an open one.
 * About 60 ms a picture. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import type { Point } from './face_geometry.ts';
import { createHuman, type HumanFace, OFF } from './face_human.ts';
import type { FaceBox } from './face_matcher.ts';
import type { Pixels } from './pixels.ts';

/** A face with its landmarks. */
export interface LandmarkedFace {
  readonly box: FaceBox;
  /** In pixels; third coordinates, towards the back of the head, only to make sample pictures with. */
  readonly points: readonly (readonly [x: number, y: number, z: number])[];
  /** Radians as the face mesh estimates them, which is about half of what they are; positive yaw is the right of the picture. */
  readonly angle: { readonly yaw: number; readonly pitch: number; readonly roll: number };
}

/** Finds faces with landmarks. */
export interface LandmarkFinder {
  /** All faces of a picture, at most `MAX_FACES`. */
  find: (picture: Pixels) => Promise<readonly LandmarkedFace[]>;
  /** Triangles of the mesh, three numbers of landmarks each. */
  readonly triangles: readonly number[];
}

/**
 * Loads the networks; takes about half a second and 10 MB.
 *
 * @throws ProtocolError `face_models_changed`.
 */
export async function loadLandmarks(): Promise<LandmarkFinder> {
  const human = await createHuman({ description: OFF, iris: { enabled: true } });
  return { find: async (picture) => (await human.detect(picture)).map(toFace), triangles: human.triangles };
}

function toFace({ box: [x, y, width, height], mesh, rotation }: HumanFace): LandmarkedFace {
  const { yaw, pitch, roll } = rotation?.angle ?? { yaw: NaN, pitch: NaN, roll: NaN };
  return {
    box: { x, y, width, height },
    points: mesh.map(([px, py, pz]) => [px, py, pz ?? 0]),
    // The library counts a turn to the left of the picture as positive.
    angle: { yaw: -yaw, pitch, roll },
  };
}

/** The points of a face in the plane of the picture. */
export function pointsOf(face: LandmarkedFace): readonly Point[] {
  return face.points.map(([x, y]) => [x, y]);
}
