// SPDX-License-Identifier: GPL-3.0-or-later
import { fromBER } from 'asn1js';
import { describe, expect, it } from 'vitest';
import {
  type CertificatePlan,
  type CertifiedKey,
  createCertificate,
  createChipKey,
  signData,
} from '../../src/demo/chip_certificates.ts';
import { createPassportAuthority, writeSod } from '../../src/demo/chip.ts';
import { int, octet, seq, setOf } from '../../src/demo/der.ts';
import { anchorOf, decodeAnchors, encodeAnchors, mergeAnchors } from '../../src/documents/anchors.ts';
import { MAX_NODES } from '../../src/documents/asn1.ts';
import { readCertificate } from '../../src/documents/certificate.ts';
import { openMasterList } from '../../src/documents/master_list.ts';
import { ALGORITHMS, authorityOf, flip, SIGNED_AT, verifyChip } from './samples.ts';

const DAY = 86_400_000;
const LIST = '2.23.136.1.1.2';
const PERIOD = [SIGNED_AT - DAY, SIGNED_AT + 1000 * DAY] as const;

function plan(role: CertificatePlan['role'], change: Partial<CertificatePlan> = {}): CertificatePlan {
  const key = createChipKey('ecdsa-p256');
  return { country: 'UT', commonName: 'Test', key, role, validity: PERIOD, keyUsage: PERIOD, ...change };
}

function listOf(certificates: readonly Uint8Array[], signer: CertifiedKey, contentType = LIST): Uint8Array {
  return signData({ contentType, content: seq(int(0), setOf(...certificates)), signer, at: SIGNED_AT });
}

describe('a master list', () => {
  it.each(ALGORITHMS)('signed by %s opens to its anchors', (algorithm) => {
    const authority = authorityOf(algorithm);
    const opened = openMasterList(authority.masterList(), authority.csca, SIGNED_AT);
    expect(opened).toMatchObject({ anchors: authority.anchors, country: 'UT', signedAt: SIGNED_AT, skipped: 0 });
  });

  it('may have more nodes than asn1js takes by default, since certificates are parsed one by one', () => {
    const authority = authorityOf('ecdsa-p256');
    const others = new Array<Uint8Array>(150).fill(authority.csca);
    const list = authority.masterList(others);
    expect(fromBER(list).result.error).toBe('Maximum ASN.1 node count exceeded');
    expect(MAX_NODES).toBeLessThan(10_000);
    const { anchors } = openMasterList(list, authority.csca, SIGNED_AT);
    expect(anchors.length).toBe(151);
    expect(mergeAnchors(anchors)).toEqual(authority.anchors);
  });

  it('leaves out what is no certificate authority or cannot be read, and keeps the rest', () => {
    const authority = authorityOf('ecdsa-p256');
    const list = authority.masterList([authority.documentSigner, seq(int(1)), octet(Uint8Array.of(1))]);
    expect(openMasterList(list, authority.csca, SIGNED_AT)).toMatchObject({ anchors: authority.anchors, skipped: 3 });
  });
});

describe('a master list is refused', () => {
  const csca = createCertificate(plan('csca'));
  const signer = createCertificate(plan('master_list_signer'), csca);
  const good = listOf([csca.certificate], signer);
  const code = (list: Uint8Array, root = csca.certificate, at = SIGNED_AT): string | undefined => {
    try {
      openMasterList(list, root, at);
    } catch (error) {
      return (error as { code: string }).code;
    }
    return undefined;
  };

  it('not, when it is right', () => {
    expect(code(good)).toBeUndefined();
  });

  it('under another root, also one of the same names', () => {
    expect(code(good, createCertificate(plan('csca')).certificate)).toBe('master_list_untrusted');
    expect(code(good, signer.certificate)).toBe('master_list_untrusted');
  });

  it('when a document signer signed it', () => {
    expect(code(listOf([csca.certificate], createCertificate(plan('document_signer'), csca)))).toBe(
      'master_list_untrusted',
    );
  });

  it('when the country key signed it directly', () => {
    expect(code(listOf([csca.certificate], csca))).toBe('master_list_untrusted');
  });

  it('outside the validity of its signer', () => {
    expect(code(good, csca.certificate, SIGNED_AT - 2 * DAY)).toBe('certificate_not_yet_valid');
    expect(code(good, csca.certificate, SIGNED_AT + 1001 * DAY)).toBe('certificate_expired');
    const late = createCertificate(plan('master_list_signer', { validity: [SIGNED_AT + 1000, SIGNED_AT + DAY] }), csca);
    expect(code(listOf([csca.certificate], late), csca.certificate, SIGNED_AT + 2000)).toBe('master_list_untrusted');
  });

  it('when it is changed, or is something else', () => {
    const position = Buffer.from(good).indexOf(csca.certificate) + 200;
    expect(code(flip(good, position))).toBe('document_tampered');
    expect(code(flip(good, good.length - 1))).toBe('signature_invalid');
    expect(code(listOf([csca.certificate], signer, '2.23.136.1.1.1'))).toBe('document_malformed');
    expect(code(csca.certificate)).toBe('document_malformed');
  });
});

describe('link certificates', () => {
  it('share names with self-signed ones, and the key decides', () => {
    const old = createCertificate(plan('csca'));
    const renewed = plan('csca');
    const current = createCertificate(renewed);
    const link = createCertificate(renewed, old);
    expect(readCertificate(link.certificate).issuer).toEqual(readCertificate(current.certificate).issuer);
    const sodBy = (csca: CertifiedKey): Uint8Array =>
      writeSod(createCertificate(plan('document_signer'), csca), new Map([[1, new Uint8Array()]]), SIGNED_AT);
    const anchorsOf = (...all: readonly CertifiedKey[]) =>
      all.map(({ certificate }) => anchorOf(readCertificate(certificate)));
    for (const set of [anchorsOf(old, link, current), anchorsOf(current, link, old), anchorsOf(link, old)]) {
      expect(verifyChip({ sod: sodBy(old) }, set)).toMatchObject({ ok: true });
      expect(verifyChip({ sod: sodBy(current) }, set)).toMatchObject({ ok: true });
    }
    expect(verifyChip({ sod: sodBy(current) }, anchorsOf(old))).toMatchObject({ reason: 'csca_unknown' });
  });

  it('any valid certificate of the key will do, and an expired one alone will not', () => {
    const key = createChipKey('ecdsa-p256');
    const current = createCertificate(plan('csca', { key }));
    const expired = createCertificate(plan('csca', { key, validity: [SIGNED_AT - 9 * DAY, SIGNED_AT - DAY] }));
    const signer = createCertificate(plan('document_signer'), current);
    const sod = writeSod(signer, new Map([[1, new Uint8Array()]]), SIGNED_AT);
    const [a, b] = [expired, current].map(({ certificate }) => anchorOf(readCertificate(certificate)));
    if (a === undefined || b === undefined) throw new Error('no anchors');
    expect(verifyChip({ sod }, [a, b])).toMatchObject({ ok: true, csca: b.fingerprint });
    expect(verifyChip({ sod }, [a])).toMatchObject({ reason: 'certificate_expired' });
  });
});

describe('a kept set of anchors', () => {
  const { anchors } = createPassportAuthority({ country: 'UT', algorithm: 'ecdsa-p256', at: SIGNED_AT });

  it('comes back equal', () => {
    expect(decodeAnchors(encodeAnchors(anchors))).toEqual(anchors);
    expect(decodeAnchors(encodeAnchors([]))).toEqual([]);
  });

  it.each([
    '',
    '[]',
    'null',
    '{"version":2,"anchors":[]}',
    '{"version":1}',
    '{"version":1,"anchors":[{}]}',
    encodeAnchors(anchors).replace('"UT"', '7'),
    encodeAnchors(anchors).replace('"from":', '"from":"'),
  ])('is refused when it is not one', (text) => {
    expect(() => decodeAnchors(text)).toThrow(expect.objectContaining({ code: 'anchors_malformed' }));
  });
});
