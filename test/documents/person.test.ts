// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { type ChipPerson, writeDg1 } from '../../src/demo/chip_files.ts';
import { personNumberOf, readHolder, readPassport } from '../../src/documents/person.ts';
import { addDays, toDate } from '../../src/protocol/dates.ts';
import { nationalityCode } from '../../src/protocol/nationality.ts';
import { authorityOf, flip, jpeg, PERSON, SIGNED_AT, TODAY } from './samples.ts';

const authority = authorityOf('ecdsa-p256');
const trust = { anchors: authority.anchors, at: SIGNED_AT, today: TODAY };
const holderOf = (change: Partial<ChipPerson>) => readHolder(writeDg1({ ...PERSON, ...change }), TODAY);

describe('a whole passport', () => {
  it('gives the evidence of its holder and the portrait, and no name', async () => {
    const portrait = await jpeg();
    const evidence = readPassport(authority.issue(PERSON, portrait), trust);
    expect(evidence).toEqual({
      documentKind: 'passport',
      issuingState: 'UTO',
      nationality: 43,
      birth: 19900228,
      expiry: 20330630,
      personalNumber: '110101X900228',
      personNumber: 'UTO110101X900228',
      portrait: { type: 'image/jpeg', bytes: portrait },
      country: 'UT',
      signatureAlgorithm: 'ECDSA P-256 SHA-256',
    });
    expect(nationalityCode(evidence.nationality)).toBe('CHN');
    expect(JSON.stringify({ ...evidence, portrait: undefined })).not.toMatch(/NUNEZ|MARIA|E12345678/i);
  });

  it('gives the same person number after a renewal, under another name and another signer', async () => {
    const portrait = await jpeg();
    const renewed: ChipPerson = {
      ...PERSON,
      surname: 'Smith',
      documentNumber: 'E99999999',
      expiry: toDate(20361031),
    };
    const first = readPassport(authority.issue(PERSON, portrait), trust);
    const later = authorityOf('rsa-pss');
    const second = readPassport(later.issue(renewed, portrait), { ...trust, anchors: later.anchors });
    expect(second.personNumber).toBe(first.personNumber);
  });

  it.each([
    ['sod', 'signature_invalid', (file: Uint8Array) => file.length - 1],
    ['dg1', 'document_tampered', () => 40],
    ['dg2', 'document_tampered', (file: Uint8Array) => file.length - 1],
  ] as const)('is refused with a changed %s', async (name, code, position) => {
    const files = authority.issue(PERSON, await jpeg());
    const changed = { ...files, [name]: flip(files[name], position(files[name])) };
    expect(() => readPassport(changed, trust)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ['a missing personal number', { personalNumber: undefined }, 'person_number_missing'],
    ['a personal number of zeros', { personalNumber: '00000000' }, 'person_number_missing'],
    ['an expired passport', { expiry: addDays(TODAY, -1) }, 'document_expired'],
    ['the nationality of specimens', { nationality: 'UTO' }, 'nationality_unsupported'],
    ['a signer of another state', { issuingState: 'CHN' }, 'issuing_state_mismatch'],
  ])('is refused for %s', async (_, change, code) => {
    const files = authority.issue({ ...PERSON, ...change }, await jpeg());
    expect(() => readPassport(files, trust)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the holder', () => {
  it('is accepted on the last day of the passport', () => {
    expect(holderOf({ expiry: TODAY }).expiry).toBe(TODAY);
  });

  it('is told apart by issuing state under the same personal number', () => {
    expect(personNumberOf(holderOf({}))).not.toBe(personNumberOf(holderOf({ issuingState: 'CHN' })));
  });

  it('is born today at the earliest reading, never tomorrow', () => {
    expect(holderOf({ birth: TODAY }).birth).toBe(TODAY);
    expect(holderOf({ birth: toDate(20261123) }).birth).toBe(19261123);
  });

  it('must not be born after the passport expires', () => {
    const before = toDate(20261120);
    expect(() => readHolder(writeDg1({ ...PERSON, birth: before, expiry: toDate(20000101) }), TODAY)).toThrow(
      expect.objectContaining({ code: 'mrz_malformed' }),
    );
  });

  it('needs a passport, not another document of the same size', () => {
    const visa = writeDg1(PERSON);
    visa[5] = 'V'.charCodeAt(0);
    expect(() => readHolder(visa, TODAY)).toThrow(expect.objectContaining({ code: 'document_kind_unsupported' }));
  });
});
