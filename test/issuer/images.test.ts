// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeImage, imageType, MAX_IMAGE_BYTES } from '../../src/issuer/images.ts';
import { MAX_JP2_TILES } from '../../src/issuer/jpeg2000.ts';
import { MAX_IMAGE_PIXELS, MAX_JP2_PIXELS, MIN_IMAGE_SIDE, type Pixels } from '../../src/issuer/pixels.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { readShared, sharedPath } from '../shared.ts';
import { box, encodeCodestream, wrapJp2 } from './jp2.ts';

const WIDTH = 96;
const HEIGHT = 80;

/** Smooth, so that compression changes little, and different in each channel and corner. */
const picture: Pixels = {
  width: WIDTH,
  height: HEIGHT,
  data: Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % WIDTH, Math.floor(at / 3 / WIDTH)];
    return [40 + x * 2, 200 - y, x + y][at % 3] ?? 0;
  }),
};
const raw = { raw: { width: WIDTH, height: HEIGHT, channels: 3 } } as const;

const files: Record<'jpeg' | 'png' | 'codestream' | 'jp2', Uint8Array> = {
  jpeg: new Uint8Array(),
  png: new Uint8Array(),
  codestream: new Uint8Array(),
  jp2: new Uint8Array(),
};
const KINDS = ['jpeg', 'png', 'codestream', 'jp2'] as const;

beforeAll(async () => {
  files.jpeg = new Uint8Array(await sharp(picture.data, raw).jpeg({ quality: 95 }).toBuffer());
  files.png = new Uint8Array(await sharp(picture.data, raw).png().toBuffer());
  files.codestream = await encodeCodestream(picture);
  files.jp2 = wrapJp2(files.codestream, picture);
});

function code(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'decoded',
    (error: unknown) => (error instanceof ProtocolError ? error.code : String(error)),
  );
}

function worstDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((worst, value, at) => Math.max(worst, Math.abs(value - (b[at] ?? 999))), 0);
}

/** A copy with big-endian words written at an offset. */
function patched(bytes: Uint8Array, at: number, ...words: number[]): Uint8Array {
  const copy = new Uint8Array(bytes);
  const view = new DataView(copy.buffer);
  words.forEach((word, index) => {
    view.setUint32(at + 4 * index, word);
  });
  return copy;
}

describe('decodeImage', () => {
  it.each(KINDS)('decodes %s to the picture that was encoded', async (kind) => {
    const { width, height, data } = await decodeImage(files[kind]);
    expect([width, height, data.length]).toEqual([WIDTH, HEIGHT, WIDTH * HEIGHT * 3]);
    expect(worstDifference(data, picture.data)).toBeLessThanOrEqual(kind === 'jpeg' ? 12 : 0);
  });

  it.each(KINDS)('shrinks %s to the longest side asked for and never enlarges', async (kind) => {
    const small = await decodeImage(files[kind], 72);
    expect([small.width, small.height]).toEqual([72, 60]);
    expect((await decodeImage(files[kind], 500)).width).toBe(WIDTH);
  });

  it('turns a picture upright by its EXIF orientation', async () => {
    const turned = await sharp(picture.data, raw).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { width, height } = await decodeImage(turned);
    expect([width, height]).toEqual([HEIGHT, WIDTH]);
  });

  it('widens greyscale, drops alpha and narrows 16 bits', async () => {
    const grey = await sharp(picture.data, raw).greyscale().png().toBuffer();
    const alpha = await sharp(picture.data, raw).ensureAlpha(0.5).png().toBuffer();
    const deep = await sharp(picture.data, raw).toColourspace('rgb16').png().toBuffer();
    for (const bytes of [grey, alpha, deep]) {
      expect((await decodeImage(bytes)).data.length).toBe(WIDTH * HEIGHT * 3);
    }
  });

  it('decodes greyscale JPEG 2000', async () => {
    const grey = { ...picture, data: picture.data.filter((_, at) => at % 3 === 0) };
    const { data } = await decodeImage(wrapJp2(await encodeCodestream(grey), grey, 1, 17));
    expect([...data.subarray(0, 6)]).toEqual([
      grey.data[0],
      grey.data[0],
      grey.data[0],
      grey.data[1],
      grey.data[1],
      grey.data[1],
    ]);
  });

  it('converts a JP2 file that says it is YCbCr', async () => {
    const flat = { ...picture, data: Uint8Array.from(picture.data, (_, at) => [100, 90, 200][at % 3] ?? 0) };
    const { data } = await decodeImage(wrapJp2(await encodeCodestream(flat), flat, 3, 18));
    // 100 + 1.402 * 72; 100 + 0.344136 * 38 - 0.714136 * 72; 100 - 1.772 * 38
    expect([...data.subarray(0, 3)]).toEqual([201, 62, 33]);
  });

  it.skipIf(sharedPath('icao/specimen/EF_DG2.bin') === undefined)(
    'decodes the portrait of a specimen chip',
    async () => {
      const dg2 = readShared('icao/specimen/EF_DG2.bin');
      const at = Buffer.from(dg2).indexOf(Buffer.from('0000000c6a502020', 'hex'));
      const { width, height } = await decodeImage(dg2.subarray(at));
      expect([width, height]).toEqual([413, 531]);
    },
  );
});

describe('hostile pictures', () => {
  it('goes by the first bytes, so other formats are refused whatever they are called', async () => {
    const gif = await sharp(picture.data, raw).gif().toBuffer();
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"/>');
    for (const bytes of [gif, svg, Buffer.alloc(0), Buffer.of(0xff), Buffer.from('%PDF-1.7'), Buffer.alloc(4096)]) {
      expect(imageType(bytes)).toBeUndefined();
      expect(await code(decodeImage(bytes))).toBe('image_malformed');
    }
  });

  it('refuses one byte more than the limit', async () => {
    const padded = new Uint8Array(MAX_IMAGE_BYTES + 1);
    padded.set(files.jpeg);
    expect(await code(decodeImage(padded))).toBe('image_too_large');
    expect(await code(decodeImage(padded.subarray(0, MAX_IMAGE_BYTES)))).toBe('decoded');
  });

  it('refuses a small PNG that unpacks to more pixels than allowed', async () => {
    const side = Math.floor(Math.sqrt(MAX_IMAGE_PIXELS)) + 1;
    const bomb = await sharp({ create: { width: side, height: side, channels: 3, background: '#000' } })
      .png({ compressionLevel: 1 })
      .toBuffer();
    expect(bomb.length).toBeLessThan(MAX_IMAGE_BYTES);
    expect(await code(decodeImage(bomb))).toBe('image_too_large');
  });

  it('refuses declared sizes of PNG and JPEG before decoding', async () => {
    expect(await code(decodeImage(patched(files.png, 16, 0x7fffffff, 0x7fffffff)))).toMatch(/^image_/);
    const frame = Buffer.from(files.jpeg).indexOf(Buffer.of(0xff, 0xc0)) + 5;
    expect(await code(decodeImage(patched(files.jpeg, frame, 0xf000f000)))).toBe('image_too_large');
  });

  it('refuses a JPEG 2000 header that declares too many pixels or tiles', async () => {
    // SIZ: right, bottom, left, top, tile width, tile height from byte 8
    const side = Math.sqrt(MAX_JP2_PIXELS);
    expect(await code(decodeImage(patched(files.codestream, 8, side, side + 1)))).toBe('image_too_large');
    expect(await code(decodeImage(patched(files.codestream, 8, 0xffffffff, 0xffffffff)))).toBe('image_too_large');
    expect(WIDTH * HEIGHT).toBeGreaterThan(MAX_JP2_TILES);
    expect(await code(decodeImage(patched(files.codestream, 24, 1, 1)))).toBe('image_malformed');
    expect(await code(decodeImage(patched(files.codestream, 24, 0, 0)))).toBe('image_malformed');
  });

  it('refuses a picture too small for a face', async () => {
    const [width, height] = [MIN_IMAGE_SIDE - 1, 200];
    const small = await sharp({ create: { width, height, channels: 3, background: '#888' } })
      .png()
      .toBuffer();
    expect(await code(decodeImage(small))).toBe('image_malformed');
  });

  it('refuses JP2 boxes that do not add up', async () => {
    const start = files.jp2.subarray(0, 12);
    const bad = [
      start,
      Buffer.concat([start, Buffer.from('0000000366747970', 'hex')]),
      Buffer.concat([start, Buffer.from('ffffffff66747970', 'hex')]),
      Buffer.concat([start, Buffer.from('0000000166747970', 'hex')]),
      Buffer.concat([start, Buffer.from('00000001667479700000000000000000', 'hex')]),
      Buffer.concat([start, box('jp2c')]),
      Buffer.concat([start, box('jp2h', box('pclr')), box('jp2c', files.codestream)]),
    ];
    for (const bytes of bad) {
      expect(await code(decodeImage(bytes))).toBe('image_malformed');
    }
  });

  it.each(KINDS)('refuses %s cut short', async (kind) => {
    for (const part of [0.1, 0.3, 0.6, 0.9]) {
      const cut = files[kind].subarray(0, Math.floor(files[kind].length * part));
      expect(await code(decodeImage(cut))).toBe('image_malformed');
    }
  });

  it.each(KINDS)('answers %s with any bytes changed by a picture or a stable code', async (kind) => {
    const original = files[kind];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(original.length),
        fc.boolean(),
        async (changes, length, cut) => {
          const bytes = new Uint8Array(original);
          for (const [at, value] of changes) bytes[at] = value;
          const answer = await code(decodeImage(cut ? bytes.subarray(0, length) : bytes));
          expect(['decoded', 'image_malformed', 'image_too_large']).toContain(answer);
        },
      ),
      { numRuns: 60, interruptAfterTimeLimit: 2_000 },
    );
  });

  it.each(KINDS)('answers %s with a changed header by a picture or a stable code', async (kind) => {
    const original = files[kind];
    await fc.assert(
      fc.asyncProperty(fc.nat(120), fc.integer({ min: 0, max: 0xffffffff }), async (at, word) => {
        const answer = await code(decodeImage(patched(original, at, word)));
        expect(['decoded', 'image_malformed', 'image_too_large']).toContain(answer);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 2_000 },
    );
  });
});
