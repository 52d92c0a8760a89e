// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a camera sees of a photograph that somebody holds before it.
 *
 * @module
 */
import { copyPixel } from '../../src/demo/face_warp.ts';
import { homography, type Point } from '../../src/issuer/face_geometry.ts';
import type { Pixels } from '../../src/issuer/pixels.ts';

/** How a photograph is held: degrees about its vertical and horizontal axis, degrees of roll, size, place in pixels. */
export interface Held {
  readonly vertical?: number;
  readonly horizontal?: number;
  readonly roll?: number;
  readonly size?: number;
  readonly shift?: Point;
}

/** Draws the whole photograph in perspective before a grey wall. */
export function photograph(picture: Pixels, held: Held): Pixels {
  const { width, height } = picture;
  const { vertical = 0, horizontal = 0, roll = 0, size = 1, shift = [0, 0] } = held;
  const [v, h, r] = [vertical, horizontal, roll].map((degrees) => (degrees * Math.PI) / 180) as [
    number,
    number,
    number,
  ];
  const camera = width * 1.4;
  const place = ([px, py]: Point): Point => {
    const [x0, y0] = [(px - width / 2) * size, (py - height / 2) * size];
    const [x1, y1] = [x0 * Math.cos(r) - y0 * Math.sin(r), x0 * Math.sin(r) + y0 * Math.cos(r)];
    const [x, z1] = [x1 * Math.cos(v), x1 * Math.sin(v)];
    const [y, z] = [y1 * Math.cos(h) - z1 * Math.sin(h), y1 * Math.sin(h) + z1 * Math.cos(h)];
    const scale = camera / (camera + z);
    return [width / 2 + x * scale + shift[0], height / 2 + y * scale + shift[1]];
  };
  const corners: readonly Point[] = [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ];
  const back = homography(corners.map(place), corners);
  const data = new Uint8Array(width * height * 3).fill(90);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, w] = back([x, y]);
      if (u >= 0 && w >= 0 && u < width - 1 && w < height - 1) copyPixel(picture, u, w, data, (y * width + x) * 3);
    }
  }
  return { width, height, data };
}
