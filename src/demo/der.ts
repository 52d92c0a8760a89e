// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Writing DER, for the simulators: enough of X.690 to build certificates, signed data and chip files.
 *
 * @module
 */
import { ObjectIdentifier } from 'asn1js';

/** Joins byte strings. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** One element: a tag of one or two bytes, the length in its shortest form, the contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const { length } = join(contents);
  const bytes = length.toString(16);
  const long = Buffer.from(bytes.padStart(bytes.length + (bytes.length % 2), '0'), 'hex');
  return join([
    tag > 0xff ? Uint8Array.of(tag >> 8, tag & 0xff) : Uint8Array.of(tag),
    length < 0x80 ? Uint8Array.of(length) : join([Uint8Array.of(0x80 + long.length), long]),
    ...contents,
  ]);
}

/** SEQUENCE. */
export function seq(...elements: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...elements);
}

/** SET OF, its elements in the order that DER demands. */
export function setOf(...elements: readonly Uint8Array[]): Uint8Array {
  return der(0x31, ...[...elements].sort((a, b) => Buffer.compare(a, b)));
}

/** OBJECT IDENTIFIER, from dots. */
export function oid(value: string): Uint8Array {
  return new Uint8Array(new ObjectIdentifier({ value }).toBER());
}

/** INTEGER of a small non-negative number. */
export function int(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length === 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return der(0x02, Uint8Array.from((bytes[0] ?? 0) > 0x7f ? [0, ...bytes] : bytes));
}

/** OCTET STRING. */
export function octet(...contents: readonly Uint8Array[]): Uint8Array {
  return der(0x04, ...contents);
}

/** BIT STRING. */
export function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return der(0x03, Uint8Array.of(unused), bytes);
}

/** Text under a tag, as UTF-8. */
export function text(tag: number, value: string): Uint8Array {
  return der(tag, new Uint8Array(Buffer.from(value, 'utf8')));
}

/** `YYYYMMDDHHMMSSZ` of Unix milliseconds. */
export function generalized(at: number): string {
  return `${new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
}

/** UTCTime until 2049, GeneralizedTime after, as RFC 5280 demands. */
export function timeOf(at: number): Uint8Array {
  const full = generalized(at);
  return new Date(at).getUTCFullYear() < 2050 ? text(0x17, full.slice(2)) : text(0x18, full);
}
