// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Whether a picture is good enough to be judged, with what to do about it if not. Light is measured on the
 * face by percentiles: the brightest parts of a face, not its average, tell a dark room from dark skin.
 * docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import sharp from 'sharp';
import { ProtocolError } from '../protocol/errors.ts';
import type { FaceBox } from './face_matcher.ts';
import type { Pixels } from './pixels.ts';

/** Light of a face: its brightest twentieth, grey levels of 255, must reach this. */
export const MIN_BRIGHT = 70;
/** Half of a face must be darker than this, or nothing is left to see on it. */
export const MAX_MEDIAN = 240;
/** Least sharpness: variance of the Laplacian over variance of the grey levels, at {@link SIDE} pixels. */
export const MIN_SHARPNESS = 0.02;

/** Side to which a face is scaled before it is measured, so that resolution does not matter. */
const SIDE = 128;

/** Measures of a face in a picture. */
export interface Quality {
  /** 95th percentile of the grey levels. */
  readonly bright: number;
  readonly median: number;
  readonly sharpness: number;
}

/** Measures a part of a picture. */
export async function measureQuality({ width, height, data }: Pixels, box: FaceBox): Promise<Quality> {
  const left = clamp(Math.round(box.x), 0, width - 2);
  const top = clamp(Math.round(box.y), 0, height - 2);
  const grey = await sharp(data, { raw: { width, height, channels: 3 } })
    .extract({
      left,
      top,
      width: clamp(Math.round(box.width), 2, width - left),
      height: clamp(Math.round(box.height), 2, height - top),
    })
    .resize(SIDE, SIDE, { fit: 'fill' })
    .greyscale()
    .raw()
    .toBuffer();
  const sorted = Uint8Array.from(grey).sort();
  const measures = {
    bright: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
    median: sorted[sorted.length >> 1] ?? 0,
    sharpness: sharpness(grey),
  };
  grey.fill(0);
  sorted.fill(0);
  return measures;
}

/**
 * Refuses a face in bad light or out of focus.
 *
 * @throws {@link ProtocolError} `face_too_dark`, `face_too_bright`, `face_blurred`.
 */
export function checkQuality({ bright, median, sharpness }: Quality): void {
  checkExposure(bright, median);
  if (!(sharpness >= MIN_SHARPNESS)) {
    throw new ProtocolError('face_blurred', 'the picture is blurred; clean the camera and hold still at first');
  }
}

/**
 * Refuses several pictures of a face if none of them is good, for what is wrong with the first.
 *
 * @throws {@link ProtocolError} as {@link checkQuality}.
 */
export function checkBest(measures: readonly Quality[]): void {
  let problem: unknown;
  for (const measured of measures) {
    try {
      checkQuality(measured);
      return;
    } catch (error) {
      problem ??= error;
    }
  }
  if (problem !== undefined) throw problem as Error;
}

/**
 * Blames the light where no face was found in it.
 *
 * @throws {@link ProtocolError} `face_too_dark`, `face_too_bright`.
 */
export async function checkLight(picture: Pixels): Promise<void> {
  const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
  const { bright, median } = await measureQuality(picture, whole);
  checkExposure(bright, median);
}

function checkExposure(bright: number, median: number): void {
  if (bright < MIN_BRIGHT) {
    throw new ProtocolError('face_too_dark', 'it is too dark; turn towards a lamp or window');
  }
  if (median > MAX_MEDIAN) {
    throw new ProtocolError('face_too_bright', 'the face is too bright; turn away from the lamp or window');
  }
}

function sharpness(grey: Uint8Array): number {
  const at = (x: number, y: number): number => grey[y * SIDE + x] ?? 0;
  const edges: number[] = [];
  for (let y = 1; y < SIDE - 1; y++) {
    for (let x = 1; x < SIDE - 1; x++) {
      edges.push(4 * at(x, y) - at(x - 1, y) - at(x + 1, y) - at(x, y - 1) - at(x, y + 1));
    }
  }
  return variance(edges) / variance(grey);
}

function variance(values: ArrayLike<number>): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    sum += value;
    squares += value * value;
  }
  return squares / values.length - (sum / values.length) ** 2;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
