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
import { type ChipFeatures, createFeatures, type FeatureFiles } from './chip_features.ts';
import { type ChipPerson, writeCom, writeDg1, writeDg2, writeMrz } from './chip_files.ts';
import type { SimulatedChipPlan } from './chip_simulator.ts';
import { der, int, octet, seq, setOf } from './der.ts';

/** Files of a simulated chip. */
export interface ChipFiles {
  readonly com: Uint8Array;
  readonly sod: Uint8Array;
  readonly dg1: Uint8Array;
  readonly dg2: Uint8Array;
}

/** A passport with a chip that can be challenged. */
export interface IssuedChip {
  /** All that is on the chip, for {@link SimulatedChip}; its random source is the caller's. */
  readonly plan: Omit<SimulatedChipPlan, 'random'>;
  readonly files: ChipFiles & FeatureFiles;
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
  /** Issues a passport whose chip can do more; its signed files tell of it. */
  issueChip(person: ChipPerson, portrait: Uint8Array, features: ChipFeatures): IssuedChip;
  /** A master list of its own certificate and others, signed by it; the root is {@link csca}. */
  masterList(others?: readonly Uint8Array[]): Uint8Array;
}

const DAY = 86_400_000;
const YEAR = 365.25 * DAY;
const LDS_SECURITY_OBJECT = '2.23.136.1.1.1';
const CARD_SECURITY = '0.4.0.127.0.7.3.2.1';
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
  const issueChip: PassportAuthority['issueChip'] = (person, portrait, features) => {
    const { secrets, files: more } = createFeatures(features);
    const present = [writeDg1(person), writeDg2(portrait), more.dg11, more.dg14, more.dg15];
    const dataGroups = new Map(
      [1, 2, 11, 14, 15].flatMap((number, index) => {
        const file = present[index];
        return file === undefined ? [] : [[number, file] as const];
      }),
    );
    const com = writeCom([...dataGroups.keys()]);
    const sod = writeSod(signer, dataGroups, at);
    const { cardAccess, cardSecurityInfos } = more;
    const masterFile = new Map<number, Uint8Array>();
    if (cardAccess !== undefined) masterFile.set(0x011c, cardAccess);
    if (cardSecurityInfos !== undefined) {
      masterFile.set(0x011d, signData({ contentType: CARD_SECURITY, content: cardSecurityInfos, signer, at }));
    }
    const application = new Map<number, Uint8Array>().set(0x011e, com).set(0x011d, sod);
    for (const [number, file] of dataGroups) application.set(0x0100 + number, file);
    const [dg1 = com, dg2 = com] = present;
    return {
      plan: { mrz: writeMrz(person), masterFile, application, secrets, pace: features.pace ?? [] },
      files: { ...more, com, sod, dg1, dg2 },
    };
  };
  return {
    csca: csca.certificate,
    documentSigner: signer.certificate,
    anchors: [anchorOf(readCertificate(csca.certificate))],
    issue(person, portrait) {
      const { com, sod, dg1, dg2 } = issueChip(person, portrait, {}).files;
      return { com, sod, dg1, dg2 };
    },
    issueChip,
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
