// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Makes JPEG 2000 pictures for tests with OpenJPEG's encoder.
 *
 * @module
 */
import { createRequire } from 'node:module';
import type { Pixels } from '../../src/issuer/pixels.ts';

interface Encoder {
  getDecodedBuffer: (frame: object) => Uint8Array;
  getEncodedBuffer: () => Uint8Array;
  encode: () => void;
  delete: () => void;
}

type OpenJpeg = (options: object) => Promise<{ J2KEncoder: new () => Encoder }>;

/** Encodes a bare codestream, lossless. */
export async function encodeCodestream({ width, height, data }: Pixels): Promise<Uint8Array> {
  const openJpeg = createRequire(import.meta.url)('@cornerstonejs/codec-openjpeg/wasmjs') as OpenJpeg;
  const { J2KEncoder } = await openJpeg({ print: () => undefined, printErr: () => undefined });
  const encoder = new J2KEncoder();
  encoder
    .getDecodedBuffer({
      width,
      height,
      bitsPerSample: 8,
      componentCount: data.length / width / height,
      isSigned: false,
    })
    .set(data);
  encoder.encode();
  const encoded = encoder.getEncodedBuffer().slice();
  encoder.delete();
  return encoded;
}

/** A box of a JP2 file. */
export function box(type: string, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8);
  head.write(type, 4, 'latin1');
  return new Uint8Array(Buffer.concat([head, content]));
}

/** Wraps a codestream in a JP2 file; the colour space is 16 sRGB, 17 grey, 18 sYCC. */
export function wrapJp2(codestream: Uint8Array, { width, height }: Pixels, components = 3, colour = 16): Uint8Array {
  const header = Buffer.alloc(14);
  header.writeUInt32BE(height, 0);
  header.writeUInt32BE(width, 4);
  header.writeUInt16BE(components, 8);
  header.set([7, 7, 0, 0], 10);
  return new Uint8Array(
    Buffer.concat([
      box('jP  ', Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a)),
      box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ', 'latin1')),
      box('jp2h', box('ihdr', header), box('colr', Uint8Array.of(1, 0, 0, 0, 0, 0, colour))),
      box('jp2c', codestream),
    ]),
  );
}
