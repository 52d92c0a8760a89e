// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PinFault, pinFault, requirePin } from '../../src/wallet/pin.ts';

const BIRTH = 19900314;
const REFUSED: Readonly<Record<PinFault, readonly string[]>> = {
  pin_form: ['', '1234567', '123456789', '1234567a', ' 20471936', '２０４７１９３６', '2047-936'],
  pin_repeats: [
    '00000000',
    '12121212',
    '12312312',
    '12341234',
    '11112222',
    '80008000',
    '12344321',
    '11223344',
    '29555507',
  ],
  pin_run: ['12345678', '87654321', '90123456', '13579135', '12348765', '56780123', '00123456', '98765000', '75319753'],
  pin_common: ['31415926', '52013140', '14725836', '10203040'],
  pin_date: ['20080808', '19491001', '29022024', '12312019', '20193112'],
  pin_birth_date: ['19900314', '14031990', '03141990', '41309910', '41309901', '90031477', '77140390', '71403907'],
};

describe('PINs', () => {
  it.each(Object.entries(REFUSED))('%s', (fault, pins) => {
    for (const pin of pins) {
      expect([pin, pinFault(pin, BIRTH)]).toEqual([pin, fault]);
      expect(() => requirePin(pin, BIRTH)).toThrow(expect.objectContaining({ code: fault }));
    }
  });

  it('that are none of these are taken', () => {
    for (const pin of ['20471936', '83920175', '60417258', '29307154', '55029317', '30022023']) {
      expect([pin, pinFault(pin, BIRTH)]).toEqual([pin, undefined]);
    }
  });

  it('of a birth date are refused in every order, and taken by those who were born on another day', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Array.from('19840627'), { minLength: 8 }), (digits) => {
        expect(pinFault(digits.join(''), 19840627)).toBe('pin_birth_date');
      }),
    );
    expect(pinFault('72604891', BIRTH)).toBeUndefined();
    expect(pinFault('72604891')).toBeUndefined();
  });

  it('are refused seldom enough to leave the guesser nearly all of them', () => {
    // Spread evenly; fast-check would prefer the ends.
    const drawn = Array.from({ length: 4000 }, (_, i) => (i * 61_803_399 + 24_036_583) % 100_000_000);
    const taken = drawn.filter((pin) => pinFault(String(pin).padStart(8, '0'), BIRTH) === undefined);
    expect(taken.length).toBeGreaterThan(0.97 * drawn.length);
  });

  it('are in no message', () => {
    expect(() => requirePin('11223344')).toThrow(
      expect.not.objectContaining({ message: expect.stringMatching(/\d{2}/) as string }),
    );
  });
});
