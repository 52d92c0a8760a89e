// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What landmarks say of a face beside where it is: how far it is turned, how wide its eyes are open, and
 * whether two pictures of it can be one flat thing seen from two sides.
 *
 * A picture of a flat thing follows from any other picture of it by a homography. So the homography that
 * takes eyes, brows and mouth of one picture to the other tells where the tip of the nose would be if the
 * face were flat; **parallax** is how far beside that place it is, as a part of the distance of the eyes.
 *
 * @module
 */

/** A place in a picture, in pixels. */
export type Point = readonly [x: number, y: number];

/** Landmarks of a face by the numbers of the MediaPipe face mesh, refined around the eyes. */
export type Landmarks = readonly Point[];

/** Numbers of landmarks; left and right as in the picture. */
const AT = {
  noseTip: 1,
  sides: [234, 454],
  leftEye: { corners: [33, 133], lids: [159, 145, 158, 153] },
  rightEye: { corners: [362, 263], lids: [386, 374, 385, 380] },
  mouthCorners: [61, 291],
  /** Almost in one plane: corners of eyes and mouth, outer brows, root of the nose. */
  plane: [33, 133, 362, 263, 61, 291, 70, 300, 168],
} as const;

/** How wide the eyes are open: height of the opening against its width, and against eyes to mouth. */
export interface Openness {
  readonly byWidth: number;
  readonly byHeight: number;
}

/**
 * How wide the eyes are open. Two measures, since a flat picture that is tilted changes either of them, but
 * closes neither without the other staying.
 */
export function openness(points: Landmarks): Openness {
  const at = reader(points);
  const gap = ({ lids: [a, b, c, d] }: (typeof AT)['leftEye' | 'rightEye']): number =>
    (distance(at(a), at(b)) + distance(at(c), at(d))) / 2;
  const width = ({ corners: [a, b] }: (typeof AT)['leftEye' | 'rightEye']): number => distance(at(a), at(b));
  const [left, right] = [gap(AT.leftEye), gap(AT.rightEye)];
  const eyes = middle(at(AT.leftEye.corners[1]), at(AT.rightEye.corners[0]));
  const mouth = middle(at(AT.mouthCorners[0]), at(AT.mouthCorners[1]));
  return {
    byWidth: (left / width(AT.leftEye) + right / width(AT.rightEye)) / 2,
    byHeight: (left + right) / 2 / distance(eyes, mouth),
  };
}

/**
 * Where the tip of the nose is between the sides of the face: 0 in the middle, 1 at the right side of the
 * picture. Grows as the person turns to their own left.
 */
export function noseOffset(points: Landmarks): number {
  const at = reader(points);
  const [left, right] = [at(AT.sides[0])[0], at(AT.sides[1])[0]];
  const nose = at(AT.noseTip)[0];
  return (2 * nose - left - right) / (right - left);
}

/**
 * Parallax of the tip of the nose between two pictures of a face; about 0 for a flat thing. Its sign is that
 * of {@link noseOffset}.
 *
 * @returns NaN where the landmarks allow no homography.
 */
export function parallax(from: Landmarks, to: Landmarks): number {
  const [a, b] = [reader(from), reader(to)];
  const map = homography(AT.plane.map(a), AT.plane.map(b));
  const [x] = map(a(AT.noseTip));
  return (b(AT.noseTip)[0] - x) / distance(b(AT.leftEye.corners[0]), b(AT.rightEye.corners[1]));
}

/**
 * The homography that takes one list of at least four points nearest to another, by least squares.
 *
 * @returns A map that gives NaN where the points do not determine it.
 */
export function homography(from: readonly Point[], to: readonly Point[]): (point: Point) => Point {
  const [a, b] = [scaling(from), scaling(to)];
  const h = homographyEntries(from.map(a.apply), to.map(b.apply));
  const entry = (i: number): number => h[i] ?? NaN;
  return (point) => {
    const [x, y] = a.apply(point);
    const w = entry(6) * x + entry(7) * y + 1;
    return b.undo([(entry(0) * x + entry(1) * y + entry(2)) / w, (entry(3) * x + entry(4) * y + entry(5)) / w]);
  };
}

/**
 * Eight entries of that homography, by rows, where the ninth is 1. The first list should lie around 0, at
 * about unit distance, for the sake of numbers.
 */
export function homographyEntries(from: readonly Point[], to: readonly Point[]): readonly number[] {
  const normal = Array.from({ length: 8 }, () => new Array<number>(9).fill(0));
  from.forEach(([x, y], i) => {
    const [u, v] = to[i] ?? [NaN, NaN];
    for (const row of [
      [x, y, 1, 0, 0, 0, -u * x, -u * y, u],
      [0, 0, 0, x, y, 1, -v * x, -v * y, v],
    ]) {
      normal.forEach((line, j) => {
        row.forEach((value, k) => {
          line[k] = (line[k] ?? 0) + (row[j] ?? 0) * value;
        });
      });
    }
  });
  return solveLinear(normal);
}

/** Moves points to about one unit around 0, for the sake of numbers. */
function scaling(points: readonly Point[]): {
  readonly apply: (point: Point) => Point;
  readonly undo: (point: Point) => Point;
} {
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const centre: Point = [mean(0), mean(1)];
  const size = points.reduce((sum, point) => sum + distance(point, centre), 0) / points.length;
  return {
    apply: ([x, y]) => [(x - centre[0]) / size, (y - centre[1]) / size],
    undo: ([x, y]) => [x * size + centre[0], y * size + centre[1]],
  };
}

/** Solves linear equations by elimination with pivoting; each line ends with its right side. */
export function solveLinear(lines: readonly number[][]): readonly number[] {
  const rows = lines.map((line) => [...line]);
  rows.forEach((_, i) => {
    const pivot = rows.reduce((best, row, j) => (j > i && size(row, i) > size(rows[best], i) ? j : best), i);
    const [taken, swapped] = [rows[pivot] ?? [], rows[i] ?? []];
    [rows[i], rows[pivot]] = [taken, swapped];
    rows.forEach((row, j) => {
      if (j === i) return;
      const factor = (row[i] ?? NaN) / (taken[i] ?? NaN);
      taken.forEach((value, k) => {
        row[k] = (row[k] ?? NaN) - factor * value;
      });
    });
  });
  return rows.map((row, i) => (row.at(-1) ?? NaN) / (row[i] ?? NaN));
}

function size(row: readonly number[] | undefined, i: number): number {
  return Math.abs(row?.[i] ?? 0);
}

function reader(points: Landmarks): (number: number) => Point {
  return (number) => points[number] ?? [NaN, NaN];
}

function distance([x, y]: Point, [u, v]: Point): number {
  return Math.hypot(x - u, y - v);
}

function middle([x, y]: Point, [u, v]: Point): Point {
  return [(x + u) / 2, (y + v) / 2];
}
