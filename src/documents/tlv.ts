// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The tag-length-value form of the files on a passport chip (ISO 7816-4 BER-TLV, ICAO 9303-10):
 * tags of one or two bytes, definite lengths of at most four bytes. A reader over a view, it copies
 * nothing and never recurses by itself.
 *
 * @module
 */
import { malformed } from './asn1.ts';

/** One data object. */
export interface Tlv {
  /** One or two bytes as a number: `0x61`, `0x5f1f`. */
  readonly tag: number;
  readonly value: Uint8Array;
  /** Header and value. */
  readonly raw: Uint8Array;
}

/** Most data objects read from one value. */
export const MAX_OBJECTS = 4096;

function readOne(bytes: Uint8Array, start: number, what: string): Tlv {
  const byteAt = (index: number): number => {
    const byte = bytes[index];
    if (byte === undefined) throw malformed(`${what} is cut short`);
    return byte;
  };
  let offset = start;
  let tag = byteAt(offset++);
  if ((tag & 0x1f) === 0x1f) {
    const second = byteAt(offset++);
    if (second > 0x7f) throw malformed(`${what} has a tag of more than two bytes`);
    tag = tag * 256 + second;
  }
  let length = byteAt(offset++);
  if (length > 0x7f) {
    const count = length - 0x80;
    if (count === 0 || count > 4) throw malformed(`${what} has a length of an unsupported form`);
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + byteAt(offset++);
  }
  if (length > bytes.length - offset) throw malformed(`${what} is cut short`);
  return { tag, value: bytes.subarray(offset, offset + length), raw: bytes.subarray(start, offset + length) };
}

/**
 * Reads the data objects that fill the bytes exactly.
 *
 * @param what - Names the structure in errors.
 * @throws {@link ProtocolError} `document_malformed`, also beyond {@link MAX_OBJECTS}.
 */
export function readTlvs(bytes: Uint8Array, what: string): readonly Tlv[] {
  const objects: Tlv[] = [];
  for (let offset = 0; offset < bytes.length;) {
    if (objects.length === MAX_OBJECTS) throw malformed(`${what} has too many parts`);
    const object = readOne(bytes, offset, what);
    objects.push(object);
    offset += object.raw.length;
  }
  return objects;
}

/**
 * Reads a file that is one data object. Bytes after its end are refused, since a hash over them
 * would cover what nobody reads.
 *
 * @throws {@link ProtocolError} `document_malformed`.
 */
export function readFile(bytes: Uint8Array, tag: number, what: string): Uint8Array {
  const [object, ...more] = readTlvs(bytes, what);
  if (object?.tag !== tag || more.length > 0) throw malformed(`${what} is not one data object ${tag.toString(16)}`);
  return object.value;
}

/** The value of the first data object of a tag. */
export function findTlv(objects: readonly Tlv[], tag: number, what: string): Uint8Array {
  const found = objects.find((object) => object.tag === tag);
  if (found === undefined) throw malformed(`${what} has no data object ${tag.toString(16)}`);
  return found.value;
}
