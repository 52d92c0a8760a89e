// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import {
  type CertificatePlan,
  type CertifiedKey,
  createCertificate,
  createChipKey,
  HASH_IDENTIFIER,
  signData,
} from '../../src/demo/chip_certificates.ts';
import { createPassportAuthority, writeSod } from '../../src/demo/chip.ts';
import { type ChipPerson, writeDg1 } from '../../src/demo/chip_files.ts';
import { der, int, octet, oid, seq } from '../../src/demo/der.ts';
import { anchorOf } from '../../src/documents/anchors.ts';
import { readCertificate } from '../../src/documents/certificate.ts';
import { verifyPassive } from '../../src/documents/passive.ts';
import { ALGORITHMS, authorityOf, flip, jpeg, partsOf, PERSON, SIGNED_AT, verifyChip } from './samples.ts';

const NAMES = {
  'rsa-pkcs1': 'RSA PKCS1 SHA-256',
  'rsa-pss': 'RSA-PSS SHA-256',
  'ecdsa-p256': 'ECDSA P-256 SHA-256',
  'ecdsa-brainpool': 'ECDSA brainpoolP256r1 SHA-256',
} as const;
const DAY = 86_400_000;

describe.each(ALGORITHMS)('a passport signed by %s', (algorithm) => {
  it('is accepted, with its country and algorithm', async () => {
    const authority = authorityOf(algorithm);
    expect(verifyChip(authority.issue(PERSON, await jpeg()), authority.anchors)).toMatchObject({
      ok: true,
      country: 'UT',
      signatureAlgorithm: NAMES[algorithm],
      dataGroups: [1, 2],
    });
  });

  it('is refused with any one of its signed parts changed by a bit', async () => {
    const authority = authorityOf(algorithm);
    const { sod } = authority.issue(PERSON, await jpeg());
    for (const [name, [offset, length]] of Object.entries(partsOf(sod))) {
      for (let step = 0; step < 12; step++) {
        const position = offset + Math.floor(((step + 0.5) * length) / 12);
        const verdict = verifyChip({ sod: flip(sod, position, step % 8) }, authority.anchors);
        expect(verdict.ok, `${name}, byte ${String(position)}`).toBe(false);
      }
    }
  });
});

describe('the parts of a document', () => {
  it.each([1, 2] as const)('refuses a changed data group %d', async (number) => {
    const authority = authorityOf('ecdsa-p256');
    const files = authority.issue(PERSON, await jpeg());
    const name = number === 1 ? 'dg1' : 'dg2';
    const changed = { ...files, [name]: flip(files[name], 60) };
    expect(verifyChip(changed, authority.anchors)).toMatchObject({ ok: false, reason: 'document_tampered' });
  });

  it('refuses a data group that is not signed', async () => {
    const authority = authorityOf('ecdsa-p256');
    const { sod, dg1 } = authority.issue(PERSON, await jpeg());
    const dataGroups = new Map([[3, dg1]]);
    const verdict = verifyPassive({ sod, dataGroups, anchors: authority.anchors, at: SIGNED_AT });
    expect(verdict).toMatchObject({ ok: false, reason: 'document_tampered' });
  });

  it('refuses DG1 and DG2 in each other’s place', async () => {
    const authority = authorityOf('ecdsa-p256');
    const { sod, dg1, dg2 } = authority.issue(PERSON, await jpeg());
    expect(verifyChip({ sod, dg1: dg2, dg2: dg1 }, authority.anchors)).toMatchObject({ reason: 'document_tampered' });
  });

  it('tells a changed security object, signature and chain apart', async () => {
    const authority = authorityOf('ecdsa-p256');
    const { sod } = authority.issue(PERSON, await jpeg());
    const parts = partsOf(sod);
    const reasonWith = (part: string, fromEnd: number): unknown => {
      const [offset, length] = parts[part] ?? [0, 0];
      return verifyChip({ sod: flip(sod, offset + length - fromEnd) }, authority.anchors);
    };
    expect(reasonWith('the security object', 1)).toMatchObject({ reason: 'document_tampered' });
    expect(reasonWith('the signature', 1)).toMatchObject({ reason: 'signature_invalid' });
    expect(reasonWith("the signature of the signer's certificate", 1)).toMatchObject({ reason: 'csca_unknown' });
  });
});

describe('trust', () => {
  it('refuses an authority that is not trusted, also under the same names', async () => {
    const files = authorityOf('ecdsa-p256').issue(PERSON, await jpeg());
    const impostor = createPassportAuthority({ country: 'UT', algorithm: 'ecdsa-p256', at: SIGNED_AT });
    expect(verifyChip(files, impostor.anchors)).toMatchObject({ ok: false, reason: 'csca_unknown' });
    expect(verifyChip(files, [])).toMatchObject({ ok: false, reason: 'csca_unknown' });
  });

  it('refuses an anchor that claims the right names and key identifier and has another key', async () => {
    const authority = authorityOf('ecdsa-p256');
    const other = createPassportAuthority({ country: 'UT', algorithm: 'ecdsa-p256', at: SIGNED_AT });
    const [real, wrong] = [authority.anchors[0], other.anchors[0]];
    if (real === undefined || wrong === undefined) throw new Error('no anchors');
    const disguised = { ...wrong, subjectKeyId: real.subjectKeyId };
    const files = authority.issue(PERSON, await jpeg());
    expect(verifyChip(files, [disguised])).toMatchObject({ reason: 'csca_unknown' });
    expect(verifyChip(files, [disguised, real])).toMatchObject({ ok: true });
  });

  it('refuses a trusted authority that signs for another state', async () => {
    const authority = createPassportAuthority({ country: 'DE', algorithm: 'ecdsa-p256', at: SIGNED_AT });
    const { sod, dg1 } = authority.issue(PERSON, await jpeg());
    expect(verifyChip({ sod }, authority.anchors)).toMatchObject({ ok: true, country: 'DE' });
    expect(verifyChip({ sod, dg1 }, authority.anchors)).toMatchObject({ reason: 'issuing_state_mismatch' });
  });

  it('takes D, the one-letter code, for Germany', async () => {
    const authority = createPassportAuthority({ country: 'DE', algorithm: 'ecdsa-p256', at: SIGNED_AT });
    const files = authority.issue({ ...PERSON, issuingState: 'D' }, await jpeg());
    expect(verifyChip(files, authority.anchors)).toMatchObject({ ok: true });
  });
});

describe('dates', () => {
  it.each([
    ['before the certificates begin', SIGNED_AT - 31 * DAY, 'certificate_not_yet_valid'],
    ['before the signature', SIGNED_AT - 2 * DAY, 'signing_time_invalid'],
    ['at the signature', SIGNED_AT, undefined],
    ['ten years later', SIGNED_AT + 3650 * DAY, undefined],
    ['after the signer’s certificate', SIGNED_AT + 12 * 366 * DAY, 'certificate_expired'],
    ['after all certificates', SIGNED_AT + 20 * 366 * DAY, 'certificate_expired'],
  ])('judges %s', async (_, at, reason) => {
    const authority = authorityOf('ecdsa-p256');
    const verdict = verifyChip(authority.issue(PERSON, await jpeg()), authority.anchors, at);
    expect(verdict.ok ? undefined : verdict.reason).toBe(reason);
  });
});

/** A chain of our own making, to be wrong in one way at a time. */
function chain(signer: Partial<CertificatePlan> = {}): { csca: CertifiedKey; signer: CertifiedKey } {
  const plan: CertificatePlan = {
    country: 'UT',
    commonName: 'Test',
    key: createChipKey('ecdsa-p256'),
    role: 'csca',
    validity: [SIGNED_AT - DAY, SIGNED_AT + 1000 * DAY],
    keyUsage: [SIGNED_AT - DAY, SIGNED_AT + 1000 * DAY],
  };
  const csca = createCertificate(plan);
  const key = createChipKey('ecdsa-p256');
  return { csca, signer: createCertificate({ ...plan, role: 'document_signer', key, ...signer }, csca) };
}

function verdictOn(sod: Uint8Array, csca: CertifiedKey, dg1?: Uint8Array): unknown {
  const anchors = [anchorOf(readCertificate(csca.certificate))];
  return verifyChip({ sod, ...(dg1 !== undefined && { dg1 }) }, anchors);
}

describe('signers', () => {
  const dg1 = writeDg1(PERSON);
  const dataGroups = new Map([[1, dg1]]);

  it('accepts the chain that the other tests break', () => {
    const { csca, signer } = chain();
    expect(verdictOn(writeSod(signer, dataGroups, SIGNED_AT), csca, dg1)).toMatchObject({ ok: true });
  });

  it.each([
    ['a master list signer', { role: 'master_list_signer' }, 'signer_not_authorised'],
    ['another certificate authority', { role: 'csca' }, 'signer_not_authorised'],
    ['a signer of another country', { country: 'CN' }, 'csca_unknown'],
    [
      'a signer whose key usage ended',
      { keyUsage: [SIGNED_AT - 90 * DAY, SIGNED_AT - 3 * DAY] },
      'signing_time_invalid',
    ],
  ] as const)('refuses %s', (_, plan, reason) => {
    const { csca, signer } = chain(plan);
    expect(verdictOn(writeSod(signer, dataGroups, SIGNED_AT), csca)).toMatchObject({ ok: false, reason });
  });

  it('refuses the country signing key itself as a document signer', () => {
    const { csca } = chain();
    expect(verdictOn(writeSod(csca, dataGroups, SIGNED_AT), csca)).toMatchObject({ reason: 'signer_not_authorised' });
  });

  it('refuses a certificate made by a document signer', () => {
    const { csca, signer } = chain();
    const key = createChipKey('ecdsa-p256');
    const validity = [SIGNED_AT - DAY, SIGNED_AT + DAY] as const;
    const plan: CertificatePlan = {
      country: 'UT',
      commonName: 'Test',
      key,
      role: 'document_signer',
      validity,
      keyUsage: validity,
    };
    const second = createCertificate(plan, signer);
    expect(verdictOn(writeSod(second, dataGroups, SIGNED_AT), csca)).toMatchObject({ reason: 'csca_unknown' });
  });

  it('refuses a document of a type that the signer may not sign', () => {
    const { csca, signer } = chain();
    // A visa begins with V: the certificate lists P.
    const visa = Uint8Array.from(dg1);
    visa[5] = 'V'.charCodeAt(0);
    const sod = writeSod(signer, new Map([[1, visa]]), SIGNED_AT);
    expect(verdictOn(sod, csca, visa)).toMatchObject({ reason: 'signer_not_authorised' });
  });

  it.each([
    ['another kind of content', '2.23.136.1.1.2', 'document_malformed'],
    ['content under id-data, as China signs it', '1.2.840.113549.1.7.1', undefined],
  ])('judges %s', (_, contentType, reason) => {
    const { csca, signer } = chain();
    const content = seq(int(0), HASH_IDENTIFIER, seq(seq(int(1), octet(new Uint8Array(32)))));
    const sod = der(0x77, signData({ contentType, content, signer, at: SIGNED_AT }));
    expect(verdictOn(sod, csca)).toMatchObject(reason === undefined ? { ok: true } : { ok: false, reason });
  });

  it.each([
    [
      'SHA-1',
      seq(seq(int(0), seq(oid('1.3.14.3.2.26')), seq(seq(int(1), octet(new Uint8Array(20)))))),
      'algorithm_unsupported',
    ],
    [
      'a hash of a wrong length',
      seq(int(0), HASH_IDENTIFIER, seq(seq(int(1), octet(new Uint8Array(20))))),
      'document_malformed',
    ],
    ['data group 17', seq(int(0), HASH_IDENTIFIER, seq(seq(int(17), octet(new Uint8Array(32))))), 'document_malformed'],
    [
      'one data group twice',
      seq(int(0), HASH_IDENTIFIER, seq(seq(int(1), octet(new Uint8Array(32))), seq(int(1), octet(new Uint8Array(32))))),
      'document_malformed',
    ],
  ])('refuses a security object with %s', (name, value, reason) => {
    const { csca, signer } = chain();
    const content = name === 'SHA-1' ? value.subarray(2) : value;
    const sod = der(0x77, signData({ contentType: '2.23.136.1.1.1', content, signer, at: SIGNED_AT }));
    expect(verdictOn(sod, csca)).toMatchObject({ ok: false, reason });
  });
});

it('does not read names: two people differ only in what is signed', () => {
  const { csca, signer } = chain();
  const other: ChipPerson = { ...PERSON, surname: 'Other' };
  const sod = writeSod(signer, new Map([[1, writeDg1(PERSON)]]), SIGNED_AT);
  expect(verdictOn(sod, csca, writeDg1(other))).toMatchObject({ reason: 'document_tampered' });
});
