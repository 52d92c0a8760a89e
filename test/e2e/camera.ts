// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Films for Chromium's fake camera: Y4M, whose header names the rate, so that no picture comes twice within a
 * capture.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { Pixels } from '../../src/issuer/pixels.ts';
import { photograph } from '../issuer/photograph.ts';

const WIDTH = 640;
const HEIGHT = 480;
/** Pictures a second: fewer than a page takes in the same time would repeat. */
const RATE = 6;

/** Writes a film of somebody who holds a photograph before the camera and tilts it every way, without end. */
export async function filmPhotograph(file: string, jpeg: Uint8Array, seconds: number): Promise<void> {
  const { data } = await sharp(jpeg)
    .resize(WIDTH, HEIGHT, { fit: 'contain', background: '#7a7a7a' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const picture: Pixels = { width: WIDTH, height: HEIGHT, data: new Uint8Array(data) };
  const parts: Uint8Array[] = [
    new TextEncoder().encode(`YUV4MPEG2 W${String(WIDTH)} H${String(HEIGHT)} F${String(RATE)}:1 Ip A1:1 C420\n`),
  ];
  for (let i = 0; i < seconds * RATE; i++) {
    const time = i / RATE;
    // It is held still at first, so that there is a picture from the front.
    const swing = Math.min(1, Math.max(0, (time - 3) / 2));
    const held = {
      vertical: 40 * swing * Math.sin(time * 1.7),
      horizontal: 35 * swing * Math.sin(time * 1.1),
      roll: 4 * swing * Math.sin(time * 0.7),
      shift: [3 * Math.sin(time * 2.3), 2 * Math.cos(time * 1.9)] as const,
    };
    parts.push(new TextEncoder().encode('FRAME\n'), toI420(photograph(picture, held)));
  }
  await writeFile(file, Buffer.concat(parts));
}

/** Luma, then chroma of every second pixel of every second row. */
function toI420({ width, height, data }: Pixels): Uint8Array {
  const planes = new Uint8Array((width * height * 3) / 2);
  let [luma, blue, red] = [0, width * height, width * height * 1.25];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const [r, g, b] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
      planes[luma++] = 16 + 0.257 * r + 0.504 * g + 0.098 * b;
      if (y % 2 === 0 && x % 2 === 0) {
        planes[blue++] = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
        planes[red++] = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
      }
    }
  }
  return planes;
}
