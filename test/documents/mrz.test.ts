// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { writeMrz } from '../../src/demo/chip_files.ts';
import { birthDate, expiryDate, readMrz } from '../../src/documents/mrz.ts';
import { toDate } from '../../src/protocol/dates.ts';
import { PERSON } from './samples.ts';

/** ICAO 9303-4 appendix B, the specimen of Utopia. */
const TD3 = 'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10';
/** ICAO 9303-5 and 9303-6, appendix B. */
const TD1 = 'I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<';
const TD2 = 'I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6';

describe('reading', () => {
  it('reads the specimens of ICAO 9303 in each format, without names and document number', () => {
    const common = { issuingState: 'UTO', nationality: 'UTO', birth: '740812', expiry: '120415' };
    expect(readMrz(TD3)).toEqual({ ...common, format: 'TD3', documentCode: 'P', optionalData: 'ZE184226B' });
    expect(readMrz(TD1)).toEqual({ ...common, format: 'TD1', documentCode: 'I', optionalData: '' });
    expect(readMrz(TD2)).toEqual({ ...common, format: 'TD2', documentCode: 'I', optionalData: '' });
    expect(JSON.stringify([TD3, TD1, TD2].map(readMrz))).not.toMatch(/ERIKSSON|ANNA|L898902C3|D23145890/);
  });

  it('reads what the simulator writes', () => {
    expect(writeMrz(PERSON).slice(0, 44)).toBe('P<UTONUNEZ<<MARIA<JOSE<<<<<<<<<<<<<<<<<<<<<<');
    expect(readMrz(writeMrz(PERSON))).toMatchObject({ nationality: 'CHN', optionalData: '110101X900228' });
  });

  it('takes both ways to write that there is no personal number', () => {
    const zone = writeMrz({ ...PERSON, personalNumber: undefined });
    expect(zone[86]).toBe('<');
    expect(readMrz(zone).optionalData).toBe('');
    expect(readMrz(`${zone.slice(0, 86)}0${zone.slice(87)}`).optionalData).toBe('');
  });
});

describe('check digits', () => {
  const fields = { 'document number': 44 + 3, birth: 44 + 15, expiry: 44 + 23, 'personal number': 44 + 32 };
  const digits = { 'document number': 53, birth: 63, expiry: 71, 'personal number': 86, composite: 87 };
  it.each(Object.entries({ ...fields, ...digits }))('of %s: a changed character is noticed (%d)', (_, position) => {
    const changed = String((Number(TD3[position]) + 1) % 10);
    const zone = `${TD3.slice(0, position)}${changed}${TD3.slice(position + 1)}`;
    expect(() => readMrz(zone)).toThrow(expect.objectContaining({ code: 'mrz_check_digit' }));
  });

  it('a wrong digit of the personal number alone is noticed, whatever the composite digit', () => {
    for (const composite of '0123456789') {
      const zone = `${TD3.slice(0, 86)}2${composite}`;
      expect(() => readMrz(zone)).toThrow(expect.objectContaining({ code: 'mrz_check_digit' }));
    }
  });

  it('the composite digit notices two fields that are each right and belong to two documents', () => {
    const other = writeMrz({ ...PERSON, documentNumber: 'K00000002' });
    const mixed = other.slice(0, 54) + TD3.slice(54);
    expect(() => readMrz(mixed)).toThrow(expect.objectContaining({ code: 'mrz_check_digit' }));
  });

  it.each([TD1, TD2])('of the other formats', (zone) => {
    for (const position of zone === TD1 ? [5, 30, 38, 59] : [36, 49, 57, 71]) {
      const changed = String((parseInt(zone[position] ?? '', 36) + 1) % 10);
      expect(() => readMrz(zone.slice(0, position) + changed + zone.slice(position + 1))).toThrow(
        expect.objectContaining({ code: 'mrz_check_digit' }),
      );
    }
  });
});

describe('refusals', () => {
  it.each([
    ['a wrong length', TD3.slice(1)],
    ['small letters', TD3.toLowerCase()],
    ['a space', TD3.replace('<', ' ')],
    ['a line break', `${TD3.slice(0, 44)}\n${TD3.slice(45)}`],
    ['nothing', ''],
  ])('%s', (_, zone) => {
    expect(() => readMrz(zone)).toThrow(expect.objectContaining({ code: 'mrz_malformed' }));
  });

  it('tell nothing of the zone', () => {
    for (const zone of [TD3.slice(1), TD3.replace('Z', 'Y'), TD3.replaceAll('E', '9')]) {
      try {
        readMrz(zone);
        expect.unreachable();
      } catch (error) {
        expect(`${String(error)} ${String((error as Error).cause)}`).not.toMatch(/RIKSSON|L898902C|184226/);
      }
    }
  });
});

describe('years of two digits', () => {
  const today = toDate(20261122);

  it.each([
    ['261122', 20261122],
    ['261123', 19261123],
    ['000229', 20000229],
    ['991231', 19991231],
    ['270101', 19270101],
    ['080229', 20080229],
  ])('birth %s is %d, never in the future', (text, date) => {
    expect(birthDate(text, today)).toBe(date);
  });

  it.each([
    ['261122', 20261122],
    ['130801', 20130801],
    ['751231', 20751231],
    ['760101', 19760101],
    ['991231', 19991231],
  ])('expiry %s is %d, within fifty years', (text, date) => {
    expect(expiryDate(text, today)).toBe(date);
  });

  it.each(['260230', '251301', '250001', '250100', '250229', '9<0101', '<<<<<<', '99<<<<', '2501'])(
    '%s is no date',
    (text) => {
      expect(() => birthDate(text, today)).toThrow(expect.objectContaining({ code: 'mrz_malformed' }));
      expect(() => expiryDate(text, today)).toThrow(expect.objectContaining({ code: 'mrz_malformed' }));
    },
  );
});
