// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * X.509 certificates of travel documents (RFC 5280, profile of ICAO 9303-12 section 7): read into
 * what passive authentication needs, and nothing is trusted by being read.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { ProtocolError } from '../protocol/errors.ts';
import { readSignatureAlgorithm, type SignatureAlgorithm } from './algorithms.ts';
import {
  type Asn1,
  bits,
  boolean,
  contentOf,
  context,
  explicit,
  integerBytes,
  isContext,
  malformed,
  namedBits,
  octets,
  oid,
  parseAsn1,
  rawOf,
  sequence,
  set,
  time,
  timeOf,
} from './asn1.ts';
import { countryOf } from './names.ts';

/** Largest certificate, in bytes. */
export const MAX_CERTIFICATE_BYTES = 16_384;

/** A period, both ends included, in Unix milliseconds. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** What a certificate says. */
export interface Certificate {
  readonly raw: Uint8Array;
  /** SHA-256 of `raw`, lower-case hex. */
  readonly fingerprint: string;
  /** The bytes that are signed. */
  readonly signed: Uint8Array;
  /** Absent when the algorithm is not supported: such a certificate may be an anchor, never a link of a chain. */
  readonly algorithm?: SignatureAlgorithm;
  readonly signature: Uint8Array;
  /** Content bytes of the INTEGER. */
  readonly serial: Uint8Array;
  /** DER of the issuer's name. */
  readonly issuer: Uint8Array;
  /** Country of the subject, two or three letters in upper case; empty if it names none. */
  readonly country: string;
  readonly validity: Period;
  /** When the private key may sign; where the certificate says nothing, its validity. */
  readonly keyUsage: Period;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
  /** May sign certificates: CA in basicConstraints, and keyCertSign where key usage is stated. */
  readonly isAuthority: boolean;
  /** May sign data: not a CA, and digitalSignature where key usage is stated. */
  readonly isSigner: boolean;
  /** Extended key usages, as OIDs. */
  readonly purposes: readonly string[];
  /** Document types that the signer may sign (ICAO documentTypeList); absent means any. */
  readonly documentTypes?: readonly string[];
}

const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  privateKeyUsagePeriod: '2.5.29.16',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  documentTypeList: '2.23.136.1.1.6.2',
} as const;
/** Extensions that change nothing here, and so may be critical: names, policies, CRL address, ICAO name change. */
const HARMLESS = ['2.5.29.17', '2.5.29.18', '2.5.29.31', '2.5.29.32', '2.23.136.1.1.6.1'];
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;

function readExtensions(node: Asn1 | undefined): ReadonlyMap<string, Asn1> {
  const extensions = new Map<string, Asn1>();
  if (node === undefined) return extensions;
  for (const extension of sequence(explicit(node, 3, 'the extensions'), 'the extensions')) {
    const fields = sequence(extension, 'an extension');
    const id = oid(fields[0], 'an extension');
    const critical = fields.length === 3 && boolean(fields[1], 'an extension');
    const known = Object.values<string>(EXTENSION).includes(id);
    if (critical && !known && !HARMLESS.includes(id)) {
      throw new ProtocolError('certificate_unsupported', 'a certificate demands a check that is not known here');
    }
    if (extensions.has(id)) throw malformed('a certificate repeats an extension');
    if (known) extensions.set(id, parseAsn1(octets(fields.at(-1), 'an extension'), 'an extension'));
  }
  return extensions;
}

function readKeyUsagePeriod(node: Asn1 | undefined, validity: Period): Period {
  if (node === undefined) return validity;
  const what = 'the private key usage period';
  const [from, to] = [0, 1].map((number) => {
    const field = sequence(node, what).find((candidate) => isContext(candidate, number));
    return field && timeOf(contentOf(field), true, what);
  });
  return { from: from ?? validity.from, to: to ?? validity.to };
}

function readUses(extensions: ReadonlyMap<string, Asn1>): Pick<Certificate, 'isAuthority' | 'isSigner' | 'purposes'> {
  const constraints = extensions.get(EXTENSION.basicConstraints);
  const [ca] = constraints === undefined ? [] : sequence(constraints, 'basicConstraints');
  const isCa = ca !== undefined && ca.idBlock.tagNumber === 1 && boolean(ca, 'basicConstraints');
  const usage = extensions.get(EXTENSION.keyUsage);
  const uses = usage === undefined ? 0xff : namedBits(usage, 'keyUsage');
  const purposes = extensions.get(EXTENSION.extendedKeyUsage);
  return {
    isAuthority: isCa && (uses & KEY_CERT_SIGN) !== 0,
    isSigner: !isCa && (uses & DIGITAL_SIGNATURE) !== 0,
    purposes: purposes === undefined ? [] : sequence(purposes, 'extendedKeyUsage').map((id) => oid(id, 'a purpose')),
  };
}

function readKeyIds(extensions: ReadonlyMap<string, Asn1>): Pick<Certificate, 'subjectKeyId' | 'authorityKeyId'> {
  const subject = extensions.get(EXTENSION.subjectKeyId);
  const authority = extensions.get(EXTENSION.authorityKeyId);
  const keyId = authority && sequence(authority, 'the authority key identifier').find((field) => isContext(field, 0));
  return {
    ...(subject !== undefined && { subjectKeyId: octets(subject, 'the subject key identifier') }),
    ...(keyId !== undefined && { authorityKeyId: contentOf(keyId) }),
  };
}

function readDocumentTypes(node: Asn1 | undefined): Pick<Certificate, 'documentTypes'> {
  if (node === undefined) return {};
  const types = set(sequence(node, 'documentTypeList')[1], 'documentTypeList');
  return { documentTypes: types.map((type) => String.fromCharCode(...contentOf(type).subarray(0, 2))) };
}

function algorithmOf(node: Asn1 | undefined): Pick<Certificate, 'algorithm'> {
  try {
    return { algorithm: readSignatureAlgorithm(node) };
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'algorithm_unsupported') return {};
    throw error;
  }
}

/**
 * Reads a certificate in DER.
 *
 * @throws {@link ProtocolError} `document_malformed` | `certificate_unsupported`.
 */
export function readCertificate(raw: Uint8Array): Certificate {
  if (raw.length > MAX_CERTIFICATE_BYTES) throw malformed('a certificate is too large');
  const [tbs, algorithm, signature] = sequence(parseAsn1(raw, 'a certificate'), 'a certificate');
  const fields = [...sequence(tbs, 'a certificate')];
  if (isContext(fields[0], 0)) fields.shift(); // version
  const [serial, innerAlgorithm, issuer, validity, subject, publicKey, ...optional] = fields;
  if (tbs === undefined || issuer === undefined || publicKey === undefined || algorithm === undefined) {
    throw malformed('a certificate lacks a part');
  }
  // RFC 5280 section 4.1.1.2: the unsigned and the signed copy of the algorithm are the same.
  if (Buffer.compare(rawOf(algorithm), innerAlgorithm === undefined ? new Uint8Array() : rawOf(innerAlgorithm)) !== 0) {
    throw malformed('a certificate names two signature algorithms');
  }
  const extensions = readExtensions(optional.find((field) => isContext(field, 3)));
  const [from, to] = sequence(validity, 'a validity');
  const period = { from: time(from, 'a validity'), to: time(to, 'a validity') };
  return {
    raw,
    fingerprint: createHash('sha256').update(raw).digest('hex'),
    signed: rawOf(tbs),
    ...algorithmOf(algorithm),
    signature: bits(signature, "a certificate's signature"),
    serial: integerBytes(serial, 'a serial number'),
    issuer: rawOf(issuer),
    country: countryOf(subject),
    validity: period,
    keyUsage: readKeyUsagePeriod(extensions.get(EXTENSION.privateKeyUsagePeriod), period),
    publicKey: rawOf(publicKey),
    ...readKeyIds(extensions),
    ...readUses(extensions),
    ...readDocumentTypes(extensions.get(EXTENSION.documentTypeList)),
  };
}

/** Whether a time lies in a period, both ends included. */
export function within(period: Period, at: number): boolean {
  return at >= period.from && at <= period.to;
}

/** The certificates of a CMS `certificates [0]` field. */
export function readCertificateSet(node: Asn1 | undefined, most: number): readonly Certificate[] {
  const found = node === undefined ? [] : context(node, 0, 'the certificates');
  if (found.length > most) throw malformed('there are too many certificates');
  return found.map((certificate) => readCertificate(rawOf(certificate)));
}
