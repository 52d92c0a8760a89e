// SPDX-License-Identifier: GPL-3.0-or-later
/** What an authority's answer about a card must be to count. */
import { describe, expect, it } from 'vitest';
import { type CardReading, judgeCard, MAX_AGE_YEARS } from '../../src/documents/cards.ts';
import { checkCharacter } from '../../src/documents/numbers.ts';
import { addDays, LAST_DATE, toDate } from '../../src/protocol/dates.ts';
import { nationalityCode } from '../../src/protocol/nationality.ts';

const TODAY = toDate(20261124);
const portrait = { type: 'image/jpeg', bytes: Uint8Array.of(1) } as const;
const RESIDENT: CardReading = {
  kind: 'resident_identity_card',
  number: '11010519491231002X',
  nationality: 'CHN',
  birth: toDate(19491231),
  expiry: undefined,
  portrait,
  answered: true,
};
const FOREIGN: CardReading = {
  ...RESIDENT,
  kind: 'foreign_permanent_resident_card',
  number: '911124198108030024',
  nationality: 'CAN',
  birth: toDate(19810803),
  expiry: toDate(20330914),
};
const OLD_FOREIGN: CardReading = {
  ...FOREIGN,
  number: 'PAK310080010103',
  nationality: 'PAK',
  birth: toDate(19800101),
};
const PERMIT: CardReading = { ...FOREIGN, kind: 'travel_permit_hk_macau', number: 'H1234567801', nationality: 'CHN' };

const codeOf = (reading: CardReading): string => {
  try {
    judgeCard(reading, TODAY);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a card', () => {
  it('shows its holder', () => {
    expect(judgeCard(RESIDENT, TODAY)).toEqual({
      nationality: 43,
      region: 11,
      birth: 19491231,
      expiry: LAST_DATE,
      number: '11010519491231002X',
      personNumber: 'CHN11010519491231002X',
    });
    const foreign = judgeCard(FOREIGN, TODAY);
    expect(nationalityCode(foreign.nationality)).toBe('CAN');
    expect(foreign).toMatchObject({ region: 11, expiry: 20330914, personNumber: 'CHN911124198108030024' });
    expect(judgeCard(OLD_FOREIGN, TODAY)).toMatchObject({ region: 31, personNumber: 'CHN/FPR/PAK310080010103' });
  });

  it('keeps the person number over renewal, and never shares one with another kind', () => {
    const renewed = { ...PERMIT, number: 'H1234567802', expiry: toDate(20361231) };
    expect(judgeCard(renewed, TODAY).personNumber).toBe(judgeCard(PERMIT, TODAY).personNumber);
    expect(judgeCard(PERMIT, TODAY).personNumber).toBe('CHN/HKM/H12345678');
    const taiwan: CardReading = { ...PERMIT, kind: 'travel_permit_taiwan', number: '1234567801', nationality: 'TWN' };
    expect(judgeCard(taiwan, TODAY).personNumber).toBe('CHN/TWN/12345678');
  });

  it('must not contradict its number', () => {
    for (const birth of [toDate(19491230), toDate(19481231), toDate(19500101)]) {
      expect(codeOf({ ...RESIDENT, birth })).toBe('document_number_mismatch');
    }
    expect(codeOf({ ...OLD_FOREIGN, birth: toDate(19800102) })).toBe('document_number_mismatch');
    for (const nationality of ['HKG', 'CAN', 'XXA']) {
      expect(codeOf({ ...RESIDENT, nationality })).toBe('document_number_mismatch');
    }
    for (const nationality of ['SAU', 'CHN', 'XXA', 'RKS']) {
      expect(codeOf({ ...FOREIGN, nationality })).toBe('document_number_mismatch');
    }
    expect(codeOf({ ...OLD_FOREIGN, nationality: 'IND' })).toBe('document_number_mismatch');
  });

  it('of a stateless person has no country to compare', () => {
    const body = '91199919810803002';
    const stateless = { ...FOREIGN, number: body + checkCharacter(body) };
    expect(codeOf({ ...stateless, nationality: 'XXA' })).not.toBe('accepted'); // 999 is a code of ISO's own use
    const unknown = '91100119810803002';
    expect(codeOf({ ...FOREIGN, number: unknown + checkCharacter(unknown), nationality: 'XXA' })).toBe('accepted');
    expect(codeOf({ ...FOREIGN, number: unknown + checkCharacter(unknown), nationality: 'CAN' })).toBe(
      'document_number_mismatch',
    );
  });

  it('is good until the last day, and without an end for ever', () => {
    expect(codeOf({ ...FOREIGN, expiry: TODAY })).toBe('accepted');
    expect(codeOf({ ...FOREIGN, expiry: addDays(TODAY, -1) })).toBe('document_expired');
    expect(codeOf({ ...RESIDENT, expiry: addDays(TODAY, -1) })).toBe('document_expired');
  });

  it('has a possible birth date', () => {
    const permit = (birth: number) => codeOf({ ...PERMIT, birth: toDate(birth) });
    expect(permit(TODAY)).toBe('accepted');
    expect(permit(addDays(TODAY, 1))).toBe('document_malformed');
    expect(permit(TODAY - MAX_AGE_YEARS * 10_000)).toBe('accepted');
    expect(permit(addDays(toDate(TODAY - MAX_AGE_YEARS * 10_000), -1))).toBe('document_malformed');
  });

  it('has a nationality of the table and a number of its kind', () => {
    expect(codeOf({ ...PERMIT, nationality: 'UTO' })).toBe('nationality_unsupported');
    expect(codeOf({ ...PERMIT, number: RESIDENT.number })).toBe('document_number_invalid');
    expect(codeOf({ ...RESIDENT, number: '110105194912310021' })).toBe('document_number_check_digit');
  });
});
