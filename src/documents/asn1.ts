// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reading ASN.1 that a stranger sent: asn1js parses under fixed limits, and every accessor refuses
 * what it does not expect with `document_malformed`, so that the callers read like the standards'
 * own definitions. BER with indefinite lengths is read, since some states sign it.
 * docs/protocol.md section 8.
 *
 * @module
 */
import {
  type BaseBlock,
  BitString,
  Boolean as Asn1Boolean,
  Constructed,
  fromBER,
  GeneralizedTime,
  Integer,
  ObjectIdentifier,
  OctetString,
  type Primitive,
  Sequence,
  Set as Asn1Set,
  UTCTime,
} from 'asn1js';
import { ProtocolError } from '../protocol/errors.ts';

/** Deepest nesting of one structure; real security objects need 13. */
export const MAX_DEPTH = 24;
/** Most nodes of one structure; real security objects have under 400. */
export const MAX_NODES = 2000;

/** One parsed element. */
export type Asn1 = BaseBlock;

/** The error for anything that does not have the form its standard gives it. */
export function malformed(what: string, cause?: unknown): ProtocolError {
  return new ProtocolError('document_malformed', `${what}; send the file exactly as the chip holds it`, { cause });
}

/**
 * Parses one element that fills the bytes exactly.
 *
 * @param what - Names the structure in errors.
 * @throws {@link ProtocolError} `document_malformed`, also beyond {@link MAX_DEPTH} and {@link MAX_NODES}.
 */
export function parseAsn1(bytes: Uint8Array, what: string): Asn1 {
  let parsed;
  try {
    parsed = fromBER(bytes, {
      maxDepth: MAX_DEPTH,
      maxNodes: MAX_NODES,
      maxContentLength: bytes.length,
      parseEmbedded: false,
    });
  } catch (cause) {
    throw malformed(`${what} is not ASN.1`, cause);
  }
  if (parsed.offset !== bytes.length) {
    throw malformed(`${what} is not ASN.1, is cut short or has bytes after its end`);
  }
  return parsed.result;
}

/** The element's own encoding, header included. */
export function rawOf(node: Asn1): Uint8Array {
  return node.valueBeforeDecodeView;
}

/** The bytes after the header of a definite-length element. */
export function contentOf(node: Asn1): Uint8Array {
  return rawOf(node).subarray(node.idBlock.blockLength + node.lenBlock.blockLength);
}

/** The elements of a SEQUENCE. */
export function sequence(node: Asn1 | undefined, what: string): readonly Asn1[] {
  if (node instanceof Sequence) return node.valueBlock.value;
  throw malformed(`${what} is not a SEQUENCE`);
}

/** The elements of a SET. */
export function set(node: Asn1 | undefined, what: string): readonly Asn1[] {
  if (node instanceof Asn1Set) return node.valueBlock.value;
  throw malformed(`${what} is not a SET`);
}

/** Whether the element carries the context-specific tag `[number]`. */
export function isContext(node: Asn1 | undefined, number: number): node is Constructed | Primitive {
  return node !== undefined && node.idBlock.tagClass === 3 && node.idBlock.tagNumber === number;
}

/** The elements inside a constructed `[number]`. */
export function context(node: Asn1 | undefined, number: number, what: string): readonly Asn1[] {
  if (isContext(node, number) && node instanceof Constructed) return node.valueBlock.value;
  throw malformed(`${what} is not in [${String(number)}]`);
}

/** The one element inside an explicit `[number]`. */
export function explicit(node: Asn1 | undefined, number: number, what: string): Asn1 {
  const [inner, ...more] = context(node, number, what);
  if (inner === undefined || more.length > 0) throw malformed(`${what} is not one element`);
  return inner;
}

/** An OBJECT IDENTIFIER in dots. */
export function oid(node: Asn1 | undefined, what: string): string {
  if (node instanceof ObjectIdentifier) return node.getValue();
  throw malformed(`${what} is not an OBJECT IDENTIFIER`);
}

/** The bytes of an OCTET STRING; chunks of a constructed one are joined. */
export function octets(node: Asn1 | undefined, what: string): Uint8Array {
  if (node instanceof OctetString) {
    try {
      return new Uint8Array(node.getValue());
    } catch (cause) {
      throw malformed(`${what} has chunks that are not OCTET STRINGs`, cause);
    }
  }
  throw malformed(`${what} is not an OCTET STRING`);
}

/** The bytes of a BIT STRING of whole bytes. */
export function bits(node: Asn1 | undefined, what: string): Uint8Array {
  if (node instanceof BitString && !node.valueBlock.isConstructed && node.valueBlock.unusedBits === 0) {
    return node.valueBlock.valueHexView;
  }
  throw malformed(`${what} is not a BIT STRING of whole bytes`);
}

/** The first byte of a BIT STRING of named bits, most significant bit first; 0 if empty. */
export function namedBits(node: Asn1 | undefined, what: string): number {
  if (node instanceof BitString && !node.valueBlock.isConstructed) return node.valueBlock.valueHexView[0] ?? 0;
  throw malformed(`${what} is not a BIT STRING`);
}

/** The content bytes of an INTEGER, as signed big-endian. */
export function integerBytes(node: Asn1 | undefined, what: string): Uint8Array {
  if (node instanceof Integer) return contentOf(node);
  throw malformed(`${what} is not an INTEGER`);
}

/** A non-negative INTEGER below 2^31. */
export function smallInteger(node: Asn1 | undefined, what: string): number {
  const bytes = integerBytes(node, what);
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  if (bytes.length === 0 || bytes.length > 4 || value >= 2 ** 31) throw malformed(`${what} is out of range`);
  return value;
}

/** A BOOLEAN. */
export function boolean(node: Asn1 | undefined, what: string): boolean {
  if (node instanceof Asn1Boolean) return node.getValue();
  throw malformed(`${what} is not a BOOLEAN`);
}

/**
 * A time as RFC 5280 section 4.1.2.5 writes it: UTCTime `YYMMDDHHMMSSZ` of the years 1950 to 2049,
 * or GeneralizedTime `YYYYMMDDHHMMSSZ`.
 *
 * @returns Unix time in milliseconds.
 */
export function time(node: Asn1 | undefined, what: string): number {
  // GeneralizedTime is a subclass of UTCTime in asn1js.
  if (node instanceof UTCTime) return timeOf(contentOf(node), node instanceof GeneralizedTime, what);
  throw malformed(`${what} is not a time`);
}

/** As {@link time}, from the text of an implicitly tagged GeneralizedTime or of either kind. */
export function timeOf(content: Uint8Array, generalized: boolean, what: string): number {
  const text = String.fromCharCode(...content.subarray(0, 20));
  const parts = (
    generalized ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
  ).exec(text);
  if (parts === null) throw malformed(`${what} is not a time`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const fullYear = generalized ? year : year < 50 ? 2000 + year : 1900 + year;
  const value = Date.UTC(fullYear, month - 1, day, hour, minute, second);
  const written = new Date(value);
  if (written.getUTCMonth() !== month - 1 || written.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    throw malformed(`${what} is not a time`);
  }
  return value;
}

/** Whether two byte strings are equal; not for secrets. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
