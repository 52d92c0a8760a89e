// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * DG2: the portrait, in CBEFF templates (ICAO 9303-10 section 4.7.2) around a facial record of
 * ISO/IEC 19794-5:2005:
 *
 *     75: 7F61: 02 count, then for each portrait 7F60: A1 header, 5F2E or 7F2E record
 *     record = header 14 | facial information 20 | feature points 8 each | image information 12 | image
 *
 * The image is handed on as it is; decoding it is the business of the issuer's image decoder, which
 * must treat it as hostile.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { malformed } from './asn1.ts';
import { findTlv, readFile, readTlvs } from './tlv.ts';

/** Largest DG2, in bytes; real ones have 12 to 60 kB. */
export const MAX_DG2_BYTES = 1_048_576;

const DG2_TAG = 0x75;
const GROUP = 0x7f61;
const TEMPLATE = 0x7f60;
const RECORDS = [0x5f2e, 0x7f2e];
const RECORD_HEADER = 14;
const FACIAL_INFORMATION = 20;
const FEATURE_POINT = 8;
const IMAGE_INFORMATION = 12;
/** `FAC` and version `010`, each with its closing zero. */
const MAGIC = Uint8Array.of(0x46, 0x41, 0x43, 0, 0x30, 0x31, 0x30, 0);

/** A picture of the holder. */
export interface Portrait {
  /** By the image's own first bytes; `image/jp2` stands for JPEG 2000 files and bare codestreams. */
  readonly type: 'image/jpeg' | 'image/jp2';
  readonly bytes: Uint8Array;
}

const SIGNATURES: readonly (readonly [Portrait['type'], Uint8Array])[] = [
  ['image/jpeg', Uint8Array.of(0xff, 0xd8, 0xff)],
  ['image/jp2', Uint8Array.of(0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20)],
  ['image/jp2', Uint8Array.of(0xff, 0x4f, 0xff, 0x51)],
];

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

/**
 * Reads the first portrait of DG2.
 *
 * @throws {@link ProtocolError} `document_malformed`; `portrait_unsupported` for records of
 * ISO/IEC 39794-5 and for images that are neither JPEG nor JPEG 2000.
 */
export function readDg2(file: Uint8Array): Portrait {
  const what = 'DG2';
  if (file.length > MAX_DG2_BYTES) throw malformed(`${what} is too large`);
  const group = readTlvs(readFile(readFile(file, DG2_TAG, what), GROUP, what), what);
  const template = readTlvs(findTlv(group, TEMPLATE, what), what);
  const record = template.find(({ tag }) => RECORDS.includes(tag))?.value;
  if (record === undefined) throw malformed(`${what} holds no facial record`);
  return readRecord(record);
}

function readRecord(record: Uint8Array): Portrait {
  if (!startsWith(record, MAGIC)) {
    throw new ProtocolError('portrait_unsupported', 'the facial record is not of ISO/IEC 19794-5:2005');
  }
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const shortest = RECORD_HEADER + FACIAL_INFORMATION + IMAGE_INFORMATION;
  if (record.length < shortest || view.getUint32(8) !== record.length) {
    throw malformed('the facial record is not as long as it says');
  }
  const end = RECORD_HEADER + view.getUint32(RECORD_HEADER);
  const points = view.getUint16(RECORD_HEADER + 4);
  const start = shortest + points * FEATURE_POINT;
  if (view.getUint16(12) === 0 || end > record.length || start >= end) {
    throw malformed('the facial record is not as long as it says');
  }
  return imageOf(record.slice(start, end));
}

/**
 * A portrait of an image file.
 *
 * @throws {@link ProtocolError} `portrait_unsupported` if it is neither JPEG nor JPEG 2000.
 */
export function imageOf(bytes: Uint8Array): Portrait {
  const type = SIGNATURES.find(([, signature]) => startsWith(bytes, signature))?.[0];
  if (type === undefined) {
    throw new ProtocolError('portrait_unsupported', 'the portrait is neither JPEG nor JPEG 2000');
  }
  return { type, bytes };
}
