// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Passport simulator: a country signing authority, a document signer and the chip files of the
 * passports it issues. Structures and signatures are real, the state is not: nobody outside a test or
 * a demonstration may trust its keys, and every certificate names the simulator.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { type AnchorSet, anchorOf } from '../documents/anchors.ts';
import { readCertificate } from '../documents/certificate.ts';
import {
  type CertifiedKey,
  type ChipAlgorithm,
  createCertificate,
  createChipKey,
  HASH_IDENTIFIER,
  signData,
} from './chip_certificates.ts';
import { type ChipPerson, writeCom, writeDg1, writeDg2 } from './chip_files.ts';
import { der, int, octet, seq, setOf } from './der.ts';

/** Files of a simulated chip. */
export interface ChipFiles {
  readonly com: Uint8Array;
  readonly sod: Uint8Array;
  readonly dg1: Uint8Array;
  readonly dg2: Uint8Array;
}

/** A simulated passport authority. */
export interface PassportAuthority {
  /** Its country signing certificate, DER. */
  readonly csca: Uint8Array;
  /** Its document signer's certificate, DER. */
  readonly documentSigner: Uint8Array;
  /** The set that trusts this authority and nobody else. */
  readonly anchors: AnchorSet;
  /** Issues a passport; the portrait is a JPEG or JPEG 2000 file. */
  issue(person: ChipPerson, portrait: Uint8Array): ChipFiles;
  /** A master list of its own certificate and others, signed by it; the root is {@link csca}. */
  masterList(others?: readonly Uint8Array[]): Uint8Array;
}

const DAY = 86_400_000;
const YEAR = 365.25 * DAY;
const LDS_SECURITY_OBJECT = '2.23.136.1.1.1';
const CSCA_MASTER_LIST = '2.23.136.1.1.2';

/** EF.SOD over data groups, signed now. */
export function writeSod(signer: CertifiedKey, dataGroups: ReadonlyMap<number, Uint8Array>, at: number): Uint8Array {
  const hashes = [...dataGroups].map(([number, bytes]) =>
    seq(int(number), octet(new Uint8Array(createHash('sha256').update(bytes).digest()))),
  );
  const content = seq(int(0), HASH_IDENTIFIER, seq(...hashes));
  return der(0x77, signData({ contentType: LDS_SECURITY_OBJECT, content, signer, at }));
}

/**
 * Makes a passport authority with fresh keys.
 *
 * @param plan - `country`: two letters, that of the issuing state of its passports (`UT` for UTO,
 * `CN` for CHN); `at`: Unix milliseconds of its signatures, from which all validity is counted.
 */
export function createPassportAuthority(plan: {
  readonly country: string;
  readonly algorithm: ChipAlgorithm;
  readonly at: number;
}): PassportAuthority {
  const { country, algorithm, at } = plan;
  const certify = (
    role: 'document_signer' | 'master_list_signer' | 'csca',
    years: number,
    issuer?: CertifiedKey,
  ): CertifiedKey =>
    createCertificate(
      {
        country,
        commonName: `Simulated ${role.replaceAll('_', ' ')}, not a real authority`,
        key: createChipKey(algorithm),
        role,
        validity: [at - 30 * DAY, at + years * YEAR],
        keyUsage: [at - 30 * DAY, at + 60 * DAY],
      },
      issuer,
    );
  const csca = certify('csca', 16);
  const signer = certify('document_signer', 11, csca);
  return {
    csca: csca.certificate,
    documentSigner: signer.certificate,
    anchors: [anchorOf(readCertificate(csca.certificate))],
    issue(person, portrait) {
      const dg1 = writeDg1(person);
      const dg2 = writeDg2(portrait);
      const dataGroups = new Map([
        [1, dg1],
        [2, dg2],
      ]);
      return { com: writeCom(), sod: writeSod(signer, dataGroups, at), dg1, dg2 };
    },
    masterList(others = []) {
      return signData({
        contentType: CSCA_MASTER_LIST,
        content: seq(int(0), setOf(csca.certificate, ...others)),
        signer: certify('master_list_signer', 2, csca),
        more: [csca.certificate],
        at,
      });
    },
  };
}
