// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The signature algorithms that travel documents may use (ICAO 9303-12 section 4.1): RSA PKCS #1
 * v1.5, RSASSA-PSS and ECDSA, with SHA-224 to SHA-512. SHA-1 and keys below 2048 bits (RSA) or 256
 * bits (elliptic curve) are refused: what one of them signs can be forged. Explicit curve parameters,
 * which ICAO demands, are taken only when OpenSSL recognises a known curve in all of them, the
 * generator included. docs/protocol.md section 8.
 *
 * @module
 */
import { constants, createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ProtocolError } from '../protocol/errors.ts';
import { type Asn1, explicit, isContext, oid, sequence, smallInteger } from './asn1.ts';

/** Hash functions by their name in node:crypto. */
export type HashName = 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** How a signature was made, apart from the key. */
export type SignatureAlgorithm =
  | { readonly scheme: 'rsa-pkcs1' | 'ecdsa'; readonly hash: HashName }
  | { readonly scheme: 'rsa-pss'; readonly hash: HashName; readonly saltLength: number };

const HASHES: Readonly<Record<string, HashName>> = {
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

const SIGNATURES: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.14': { scheme: 'rsa-pkcs1', hash: 'sha224' },
  '1.2.840.113549.1.1.11': { scheme: 'rsa-pkcs1', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { scheme: 'rsa-pkcs1', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { scheme: 'rsa-pkcs1', hash: 'sha512' },
  '1.2.840.10045.4.3.1': { scheme: 'ecdsa', hash: 'sha224' },
  '1.2.840.10045.4.3.2': { scheme: 'ecdsa', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { scheme: 'ecdsa', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { scheme: 'ecdsa', hash: 'sha512' },
};
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const RSASSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';

/** Curves by their name in OpenSSL, with the name shown to people. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
  brainpoolP256r1: 'brainpoolP256r1',
  brainpoolP384r1: 'brainpoolP384r1',
  brainpoolP512r1: 'brainpoolP512r1',
};
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const MAX_SALT = 128;

function unsupported(what: string): ProtocolError {
  return new ProtocolError('algorithm_unsupported', `${what}; this document cannot be checked here`);
}

/**
 * Reads an AlgorithmIdentifier that names a hash function.
 *
 * @throws {@link ProtocolError} `algorithm_unsupported` | `document_malformed`.
 */
export function readHash(node: Asn1 | undefined): HashName {
  const hash = HASHES[oid(sequence(node, 'a hash algorithm')[0], 'a hash algorithm')];
  if (hash === undefined) throw unsupported('it uses a hash function other than SHA-2');
  return hash;
}

/**
 * Reads an AlgorithmIdentifier that names a signature algorithm.
 *
 * @param digest - For CMS, where plain `rsaEncryption` means PKCS #1 v1.5 with the signer's digest.
 * @throws {@link ProtocolError} `algorithm_unsupported` | `document_malformed`.
 */
export function readSignatureAlgorithm(node: Asn1 | undefined, digest?: HashName): SignatureAlgorithm {
  const [id, parameters] = sequence(node, 'a signature algorithm');
  const name = oid(id, 'a signature algorithm');
  if (name === RSASSA_PSS) return readPss(parameters);
  if (name === RSA_ENCRYPTION && digest !== undefined) return { scheme: 'rsa-pkcs1', hash: digest };
  const algorithm = SIGNATURES[name];
  if (algorithm === undefined) throw unsupported('it is signed by an unsupported or broken algorithm');
  return algorithm;
}

/** RSASSA-PSS-params of RFC 4055 section 3.1; its defaults name SHA-1 and are therefore refused. */
function readPss(node: Asn1 | undefined): SignatureAlgorithm {
  const what = 'the PSS parameters';
  const fields = sequence(node, what);
  const field = (number: number): Asn1 | undefined => {
    const found = fields.find((candidate) => isContext(candidate, number));
    return found && explicit(found, number, what);
  };
  const [hashField, mgfField, saltField, trailerField] = [field(0), field(1), field(2), field(3)];
  if (hashField === undefined || mgfField === undefined) throw unsupported('its PSS signature uses SHA-1');
  const hash = readHash(hashField);
  const [mgf, mgfHash] = sequence(mgfField, what);
  if (oid(mgf, what) !== MGF1 || readHash(mgfHash) !== hash) throw unsupported('its PSS signature mixes hashes');
  const saltLength = saltField === undefined ? 20 : smallInteger(saltField, what);
  if (saltLength > MAX_SALT) throw unsupported('its PSS signature has an excessive salt');
  if (trailerField !== undefined && smallInteger(trailerField, what) !== 1) throw unsupported('its PSS trailer is odd');
  return { scheme: 'rsa-pss', hash, saltLength };
}

/** The digest of bytes. */
export function digest(hash: HashName, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(hash).update(bytes).digest());
}

/**
 * Reads a SubjectPublicKeyInfo in DER.
 *
 * @throws {@link ProtocolError} `algorithm_unsupported` for a key of another kind, or too short or
 * long; `document_malformed` if there is no key.
 */
export function readPublicKey(spki: Uint8Array): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new ProtocolError('document_malformed', 'a certificate holds no readable public key', { cause });
  }
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const kind = key.asymmetricKeyType;
  const fits =
    kind === 'ec'
      ? Object.hasOwn(CURVES, namedCurve)
      : (kind === 'rsa' || kind === 'rsa-pss') && modulusLength >= MIN_RSA_BITS && modulusLength <= MAX_RSA_BITS;
  if (!fits) throw unsupported('it is signed by a key of an unsupported kind or length');
  return key;
}

/** What people call an algorithm: `RSA PKCS1 SHA-256`, `RSA-PSS SHA-256`, `ECDSA brainpoolP256r1 SHA-256`. */
export function nameAlgorithm(algorithm: SignatureAlgorithm, key: KeyObject): string {
  const hash = `SHA-${algorithm.hash.slice(3)}`;
  if (algorithm.scheme !== 'ecdsa') return `${algorithm.scheme === 'rsa-pss' ? 'RSA-PSS' : 'RSA PKCS1'} ${hash}`;
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  return `ECDSA ${CURVES[curve] ?? curve} ${hash}`;
}

/** Checks a signature; false also where the key is not one of the algorithm's. */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const kind = key.asymmetricKeyType;
  try {
    switch (algorithm.scheme) {
      case 'ecdsa':
        return kind === 'ec' && verify(algorithm.hash, data, { key, dsaEncoding: 'der' }, signature);
      case 'rsa-pkcs1':
        return kind === 'rsa' && verify(algorithm.hash, data, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
      case 'rsa-pss': {
        const padding = constants.RSA_PKCS1_PSS_PADDING;
        const usable = kind === 'rsa' || kind === 'rsa-pss';
        return usable && verify(algorithm.hash, data, { key, padding, saltLength: algorithm.saltLength }, signature);
      }
    }
  } catch {
    return false; // OpenSSL reports some malformed signatures by an exception
  }
}
