// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Part of the passport simulator: the files on the chip before they are signed, as ICAO 9303-4 (data
 * page), 9303-10 (data groups) and ISO/IEC 19794-5 (facial record) give them.
 *
 * @module
 */
import type { CalendarDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { der, join, text } from './der.ts';

/** The holder of a simulated passport. */
export interface ChipPerson {
  /** Latin letters; accents are dropped, other characters become fillers. */
  readonly surname: string;
  readonly given: string;
  readonly sex: 'F' | 'M' | 'X';
  readonly birth: CalendarDate;
  /** Three letters. */
  readonly nationality: string;
  /** Up to nine letters and digits. */
  readonly documentNumber: string;
  /** Up to fourteen letters and digits; undefined for a passport without one. */
  readonly personalNumber: string | undefined;
  readonly expiry: CalendarDate;
  /** Three letters. */
  readonly issuingState: string;
}

function refuse(what: string): ProtocolError {
  return new ProtocolError('sample_person_invalid', `${what}; the simulator cannot write it on a data page`);
}

/** ICAO 9303-3 section 4.9: weights 7, 3, 1; letters from A = 10; fillers 0; modulo 10. */
function checkDigit(field: string): string {
  const weights = [7, 3, 1];
  const sum = Array.from(field).reduce((total, character, index) => {
    const value = character === '<' ? 0 : parseInt(character, 36);
    return total + value * (weights[index % 3] ?? 0);
  }, 0);
  return String(sum % 10);
}

function filled(value: string, length: number, what: string): string {
  if (!/^[A-Z0-9<]*$/.test(value) || value.length > length) throw refuse(`${what} does not fit its field`);
  return value.padEnd(length, '<');
}

function latin(name: string): string {
  const letters = name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toUpperCase()
    .replaceAll(/[^A-Z]+/g, '<')
    .replaceAll(/^<|<$/g, '');
  if (letters === '') throw refuse('a name has no Latin letters');
  return letters;
}

/** The machine readable zone of a passport: two lines of 44, joined. */
export function writeMrz(person: ChipPerson): string {
  const names = `${latin(person.surname)}<<${latin(person.given)}`.slice(0, 39);
  const shortDate = (date: CalendarDate): string => String(date).slice(2);
  const number = filled(person.documentNumber, 9, 'the document number');
  const birth = shortDate(person.birth);
  const expiry = shortDate(person.expiry);
  const personal = filled(person.personalNumber ?? '', 14, 'the personal number');
  const first = `P<${filled(person.issuingState, 3, 'the issuing state')}${names.padEnd(39, '<')}`;
  const withDigit = (field: string): string => `${field}${checkDigit(field)}`;
  const personalDigit = person.personalNumber === undefined ? '<' : checkDigit(personal);
  const before = withDigit(number);
  const between = withDigit(birth);
  const after = `${withDigit(expiry)}${personal}${personalDigit}`;
  const nationality = filled(person.nationality, 3, 'the nationality');
  const sex = person.sex === 'X' ? '<' : person.sex;
  return `${first}${before}${nationality}${between}${sex}${after}${checkDigit(`${before}${between}${after}`)}`;
}

/** DG1 of a passport. */
export function writeDg1(person: ChipPerson): Uint8Array {
  return der(0x61, text(0x5f1f, writeMrz(person)));
}

/** Tags of the data groups that the simulator writes. */
const DATA_GROUP_TAGS: Readonly<Record<number, number>> = { 1: 0x61, 2: 0x75, 11: 0x6b, 14: 0x6e, 15: 0x6f };

/** EF.COM of a chip with these data groups. */
export function writeCom(dataGroups: readonly number[] = [1, 2]): Uint8Array {
  const tags = Uint8Array.from(dataGroups, (number) => DATA_GROUP_TAGS[number] ?? 0);
  return der(0x60, text(0x5f01, '0107'), text(0x5f36, '040000'), der(0x5c, tags));
}

/** Width and height of a JPEG (first frame header) or a JPEG 2000 (SIZ marker of its codestream). */
function dimensionsOf(image: Uint8Array, isJpeg: boolean): readonly [number, number] {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (isJpeg) {
    for (let offset = 2; offset + 9 < image.length; offset += 2 + view.getUint16(offset + 2)) {
      const marker = view.getUint16(offset);
      const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
      if (isFrame) return [view.getUint16(offset + 7), view.getUint16(offset + 5)];
    }
  } else {
    const siz = Buffer.from(image).indexOf(Buffer.from('ff4fff51', 'hex'));
    if (siz >= 0 && siz + 24 < image.length) {
      return [view.getUint32(siz + 8) - view.getUint32(siz + 16), view.getUint32(siz + 12) - view.getUint32(siz + 20)];
    }
  }
  throw new ProtocolError('sample_portrait_invalid', 'a sample portrait is a JPEG or JPEG 2000 file');
}

/** DG2 with one portrait, JPEG or JPEG 2000 by its own first bytes. */
export function writeDg2(portrait: Uint8Array): Uint8Array {
  const isJpeg = portrait[0] === 0xff && portrait[1] === 0xd8;
  const [width, height] = dimensionsOf(portrait, isJpeg);
  const u16 = (value: number): readonly number[] => [value >> 8, value & 0xff];
  const u32 = (value: number): readonly number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
  const length = 20 + 12 + portrait.length;
  const record = join([
    Uint8Array.from([0x46, 0x41, 0x43, 0, 0x30, 0x31, 0x30, 0, ...u32(14 + length), ...u16(1)]),
    Uint8Array.from([...u32(length), ...u16(0), ...new Array<number>(14).fill(0)]), // no feature points, no traits
    Uint8Array.from([1, isJpeg ? 0 : 1, ...u16(width), ...u16(height), 1, 0, ...u16(0), ...u16(0)]), // full frontal, sRGB
    portrait,
  ]);
  // CBEFF header: biometric type facial features, format owner ISO JTC 1/SC 37, format type 8.
  const header = der(0xa1, der(0x81, Uint8Array.of(2)), der(0x87, Uint8Array.of(1, 1)), der(0x88, Uint8Array.of(0, 8)));
  const template = der(0x7f60, header, der(0x5f2e, record));
  return der(0x75, der(0x7f61, der(0x02, Uint8Array.of(1)), template));
}
