// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pictures that strangers send: JPEG and PNG through libvips, JPEG 2000 through OpenJPEG. The first
 * bytes decide what a picture is; a declared content type is never asked. Size is read from the header
 * and refused before a pixel is decoded. docs/protocol.md section 8, "Faces".
 *
 * Decoding may take long on purpose-made input: callers that serve strangers run it in the worker of
 * `faces.ts`, which is ended when it exceeds its time.
 *
 * @module
 */
import sharp, { type Sharp } from 'sharp';
import { ProtocolError } from '../protocol/errors.ts';
import { decodeJpeg2000 } from './jpeg2000.ts';
import { checkImageSize, MAX_IMAGE_PIXELS, MAX_JP2_PIXELS, type Pixels, tooManyPixels } from './pixels.ts';

/** Kinds of picture that are read; `jp2` covers the boxed file and the bare codestream. */
export type ImageType = 'jpeg' | 'png' | 'jp2';

/** Largest accepted file, in bytes. */
export const MAX_IMAGE_BYTES = 8 * 1024 * 1024;

/** Seconds after which libvips gives up. */
const DECODE_SECONDS = 10;

const SIGNATURES: readonly (readonly [ImageType, readonly number[]])[] = [
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['jp2', [0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a]],
  ['jp2', [0xff, 0x4f, 0xff, 0x51]],
];

// The operation cache of libvips would keep pictures of past persons in memory.
sharp.cache(false);

/** What the first bytes say a picture is; undefined for anything that is not read here. */
export function imageType(bytes: Uint8Array): ImageType | undefined {
  return SIGNATURES.find(([, magic]) => magic.every((byte, at) => bytes[at] === byte))?.[0];
}

/**
 * Decodes a picture, turned upright by its EXIF orientation, alpha dropped, greyscale widened.
 *
 * @param bytes - The file; its kind is found by its first bytes.
 * @param longestSide - Shrink so that no side exceeds this many pixels; never enlarges.
 * @throws {@link ProtocolError} `image_too_large` beyond {@link MAX_IMAGE_BYTES}, the pixel limits of
 *   `pixels.ts`; `image_malformed` for another kind of file, a truncated or broken one, or one
 *   too small for a face.
 */
export async function decodeImage(bytes: Uint8Array, longestSide?: number): Promise<Pixels> {
  if (bytes.length > MAX_IMAGE_BYTES) {
    const limit = (MAX_IMAGE_BYTES / 1024 / 1024).toString();
    throw new ProtocolError('image_too_large', `send a picture file of at most ${limit} MiB`);
  }
  switch (imageType(bytes)) {
    case 'jpeg':
    case 'png':
      return decodeRaster(bytes, longestSide);
    case 'jp2':
      return shrink(
        await decodeJpeg2000(bytes, (width, height) => {
          checkImageSize(width, height, MAX_JP2_PIXELS);
        }),
        longestSide,
      );
    case undefined:
      throw new ProtocolError('image_malformed', 'send a JPEG, PNG or JPEG 2000 picture; this file is none of them');
  }
}

async function decodeRaster(bytes: Uint8Array, longestSide: number | undefined): Promise<Pixels> {
  try {
    const picture = sharp(bytes, { limitInputPixels: MAX_IMAGE_PIXELS, failOn: 'error' });
    const { width, height } = await picture.metadata();
    checkImageSize(width, height, MAX_IMAGE_PIXELS);
    return await toPixels(picture.autoOrient(), longestSide);
  } catch (cause) {
    throw asImageError(cause);
  }
}

async function shrink(pixels: Pixels, longestSide: number | undefined): Promise<Pixels> {
  const { width, height, data } = pixels;
  if (longestSide === undefined || Math.max(width, height) <= longestSide) {
    return pixels;
  }
  return toPixels(sharp(data, { raw: { width, height, channels: 3 } }), longestSide);
}

async function toPixels(picture: Sharp, longestSide: number | undefined): Promise<Pixels> {
  const sized =
    longestSide === undefined
      ? picture
      : picture.resize({ width: longestSide, height: longestSide, fit: 'inside', withoutEnlargement: true });
  const { data, info } = await sized
    .removeAlpha()
    .toColourspace('srgb')
    .timeout({ seconds: DECODE_SECONDS })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) {
    throw new ProtocolError('image_malformed', 'send a colour or greyscale picture');
  }
  return { width: info.width, height: info.height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

function asImageError(cause: unknown): ProtocolError {
  if (cause instanceof ProtocolError) {
    return cause;
  }
  if (cause instanceof Error && cause.message.includes('pixel limit')) {
    return tooManyPixels(MAX_IMAGE_PIXELS, cause);
  }
  return new ProtocolError('image_malformed', 'the picture cannot be read; send it again or take another', { cause });
}
