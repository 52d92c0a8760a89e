// SPDX-License-Identifier: GPL-3.0-or-later
/** Revocation lists that OpenSSL made, and what they do to documents. */
import { describe, expect, it } from 'vitest';
import {
  type CertificatePlan,
  type CertifiedKey,
  type ChipAlgorithm,
  createCertificate,
  createChipKey,
} from '../../src/demo/chip_certificates.ts';
import { writeSod } from '../../src/demo/chip.ts';
import { anchorOf, type AnchorSet } from '../../src/documents/anchors.ts';
import { readCertificate } from '../../src/documents/certificate.ts';
import { checkCrl, MAX_CRL_BYTES, MAX_REVOKED, readCrl, serialKey } from '../../src/documents/crl.ts';
import { comparableName } from '../../src/documents/names.ts';
import { type PassiveResult, verifyPassive } from '../../src/documents/passive.ts';
import { MAX_LIST_AGE, type RevocationList, type Revocations, staleAt } from '../../src/documents/revocation.ts';
import { type CrlPlan, makeCrl, type RevokedEntry, serialOf } from './crls.ts';
import { ALGORITHMS, flip, SIGNED_AT } from './samples.ts';

const DAY = 86_400_000;
const PERIOD = [SIGNED_AT - 100 * DAY, SIGNED_AT + 1000 * DAY] as const;
const NOW = SIGNED_AT + 10 * DAY;

function certify(
  role: CertificatePlan['role'],
  issuer?: CertifiedKey,
  change: Partial<CertificatePlan> = {},
): CertifiedKey {
  const key = change.key ?? createChipKey('ecdsa-p256');
  return createCertificate(
    { country: 'UT', commonName: 'Test', role, validity: PERIOD, keyUsage: PERIOD, ...change, key },
    issuer,
  );
}

const csca = certify('csca');
const signer = certify('document_signer', csca, { commonName: 'Signer' });
const other = certify('document_signer', csca, { commonName: 'Other' });

function crlBy(issuer: CertifiedKey, entries: readonly RevokedEntry[], change: Partial<CrlPlan> = {}): Uint8Array {
  return makeCrl(issuer, { entries, thisUpdate: NOW - 2 * DAY, nextUpdate: NOW + 20 * DAY, ...change });
}

const anchorsOf = (...all: readonly CertifiedKey[]): AnchorSet =>
  all.map(({ certificate }) => anchorOf(readCertificate(certificate)));

function listOf(file: Uint8Array, anchors: AnchorSet): RevocationList {
  const crl = readCrl(file);
  const { country, publicKey } = checkCrl(crl, anchors, NOW);
  const { issuer, thisUpdate, nextUpdate, revoked, fingerprint } = crl;
  return { country, publicKey, issuer, thisUpdate, nextUpdate, revoked, fingerprint };
}

function verdict(
  by: CertifiedKey,
  lists: readonly RevocationList[],
  { at = NOW, anchors = anchorsOf(csca), ...policy }: Partial<Revocations> & { at?: number; anchors?: AnchorSet } = {},
): PassiveResult {
  const sod = writeSod(by, new Map([[1, new Uint8Array()]]), SIGNED_AT);
  const revocations = { lists, missing: 'accept', stale: 'accept', ...policy } as const;
  return verifyPassive({ sod, dataGroups: new Map(), anchors, revocations, at });
}

const revoked = (certified: CertifiedKey, at = NOW - 5 * DAY): RevokedEntry => ({ serial: serialOf(certified), at });

describe('a list', () => {
  it.each([...ALGORITHMS, 'pss' as const])('under %s is read as OpenSSL wrote it', (name) => {
    const algorithm: ChipAlgorithm = name === 'pss' ? 'rsa-pkcs1' : name;
    const authority = certify('csca', undefined, { key: createChipKey(algorithm) });
    const usesPss = name === 'pss' || name === 'rsa-pss';
    const at = NOW - 5 * DAY;
    const entries = [
      { serial: Uint8Array.of(7), at },
      { serial: Uint8Array.of(0, 0x80), at: at + 1000, reason: 'keyCompromise' },
    ];
    const crl = readCrl(crlBy(authority, entries, { pss: usesPss }));
    expect(crl).toMatchObject({ country: 'UT', thisUpdate: NOW - 2 * DAY, nextUpdate: NOW + 20 * DAY });
    expect(crl.issuer).toBe(comparableName(readCertificate(authority.certificate).issuer));
    expect([...crl.revoked]).toEqual([
      ['07', at],
      ['0080', at + 1000],
    ]);
    expect(checkCrl(crl, anchorsOf(csca, authority), NOW).fingerprint).toBe(
      readCertificate(authority.certificate).fingerprint,
    );
  });

  it('may be empty, and of version 1', () => {
    for (const extensions of ['authorityKeyIdentifier=keyid:always', '']) {
      const crl = readCrl(crlBy(csca, [], { extensions }));
      expect(crl.revoked.size).toBe(0);
      expect(checkCrl(crl, anchorsOf(csca), NOW).country).toBe('UT');
    }
  });

  it('of another key is not believed, also under the same name and key identifier', () => {
    const file = crlBy(csca, []);
    for (const stranger of [certify('csca'), certify('csca', undefined, { country: 'XX' })]) {
      expect(() => checkCrl(readCrl(file), anchorsOf(stranger), NOW)).toThrow(
        expect.objectContaining({ code: 'crl_untrusted' }),
      );
    }
    const [own] = anchorsOf(csca);
    const [strange] = anchorsOf(certify('csca'));
    if (own === undefined || strange === undefined) throw new Error('no anchors');
    const named = { ...strange, subjectKeyId: own.subjectKeyId };
    expect(() => checkCrl(readCrl(file), [named], NOW)).toThrow(expect.objectContaining({ code: 'crl_untrusted' }));
    expect(checkCrl(readCrl(file), [named, own], NOW)).toBe(own);
  });

  it('of another country does not count, even where the key is the same', () => {
    const abroad = certify('csca', undefined, { country: 'XX', key: csca.key });
    const file = crlBy(abroad, []);
    expect(() => checkCrl(readCrl(file), anchorsOf(csca), NOW)).toThrow(
      expect.objectContaining({ code: 'crl_untrusted' }),
    );
  });

  it('of tomorrow is taken, of later is not', () => {
    const from = (thisUpdate: number) => readCrl(crlBy(csca, [], { thisUpdate }));
    expect(checkCrl(from(NOW + DAY), anchorsOf(csca), NOW)).toBeDefined();
    expect(() => checkCrl(from(NOW + DAY + 1000), anchorsOf(csca), NOW)).toThrow(
      expect.objectContaining({ code: 'crl_not_yet_valid' }),
    );
  });

  it('with any bit flipped is refused', () => {
    const file = crlBy(csca, [revoked(signer), revoked(other)]);
    for (let offset = 0; offset < file.length; offset++) {
      const read = (): unknown => checkCrl(readCrl(flip(file, offset, offset % 8)), anchorsOf(csca), NOW);
      expect(read, `byte ${String(offset)}`).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(crl_|algorithm_unsupported)/) as string }),
      );
    }
  });

  it.each([
    ['a part of the certificates', 'issuingDistributionPoint=critical,@point\n[point]\nonlyuser=TRUE'],
    ['certificates of others', 'issuingDistributionPoint=critical,@point\n[point]\nindirectCRL=TRUE'],
    ['changes only', '2.5.29.27=critical,ASN1:INTEGER:1'],
    ['something unknown', '1.2.3.4=critical,ASN1:NULL'],
  ])('of %s is refused, since it cannot be relied on to be complete', (_, extensions) => {
    expect(() => readCrl(crlBy(csca, [], { extensions }))).toThrow(
      expect.objectContaining({ code: 'crl_unsupported' }),
    );
  });

  it('has at most so many entries and bytes', { timeout: 60_000 }, () => {
    const many = (count: number) =>
      crlBy(
        csca,
        Array.from({ length: count }, (_, i) => ({ serial: Uint8Array.of(1, i >> 8, i & 0xff), at: NOW })),
      );
    const largest = many(MAX_REVOKED);
    expect(readCrl(largest).revoked.size).toBe(MAX_REVOKED);
    expect(() => readCrl(many(MAX_REVOKED + 1))).toThrow(expect.objectContaining({ code: 'crl_malformed' }));
    expect(largest.length).toBeLessThan(MAX_CRL_BYTES);
    expect(() => readCrl(new Uint8Array(MAX_CRL_BYTES + 1))).toThrow(
      expect.objectContaining({ code: 'crl_malformed' }),
    );
  });
});

describe('a document', () => {
  it('of a revoked signer is refused, whatever its date; of another one it is accepted', () => {
    const lists = [listOf(crlBy(csca, [revoked(signer)]), anchorsOf(csca))];
    expect(SIGNED_AT).toBeLessThan(NOW - 5 * DAY);
    expect(verdict(signer, lists)).toMatchObject({ ok: false, reason: 'certificate_revoked' });
    expect(verdict(other, lists)).toMatchObject({ ok: true, revocation: 'current' });
    expect(verdict(signer, [])).toMatchObject({ ok: true, revocation: 'missing' });
  });

  it('is refused from the second of the revocation on, for any reason, also a temporary one', () => {
    const at = NOW - DAY;
    for (const reason of ['unspecified', 'CACompromise', 'superseded', 'certificateHold', 'cessationOfOperation']) {
      const lists = [listOf(crlBy(csca, [{ serial: serialOf(signer), at, reason }]), anchorsOf(csca))];
      expect(verdict(signer, lists, { at: at - 1 }).ok).toBe(true);
      expect(verdict(signer, lists, { at })).toMatchObject({ reason: 'certificate_revoked' });
    }
  });

  it('is refused by a list that is past its day as well', () => {
    const lists = [listOf(crlBy(csca, [revoked(signer)]), anchorsOf(csca))];
    const at = NOW + 200 * DAY;
    expect(verdict(signer, lists, { at })).toMatchObject({ reason: 'certificate_revoked' });
    expect(verdict(signer, [...lists, listOf(crlBy(csca, []), anchorsOf(csca))])).toMatchObject({
      reason: 'certificate_revoked',
    });
  });

  it.each([
    ['accept', 'accept', undefined, undefined],
    ['refuse', 'accept', 'revocation_unknown', undefined],
    ['accept', 'refuse', undefined, 'revocation_stale'],
    ['refuse', 'refuse', 'revocation_unknown', 'revocation_stale'],
  ] as const)('without a list: %s, with an old one: %s', (missing, stale, withoutList, withOldList) => {
    const lists = [listOf(crlBy(csca, []), anchorsOf(csca))];
    const reasonOf = (result: PassiveResult): string | undefined => (result.ok ? undefined : result.reason);
    expect(reasonOf(verdict(signer, [], { missing, stale }))).toBe(withoutList);
    const lastMoment = NOW + 20 * DAY;
    expect(verdict(signer, lists, { missing, stale, at: lastMoment })).toMatchObject({ revocation: 'current' });
    const late = verdict(signer, lists, { missing, stale, at: lastMoment + 1 });
    expect(reasonOf(late)).toBe(withOldList);
    if (late.ok) expect(late.revocation).toBe('stale');
  });

  it('a list that names no next one is old after ninety days', () => {
    expect(staleAt({ thisUpdate: 5 })).toBe(5 + MAX_LIST_AGE);
    expect(staleAt({ thisUpdate: 5, nextUpdate: 6 })).toBe(6);
  });

  it('is covered by a list of the authority’s next key under its name, in any letters', () => {
    const next = certify('csca', undefined, { commonName: 'TEST ' });
    const anchors = anchorsOf(csca, next);
    const lists = [listOf(crlBy(next, [revoked(signer)]), anchors)];
    expect(verdict(signer, lists, { anchors })).toMatchObject({ reason: 'certificate_revoked' });
    expect(verdict(other, lists, { anchors })).toMatchObject({ revocation: 'current' });
  });

  it('is not touched by the same serial number of another authority, in the same country or abroad', () => {
    const second = certify('csca', undefined, { commonName: 'Second authority' });
    const abroad = certify('csca', undefined, { country: 'XX' });
    const anchors = anchorsOf(csca, second, abroad);
    const lists = [second, abroad].map((issuer) => listOf(crlBy(issuer, [revoked(signer)]), anchors));
    expect(verdict(signer, lists, { anchors })).toMatchObject({ ok: true, revocation: 'missing' });
    // A key that two countries share does not carry a list over the border.
    const own = listOf(crlBy(csca, [revoked(signer)]), anchors.concat(anchorsOf(csca)));
    expect(verdict(signer, [own])).toMatchObject({ reason: 'certificate_revoked' });
    expect(verdict(signer, [{ ...own, country: 'XX' }])).toMatchObject({ ok: true, revocation: 'missing' });
    expect(serialKey(serialOf(signer))).not.toBe(serialKey(serialOf(other)));
  });
});
