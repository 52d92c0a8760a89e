// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How well one picture of a face turns into another by a homography, as two pictures of one photograph do,
 * whatever way it is held. The homography that landmarks suggest is refined on the grey levels themselves,
 * first on blurred ones (Gauss-Newton on differences of normalised patches, after Lucas and Kanade), so
 * that landmarks which a slanted photograph has led astray do not matter. What is then left of likeness:
 *
 * ```text
 * whole   correlation over the face; near 1 for a flat thing, less for a head that turned
 * eyes    correlation over the eyes alone; near 1 for a flat thing, less if they closed
 * ```
 *
 * @module
 */
import sharp from 'sharp';
import type { Point } from './face_geometry.ts';
import { homographyEntries, type Landmarks, solveLinear } from './face_geometry.ts';
import type { FaceBox } from './face_matcher.ts';
import type { Pixels } from './pixels.ts';

/** Width to which a face is scaled. */
const WIDTH = 128;
/** Part of the box that is kept around it. */
const MARGIN = 0.15;
/** Blur of the two levels, in pixels at {@link WIDTH}. */
const BLURS = [3, 1] as const;
/** Points of the compared grid on a side. */
const GRID = 48;
/** Most refinements on a level. */
const ROUNDS = 30;
/** Part of the grid that must lie within the other picture. */
const MIN_COVERED = 0.6;

/** Landmarks that suggest the first homography. */
const HINTS = [33, 133, 362, 263, 61, 291, 70, 300, 168, 1, 152, 234, 454];
const EYES = [
  [33, 133],
  [362, 263],
] as const;

/** A face as it is compared: small grey pictures, from blurred to sharp. */
export interface GreyFace {
  readonly width: number;
  readonly height: number;
  readonly levels: readonly Uint8Array[];
  /** In pixels of the levels. */
  readonly points: Landmarks;
}

/** Likeness after the best homography: 1 for equal, NaN where it cannot be said. */
export interface Likeness {
  readonly whole: number;
  readonly eyes: number;
}

interface Correlation {
  readonly value: number;
  /** Mean and spread of both sides, over what is covered. */
  readonly means: Point;
  readonly spreads: Point;
}

interface Alignment {
  readonly entries: readonly number[];
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  readonly ws: Float64Array;
  readonly seen: Float64Array;
  readonly fit: Correlation;
}

/** Prepares a face of a picture. */
export async function greyFace(picture: Pixels, box: FaceBox, points: Landmarks): Promise<GreyFace> {
  const left = clamp(Math.floor(box.x - box.width * MARGIN), 0, picture.width - 2);
  const top = clamp(Math.floor(box.y - box.height * MARGIN), 0, picture.height - 2);
  const width = clamp(Math.ceil(box.width * (1 + 2 * MARGIN)), 2, picture.width - left);
  const height = clamp(Math.ceil(box.height * (1 + 2 * MARGIN)), 2, picture.height - top);
  const scale = WIDTH / width;
  const size = { width: WIDTH, height: Math.max(2, Math.round(height * scale)) };
  const small = await sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } })
    .extract({ left, top, width, height })
    .resize({ ...size, fit: 'fill' })
    .greyscale()
    .raw()
    .toBuffer();
  const levels = await Promise.all(
    BLURS.map(async (blur) => {
      const blurred = sharp(small, { raw: { ...size, channels: 1 } }).blur(blur);
      return Uint8Array.from(await blurred.greyscale().raw().toBuffer());
    }),
  );
  small.fill(0);
  return { ...size, levels, points: points.map(([x, y]) => [(x - left) * scale, (y - top) * scale]) };
}

/** Overwrites the pictures. */
export function wipe({ levels }: GreyFace): void {
  for (const level of levels) level.fill(0);
}

/** How alike two faces are if both are pictures of one flat thing. */
export function flatLikeness(reference: GreyFace, other: GreyFace): Likeness {
  const frame = frameOf(reference.points);
  const unit = gridPoints();
  const from = HINTS.map((i) => toUnit(frame, at(reference.points, i)));
  const to = HINTS.map((i) => at(other.points, i));
  let entries = homographyEntries(from, to);
  let result: Likeness = { whole: NaN, eyes: NaN };
  for (const [level, grey] of reference.levels.entries()) {
    const wanted = Float64Array.from(unit, ([u, v]) =>
      sample(reference, grey, frame.x + u * frame.a, frame.y + v * frame.b),
    );
    const best = refine(unit, wanted, other, other.levels[level] ?? grey, entries);
    entries = best.entries;
    const eyes = unit.flatMap((point, i) => (isEye(reference.points, frame, point) ? [i] : []));
    result = { whole: best.fit.value, eyes: correlate(wanted, best.seen, eyes).value };
  }
  return result;
}

/** Where the compared part of a face is: centre and half sides. */
interface Frame {
  readonly x: number;
  readonly y: number;
  readonly a: number;
  readonly b: number;
}

/** From side to side and from the brows to the chin, less the edge, where hair and background show. */
function frameOf(points: Landmarks): Frame {
  const [left, right] = [at(points, 234)[0], at(points, 454)[0]];
  const [top, bottom] = [Math.min(at(points, 105)[1], at(points, 334)[1]), at(points, 152)[1]];
  return {
    x: (left + right) / 2,
    y: (top + bottom) / 2,
    a: ((right - left) / 2) * 0.88,
    b: ((bottom - top) / 2) * 0.97,
  };
}

function toUnit({ x, y, a, b }: Frame, [px, py]: Point): Point {
  return [(px - x) / a, (py - y) / b];
}

/** A grid over the face, without the corners below. */
function gridPoints(): readonly Point[] {
  const points: Point[] = [];
  for (let j = 0; j < GRID; j++) {
    for (let i = 0; i < GRID; i++) {
      const [u, v] = [((i + 0.5) / GRID) * 2 - 1, ((j + 0.5) / GRID) * 2 - 1];
      if (0.8 * u * u + 0.7 * Math.max(0, v) ** 2 <= 1) points.push([u, v]);
    }
  }
  return points;
}

function isEye(points: Landmarks, { x, y, a, b }: Frame, [u, v]: Point): boolean {
  return EYES.some(([outer, inner]) => {
    const [p, q] = [at(points, outer), at(points, inner)];
    const length = Math.hypot(q[0] - p[0], q[1] - p[1]);
    const [dx, dy] = [x + u * a - (p[0] + q[0]) / 2, y + v * b - (p[1] + q[1]) / 2];
    return Math.abs(dx) < length * 0.6 && Math.abs(dy) < length * 0.3;
  });
}

/** Damped Gauss-Newton until the correlation grows no more. */
function refine(
  unit: readonly Point[],
  wanted: Float64Array,
  other: GreyFace,
  grey: Uint8Array,
  start: readonly number[],
): Alignment {
  let best = align(unit, wanted, other, grey, start);
  let damping = 1e-2;
  for (let round = 0; round < ROUNDS && damping < 1e4; round++) {
    const step = solveLinear(normalEquations(unit, wanted, other, grey, best, damping));
    const next = align(
      unit,
      wanted,
      other,
      grey,
      best.entries.map((value, i) => value + (step[i] ?? NaN)),
    );
    if (next.fit.value > best.fit.value) {
      const gain = next.fit.value - best.fit.value;
      best = next;
      damping = Math.max(damping / 3, 1e-6);
      if (gain < 1e-5) break;
    } else {
      damping *= 5;
    }
  }
  return best;
}

function align(
  unit: readonly Point[],
  wanted: Float64Array,
  other: GreyFace,
  grey: Uint8Array,
  entries: readonly number[],
): Alignment {
  const [h0, h1, h2, h3, h4, h5, h6, h7] = entries as [number, number, number, number, number, number, number, number];
  const [xs, ys, ws, seen] = [0, 1, 2, 3].map(() => new Float64Array(unit.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  unit.forEach(([u, v], i) => {
    const w = h6 * u + h7 * v + 1;
    const [x, y] = [(h0 * u + h1 * v + h2) / w, (h3 * u + h4 * v + h5) / w];
    xs[i] = x;
    ys[i] = y;
    ws[i] = w;
    seen[i] = sample(other, grey, x, y);
  });
  return { entries, xs, ys, ws, seen, fit: correlate(wanted, seen) };
}

/** Eight lines of the normal equations, each with its right side last. */
function normalEquations(
  unit: readonly Point[],
  wanted: Float64Array,
  other: GreyFace,
  grey: Uint8Array,
  { xs, ys, ws, seen, fit }: Alignment,
  damping: number,
): number[][] {
  const lines = Array.from({ length: 8 }, () => new Float64Array(9));
  const slope = new Float64Array(8);
  unit.forEach(([u, v], i) => {
    const [x, y, w] = [xs[i] ?? NaN, ys[i] ?? NaN, ws[i] ?? NaN];
    const gx = (sample(other, grey, x + 1, y) - sample(other, grey, x - 1, y)) / (2 * fit.spreads[1]);
    const gy = (sample(other, grey, x, y + 1) - sample(other, grey, x, y - 1)) / (2 * fit.spreads[1]);
    const rest =
      ((wanted[i] ?? NaN) - fit.means[0]) / fit.spreads[0] - ((seen[i] ?? NaN) - fit.means[1]) / fit.spreads[1];
    if (Number.isNaN(gx + gy + rest)) return;
    const depth = -(gx * x + gy * y);
    slope.set([gx * u, gx * v, gx, gy * u, gy * v, gy, depth * u, depth * v].map((value) => value / w));
    lines.forEach((line, a) => {
      const own = slope[a] ?? NaN;
      for (let b = 0; b < 8; b++) line[b] = (line[b] ?? 0) + own * (slope[b] ?? NaN);
      line[8] = (line[8] ?? 0) + own * rest;
    });
  });
  return lines.map((line, i) => Array.from(line, (value, j) => (i === j ? value * (1 + damping) : value)));
}

function correlate(wanted: Float64Array, seen: Float64Array, among?: readonly number[]): Correlation {
  const covered = (among ?? Array.from(wanted.keys())).filter(
    (i) => !Number.isNaN((wanted[i] ?? NaN) + (seen[i] ?? NaN)),
  );
  const n = covered.length;
  let [sumA, sumB, ab, aa, bb] = [0, 0, 0, 0, 0];
  for (const i of covered) {
    sumA += wanted[i] ?? 0;
    sumB += seen[i] ?? 0;
  }
  const means: Point = [sumA / n, sumB / n];
  for (const i of covered) {
    const [a, b] = [(wanted[i] ?? 0) - means[0], (seen[i] ?? 0) - means[1]];
    ab += a * b;
    aa += a * a;
    bb += b * b;
  }
  const enough = n >= (among?.length ?? wanted.length) * MIN_COVERED;
  return { value: enough ? ab / Math.sqrt(aa * bb) : NaN, means, spreads: [Math.sqrt(aa / n), Math.sqrt(bb / n)] };
}

/** Grey level between four pixels; NaN outside. */
function sample({ width, height }: GreyFace, grey: Uint8Array, x: number, y: number): number {
  if (!(x >= 0 && y >= 0 && x < width - 1 && y < height - 1)) return NaN;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - left, y - top];
  const i = top * width + left;
  const upper = (grey[i] ?? 0) * (1 - fx) + (grey[i + 1] ?? 0) * fx;
  const lower = (grey[i + width] ?? 0) * (1 - fx) + (grey[i + width + 1] ?? 0) * fx;
  return upper * (1 - fy) + lower * fy;
}

function at(points: Landmarks, i: number): Point {
  return points[i] ?? [NaN, NaN];
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
