// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { parsePhone } from '../../src/issuer/phone_numbers.ts';

const NUMBER = '+8613800138000';

describe('numbers', () => {
  it.each([
    ['+86 138 0013 8000', NUMBER],
    ['+86-138-0013-8000', NUMBER],
    ['＋８６１３８００１３８０００', NUMBER],
    ['13800138000', NUMBER],
    ['138 0013 8000', NUMBER],
    ['8613800138000', NUMBER],
    ['008613800138000', NUMBER],
    ['0085291234567', '+85291234567'],
    ['+852 9123 4567', '+85291234567'],
    ['+853 6612 3456', '+85366123456'],
    ['+886 912 345 678', '+886912345678'],
    ['+8860912345678', '+886912345678'],
  ])('%s is %s', (text, number) => {
    expect(parsePhone(text)).toBe(number);
  });

  it.each([
    ['phone_not_mobile', ['+86 10 6552 9988', '+852 2123 4567', '+853 2871 2345', '+886 2 2123 4567']],
    ['phone_region_unsupported', ['+1 415 555 2671', '+44 7911 123456', '+81 90 1234 5678', '+65 8123 4567']],
    [
      'phone_invalid',
      [
        '91234567',
        '0912345678',
        '010 6552 9988',
        '1380013800',
        '',
        '+',
        '+86',
        '+86 138',
        `+86${'1'.repeat(25)}`,
        'abc',
        NUMBER + ' '.repeat(20),
      ],
    ],
    ['phone_invalid', [`${NUMBER};ext=5`, `tel:${NUMBER};phone-context=x`, `call me at ${NUMBER}`]],
  ])('%s: %j', (code, texts) => {
    for (const text of texts) {
      expect(() => parsePhone(text), text).toThrow(expect.objectContaining({ code }) as Error);
    }
  });

  it('are in no error', () => {
    for (const text of ['+861065529988', '+14155552671', '91234567']) {
      try {
        parsePhone(text);
        expect.unreachable();
      } catch (error) {
        expect((error as Error).message).not.toMatch(/\d{5}/);
      }
    }
  });
});
