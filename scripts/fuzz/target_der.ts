// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * DER and TLV: everything of a document that an issuer or an operator reads, each by the reader that meets it.
 *
 * @module
 */
import { randomBytes, sign } from 'node:crypto';
import sharp from 'sharp';
import {
  type CertificatePlan,
  type CertifiedKey,
  createCertificate,
  createChipKey,
  signData,
} from '../../src/demo/chip_certificates.ts';
import { createFeatures } from '../../src/demo/chip_features.ts';
import { writeCom, writeDg1, writeDg2 } from '../../src/demo/chip_files.ts';
import { writeSod } from '../../src/demo/chip.ts';
import { bitString, der, int, join, octet, oid, seq, setOf, timeOf } from '../../src/demo/der.ts';
import { anchorOf, findIssuer } from '../../src/documents/anchors.ts';
import { readCertificate } from '../../src/documents/certificate.ts';
import { verifyActiveAuthentication } from '../../src/documents/chip/active_authentication.ts';
import { ChipAuthentication } from '../../src/documents/chip/chip_authentication.ts';
import { readCardAccess, readCardSecurity } from '../../src/documents/chip/security_infos.ts';
import { checkCrl, readCrl } from '../../src/documents/crl.ts';
import { readCom, readDg1, readDg11 } from '../../src/documents/lds.ts';
import { openMasterList } from '../../src/documents/master_list.ts';
import { readMrz } from '../../src/documents/mrz.ts';
import { verifyPassive } from '../../src/documents/passive.ts';
import { readDg2 } from '../../src/documents/portrait.ts';
import { kindOfFile } from '../../src/documents/trust.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { toDate } from '../../src/protocol/dates.ts';
import type { Seed, Target } from './target.ts';

const AT = Date.UTC(2026, 10, 22);
const DAY = 86_400_000;
const PERIOD = [AT - 100 * DAY, AT + 1000 * DAY] as const;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

function certify(role: CertificatePlan['role'], issuer?: CertifiedKey): CertifiedKey {
  const key = createChipKey(issuer === undefined ? 'rsa-pss' : 'ecdsa-p256');
  return createCertificate(
    { country: 'UT', commonName: `Fuzz ${role}`, key, role, validity: PERIOD, keyUsage: PERIOD },
    issuer,
  );
}

/** A revocation list with two entries. */
function writeCrl(issuer: CertifiedKey): Uint8Array {
  const algorithm = seq(oid('1.2.840.10045.4.3.2'));
  const entry = (serial: number): Uint8Array => seq(int(serial), timeOf(AT - DAY));
  const extension = seq(oid('2.5.29.20'), octet(int(7)));
  const body = [
    int(1),
    algorithm,
    issuer.name,
    timeOf(AT - DAY),
    timeOf(AT + DAY),
    seq(entry(5), entry(6)),
    der(0xa0, seq(extension)),
  ];
  const signed = seq(...body);
  const signature = new Uint8Array(sign('sha256', signed, { key: issuer.key.privateKey, dsaEncoding: 'der' }));
  return seq(signed, algorithm, bitString(signature));
}

/** Turns a verdict into an error, as the issuer does. */
function demand(verdict: { readonly ok: boolean; readonly reason?: string; readonly message?: string }): void {
  if (!verdict.ok) throw new ProtocolError(verdict.reason as Lowercase<string>, verdict.message ?? '');
}

/** Makes the target, with fresh keys. */
export async function derTarget(): Promise<Target> {
  const csca = certify('csca');
  const signer = certify('document_signer', csca);
  const lister = createCertificate({
    country: 'UT',
    commonName: 'Fuzz CRL',
    key: createChipKey('ecdsa-p256'),
    role: 'csca',
    validity: PERIOD,
    keyUsage: PERIOD,
  });
  const anchors = [csca, lister].map(({ certificate }) => anchorOf(readCertificate(certificate)));
  const person = {
    surname: 'DOE',
    given: 'JO',
    sex: 'F',
    birth: toDate(19900228),
    nationality: 'CHN',
    documentNumber: 'E12345678',
    personalNumber: '110101X900228',
    expiry: toDate(20330630),
    issuingState: 'UTO',
  } as const;
  const create = { width: 24, height: 32, channels: 3, background: '#888' } as const;
  const portrait = new Uint8Array(await sharp({ create }).jpeg().toBuffer());
  const rsa = createFeatures({
    activeAuthentication: { kind: 'rsa', bits: 1024, hash: 'sha256' },
    personalDetails: { name: 'DOE<<JO', personalNumber: '11' },
  });
  const elliptic = createFeatures({
    activeAuthentication: { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha256' },
    chipAuthentication: { cipher: 'aes-128', curve: 'brainpoolP256r1' },
    pace: [{ mapping: 'CAM', cipher: 'aes-128', curve: 'brainpoolP256r1' }],
  });
  const [dg1, dg2] = [writeDg1(person), writeDg2(portrait)];
  const sod = writeSod(
    signer,
    new Map([
      [1, dg1],
      [2, dg2],
    ]),
    AT,
  );
  const nothing = new Uint8Array();
  const {
    cardSecurityInfos = nothing,
    cardAccess = nothing,
    dg14 = nothing,
    dg15: ellipticDg15 = nothing,
  } = elliptic.files;
  const listSigner = certify('master_list_signer', csca);
  const content = seq(int(0), setOf(csca.certificate, lister.certificate, signer.certificate));
  const masterList = signData({ contentType: '2.23.136.1.1.2', content, signer: listSigner, at: AT });
  const cardSecurity = signData({ contentType: '0.4.0.127.0.7.3.2.1', content: cardSecurityInfos, signer, at: AT });
  const answer = (dg15: Uint8Array): void => {
    const verdict = verifyActiveAuthentication(dg15, new Uint8Array(8), random(dg15.length > 200 ? 64 : 128), dg14);
    // Nobody signed this: only whether it is read matters.
    if (!verdict.ok && verdict.reason !== 'chip_authentication_failed') demand(verdict);
  };
  const dataGroups = new Map([
    [1, dg1],
    [2, dg2],
  ]);
  const seeds: readonly Seed[] = [
    {
      name: 'EF.SOD',
      bytes: sod,
      read: (bytes) => {
        demand(verifyPassive({ sod: bytes, dataGroups, anchors, at: AT }));
      },
    },
    {
      name: 'certificate',
      bytes: signer.certificate,
      read: (bytes) => findIssuer(readCertificate(bytes), anchors, AT),
    },
    { name: 'revocation list', bytes: writeCrl(lister), read: (bytes) => checkCrl(readCrl(bytes), anchors, AT) },
    { name: 'master list', bytes: masterList, read: (bytes) => openMasterList(bytes, csca.certificate, AT) },
    { name: 'root', bytes: csca.certificate, read: (bytes) => openMasterList(masterList, bytes, AT) },
    { name: 'kind', bytes: masterList, read: kindOfFile },
    { name: 'EF.COM', bytes: writeCom([1, 2, 14, 15]), read: readCom },
    { name: 'DG1', bytes: dg1, read: (bytes) => readMrz(readDg1(bytes)) },
    { name: 'DG2', bytes: dg2, read: readDg2 },
    { name: 'DG11', bytes: rsa.files.dg11 ?? nothing, read: readDg11 },
    { name: 'DG14', bytes: dg14, read: (bytes) => new ChipAuthentication(bytes, random) },
    { name: 'DG15 RSA', bytes: rsa.files.dg15 ?? nothing, read: answer },
    { name: 'DG15 ECDSA', bytes: ellipticDg15, read: answer },
    { name: 'EF.CardAccess', bytes: cardAccess, read: readCardAccess },
    { name: 'EF.CardSecurity', bytes: cardSecurity, read: readCardSecurity },
  ];
  const repeated = (part: readonly number[], times: number): Uint8Array =>
    join(Array.from({ length: times }, () => Uint8Array.from(part)));
  const bombs = [
    repeated([0x30, 0x80], 30_000),
    repeated([0x24, 0x80], 30_000),
    repeated([0xff], 60_000),
    der(0x30, der(0x06, repeated([0x81], 16_000))),
    der(0x30, der(0x02, repeated([0x7f], 16_000))),
    Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
    repeated([0x05, 0], 30_000),
    der(0x30, der(0x30, repeated([0x30, 0], 8_000))),
    Array.from({ length: 2000 }).reduce<Uint8Array>((inner) => seq(inner), nothing),
    nothing,
  ];
  return {
    form: 'der',
    seeds,
    made: seeds.flatMap(({ name }) =>
      bombs.flatMap((bytes) => [
        { seed: name, bytes },
        { seed: name, bytes: der(0x77, bytes) },
      ]),
    ),
    codes: [
      'document_malformed',
      'document_tampered',
      'document_kind_unsupported',
      'signature_invalid',
      'algorithm_unsupported',
      'certificate_unsupported',
      'certificate_expired',
      'certificate_not_yet_valid',
      'csca_unknown',
      'signer_not_authorised',
      'signing_time_invalid',
      'issuing_state_mismatch',
      'master_list_untrusted',
      'crl_malformed',
      'crl_unsupported',
      'crl_untrusted',
      'crl_not_yet_valid',
      'mrz_malformed',
      'mrz_check_digit',
      'portrait_unsupported',
      'chip_response_invalid',
      'chip_authentication_failed',
    ],
  };
}
