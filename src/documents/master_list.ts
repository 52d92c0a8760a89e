// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * CSCA master lists (ICAO 9303-12 section 9): the country signing certificates that one state vouches
 * for, signed by its master list signer, whose certificate its own CSCA signed. The caller brings that
 * root from a source of its own. Each certificate is parsed by itself, so that the limits of asn1.ts
 * hold and a list of any length stays within them.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { anchorOf, type AnchorSet, findIssuer } from './anchors.ts';
import { malformed } from './asn1.ts';
import { type Certificate, readCertificate, within } from './certificate.ts';
import { checkSignedData, readSignedData } from './cms.ts';
import { readFile, readTlvs } from './tlv.ts';

/** Largest master list, in bytes; the German one has 0.9 MB. */
export const MAX_MASTER_LIST_BYTES = 8_388_608;

const CSCA_MASTER_LIST = '2.23.136.1.1.2';
const MASTER_LIST_SIGNING = '2.23.136.1.1.3';
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const SET = 0x31;

/** An opened master list. */
export interface MasterList {
  readonly anchors: AnchorSet;
  /** The certificates of these anchors. */
  readonly certificates: readonly Certificate[];
  /** Who signed the list. */
  readonly signer: Certificate;
  /** Country of the state that vouches, two letters. */
  readonly country: string;
  /** When the list says it was signed, Unix milliseconds. */
  readonly signedAt?: number;
  /** Certificates that were left out: no certificate authority, or not readable. */
  readonly skipped: number;
}

function asAuthority(raw: Uint8Array): Certificate | undefined {
  let certificate: Certificate;
  try {
    certificate = readCertificate(raw);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined; // one state's odd certificate is not the others' fault
    throw error;
  }
  return certificate.isAuthority && certificate.country !== '' ? certificate : undefined;
}

/**
 * Opens a master list: reads it, checks its signature, and chains its signer to the root by key.
 *
 * @param list - The CMS file.
 * @param root - DER of the CSCA certificate that the caller trusts for this list.
 * @param at - Unix milliseconds, now: the root and the signer must be valid, and the list signed before.
 * @throws {@link ProtocolError} `document_malformed`, `document_tampered`, `signature_invalid`,
 * `algorithm_unsupported`, `certificate_unsupported`, `certificate_expired`,
 * `certificate_not_yet_valid`; `master_list_untrusted` if the root did not sign its signer.
 */
export function openMasterList(list: Uint8Array, root: Uint8Array, at: number): MasterList {
  if (list.length > MAX_MASTER_LIST_BYTES) throw malformed('the master list is too large');
  const signedData = readSignedData(list, 'the master list');
  if (signedData.contentType !== CSCA_MASTER_LIST) throw malformed('the file is not a CSCA master list');
  const signer = checkSignedData(signedData);
  const authority = readCertificate(root);
  checkSigner(signer, authority, at);
  const { signingTime } = signedData.signer;
  if (signingTime !== undefined && !within(signer.validity, signingTime)) {
    throw new ProtocolError('master_list_untrusted', "the master list was signed outside its signer's validity");
  }
  const fields = readTlvs(readFile(signedData.content, SEQUENCE, 'the master list'), 'the master list');
  const [version, certificates, ...more] = fields;
  if (version?.tag !== INTEGER || certificates?.tag !== SET || more.length > 0) {
    throw malformed('the master list is not a version and a set of certificates');
  }
  const found = readTlvs(certificates.value, 'the master list').map(({ raw }) => asAuthority(raw));
  const listed = found.filter((certificate) => certificate !== undefined);
  return {
    anchors: listed.map(anchorOf),
    certificates: listed,
    signer,
    country: authority.country,
    ...(signingTime !== undefined && { signedAt: signingTime }),
    skipped: found.length - listed.length,
  };
}

function checkSigner(signer: Certificate, authority: Certificate, at: number): void {
  const refuse = (what: string): ProtocolError => new ProtocolError('master_list_untrusted', what);
  if (!authority.isAuthority) throw refuse('the root is not a certificate authority');
  try {
    findIssuer(signer, [anchorOf(authority)], at);
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== 'csca_unknown') throw error;
    throw refuse("the root did not sign the master list signer's certificate; give the root of this list's state");
  }
  if (!signer.isSigner || !signer.purposes.includes(MASTER_LIST_SIGNING)) {
    throw refuse('the certificate inside the list may not sign master lists');
  }
  if (!within(signer.validity, at)) {
    throw at < signer.validity.from
      ? new ProtocolError('certificate_not_yet_valid', 'the master list signer is not valid yet')
      : new ProtocolError('certificate_expired', 'the master list signer has expired; fetch a newer list');
  }
}
