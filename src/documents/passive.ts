// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Passive authentication (ICAO 9303-11 section 5.1): is this what the issuing state signed? In order:
 *
 *     1. each data group given has the hash that the security object lists
 *     2. the security object has the digest that the signed attributes name
 *     3. the key of the signer's certificate signed the attributes
 *     4. a trusted country signing key, of the same country, signed that certificate
 *     5. both certificates are valid at the given time; where the document states when it was signed,
 *        that is not later than the given time and within the signer's private key usage period
 *     6. the signer's certificate is on no revocation list; what no list means is the operator's word
 *     7. with DG1: the issuing state is that country, the document's type one that the signer may sign
 *
 * Step 5 judges certificates at the time of the check and not at the time of signing, because
 * 9303-12 makes a signer's certificate outlast every document it signed (short key usage, long
 * validity): once it has expired every such document has, and nobody keeps its revocations.
 *
 * What this cannot show: that the chip is the one that was issued. The signed data can be copied.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { digest, nameAlgorithm, readPublicKey } from './algorithms.ts';
import { type AnchorSet, findIssuer } from './anchors.ts';
import { sameBytes } from './asn1.ts';
import { type Certificate, type Period, within } from './certificate.ts';
import { checkSignedData } from './cms.ts';
import { readDg1 } from './lds.ts';
import { checkRevocation, type Revocations, type RevocationStatus } from './revocation.ts';
import { readSod, type SecurityObject } from './sod.ts';
import { countriesOf, issuingStateOf } from './states.ts';

/** Why a document is refused; docs/protocol.md has the table. */
type PassiveReason =
  | 'document_malformed'
  | 'algorithm_unsupported'
  | 'certificate_unsupported'
  | 'document_tampered'
  | 'signature_invalid'
  | 'csca_unknown'
  | 'signer_not_authorised'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'signing_time_invalid'
  | 'certificate_revoked'
  | 'revocation_unknown'
  | 'revocation_stale'
  | 'issuing_state_mismatch';

/** What is checked. */
export interface PassiveInput {
  /** EF.SOD, as on the chip. */
  readonly sod: Uint8Array;
  /** Data groups by number, as on the chip; what is not given is not checked. */
  readonly dataGroups: ReadonlyMap<number, Uint8Array>;
  readonly anchors: AnchorSet;
  /** Absent: nothing is known, and everything is taken. */
  readonly revocations?: Revocations | undefined;
  /** Unix milliseconds at which the certificates must be valid. */
  readonly at: number;
}

/** The verdict. */
export type PassiveResult =
  | {
      readonly ok: true;
      /** Country of the trusted key, two letters. */
      readonly country: string;
      /** For people: `RSA-PSS SHA-256`. */
      readonly signatureAlgorithm: string;
      /** SHA-256 of the signer's and the country signing certificate, lower-case hex. */
      readonly signer: string;
      readonly csca: string;
      /** Numbers of all data groups that are signed, ascending: 14 or 15 mean that the chip can be challenged. */
      readonly dataGroups: readonly number[];
      /** What is known about revocations of the signer. */
      readonly revocation: RevocationStatus;
    }
  | { readonly ok: false; readonly reason: PassiveReason; readonly message: string };

const NO_REVOCATIONS: Revocations = { lists: [], missing: 'accept', stale: 'accept' };
/** Clocks of signers and readers may differ, and some signers state a day only. */
const DAY = 86_400_000;

function refusal(reason: PassiveReason, message: string): ProtocolError {
  return new ProtocolError(reason, message);
}

function checkHashes({ hash, hashes }: SecurityObject, dataGroups: PassiveInput['dataGroups']): void {
  for (const [number, bytes] of dataGroups) {
    const expected = hashes.get(number);
    if (expected === undefined || !sameBytes(expected, digest(hash, bytes))) {
      throw refusal('document_tampered', `data group ${String(number)} is not the one that was signed`);
    }
  }
}

function checkSigner(signer: Certificate, at: number): void {
  if (!signer.isSigner || signer.purposes.length > 0) {
    throw refusal('signer_not_authorised', "the signer's certificate is not one of a document signer");
  }
  if (at < signer.validity.from) {
    throw refusal('certificate_not_yet_valid', "the signer's certificate is not valid yet at this date");
  }
  if (at > signer.validity.to) {
    throw refusal('certificate_expired', "the signer's certificate has expired, and so have its documents");
  }
}

function checkSigningTime(signingTime: number | undefined, { keyUsage }: Certificate, at: number): void {
  if (signingTime === undefined) return;
  const tolerant: Period = { from: keyUsage.from - DAY, to: keyUsage.to + DAY };
  if (signingTime > at + DAY || !within(tolerant, signingTime)) {
    throw refusal('signing_time_invalid', 'the document says it was signed when its signer could not have signed it');
  }
}

function checkHolderPage(dg1: Uint8Array, country: string, { documentTypes }: Certificate): void {
  const zone = readDg1(dg1);
  const code = zone.slice(0, 2).replace('<', '');
  const state = issuingStateOf(zone.slice(2, 5).replaceAll('<', ''));
  if (!countriesOf(state).includes(country)) {
    throw refusal('issuing_state_mismatch', `the document names an issuing state that ${country} does not sign for`);
  }
  // A single letter stands for every type that begins with it, 9303-12 section 7.1.1.
  const mayBeSigned =
    documentTypes?.some((type) => type.replace('<', '') === code || type === code.slice(0, 1)) ?? true;
  if (!mayBeSigned) throw refusal('signer_not_authorised', 'the signer may not sign documents of this type');
}

function verify({ sod, dataGroups, anchors, revocations = NO_REVOCATIONS, at }: PassiveInput): PassiveResult {
  const object = readSod(sod);
  checkHashes(object, dataGroups);
  const signer = checkSignedData(object.signedData);
  const csca = findIssuer(signer, anchors, at);
  checkSigner(signer, at);
  checkSigningTime(object.signedData.signer.signingTime, signer, at);
  const revocation = checkRevocation(signer, csca, revocations, at);
  const dg1 = dataGroups.get(1);
  if (dg1 !== undefined) checkHolderPage(dg1, csca.country, signer);
  return {
    ok: true,
    country: csca.country,
    signatureAlgorithm: nameAlgorithm(object.signedData.signer.algorithm, readPublicKey(signer.publicKey)),
    signer: signer.fingerprint,
    csca: csca.fingerprint,
    dataGroups: [...object.hashes.keys()].sort((a, b) => a - b),
    revocation,
  };
}

/**
 * Verifies a document by passive authentication.
 *
 * @returns The verdict; malformed input is a refusal as well and never throws.
 */
export function verifyPassive(input: PassiveInput): PassiveResult {
  try {
    return verify(input);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { ok: false, reason: error.code as PassiveReason, message: error.message };
  }
}
