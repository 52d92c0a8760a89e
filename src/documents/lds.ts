// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files of the logical data structure on a travel document's chip (ICAO 9303-10): EF.COM, DG1 and DG11.
 * DG2 is in `portrait.ts`, EF.SOD in `sod.ts`. What stands in them means nothing before `passive.ts`
 * has checked it; EF.COM is never signed.
 *
 * @module
 */
import { malformed } from './asn1.ts';
import { findTlv, readFile, readTlvs } from './tlv.ts';

/** Largest DG1, in bytes; a passport's has 93. */
export const MAX_DG1_BYTES = 256;
/** Largest DG11, in bytes. */
export const MAX_DG11_BYTES = 8192;
/** Longest personal number in DG11, letters and digits. */
export const MAX_PERSONAL_NUMBER = 32;
/** Largest EF.COM, in bytes. */
const MAX_COM_BYTES = 256;

const COM_TAG = 0x60;
const LDS_VERSION = 0x5f01;
const TAG_LIST = 0x5c;
const DG1_TAG = 0x61;
const MRZ = 0x5f1f;
const DG11_TAG = 0x6b;
const PERSONAL_NUMBER = 0x5f10;

/** Data group number by the tag of its file, ICAO 9303-10 table 38. */
const DATA_GROUP_OF_TAG: ReadonlyMap<number, number> = new Map(
  [0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70].map((tag, index) => [
    tag,
    index + 1,
  ]),
);

/** What EF.COM announces. */
export interface Com {
  /** Four digits, `0107` or `0108`. */
  readonly ldsVersion: string;
  /** Numbers of the data groups present, as listed. */
  readonly dataGroups: readonly number[];
}

function ascii(bytes: Uint8Array, form: RegExp, what: string): string {
  const text = String.fromCharCode(...bytes);
  if (!form.test(text)) throw malformed(`${what} has unexpected characters`);
  return text;
}

/**
 * Reads EF.COM, the table of contents: what to read next, and nothing to rely on.
 *
 * @throws {@link ProtocolError} `document_malformed`.
 */
export function readCom(file: Uint8Array): Com {
  const what = 'EF.COM';
  if (file.length > MAX_COM_BYTES) throw malformed(`${what} is too large`);
  const objects = readTlvs(readFile(file, COM_TAG, what), what);
  const dataGroups = [...findTlv(objects, TAG_LIST, what)].map((tag) => DATA_GROUP_OF_TAG.get(tag));
  if (!dataGroups.every((number) => number !== undefined)) throw malformed(`${what} lists an unknown data group`);
  return { ldsVersion: ascii(findTlv(objects, LDS_VERSION, what), /^\d{4}$/, what), dataGroups };
}

/**
 * Reads DG1.
 *
 * @returns The machine readable zone as one text of 88, 90 or 72 characters, for `mrz.ts`.
 * @throws {@link ProtocolError} `document_malformed`.
 */
export function readDg1(file: Uint8Array): string {
  const what = 'DG1';
  if (file.length > MAX_DG1_BYTES) throw malformed(`${what} is too large`);
  return ascii(
    readFile(readFile(file, DG1_TAG, what), MRZ, what),
    /^(?:[A-Z0-9<]{88}|[A-Z0-9<]{90}|[A-Z0-9<]{72})$/,
    what,
  );
}

/**
 * Reads the personal number of DG11 and nothing else of it: names, addresses and telephones stay unread.
 *
 * @returns Capital letters and digits alone, so that spaces and dashes of one passport do not make another
 * number of it; undefined where the document bears none, or only zeros.
 * @throws {@link ProtocolError} `document_malformed`, also for a number of more than
 * {@link MAX_PERSONAL_NUMBER} characters or of others than letters, digits, spaces, `<`, `-`, `/` and `.`.
 */
export function readDg11(file: Uint8Array): string | undefined {
  const what = 'DG11';
  if (file.length > MAX_DG11_BYTES) throw malformed(`${what} is too large`);
  const objects = readTlvs(readFile(file, DG11_TAG, what), what);
  const value = objects.find(({ tag }) => tag === PERSONAL_NUMBER)?.value;
  if (value === undefined) return undefined;
  const number = ascii(value, /^[A-Za-z0-9 <./-]*$/, what)
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '');
  if (number.length > MAX_PERSONAL_NUMBER) throw malformed(`${what} holds too long a personal number`);
  return /[^0]/.test(number) ? number : undefined;
}
