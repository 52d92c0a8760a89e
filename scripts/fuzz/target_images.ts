// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pictures, by the decoder that the issuer runs in a thread of its own.
 *
 * @module
 */
import { createRequire } from 'node:module';
import sharp, { type Sharp } from 'sharp';
import { join } from '../../src/demo/der.ts';
import { decodeImage, MAX_IMAGE_BYTES } from '../../src/issuer/images.ts';
import type { Pixels } from '../../src/issuer/pixels.ts';
import type { Seed, Target } from './target.ts';

const CODES = ['image_malformed', 'image_too_large'];
/** As the comparison of faces asks for. */
const LONGEST_SIDE = 1024;
const NOTHING = new Uint8Array();

/** A picture with something in every corner, and texture, so that there is something to decode. */
function picture(width: number, height: number, channels: 1 | 3 = 3): Pixels {
  const data = Uint8Array.from({ length: width * height * channels }, (_, at) => {
    const pixel = Math.floor(at / channels);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const texture = ((x * 7919) ^ (y * 104_729)) % 37;
    return ([x * 2, 200 - y, x + y][at % channels] ?? 0) + texture;
  });
  return { width, height, data };
}

const seedOf = (name: string, bytes: Uint8Array): Seed => ({
  name,
  bytes,
  read: (file) => decodeImage(file, LONGEST_SIDE),
});

function patched(bytes: Uint8Array, at: number, ...words: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  for (const [index, word] of words.entries()) view.setUint32(at + 4 * index, word);
  return copy;
}

/** Where a marker stands. */
const find = (bytes: Uint8Array, ...marker: readonly number[]): number =>
  Buffer.from(bytes).indexOf(Uint8Array.from(marker));

/** JPEG, through libvips. */
export async function jpegTarget(): Promise<Target> {
  const { width, height, data } = picture(160, 120);
  const made = (): Sharp => sharp(data, { raw: { width, height, channels: 3 } });
  const file = async (pipeline: Sharp): Promise<Uint8Array> => new Uint8Array(await pipeline.toBuffer());
  const baseline = await file(made().jpeg());
  const progressive = await file(made().jpeg({ progressive: true }));
  const seeds = [
    seedOf('baseline', baseline),
    seedOf('progressive', progressive),
    seedOf('greyscale', await file(made().greyscale().jpeg())),
    seedOf('CMYK', await file(made().toColourspace('cmyk').jpeg())),
    seedOf('turned, with a profile', await file(made().withIccProfile('p3').withMetadata({ orientation: 6 }).jpeg())),
    seedOf('no subsampling', await file(made().jpeg({ chromaSubsampling: '4:4:4', quality: 100 }))),
  ];
  // Width and height stand five bytes behind the start of a frame.
  const sized = (bytes: Uint8Array, marker: number, size: number): Uint8Array =>
    patched(bytes, find(bytes, 0xff, marker) + 5, size);
  const start = find(progressive, 0xff, 0xda);
  const scans = progressive.subarray(start, progressive.length - 2);
  const many = (count: number, head: Uint8Array): Uint8Array =>
    join([head, ...Array.from({ length: count }, () => scans), Uint8Array.of(0xff, 0xd9)]);
  const head = progressive.subarray(0, start);
  const bombs = [
    sized(baseline, 0xc0, 0xffffffff),
    sized(baseline, 0xc0, 0x16a016a0),
    sized(progressive, 0xc2, 0x16a016a0),
    many(2000, head),
    many(200, sized(head, 0xc2, 0x16a016a0)),
    join([
      baseline.subarray(0, 2),
      ...Array.from({ length: 100_000 }, () => Uint8Array.of(0xff, 0xfe, 0, 2)),
      baseline.subarray(2),
    ]),
    join([baseline.subarray(0, -2), new Uint8Array(2_000_000)]),
    new Uint8Array(MAX_IMAGE_BYTES + 1),
    Uint8Array.of(0xff, 0xd8, 0xff),
    NOTHING,
  ];
  return { form: 'markers', seeds, made: bombs.map((bytes) => ({ seed: 'baseline', bytes })), codes: CODES };
}

interface Encoder {
  getDecodedBuffer: (frame: object) => Uint8Array;
  getEncodedBuffer: () => Uint8Array;
  setQuality: (lossless: boolean, ratio: number) => void;
  setDecompositions: (levels: number) => void;
  encode: () => void;
  delete: () => void;
}
type OpenJpeg = (options: object) => Promise<{ J2KEncoder: new () => Encoder }>;

async function encode({ width, height, data }: Pixels, lossless: boolean, levels: number): Promise<Uint8Array> {
  const openJpeg = createRequire(import.meta.url)('@cornerstonejs/codec-openjpeg/wasmjs') as OpenJpeg;
  const { J2KEncoder } = await openJpeg({ print: () => undefined, printErr: () => undefined });
  const encoder = new J2KEncoder();
  const componentCount = data.length / width / height;
  encoder.getDecodedBuffer({ width, height, bitsPerSample: 8, componentCount, isSigned: false }).set(data);
  encoder.setQuality(lossless, lossless ? 0 : 10);
  encoder.setDecompositions(levels);
  encoder.encode();
  const encoded = encoder.getEncodedBuffer().slice();
  encoder.delete();
  return encoded;
}

function box(type: string, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = join(contents);
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, content.length + 8);
  header.set(Buffer.from(type, 'latin1'), 4);
  return join([header, content]);
}

/** A JP2 file; the colour space is 16 sRGB, 17 grey, 18 sYCC. */
function wrap(codestream: Uint8Array, { width, height }: Pixels, components: number, colour: number): Uint8Array {
  const header = new Uint8Array(14);
  const view = new DataView(header.buffer);
  view.setUint32(0, height);
  view.setUint32(4, width);
  view.setUint16(8, components);
  header.set([7, 7, 0, 0], 10);
  return join([
    box('jP  ', Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a)),
    box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ', 'latin1')),
    box('jp2h', box('ihdr', header), box('colr', Uint8Array.of(1, 0, 0, 0, 0, 0, colour))),
    box('jp2c', codestream),
  ]);
}

/** JPEG 2000, through OpenJPEG. */
export async function jp2Target(): Promise<Target> {
  const [colour, grey] = [picture(128, 96), picture(96, 128, 1)];
  const lossless = await encode(colour, true, 5);
  const lossy = await encode(colour, false, 3);
  const seeds = [
    seedOf('codestream', lossless),
    seedOf('lossy', wrap(lossy, colour, 3, 16)),
    seedOf('sYCC', wrap(lossless, colour, 3, 18)),
    seedOf('greyscale', wrap(await encode(grey, true, 1), grey, 1, 17)),
  ];
  // SIZ: right, bottom, left, top, tile width and height from byte 8. COD: style, order, layers, levels, block sizes.
  const size = (...words: readonly number[]): Uint8Array => patched(lossless, 8, ...words);
  const coding = find(lossless, 0xff, 0x52);
  const coded = (offset: number, ...bytes: readonly number[]): Uint8Array => {
    const copy = Uint8Array.from(lossless);
    copy.set(bytes, coding + offset);
    return copy;
  };
  const bombs = [
    size(0xffffffff, 0xffffffff),
    size(2048, 2048, 0, 0, 2048, 2048),
    size(2048, 2048, 0, 0, 128, 128),
    size(2048, 2048, 0, 0, 1, 1),
    size(0xffffffff, 0xffffffff, 0xffffff00, 0xffffff00, 0xffffffff, 0xffffffff),
    coded(6, 0xff, 0xff),
    coded(9, 32),
    coded(9, 33),
    coded(10, 8, 8),
    coded(10, 0, 0),
    join([
      lossless.subarray(0, 2000),
      ...Array.from({ length: 500 }, () => lossless.subarray(coding, coding + 14)),
      lossless.subarray(2000),
    ]),
    new Uint8Array(MAX_IMAGE_BYTES + 1).fill(0xff),
    Uint8Array.of(0xff, 0x4f, 0xff, 0x51),
    NOTHING,
  ];
  return { form: 'markers', seeds, made: bombs.map((bytes) => ({ seed: 'codestream', bytes })), codes: CODES };
}
