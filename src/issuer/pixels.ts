// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Decoded pictures and the limits of their size. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';

/** An upright picture: 8-bit sRGB, three bytes a pixel, rows from the top, no padding. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}

/** Most pixels of a JPEG or PNG: 32 mebipixels, above what phone cameras give by default. */
export const MAX_IMAGE_PIXELS = 2 ** 25;

/** Most pixels of a JPEG 2000 picture: 4 mebipixels; portraits on chips have about 0.25. */
export const MAX_JP2_PIXELS = 2 ** 22;

/** Shortest side, in pixels, on which a face can be recognised. */
export const MIN_IMAGE_SIDE = 64;

/**
 * Checks width and height against the limits.
 *
 * @throws {@link ProtocolError} `image_too_large`; `image_malformed` if the picture is too small for a face.
 */
export function checkImageSize(width: number, height: number, maxPixels: number): void {
  if (width * height > maxPixels) {
    throw tooManyPixels(maxPixels);
  }
  if (!(width >= MIN_IMAGE_SIDE && height >= MIN_IMAGE_SIDE)) {
    const side = MIN_IMAGE_SIDE.toString();
    throw new ProtocolError('image_malformed', `send a picture of at least ${side} by ${side} pixels`);
  }
}

/** The error for a picture with more pixels than allowed. */
export function tooManyPixels(maxPixels: number, cause?: unknown): ProtocolError {
  const limit = Math.floor(maxPixels / 1_000_000).toString();
  return new ProtocolError('image_too_large', `send a picture of at most ${limit} megapixels`, { cause });
}
