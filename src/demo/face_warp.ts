// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Turns the head in a still picture, and closes its eyes: the picture is stretched over the face mesh, which
 * has a depth, and the mesh is turned or its eyelids are moved. Three rings around the face carry head, neck
 * and background along, the less the farther out. It looks real, and is the simplest of deepfakes: made for
 * sample people, and to show that such a thing passes when it is fed in place of a camera.
 *
 * @module
 */
import type { LandmarkedFace } from '../issuer/face_landmarks.ts';
import type { Pixels } from '../issuer/pixels.ts';

/** How a face is to look. */
export interface Pose {
  /** Degrees to the person's own left. */
  readonly left: number;
  /** How far the eyes are closed, 0 to 1. */
  readonly closed: number;
}

/** A corner of the mesh: where it is in the picture, and where it goes. */
interface Corner {
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number, z: number];
}

type Triangle = readonly [Corner, Corner, Corner];
type Solid = readonly [x: number, y: number, z: number];

/** Landmarks around the face, in order. */
const OVAL = [
  10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
  172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/** Upper and lower eyelids, each point above its counterpart. */
const LIDS: readonly (readonly [upper: number, lower: number])[] = [
  ...pairs([246, 161, 160, 159, 158, 157, 173], [7, 163, 144, 145, 153, 154, 155]),
  ...pairs([466, 388, 387, 386, 385, 384, 398], [249, 390, 373, 374, 380, 381, 382]),
];
/** Points of the mesh proper; those after it are the irises. */
const MESH_POINTS = 468;
/** How much of the way to each other the upper lid goes. */
const UPPER_SHARE = 0.85;
/** Distance of the camera, in widths of the picture. */
const CAMERA = 1.5;
/** Rings around the face: its size, how far behind in widths of the face, and how much of the turn it makes. */
const RINGS = [
  { size: 1.18, behind: 0.18, share: 0.9 },
  { size: 1.45, behind: 0.45, share: 0.6 },
] as const;

/**
 * Draws a picture with its face in another pose.
 *
 * @param picture - A still, face from the front.
 * @param face - Its landmarks.
 * @param triangles - The mesh's, three numbers of landmarks each.
 */
export function poseFace(picture: Pixels, face: LandmarkedFace, triangles: readonly number[], pose: Pose): Pixels {
  const mesh = face.points.slice(0, MESH_POINTS);
  const at = (i: number): Solid => mesh[i] ?? [NaN, NaN, NaN];
  const centre = [(at(234)[0] + at(454)[0]) / 2, (at(10)[1] + at(152)[1]) / 2] as const;
  const faceWidth = at(454)[0] - at(234)[0];
  const axis = Math.max(...OVAL.map((i) => at(i)[2]));
  const camera = picture.width * CAMERA;

  const turn = ([x, y, z]: Solid, share: number): Solid => {
    const angle = (pose.left * share * Math.PI) / 180;
    const [dx, dz] = [x - centre[0], z - axis];
    const depth = dx * Math.sin(angle) + dz * Math.cos(angle);
    const scale = camera / (camera + depth);
    const across = (dx * Math.cos(angle) - dz * Math.sin(angle)) * scale;
    return [centre[0] + across, centre[1] + (y - centre[1]) * scale, depth];
  };
  const closing = closeLids(mesh, pose.closed);
  const corners = mesh.map(([x, y], i): Corner => ({ from: [x, y], to: turn(closing[i] ?? at(i), 1) }));
  const list: Triangle[] = [];
  for (let i = 0; i + 2 < triangles.length; i += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => corners[triangles[i + k] ?? -1]);
    if (a && b && c) list.push([a, b, c]);
  }

  let inner = OVAL.flatMap((i) => corners[i] ?? []);
  const around = (ring: readonly Corner[]): void => {
    list.push(...between(inner, ring));
    inner = [...ring];
  };
  for (const { size, behind, share } of RINGS) {
    around(
      OVAL.map((i): Corner => {
        const [x, y, z] = at(i);
        const from = [centre[0] + (x - centre[0]) * size, centre[1] + (y - centre[1]) * size] as const;
        return { from, to: turn([...from, z + faceWidth * behind], share) };
      }),
    );
  }
  // The border of the picture stays where it is.
  around(
    OVAL.map((i): Corner => {
      const [dx, dy] = [at(i)[0] - centre[0], at(i)[1] - centre[1]];
      const room = (d: number, c: number, side: number): number => (d > 0 ? (side - c) / d : d < 0 ? -c / d : Infinity);
      const way = Math.min(room(dx, centre[0], picture.width), room(dy, centre[1], picture.height));
      const from = [centre[0] + dx * way, centre[1] + dy * way] as const;
      return { from, to: [...from, camera] };
    }),
  );
  return draw(picture, list);
}

/** Moves upper and lower lids towards each other; the skin between brow and lid stretches with them. */
function closeLids(mesh: readonly Solid[], closed: number): readonly Solid[] {
  const moved = [...mesh];
  for (const [upper, lower] of LIDS) {
    const [a, b] = [mesh[upper], mesh[lower]];
    if (a === undefined || b === undefined) continue;
    moved[upper] = towards(a, b, closed * UPPER_SHARE);
    moved[lower] = towards(b, a, closed * (1 - UPPER_SHARE));
  }
  return moved;
}

function towards([x, y, z]: Solid, [u, v]: Solid, share: number): Solid {
  return [x + (u - x) * share, y + (v - y) * share, z];
}

/** The strip of triangles between two rings. */
function between(inner: readonly Corner[], outer: readonly Corner[]): readonly Triangle[] {
  return inner.flatMap((a, i): readonly Triangle[] => {
    const j = (i + 1) % inner.length;
    const [b, c, d] = [inner[j], outer[i], outer[j]];
    return b && c && d
      ? [
          [a, b, c],
          [b, d, c],
        ]
      : [];
  });
}

/** Draws triangles over a copy of the picture, the nearest in front. */
function draw(picture: Pixels, triangles: readonly Triangle[]): Pixels {
  const { width, height } = picture;
  const target = { width, height, data: Uint8Array.from(picture.data) };
  const depths = new Float32Array(width * height).fill(Infinity);
  for (const triangle of triangles) drawTriangle(picture, target, depths, triangle);
  return target;
}

function drawTriangle(source: Pixels, target: Pixels, depths: Float32Array, [a, b, c]: Triangle): void {
  const { width, height, data } = target;
  const [[ax, ay, az], [bx, by, bz], [cx, cy, cz]] = [a.to, b.to, c.to];
  const area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy);
  if (!(Math.abs(area) > 1e-6)) return;
  const lastX = Math.min(width - 1, Math.ceil(Math.max(ax, bx, cx)));
  const lastY = Math.min(height - 1, Math.ceil(Math.max(ay, by, cy)));
  for (let y = Math.max(0, Math.floor(Math.min(ay, by, cy))); y <= lastY; y++) {
    for (let x = Math.max(0, Math.floor(Math.min(ax, bx, cx))); x <= lastX; x++) {
      const u = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) / area;
      const v = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / area;
      const w = 1 - u - v;
      if (u < -1e-6 || v < -1e-6 || w < -1e-6) continue;
      const pixel = y * width + x;
      const depth = u * az + v * bz + w * cz;
      if (depth >= (depths[pixel] ?? 0)) continue;
      depths[pixel] = depth;
      copyPixel(
        source,
        u * a.from[0] + v * b.from[0] + w * c.from[0],
        u * a.from[1] + v * b.from[1] + w * c.from[1],
        data,
        pixel * 3,
      );
    }
  }
}

/** Copies what lies between four pixels of a picture. */
export function copyPixel(source: Pixels, x: number, y: number, into: Uint8Array, offset: number): void {
  const { width, height, data } = source;
  const [left, top] = [clamp(Math.floor(x), width - 2), clamp(Math.floor(y), height - 2)];
  const [fx, fy] = [Math.min(Math.max(x - left, 0), 1), Math.min(Math.max(y - top, 0), 1)];
  const at = (top * width + left) * 3;
  const below = at + width * 3;
  for (let channel = 0; channel < 3; channel++) {
    const upper = (data[at + channel] ?? 0) * (1 - fx) + (data[at + channel + 3] ?? 0) * fx;
    const lower = (data[below + channel] ?? 0) * (1 - fx) + (data[below + channel + 3] ?? 0) * fx;
    into[offset + channel] = upper * (1 - fy) + lower * fy;
  }
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}

function pairs(upper: readonly number[], lower: readonly number[]): readonly (readonly [number, number])[] {
  return upper.map((point, i) => [point, lower[i] ?? NaN] as const);
}
