// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pictures for sample people: a document's portrait and a live picture of the same face. With a folder of
 * real pairs (`NNN-portrait.jpg`, `NNN-live.jpg`) these are two photographs. Without, one face is cropped
 * from a photograph that ships inside the package face-api and the live picture is an
 * **altered copy** of the portrait: such a pair shows the machinery at work and says nothing about how
 * well faces are told apart. Nothing of either is copied into this project.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { decodeImage } from '../issuer/images.ts';

/** A portrait with a live picture of the same face, both JPEG. */
export interface FacePair {
  readonly portrait: Uint8Array;
  readonly live: Uint8Array;
  /** Where the pictures come from, in words to show beside them. */
  readonly source: string;
  /** True if the live picture is an altered copy of the portrait. */
  readonly altered: boolean;
}

/** Where in a photograph of the package a single face is: left, top, width, height in pixels. */
export interface FaceCrop {
  readonly file: string;
  readonly box: readonly [left: number, top: number, width: number, height: number];
}

/** Longest side of a visitor's portrait, in pixels. */
const VISITOR_SIDE = 640;

/** Size of a portrait, as on chips. */
const PORTRAIT = { width: 413, height: 531 } as const;

/**
 * Reads a pair of real pictures.
 *
 * @param folder - Holds `NNN-portrait.jpg` and `NNN-live.jpg`.
 * @param number - The `NNN`.
 */
export async function readPair(folder: string, number: string): Promise<FacePair> {
  const read = async (kind: string): Promise<Uint8Array> =>
    new Uint8Array(await readFile(join(folder, `${number}-${kind}.jpg`)));
  return {
    portrait: await read('portrait'),
    live: await read('live'),
    source: `Face Research Lab London Set (DeBruine and Jones, CC BY 4.0), person ${number}, resized`,
    altered: false,
  };
}

/** Crops a face from a photograph of the package and alters a copy. */
export async function cropPair({ file, box }: FaceCrop): Promise<FacePair> {
  const folder = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));
  const [left, top, width, height] = box;
  const portrait = await sharp(join(folder, 'demo', file))
    .extract({ left, top, width, height })
    .resize({ ...PORTRAIT, fit: 'cover' })
    .jpeg({ quality: 88 })
    .toBuffer();
  return {
    portrait: new Uint8Array(portrait),
    live: await alteredCopy(portrait),
    source: `a face in ${file}, a photograph inside the npm package @vladmandic/face-api`,
    altered: true,
  };
}

/**
 * Makes a pair of a visitor's own picture.
 *
 * @param picture - JPEG, PNG or JPEG 2000; treated as hostile.
 * @throws ProtocolError `image_malformed`, `image_too_large`.
 */
export async function visitorPair(picture: Uint8Array): Promise<FacePair> {
  const { width, height, data } = await decodeImage(picture, VISITOR_SIDE);
  const portrait = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 88 })
    .toBuffer();
  return {
    portrait: new Uint8Array(portrait),
    live: await alteredCopy(portrait),
    source: 'your own picture',
    altered: true,
  };
}

/** Turned a little, other light, other compression: as much as two takes may differ, of one and the same take. */
async function alteredCopy(portrait: Uint8Array): Promise<Uint8Array> {
  const copy = await sharp(portrait)
    .modulate({ brightness: 1.08, saturation: 0.9 })
    .rotate(2, { background: '#b4b4b4' })
    .blur(0.6)
    .jpeg({ quality: 80 })
    .toBuffer();
  return new Uint8Array(copy);
}
