// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * CMS SignedData (RFC 5652) as travel documents use it: one signer, signed attributes present, the
 * signer's certificate inside. The signature covers the signed attributes as they were encoded, with
 * their `[0]` tag read as SET OF:
 *
 *     messageDigest = H(content),   signature over 0x31 || rest of signedAttrs
 *
 * Signatures without signed attributes are refused: ICAO 9303-10 demands them, and a reader that
 * takes both kinds can be shown the attributes of one message as the content of another.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import {
  digest,
  type HashName,
  readHash,
  readPublicKey,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  verifySignature,
} from './algorithms.ts';
import {
  type Asn1,
  contentOf,
  context,
  explicit,
  integerBytes,
  isContext,
  malformed,
  octets,
  oid,
  parseAsn1,
  rawOf,
  sameBytes,
  sequence,
  set,
  time,
} from './asn1.ts';
import { type Certificate, readCertificateSet } from './certificate.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
} as const;
const MAX_CERTIFICATES = 8;
const MAX_ATTRIBUTES = 16;

/** A SignedData whose parts were read but not yet checked. */
export interface SignedData {
  readonly contentType: string;
  readonly content: Uint8Array;
  /** All certificates that came along. */
  readonly certificates: readonly Certificate[];
  readonly signer: Signer;
}

/** Its one SignerInfo. */
interface Signer {
  /** Certificates that the signer identifier names: usually one. */
  readonly candidates: readonly Certificate[];
  readonly digest: HashName;
  readonly algorithm: SignatureAlgorithm;
  /** The signed attributes with the tag byte that is signed. */
  readonly attributes: Uint8Array;
  readonly messageDigest: Uint8Array;
  /** When the signer says it signed, Unix milliseconds. */
  readonly signingTime?: number;
  readonly signature: Uint8Array;
}

function readAttributes(node: Asn1, contentType: string): Pick<Signer, 'attributes' | 'messageDigest' | 'signingTime'> {
  const what = 'the signed attributes';
  const list = context(node, 0, what);
  if (node.lenBlock.isIndefiniteForm || list.length > MAX_ATTRIBUTES) throw malformed(`${what} are not in DER`);
  const values = new Map<string, Asn1>();
  for (const attribute of list) {
    const [type, all] = sequence(attribute, what);
    const name = oid(type, what);
    const [value, ...more] = set(all, what);
    if (
      values.has(name) ||
      value === undefined ||
      (more.length > 0 && Object.values<string>(ATTRIBUTE).includes(name))
    ) {
      throw malformed(`${what} repeat one of their number`);
    }
    values.set(name, value);
  }
  if (oid(values.get(ATTRIBUTE.contentType), what) !== contentType) throw malformed(`${what} name another content`);
  const signingTime = values.get(ATTRIBUTE.signingTime);
  const attributes = Uint8Array.from(rawOf(node));
  attributes[0] = 0x31;
  return {
    attributes,
    messageDigest: octets(values.get(ATTRIBUTE.messageDigest), what),
    ...(signingTime !== undefined && { signingTime: time(signingTime, 'the signing time') }),
  };
}

/** The certificates that a SignerIdentifier names: by serial number, or by `[0]` subject key identifier. */
function candidatesOf(identifier: Asn1 | undefined, certificates: readonly Certificate[]): readonly Certificate[] {
  if (isContext(identifier, 0)) {
    const keyId = contentOf(identifier);
    return certificates.filter(({ subjectKeyId }) => subjectKeyId !== undefined && sameBytes(subjectKeyId, keyId));
  }
  const serial = integerBytes(sequence(identifier, 'the signer identifier')[1], 'a serial number');
  return certificates.filter((certificate) => sameBytes(certificate.serial, serial));
}

/**
 * Reads a ContentInfo that holds a SignedData.
 *
 * @param what - Names the structure in errors.
 * @throws {@link ProtocolError} `document_malformed` | `algorithm_unsupported` | `certificate_unsupported`.
 */
export function readSignedData(bytes: Uint8Array, what: string): SignedData {
  const [type, wrapped] = sequence(parseAsn1(bytes, what), what);
  if (oid(type, what) !== SIGNED_DATA) throw malformed(`${what} is not CMS signed data`);
  const [, , encapsulated, ...rest] = sequence(explicit(wrapped, 0, what), what);
  const [contentType, content] = sequence(encapsulated, what);
  const name = oid(contentType, what);
  const certificates = readCertificateSet(
    rest.find((field) => isContext(field, 0)),
    MAX_CERTIFICATES,
  );
  const [info, ...more] = set(rest.at(-1), 'the signers');
  if (more.length > 0) throw malformed(`${what} has several signers`);
  const [, identifier, digestAlgorithm, attributes, algorithm, signature] = sequence(info, 'the signer');
  if (attributes === undefined || !isContext(attributes, 0)) throw malformed(`${what} has no signed attributes`);
  const hash = readHash(digestAlgorithm);
  return {
    contentType: name,
    content: octets(explicit(content, 0, what), what),
    certificates,
    signer: {
      candidates: candidatesOf(identifier, certificates),
      digest: hash,
      algorithm: readSignatureAlgorithm(algorithm, hash),
      ...readAttributes(attributes, name),
      signature: octets(signature, 'the signature'),
    },
  };
}

/**
 * Checks that the content is what the signer signed. Says nothing about who the signer is: the
 * caller chains the returned certificate.
 *
 * @returns The certificate whose key made the signature.
 * @throws {@link ProtocolError} `document_tampered` if the content is not what was digested,
 * `signature_invalid` if no named certificate's key made the signature.
 */
export function checkSignedData({ content, signer }: SignedData): Certificate {
  if (!sameBytes(digest(signer.digest, content), signer.messageDigest)) {
    throw new ProtocolError('document_tampered', 'the signed content was changed after it was signed');
  }
  const certificate = signer.candidates.find(({ publicKey }) =>
    verifySignature(signer.algorithm, readPublicKey(publicKey), signer.attributes, signer.signature),
  );
  if (certificate === undefined) {
    throw new ProtocolError('signature_invalid', "the signature was not made by the key of the signer's certificate");
  }
  return certificate;
}
