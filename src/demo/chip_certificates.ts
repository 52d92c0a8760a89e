// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Part of the passport simulator: keys, X.509 certificates and CMS signatures as a passport authority
 * makes them (ICAO 9303-12 section 7, RFC 5652). Every name says that it is a simulation.
 *
 * @module
 */
import { constants, createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bitString, der, generalized, int, join, octet, oid, seq, setOf, text, timeOf } from './der.ts';

/** How a simulated authority signs; SHA-256 throughout. */
export type ChipAlgorithm = 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa-p256' | 'ecdsa-brainpool';

/** A key pair with its way of signing. */
export interface ChipKey {
  readonly algorithm: ChipAlgorithm;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
}

/** What a certificate shall say. */
export interface CertificatePlan {
  /** Two letters. */
  readonly country: string;
  readonly commonName: string;
  readonly key: ChipKey;
  readonly role: 'csca' | 'document_signer' | 'master_list_signer';
  /** Unix milliseconds, for the certificate and for the use of its key. */
  readonly validity: readonly [from: number, to: number];
  readonly keyUsage: readonly [from: number, to: number];
}

/** A certificate with its key. */
export interface CertifiedKey {
  readonly key: ChipKey;
  /** The certificate in DER. */
  readonly certificate: Uint8Array;
  /** DER of its subject's name, and of its serial number as INTEGER. */
  readonly name: Uint8Array;
  readonly serial: Uint8Array;
  readonly issuerName: Uint8Array;
}

const NULL = der(0x05);
const SHA256 = seq(oid('2.16.840.1.101.3.4.2.1'), NULL);
const SALT = 32;
const ALGORITHM_IDENTIFIER: Readonly<Record<ChipAlgorithm, Uint8Array>> = {
  'rsa-pkcs1': seq(oid('1.2.840.113549.1.1.11'), NULL),
  'rsa-pss': seq(
    oid('1.2.840.113549.1.1.10'),
    seq(der(0xa0, SHA256), der(0xa1, seq(oid('1.2.840.113549.1.1.8'), SHA256)), der(0xa2, int(SALT))),
  ),
  'ecdsa-p256': seq(oid('1.2.840.10045.4.3.2')),
  'ecdsa-brainpool': seq(oid('1.2.840.10045.4.3.2')),
};

/** Makes a key pair; RSA takes some tenths of a second. */
export function createChipKey(algorithm: ChipAlgorithm): ChipKey {
  const pair = algorithm.startsWith('rsa')
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: algorithm === 'ecdsa-p256' ? 'prime256v1' : 'brainpoolP256r1' });
  const publicKey = new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }));
  return { algorithm, privateKey: pair.privateKey, publicKey };
}

function signBytes({ algorithm, privateKey: key }: ChipKey, data: Uint8Array): Uint8Array {
  const padding = algorithm === 'rsa-pss' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  const options = algorithm.startsWith('rsa')
    ? { key, padding, saltLength: SALT }
    : { key, dsaEncoding: 'der' as const };
  return new Uint8Array(sign('sha256', data, options));
}

function nameOf({ country, commonName }: CertificatePlan): Uint8Array {
  const attribute = (type: string, value: Uint8Array): Uint8Array => setOf(seq(oid(type), value));
  return seq(
    attribute('2.5.4.6', text(0x13, country)),
    attribute('2.5.4.10', text(0x0c, 'Bauta passport simulator')),
    attribute('2.5.4.3', text(0x0c, commonName)),
  );
}

function keyIdOf(key: ChipKey): Uint8Array {
  return new Uint8Array(createHash('sha256').update(key.publicKey).digest().subarray(0, 20));
}

function extensionsOf(plan: CertificatePlan, issuer: ChipKey): Uint8Array {
  const TRUE = der(0x01, Uint8Array.of(0xff));
  const extension = (id: string, critical: boolean, value: Uint8Array): Uint8Array =>
    seq(oid(id), ...(critical ? [TRUE] : []), octet(value));
  const [from, to] = plan.keyUsage;
  const signs = bitString(Uint8Array.of(0x80), 7);
  const ofRole: Readonly<Record<CertificatePlan['role'], readonly Uint8Array[]>> = {
    csca: [
      extension('2.5.29.19', true, seq(TRUE, int(0))),
      extension('2.5.29.15', true, bitString(Uint8Array.of(0x06), 1)),
    ],
    document_signer: [
      extension('2.5.29.15', true, signs),
      extension('2.23.136.1.1.6.2', false, seq(int(0), setOf(text(0x13, 'P')))),
    ],
    master_list_signer: [extension('2.5.29.15', true, signs), extension('2.5.29.37', true, seq(oid('2.23.136.1.1.3')))],
  };
  return seq(
    extension('2.5.29.14', false, octet(keyIdOf(plan.key))),
    extension('2.5.29.35', false, seq(der(0x80, keyIdOf(issuer)))),
    extension('2.5.29.16', false, seq(text(0x80, generalized(from)), text(0x81, generalized(to)))),
    ...ofRole[plan.role],
  );
}

/**
 * Makes a certificate.
 *
 * @param issuer - Who signs; absent for a self-signed one.
 */
export function createCertificate(plan: CertificatePlan, issuer?: CertifiedKey): CertifiedKey {
  const signingKey = issuer?.key ?? plan.key;
  const algorithm = ALGORITHM_IDENTIFIER[signingKey.algorithm];
  const name = nameOf(plan);
  const issuerName = issuer?.name ?? name;
  const serial = der(0x02, Uint8Array.of(0x40, ...randomBytes(15)));
  const [from, to] = plan.validity;
  const signed = seq(
    der(0xa0, int(2)),
    serial,
    algorithm,
    issuerName,
    seq(timeOf(from), timeOf(to)),
    name,
    plan.key.publicKey,
    der(0xa3, extensionsOf(plan, signingKey)),
  );
  const certificate = seq(signed, algorithm, bitString(signBytes(signingKey, signed)));
  return { key: plan.key, certificate, name, serial, issuerName };
}

/** What shall be signed as CMS SignedData. */
export interface SignedDataPlan {
  /** OID of the content. */
  readonly contentType: string;
  readonly content: Uint8Array;
  readonly signer: CertifiedKey;
  /** Certificates sent along besides the signer's. */
  readonly more?: readonly Uint8Array[];
  /** Signing time, Unix milliseconds. */
  readonly at: number;
}

/** Signs content as CMS SignedData with signed attributes, in DER. */
export function signData({ contentType, content, signer, more = [], at }: SignedDataPlan): Uint8Array {
  const attribute = (type: string, value: Uint8Array): Uint8Array => seq(oid(type), setOf(value));
  const attributes = setOf(
    attribute('1.2.840.113549.1.9.3', oid(contentType)),
    attribute('1.2.840.113549.1.9.5', timeOf(at)),
    attribute('1.2.840.113549.1.9.4', octet(new Uint8Array(createHash('sha256').update(content).digest()))),
  );
  const info = seq(
    int(1),
    seq(signer.issuerName, signer.serial),
    SHA256,
    join([Uint8Array.of(0xa0), attributes.subarray(1)]), // IMPLICIT [0]: signed as SET OF, sent as [0]
    ALGORITHM_IDENTIFIER[signer.key.algorithm],
    octet(signBytes(signer.key, attributes)),
  );
  const signedData = seq(
    int(3),
    setOf(SHA256),
    seq(oid(contentType), der(0xa0, octet(content))),
    der(0xa0, signer.certificate, ...more),
    setOf(info),
  );
  return seq(oid('1.2.840.113549.1.7.2'), der(0xa0, signedData));
}

/** AlgorithmIdentifier of SHA-256, which every simulated document uses. */
export const HASH_IDENTIFIER = SHA256;
