// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reading elementary files (ICAO 9303-10 section 3.6): SELECT by file identifier, then READ BINARY in
 * pieces; the file's own first length says how many. Offsets of more than fifteen bits go into a data
 * object of the odd form of the command:
 *
 *     00 B0 offset  Le                     up to 32,767
 *     00 B1 0000    54 offset, Le          above; answer 53 data
 *
 * Every length is the chip's word, so each is bounded before it is followed.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { type Answer, type Card, concat, OK, readChipTlvs, statusText, tlv } from './apdu.ts';

/** Largest file, in bytes. */
export const MAX_FILE_BYTES = 1_048_576;
/** Bytes asked for at once: with padding, status and code they fit an answer of 256 bytes. */
const PIECE = 223;
/** Beyond short offsets, the answer's data object takes this much of them: its tag, and a length of two bytes. */
const FAR_HEADER = 3;
/** A chip that gives fewer bytes than this on average is not worth waiting for. */
const LEAST_AVERAGE = 16;
const FIRST_READ = 4;
const LAST_SHORT_OFFSET = 0x7fff;
const END_OF_FILE = 0x6282;
const NOT_FOUND: readonly number[] = [0x6a82, 0x6a83];

/** A file on the chip. */
export interface FileId {
  readonly name: string;
  /** Two bytes as a number. */
  readonly id: number;
}

/** Files by name; data group n is 0101 + n - 1. */
export const FILES = {
  cardAccess: { name: 'EF.CardAccess', id: 0x011c },
  cardSecurity: { name: 'EF.CardSecurity', id: 0x011d },
  com: { name: 'EF.COM', id: 0x011e },
  sod: { name: 'EF.SOD', id: 0x011d },
} as const satisfies Readonly<Record<string, FileId>>;

/** The file of a data group, 1 to 16. */
export function dataGroupFile(number: number): FileId {
  return { name: `DG${String(number)}`, id: 0x0100 + number };
}

/** Tells how far the reading of a file is, in bytes. */
export type FileProgress = (read: number, total: number) => void;

/** Length of the whole file by its first bytes; undefined if they do not reach that far. */
function totalLength(start: Uint8Array): number | undefined {
  const [tag, length] = start;
  if (tag === undefined || length === undefined) return undefined;
  if (length < 0x80) return 2 + length;
  const count = length - 0x80;
  if (count === 0 || count > 4) throw new ProtocolError('chip_response_invalid', 'a file begins without its length');
  if (start.length < 2 + count) return undefined;
  return 2 + count + start.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
}

function unwrap(answer: Answer): Uint8Array {
  if (answer.data.length === 0) return answer.data;
  const [object, ...more] = readChipTlvs(answer.data, 'a piece of a file');
  if (object?.tag !== 0x53 || more.length > 0) {
    throw new ProtocolError('chip_response_invalid', 'a piece of a file has a wrong form');
  }
  return object.value;
}

/** A piece of at most so many bytes; of fewer where they would not fit an answer. */
async function readPiece(card: Card, file: FileId, offset: number, most: number): Promise<Uint8Array> {
  const isFar = offset > LAST_SHORT_OFFSET;
  const length = isFar ? Math.min(most, PIECE - FAR_HEADER) : most;
  const where = Uint8Array.of((offset >> 16) & 0xff, (offset >> 8) & 0xff, offset & 0xff);
  const answer = await card.send(
    isFar
      ? {
          ...{ ins: 0xb1, p1: 0, p2: 0, le: length + FAR_HEADER },
          data: tlv(0x54, offset > 0xffff ? where : where.subarray(1)),
        }
      : { ins: 0xb0, p1: offset >> 8, p2: offset & 0xff, le: length },
  );
  if (answer.status !== OK && answer.status !== END_OF_FILE) {
    throw new ProtocolError('chip_refused', `the chip refused to give ${file.name} with ${statusText(answer.status)}`);
  }
  const piece = isFar ? unwrap(answer) : answer.data;
  if (piece.length === 0 || piece.length > length) {
    throw new ProtocolError('chip_response_invalid', `the chip gave no or too many bytes of ${file.name}`);
  }
  return piece;
}

/**
 * Reads a file whole.
 *
 * @returns Its bytes, or undefined where the chip has no such file.
 * @throws {@link ProtocolError} `chip_refused`, `chip_response_invalid`, also beyond
 * {@link MAX_FILE_BYTES} and for a chip that gives hardly any bytes at a time.
 */
export async function readFileOf(card: Card, file: FileId, onProgress?: FileProgress): Promise<Uint8Array | undefined> {
  const id = Uint8Array.of(file.id >> 8, file.id & 0xff);
  const { status } = await card.send({ ins: 0xa4, p1: 0x02, p2: 0x0c, data: id });
  if (NOT_FOUND.includes(status)) return undefined;
  if (status !== OK) {
    throw new ProtocolError('chip_refused', `the chip refused to open ${file.name} with ${statusText(status)}`);
  }
  let start = await readPiece(card, file, 0, FIRST_READ);
  let total = totalLength(start);
  for (let tries = 0; total === undefined; tries++) {
    if (tries === FIRST_READ) throw new ProtocolError('chip_response_invalid', `${file.name} has no length`);
    start = concat(start, await readPiece(card, file, start.length, FIRST_READ));
    total = totalLength(start);
  }
  if (total > MAX_FILE_BYTES) throw new ProtocolError('chip_response_invalid', `${file.name} claims to be too large`);
  const bytes = new Uint8Array(total);
  bytes.set(start.subarray(0, total));
  let offset = Math.min(start.length, total);
  for (let reads = 0; offset < total; reads++) {
    if (reads * LEAST_AVERAGE > total + 8 * PIECE) {
      throw new ProtocolError('chip_response_invalid', `the chip gives ${file.name} too slowly`);
    }
    const piece = await readPiece(card, file, offset, Math.min(PIECE, total - offset));
    bytes.set(piece, offset);
    offset += piece.length;
    onProgress?.(offset, total);
  }
  return bytes;
}
