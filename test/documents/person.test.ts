// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { type ChipPerson, writeDg1 } from '../../src/demo/chip_files.ts';
import { der, text } from '../../src/demo/der.ts';
import { MAX_DG11_BYTES, MAX_PERSONAL_NUMBER, readDg11 } from '../../src/documents/lds.ts';
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
      documentNumber: 'E12345678',
      portrait: { type: 'image/jpeg', bytes: portrait },
      country: 'UT',
      signatureAlgorithm: 'ECDSA P-256 SHA-256',
    });
    expect(nationalityCode(evidence.nationality)).toBe('CHN');
    expect(JSON.stringify({ ...evidence, portrait: undefined })).not.toMatch(/NUNEZ|MARIA/i);
    expect(personNumberOf(evidence)).toBe('UTO110101X900228');
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
    expect(personNumberOf(second)).toBe(personNumberOf(first));
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
    ['an expired passport', { expiry: addDays(TODAY, -1) }, 'document_expired'],
    ['the nationality of specimens', { nationality: 'UTO' }, 'nationality_unsupported'],
    ['a signer of another state', { issuingState: 'CHN' }, 'issuing_state_mismatch'],
  ])('is refused for %s', async (_, change, code) => {
    const files = authority.issue({ ...PERSON, ...change }, await jpeg());
    expect(() => readPassport(files, trust)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the personal number', () => {
  const details = (personalNumber: string) => ({ personalDetails: { name: 'NUNEZ<<MARIA', personalNumber } });
  const numberOf = async (onPage: string | undefined, inDg11: string | undefined, send = true) => {
    const features = inDg11 === undefined ? {} : details(inDg11);
    const { files } = authority.issueChip({ ...PERSON, personalNumber: onPage }, await jpeg(), features);
    const { sod, dg1, dg2, dg11 } = files;
    return personNumberOf(readPassport({ sod, dg1, dg2, ...(send && { dg11 }) }, trust));
  };

  it('is that of the data page, else that of DG11, else missing', async () => {
    expect(await numberOf('A1', undefined)).toBe('UTOA1');
    expect(await numberOf(undefined, '11010519491231002X')).toBe('UTO11010519491231002X');
    expect(await numberOf(undefined, undefined)).toBeUndefined();
    for (const zeros of ['00000000', '0']) expect(await numberOf(zeros, zeros)).toBeUndefined();
    expect(await numberOf('000', 'A1')).toBe('UTOA1');
  });

  it('cannot be chosen by leaving DG11 out', async () => {
    expect(await numberOf('A1', 'B2')).toBe('UTOA1');
    expect(await numberOf('A1', 'B2', false)).toBe('UTOA1');
    expect(await numberOf(undefined, 'B2', false)).toBeUndefined();
  });

  it('is the same however its parts are divided', async () => {
    for (const written of ['12 3-4', '12.34', '12/3 4', '1234'])
      expect(await numberOf(undefined, written)).toBe('UTO1234');
    expect(await numberOf(undefined, 'ab-1')).toBe(await numberOf('AB<1', undefined));
  });

  it('of DG11 counts only if DG11 was signed', async () => {
    const { files } = authority.issueChip({ ...PERSON, personalNumber: undefined }, await jpeg(), details('B2'));
    const dg11 = Uint8Array.from(files.dg11 ?? []);
    dg11[dg11.length - 1] = 0x33;
    expect(() => readPassport({ ...files, dg11 }, trust)).toThrow(
      expect.objectContaining({ code: 'document_tampered' }),
    );
    const plain = authority.issue({ ...PERSON, personalNumber: undefined }, await jpeg());
    expect(() => readPassport({ ...plain, dg11: files.dg11 }, trust)).toThrow(
      expect.objectContaining({ code: 'document_tampered' }),
    );
  });
});

describe('DG11', () => {
  const written = (personalNumber: string) => der(0x6b, text(0x5f10, personalNumber));
  it('holds a number of so many characters and no more', () => {
    expect(readDg11(written('7'.repeat(MAX_PERSONAL_NUMBER)))).toHaveLength(MAX_PERSONAL_NUMBER);
    expect(() => readDg11(written('7'.repeat(MAX_PERSONAL_NUMBER + 1)))).toThrow(
      expect.objectContaining({ code: 'document_malformed' }),
    );
  });

  it('is so large and no larger', () => {
    const sized = (bytes: number) => der(0x6b, der(0x5f0e, new Uint8Array(bytes)), text(0x5f10, '7'));
    const room = MAX_DG11_BYTES - sized(4000).length + 4000;
    expect(sized(room)).toHaveLength(MAX_DG11_BYTES);
    expect(readDg11(sized(room))).toBe('7');
    expect(() => readDg11(sized(room + 1))).toThrow(expect.objectContaining({ code: 'document_malformed' }));
  });

  it('has no other signs in its number, and may have none', () => {
    for (const number of ['１２', 'a\u0000b', "1'2"]) {
      expect(() => readDg11(der(0x6b, der(0x5f10, new TextEncoder().encode(number))))).toThrow(
        expect.objectContaining({ code: 'document_malformed' }),
      );
    }
    expect(readDg11(der(0x6b, text(0x5f0e, 'NAME')))).toBeUndefined();
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
