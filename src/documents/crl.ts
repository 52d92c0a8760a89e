// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Certificate revocation lists of country signing authorities (RFC 5280 section 5, profile of ICAO 9303-12
 * section 7.2): which certificates that an authority made must no longer be believed. Entries are parsed one by
 * one, so that the limits of `asn1.ts` hold for lists of any length. Reading is not checking; see {@link checkCrl}.
 *
 * Only complete lists are taken: one that says it covers a part (issuingDistributionPoint), a change
 * (deltaCRLIndicator) or certificates of others (certificateIssuer) marks that as critical, and is refused.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { ProtocolError } from '../protocol/errors.ts';
import { readSignatureAlgorithm } from './algorithms.ts';
import { type Anchor, type AnchorSet, findSigner, type Signed } from './anchors.ts';
import {
  type Asn1,
  bits,
  boolean,
  contentOf,
  integerBytes,
  isContext,
  malformed,
  octets,
  oid,
  parseAsn1,
  sequence,
  smallInteger,
  time,
} from './asn1.ts';
import { comparableName, countryOf } from './names.ts';
import { MAX_OBJECTS, readFile, readTlvs, type Tlv } from './tlv.ts';

/** Largest list, in bytes. */
export const MAX_CRL_BYTES = 1_048_576;
/** Most entries; the lists of document signers have a few. */
export const MAX_REVOKED = MAX_OBJECTS;
/** Clocks of authorities and readers may differ. */
const DAY = 86_400_000;

const WHAT = 'the revocation list';
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const EXTENSIONS = 0xa0;
const TIMES = [0x17, 0x18];
const AUTHORITY_KEY_ID = '2.5.29.35';
/** Extensions that change nothing here: number, issuer's other names, address of fresher lists. */
const HARMLESS = ['2.5.29.20', '2.5.29.18', '2.5.29.46'];
/** Of an entry: reason, date of invalidity, instruction. */
const HARMLESS_IN_ENTRIES = ['2.5.29.21', '2.5.29.24', '2.5.29.23'];

/** A list whose signature was not yet checked. */
export interface Crl extends Signed {
  /** SHA-256 of the file, lower-case hex. */
  readonly fingerprint: string;
  /** As `names.ts` compares it. */
  readonly issuer: string;
  /** Unix milliseconds. */
  readonly thisUpdate: number;
  readonly nextUpdate?: number;
  /** Date of revocation by serial number: content bytes of the INTEGER in lower-case hex. */
  readonly revoked: ReadonlyMap<string, number>;
}

/** A serial number as a key: its bytes in lower-case hex. */
export function serialKey(serial: Uint8Array): string {
  return Buffer.from(serial).toString('hex');
}

function* extensionsOf(list: Asn1 | undefined, harmless: readonly string[]): Iterable<readonly [string, Asn1]> {
  if (list === undefined) return;
  const seen = new Set<string>();
  for (const extension of sequence(list, WHAT)) {
    const fields = sequence(extension, WHAT);
    const id = oid(fields[0], WHAT);
    if (seen.has(id)) throw malformed(`${WHAT} repeats an extension`);
    seen.add(id);
    const critical = fields.length === 3 && boolean(fields[1], WHAT);
    if (critical && id !== AUTHORITY_KEY_ID && !harmless.includes(id)) {
      throw new ProtocolError('crl_unsupported', 'the revocation list is not a complete one of its issuer');
    }
    const value = fields.at(-1);
    if (value !== undefined) yield [id, value];
  }
}

function readEntry({ raw }: Tlv): readonly [serial: string, at: number] {
  const [serial, date, extensions] = sequence(parseAsn1(raw, WHAT), WHAT);
  for (const [, value] of extensionsOf(extensions, HARMLESS_IN_ENTRIES)) octets(value, WHAT);
  return [serialKey(integerBytes(serial, WHAT)), time(date, WHAT)];
}

function keyIdIn(wrapped: Tlv | undefined): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  const list = wrapped && parseAsn1(readFile(wrapped.raw, EXTENSIONS, WHAT), WHAT);
  for (const [id, value] of extensionsOf(list, HARMLESS)) {
    const bytes = octets(value, WHAT);
    if (id !== AUTHORITY_KEY_ID) continue;
    const named = sequence(parseAsn1(bytes, WHAT), WHAT).find((field) => isContext(field, 0));
    found = named && contentOf(named);
  }
  return found;
}

function read(file: Uint8Array): Crl {
  if (file.length > MAX_CRL_BYTES) throw malformed(`${WHAT} is too large`);
  const [signed, algorithm, signature, ...more] = readTlvs(readFile(file, SEQUENCE, WHAT), WHAT);
  if (signed?.tag !== SEQUENCE || algorithm === undefined || signature === undefined || more.length > 0) {
    throw malformed(`${WHAT} is not what is signed, an algorithm and a signature`);
  }
  const fields = [...readTlvs(signed.value, WHAT)];
  // Version 2 is 1; version 1 has no field, and no extensions.
  const version = fields[0]?.tag === INTEGER ? fields.shift() : undefined;
  if (version !== undefined && smallInteger(parseAsn1(version.raw, WHAT), WHAT) !== 1) {
    throw malformed(`${WHAT} is of an unknown version`);
  }
  const [inner, issuer, thisUpdate, ...rest] = fields;
  if (inner === undefined || issuer === undefined || thisUpdate === undefined) throw malformed(`${WHAT} lacks a part`);
  // RFC 5280 section 5.1.1.2: the unsigned and the signed copy of the algorithm are the same.
  if (Buffer.compare(inner.raw, algorithm.raw) !== 0) throw malformed(`${WHAT} names two signature algorithms`);
  const timeIn = (field: Tlv): number => time(parseAsn1(field.raw, WHAT), WHAT);
  const next = TIMES.includes(rest[0]?.tag ?? 0) ? rest.shift() : undefined;
  const entries = rest[0]?.tag === SEQUENCE ? rest.shift() : undefined;
  const extensions = rest.shift();
  if (rest.length > 0) throw malformed(`${WHAT} has unknown parts`);
  const authorityKeyId = keyIdIn(extensions);
  return {
    fingerprint: createHash('sha256').update(file).digest('hex'),
    algorithm: readSignatureAlgorithm(parseAsn1(algorithm.raw, WHAT)),
    ...(authorityKeyId !== undefined && { authorityKeyId }),
    country: countryOf(parseAsn1(issuer.raw, WHAT)),
    issuer: comparableName(issuer.raw),
    signed: signed.raw,
    signature: bits(parseAsn1(signature.raw, WHAT), WHAT),
    thisUpdate: timeIn(thisUpdate),
    ...(next !== undefined && { nextUpdate: timeIn(next) }),
    revoked: new Map(entries === undefined ? [] : readTlvs(entries.value, WHAT).map(readEntry)),
  };
}

/**
 * Reads a revocation list in DER.
 *
 * @throws {@link ProtocolError} `crl_malformed`, also beyond {@link MAX_CRL_BYTES} and {@link MAX_REVOKED};
 * `crl_unsupported` for one that is not complete; `algorithm_unsupported`.
 */
export function readCrl(file: Uint8Array): Crl {
  try {
    return read(file);
  } catch (cause) {
    if (!(cause instanceof ProtocolError) || cause.code !== 'document_malformed') throw cause;
    throw new ProtocolError('crl_malformed', 'this is not a certificate revocation list in DER', { cause });
  }
}

/**
 * Checks a list: a trusted key of its country signed it, and not in the future.
 *
 * @param at - Unix milliseconds, now.
 * @returns The anchor whose key signed it.
 * @throws {@link ProtocolError} `crl_untrusted`, `crl_not_yet_valid`.
 */
export function checkCrl(crl: Crl, anchors: AnchorSet, at: number): Anchor {
  const signer = findSigner(crl, anchors);
  if (signer === undefined) {
    throw new ProtocolError('crl_untrusted', 'no trusted country signing key made this revocation list');
  }
  if (crl.thisUpdate > at + DAY) {
    throw new ProtocolError('crl_not_yet_valid', 'the revocation list is of a later date than today');
  }
  return signer;
}
