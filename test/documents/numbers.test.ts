// SPDX-License-Identifier: GPL-3.0-or-later
/** Numbers of cards: published examples, and what a slip of the hand makes of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CardKind, checkCharacter, readCardNumber } from '../../src/documents/numbers.ts';
import { countriesOf } from '../../src/documents/states.ts';
import { NATIONALITIES } from '../../src/protocol/nationality.ts';

const RESIDENT = 'resident_identity_card';
const FOREIGN = 'foreign_permanent_resident_card';
const HK_MACAU = 'travel_permit_hk_macau';
const TAIWAN = 'travel_permit_taiwan';

function codeOf(kind: CardKind, number: string): string {
  try {
    readCardNumber(kind, number);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const two = (value: number): string => String(value).padStart(2, '0');
const birth = fc
  .tuple(fc.integer({ min: 1900, max: 2026 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([year, month, day]) => `${String(year)}${two(month)}${two(day)}`);
const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${String(length)}}$`));
/** Any resident number that could be given out. */
const resident = fc
  .tuple(fc.constantFrom('11', '23', '31', '46', '50', '65'), digits(4), birth, digits(3))
  .map((parts) => parts.join(''))
  .map((body) => body + checkCharacter(body));

describe('the check character', () => {
  it.each([
    // GB 11643-1999, the examples of its text.
    '11010519491231002X',
    '440524188001010014',
    // National Immigration Administration, table 1 of the notice on the card of 2023.
    '911124198108030024',
    '932682198501010017',
  ])('of %s is the published one', (number) => {
    expect(checkCharacter(number.slice(0, -1))).toBe(number.slice(-1));
  });

  it('agrees with the formula of ISO 7064: all characters, weighted by powers of two, make 1 modulo 11', () => {
    fc.assert(
      fc.property(resident, (number) => {
        const sum = Array.from(number).reduce(
          (total, sign, index) => total + (sign === 'X' ? 10 : Number(sign)) * (2 ** (17 - index) % 11),
          0,
        );
        expect(sum % 11).toBe(1);
      }),
    );
  });

  it('notices every wrong digit', () => {
    fc.assert(
      fc.property(resident, fc.integer({ min: 0, max: 17 }), fc.integer({ min: 1, max: 9 }), (number, place, by) => {
        const sign = number[place] ?? '';
        fc.pre(sign !== 'X');
        const changed = number.slice(0, place) + String((Number(sign) + by) % 10) + number.slice(place + 1);
        expect(codeOf(RESIDENT, changed)).not.toBe('accepted');
      }),
    );
  });

  it('notices every exchange of two digits, neighbours or not', () => {
    fc.assert(
      fc.property(resident, fc.integer({ min: 0, max: 16 }), fc.integer({ min: 0, max: 16 }), (number, one, other) => {
        fc.pre(number[one] !== number[other]);
        const signs = Array.from(number);
        [signs[one], signs[other]] = [signs[other] ?? '', signs[one] ?? ''];
        // Ten places apart weigh the same: 2^10 is 1 modulo 11.
        fc.pre(Math.abs(one - other) !== 10);
        expect(codeOf(RESIDENT, signs.join(''))).not.toBe('accepted');
      }),
    );
  });
});

describe('a resident number', () => {
  it('says province and birth', () => {
    expect(readCardNumber(RESIDENT, '11010519491231002X')).toEqual({
      lifelong: '11010519491231002X',
      region: 11,
      birthDigits: '19491231',
    });
  });

  it('that could be given out is accepted', () => {
    fc.assert(
      fc.property(resident, (number) => {
        expect(codeOf(RESIDENT, number)).toBe('accepted');
      }),
    );
  });

  it.each([
    ['the first generation’s 15 digits', '110105491231002', 'document_number_invalid'],
    ['a small x', '11010519491231002x', 'document_number_invalid'],
    ['a space', '110105 19491231002X', 'document_number_invalid'],
    ['a digit too many', '11010519491231002X0', 'document_number_invalid'],
    ['nothing', '', 'document_number_invalid'],
    ['digits of another script', '１1010519491231002X', 'document_number_invalid'],
    ['a wrong check digit', '110105194912310021', 'document_number_check_digit'],
    ['a check character X where it is 4', '44052418800101001X', 'document_number_check_digit'],
  ])('with %s is refused', (_, number, code) => {
    expect(codeOf(RESIDENT, number)).toBe(code);
  });

  it.each([
    ['a province that there is not', '160105', '19491231'],
    ['a foreigner’s first digit', '911124', '19810803'],
    ['a day that there is not', '110105', '19490231'],
    ['29 February of a common year', '110105', '20230229'],
    ['a thirteenth month', '110105', '19491331'],
  ])('with %s is refused although its check digit is right', (_, region, date) => {
    const body = `${region}${date}002`;
    expect(codeOf(RESIDENT, body + checkCharacter(body))).toBe('document_number_invalid');
  });

  it('of a residence permit for Hong Kong, Macau or Taiwan is another kind of document', () => {
    for (const number of ['810000199408230021', '830000199201300022']) {
      expect(checkCharacter(number.slice(0, -1))).toBe(number.slice(-1));
      expect(codeOf(RESIDENT, number)).toBe('document_kind_unsupported');
    }
  });
});

describe('a permit number', () => {
  it('stays the same when the card is renewed', () => {
    for (const number of ['H12345678', 'H1234567801', 'H1234567899']) {
      expect(readCardNumber(HK_MACAU, number)).toEqual({ lifelong: 'H12345678', region: 0, birthDigits: '' });
    }
    for (const number of ['12345678', '1234567801']) {
      expect(readCardNumber(TAIWAN, number)).toEqual({ lifelong: '12345678', region: 0, birthDigits: '' });
    }
    expect(readCardNumber(HK_MACAU, 'M12345678').lifelong).toBe('M12345678');
  });

  it.each([
    [HK_MACAU, 'T12345678'],
    [HK_MACAU, 'h12345678'],
    [HK_MACAU, 'H1234567'],
    [HK_MACAU, 'H123456780'],
    [HK_MACAU, 'H123456780123'],
    [HK_MACAU, '12345678'],
    [TAIWAN, '1234567'],
    [TAIWAN, '123456789'],
    [TAIWAN, 'H12345678'],
    [TAIWAN, '12345678\n'],
  ] as const)('of %s is refused as %s', (kind, number) => {
    expect(codeOf(kind, number)).toBe('document_number_invalid');
  });
});

describe('a foreign resident’s number', () => {
  it('of the card of 2023 says province, birth and nationality', () => {
    expect(readCardNumber(FOREIGN, '911124198108030024')).toEqual({
      lifelong: '911124198108030024',
      region: 11,
      birthDigits: '19810803',
      country: 'CA',
    });
    expect(readCardNumber(FOREIGN, '932682198501010017')).toMatchObject({ region: 32, country: 'SA' });
  });

  it('of the card before says the same, with a year of two digits', () => {
    expect(readCardNumber(FOREIGN, 'PAK310080010103')).toEqual({
      lifelong: 'PAK310080010103',
      region: 31,
      birthDigits: '800101',
      country: 'PK',
    });
  });

  it.each([
    ['911124198108030025', 'document_number_check_digit'],
    ['PAK310080010104', 'document_number_check_digit'],
    ['PAK310000010103', 'document_number_check_digit'],
    ['11010519491231002X', 'document_number_invalid'],
    ['PAK3100800101', 'document_number_invalid'],
    ['pak310080010103', 'document_number_invalid'],
    ['PA3100080010103', 'document_number_invalid'],
  ])('%s is refused', (number, code) => {
    expect(codeOf(FOREIGN, number)).toBe(code);
  });

  it('with a date or province that there is not is refused although its check digit is right', () => {
    for (const body of ['91112419810231002', '91612419810803002']) {
      expect(codeOf(FOREIGN, body + checkCharacter(body))).toBe('document_number_invalid');
    }
    expect(codeOf(FOREIGN, 'PAK310080023109')).toBe('document_number_invalid');
  });

  it('notices every wrong digit or letter in the old form, too', () => {
    const number = 'PAK310080010103';
    for (const [place, sign] of Array.from(number).entries()) {
      for (const other of place < 3 ? 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' : '0123456789') {
        // Ten apart weigh the same modulo 10: letters, as in every check digit of ICAO.
        if ((parseInt(other, 36) - parseInt(sign, 36)) % 10 === 0) continue;
        expect(codeOf(FOREIGN, number.slice(0, place) + other + number.slice(place + 1))).not.toBe('accepted');
      }
    }
  });

  it('knows every nationality of ISO 3166-1 by its number', () => {
    const named = new Set<string>();
    for (let code = 0; code < 900; code++) {
      const body = `911${String(code).padStart(3, '0')}19810803002`;
      const { country } = readCardNumber(FOREIGN, body + checkCharacter(body));
      if (country !== undefined) named.add(country);
    }
    const all = NATIONALITIES.slice(0, 249).map((state) => countriesOf(state)[0] ?? '');
    expect(all.filter((country) => !named.has(country))).toEqual([]);
  });
});
