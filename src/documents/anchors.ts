// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The country signing keys that are trusted. A set comes from master lists, can be kept as JSON so
 * that a service reads a list once, and answers one question: whose key signed this certificate?
 * By key, never by name: link certificates carry the same names and other keys, and anyone can write
 * a name. docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { readPublicKey, type SignatureAlgorithm, verifySignature } from './algorithms.ts';
import { sameBytes } from './asn1.ts';
import { type Certificate, type Period, within } from './certificate.ts';

/** A trusted key with what its certificate says about it. */
export interface Anchor {
  /** Two letters, upper case. */
  readonly country: string;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  readonly subjectKeyId: Uint8Array;
  /** Unix milliseconds. */
  readonly validity: Period;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
}

/** Trusted keys, each certificate once. */
export type AnchorSet = readonly Anchor[];

/** The anchor of a country signing certificate that the caller has reason to trust. */
export function anchorOf(certificate: Certificate): Anchor {
  const { country, publicKey, validity, fingerprint } = certificate;
  return { country, publicKey, validity, fingerprint, subjectKeyId: certificate.subjectKeyId ?? new Uint8Array() };
}

/** The union of several sets. */
export function mergeAnchors(...sets: readonly AnchorSet[]): AnchorSet {
  return [...new Map(sets.flat().map((anchor) => [anchor.fingerprint, anchor])).values()];
}

/** Something that a country signing key may have signed: a certificate, a revocation list. */
export interface Signed {
  readonly algorithm?: SignatureAlgorithm;
  readonly authorityKeyId?: Uint8Array;
  readonly country: string;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Finds an anchor whose key made a signature, among those of the same country, whatever its validity.
 *
 * @throws {@link ProtocolError} `algorithm_unsupported`.
 */
export function findSigner(
  { algorithm, authorityKeyId, country, signed, signature }: Signed,
  anchors: AnchorSet,
): Anchor | undefined {
  if (algorithm === undefined) {
    throw new ProtocolError('algorithm_unsupported', "the signer's certificate is signed by an unsupported algorithm");
  }
  const named = (anchor: Anchor): boolean =>
    authorityKeyId !== undefined && sameBytes(anchor.subjectKeyId, authorityKeyId);
  const sameCountry = anchors.filter((anchor) => anchor.country !== '' && anchor.country === country);
  // The named key first, only to save time: the signature decides.
  const ordered = [...sameCountry.filter(named), ...sameCountry.filter((anchor) => !named(anchor))];
  return ordered.find(({ publicKey }) => {
    const key = usableKey(publicKey);
    return key !== undefined && verifySignature(algorithm, key, signed, signature);
  });
}

/**
 * Finds the anchor whose key signed a certificate, among those of the certificate's country.
 *
 * @param at - Unix milliseconds at which the anchor must be valid.
 * @throws {@link ProtocolError} `csca_unknown` if no trusted key signed it; `certificate_expired` or
 * `certificate_not_yet_valid` if one did whose certificates are all invalid at that time.
 */
export function findIssuer(certificate: Certificate, anchors: AnchorSet, at: number): Anchor {
  const issuer = findSigner(certificate, anchors);
  if (issuer === undefined) {
    throw new ProtocolError('csca_unknown', "no trusted country signing key made the signer's certificate");
  }
  const certified = anchors.filter(
    ({ country, publicKey }) => country === issuer.country && sameBytes(publicKey, issuer.publicKey),
  );
  const valid = certified.find(({ validity }) => within(validity, at));
  if (valid !== undefined) return valid;
  throw certified.some(({ validity }) => at < validity.from)
    ? new ProtocolError('certificate_not_yet_valid', 'the country signing certificate is not valid yet at this date')
    : new ProtocolError('certificate_expired', 'the country signing certificate has expired');
}

/** A key of a kind that is not supported cannot have signed anything that is accepted. */
function usableKey(publicKey: Uint8Array): ReturnType<typeof readPublicKey> | undefined {
  try {
    return readPublicKey(publicKey);
  } catch {
    return undefined;
  }
}

/** The set as JSON text, for a file beside the service; whoever can write it decides who is trusted. */
export function encodeAnchors(anchors: AnchorSet): string {
  return JSON.stringify({
    version: 1,
    anchors: anchors.map((anchor) => ({
      ...anchor,
      publicKey: toBase64Url(anchor.publicKey),
      subjectKeyId: toBase64Url(anchor.subjectKeyId),
    })),
  });
}

/**
 * Reads what {@link encodeAnchors} wrote.
 *
 * @throws {@link ProtocolError} `anchors_malformed`.
 */
export function decodeAnchors(text: string): AnchorSet {
  try {
    const parsed = JSON.parse(text) as { version: number; anchors: Record<keyof Anchor, unknown>[] };
    if (parsed.version === 1) return parsed.anchors.map(decodeAnchor);
  } catch {
    // told below
  }
  throw new ProtocolError('anchors_malformed', 'this is not a set of anchors; make it again from the master lists');
}

function decodeAnchor(value: Record<keyof Anchor, unknown>): Anchor {
  const text = (field: unknown, form: RegExp): string => {
    if (typeof field === 'string' && form.test(field)) return field;
    throw new TypeError();
  };
  const { from, to } = value.validity as Period;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) throw new TypeError();
  return {
    country: text(value.country, /^[A-Z]{0,3}$/),
    publicKey: fromBase64Url(text(value.publicKey, /./)),
    subjectKeyId: fromBase64Url(text(value.subjectKeyId, /^/)),
    validity: { from, to },
    fingerprint: text(value.fingerprint, /^[0-9a-f]{64}$/),
  };
}
