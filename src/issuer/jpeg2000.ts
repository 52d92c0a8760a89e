// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * JPEG 2000 (ISO/IEC 15444-1), the format of most portraits on passport chips, as a JP2 file or a bare
 * codestream. The SIZ marker is read here, before OpenJPEG allocates anything: a file of a hundred bytes
 * can declare four billion pixels or four billion tiles. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { createRequire } from 'node:module';
import { ProtocolError } from '../protocol/errors.ts';
import type { Pixels } from './pixels.ts';

/** Most tiles of a picture; portraits have one. */
export const MAX_JP2_TILES = 256;

/** Boxes of a JP2 file: 15444-1 annex I.5. */
const BOX = { header: 0x6a703268, colour: 0x636f6c72, palette: 0x70636c72, codestream: 0x6a703263 } as const;

/** Enumerated colour space sYCC of the colour box. */
const COLOUR_SYCC = 18;

/** The first two markers of a codestream. */
const MARKER_SOC_SIZ = 0xff4fff51;

/** The SIZ marker, as far as it is checked. */
interface CodestreamHeader {
  readonly width: number;
  readonly height: number;
  readonly tiles: number;
  readonly components: number;
}

interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned: boolean;
}

interface Decoder {
  getEncodedBuffer: (length: number) => Uint8Array;
  getDecodedBuffer: () => Uint8Array;
  decode: () => void;
  getFrameInfo: () => FrameInfo;
  delete: () => void;
}

type OpenJpeg = (options: {
  print: (line: string) => void;
  printErr: (line: string) => void;
}) => Promise<{ J2KDecoder: new () => Decoder }>;

const openJpeg = createRequire(import.meta.url)('@cornerstonejs/codec-openjpeg/decodewasmjs') as OpenJpeg;

/**
 * Decodes a JPEG 2000 picture of 8 bits a sample: greyscale, RGB or YCbCr; alpha is dropped.
 *
 * @param checkSize - Called with the declared width and height before anything is decoded; throws to refuse.
 * @throws {@link ProtocolError} `image_malformed`, and what `checkSize` throws.
 */
export async function decodeJpeg2000(
  bytes: Uint8Array,
  checkSize: (width: number, height: number) => void,
): Promise<Pixels> {
  const { codestream, isYcc } = findCodestream(bytes);
  const header = readHeader(codestream);
  checkSize(header.width, header.height);
  if (header.tiles > MAX_JP2_TILES || header.components === 0 || header.components > 4) {
    throw malformed();
  }
  // A fresh instance for each picture (15 ms): no pixel of one person and no damage outlives it.
  const { J2KDecoder } = await openJpeg({ print: ignore, printErr: ignore });
  let decoder: Decoder | undefined;
  try {
    decoder = new J2KDecoder();
    // The bare codestream, so that OpenJPEG reads the header that was checked and no other.
    decoder.getEncodedBuffer(codestream.length).set(codestream);
    decoder.decode();
    const frame = decoder.getFrameInfo();
    if (frame.width !== header.width || frame.height !== header.height) {
      throw malformed(); // a failed decode leaves an empty frame
    }
    return toRgb(frame, decoder.getDecodedBuffer(), isYcc && frame.componentCount >= 3);
  } catch (cause) {
    throw cause instanceof ProtocolError ? cause : malformed(cause);
  } finally {
    discard(decoder);
  }
}

function ignore(): void {
  // OpenJPEG reports on stdout; a failed decode shows in the frame it returns.
}

function discard(decoder: Decoder | undefined): void {
  try {
    decoder?.delete();
  } catch {
    // An aborted instance cannot run its destructor; its memory goes with the instance.
  }
}

function malformed(cause?: unknown): ProtocolError {
  return new ProtocolError('image_malformed', 'the JPEG 2000 picture cannot be read', { cause });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Reads the SIZ marker: 15444-1 annex A.5.1. */
function readHeader(codestream: Uint8Array): CodestreamHeader {
  if (codestream.length < 42) {
    throw malformed();
  }
  const view = viewOf(codestream);
  const word = (index: number): number => view.getUint32(8 + 4 * index);
  const [right, bottom, left, top] = [word(0), word(1), word(2), word(3)];
  const [tileWidth, tileHeight, tileLeft, tileTop] = [word(4), word(5), word(6), word(7)];
  const components = view.getUint16(40);
  if (view.getUint32(0) !== MARKER_SOC_SIZ || codestream.length < 42 + 3 * components) {
    throw malformed();
  }
  if (right <= left || bottom <= top || tileLeft > left || tileTop > top || tileWidth * tileHeight === 0) {
    throw malformed();
  }
  for (let at = 42; at < 42 + 3 * components; at += 3) {
    if (view.getUint8(at) !== 7 || view.getUint16(at + 1) !== 0x0101) {
      throw malformed(); // other than 8 unsigned bits, or a subsampled component
    }
  }
  const tiles = Math.ceil((right - tileLeft) / tileWidth) * Math.ceil((bottom - tileTop) / tileHeight);
  return { width: right - left, height: bottom - top, tiles, components };
}

/** Finds the codestream in a JP2 file, or takes the whole of a bare one. */
function findCodestream(bytes: Uint8Array): { readonly codestream: Uint8Array; readonly isYcc: boolean } {
  if (bytes.length >= 4 && viewOf(bytes).getUint32(0) === MARKER_SOC_SIZ) {
    return { codestream: bytes, isYcc: false };
  }
  let isYcc = false;
  for (const { type, content } of boxes(bytes)) {
    if (type === BOX.codestream) {
      return { codestream: content, isYcc };
    }
    if (type === BOX.header) {
      const parts = [...boxes(content)];
      if (parts.some((part) => part.type === BOX.palette)) {
        throw malformed(); // photographs have none
      }
      const colour = parts.find((part) => part.type === BOX.colour)?.content;
      isYcc = colour?.length === 7 && viewOf(colour).getUint32(3) === COLOUR_SYCC;
    }
  }
  throw malformed();
}

/** Walks boxes; every step moves forward. A length of 0 means to the end, 1 that eight bytes of length follow. */
function* boxes(bytes: Uint8Array): Generator<{ readonly type: number; readonly content: Uint8Array }> {
  const view = viewOf(bytes);
  for (let at = 0; at + 8 <= bytes.length;) {
    const short = view.getUint32(at);
    const header = short === 1 ? 16 : 8;
    if (at + header > bytes.length) {
      throw malformed();
    }
    const stated = short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    const length = short === 0 ? bytes.length - at : stated;
    if (length < header || at + length > bytes.length) {
      throw malformed();
    }
    yield { type: view.getUint32(at + 4), content: bytes.subarray(at + header, at + length) };
    at += length;
  }
}

/** Full-range YCbCr is that of ITU-R BT.601, as sYCC has it. */
function toRgb(frame: FrameInfo, samples: Uint8Array, isYcc: boolean): Pixels {
  const { width, height, bitsPerSample, componentCount: step, isSigned } = frame;
  const count = width * height;
  if (bitsPerSample !== 8 || isSigned || step < 1 || step > 4 || samples.length !== count * step) {
    throw malformed();
  }
  const second = step < 3 ? 0 : 1;
  const data = new Uint8ClampedArray(count * 3); // clamps and rounds
  for (let from = 0, to = 0; to < data.length; from += step, to += 3) {
    const first = samples[from] ?? 0;
    const [blue, red] = [samples[from + second] ?? 0, samples[from + 2 * second] ?? 0];
    data[to] = isYcc ? first + 1.402 * (red - 128) : first;
    data[to + 1] = isYcc ? first - 0.344136 * (blue - 128) - 0.714136 * (red - 128) : blue;
    data[to + 2] = isYcc ? first + 1.772 * (blue - 128) : red;
  }
  return { width, height, data: new Uint8Array(data.buffer) };
}
