// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  bornOnOrBefore,
  type CalendarDate,
  dateInZone,
  dateParts,
  daysBetween,
  monthStart,
  monthStartAfter,
  toDate,
} from '../../src/protocol/dates.ts';

const date = fc
  .tuple(fc.integer({ min: 1900, max: 2100 }), fc.integer({ min: 0, max: 365 }))
  .map(([year, days]) => addDays(toDate(year * 10000 + 101), days));

/** The law's rule, told another way: age counts birthdays, and 29 February's falls on 1 March in a common year. */
function hasReached(birth: CalendarDate, years: number, today: CalendarDate): boolean {
  const [year, month, day] = dateParts(birth);
  const birthday = new Date(Date.UTC(year + years, month - 1, day));
  const [y, m, d] = dateParts(today);
  return Date.UTC(y, m - 1, d) >= birthday.getTime();
}

describe('ages', () => {
  it.each([
    ['on the birthday', 20081122, 20261122, true],
    ['one day under', 20081123, 20261122, false],
    ['one month under, an earlier day', 20081201, 20261122, false],
    ['a later day, an earlier month', 20081031, 20261122, true],
    ['born 29 February, on 28 February of a common year', 20080229, 20260228, false],
    ['born 29 February, on 1 March of a common year', 20080229, 20260301, true],
    ['born 28 February, on 28 February', 20080228, 20260228, true],
    ['born 1 March, on 28 February', 20080301, 20260228, false],
    ['born 1 March, on 29 February of a leap year', 20100301, 20280229, false],
    ['born 28 February, on 29 February of a leap year', 20100228, 20280229, true],
    ['on new year', 20090101, 20270101, true],
    ['the day before new year', 20090101, 20261231, false],
  ])('18: %s', (_, birth, today, reached) => {
    expect(toDate(birth) <= bornOnOrBefore(toDate(today), 18)).toBe(reached);
  });

  it('agree with counting birthdays, at every age of the list', () => {
    fc.assert(
      fc.property(date, date, fc.constantFrom(14, 16, 18, 21, 60), (birth, today, years) => {
        expect(birth <= bornOnOrBefore(today, years)).toBe(hasReached(birth, years, today));
      }),
      { numRuns: 2000 },
    );
  });

  it('agree around every 29 February', () => {
    for (const leap of [1996, 2000, 2004, 2008, 2012]) {
      for (const years of [14, 16, 18, 21, 60]) {
        for (let from = -3; from <= 3; from++) {
          for (let to = -3; to <= 3; to++) {
            const birth = addDays(toDate(leap * 10000 + 229), from);
            const today = addDays(toDate((leap + years) * 10000 + 301), to);
            expect(birth <= bornOnOrBefore(today, years)).toBe(hasReached(birth, years, today));
          }
        }
      }
    }
  });
});

describe('dates', () => {
  it.each([20260229, 20261301, 20260001, 20261132, 20260431, 17991231, 100000101, 0, -20260101, 2026.5, NaN])(
    'refuse %d',
    (value) => {
      expect(() => toDate(value)).toThrow(expect.objectContaining({ code: 'date_invalid' }));
    },
  );

  it('move and count in days', () => {
    expect(addDays(toDate(20280228), 1)).toBe(20280229);
    expect(addDays(toDate(20261231), 1)).toBe(20270101);
    fc.assert(
      fc.property(date, fc.integer({ min: -5000, max: 5000 }), (from, days) => {
        expect(daysBetween(from, addDays(from, days))).toBe(days);
      }),
    );
  });

  it('round to the start of a month, down and up', () => {
    expect([monthStart(toDate(20261122)), monthStart(toDate(20261101))]).toEqual([20261101, 20261101]);
    expect([20261101, 20261102, 20261231].map((value) => monthStartAfter(toDate(value)))).toEqual([
      20261101, 20261201, 20270101,
    ]);
  });

  it("are the register's, on either side of its midnight", () => {
    expect(dateInZone(Date.UTC(2026, 10, 22, 15, 59, 59), 'Asia/Shanghai')).toBe(20261122);
    expect(dateInZone(Date.UTC(2026, 10, 22, 16), 'Asia/Shanghai')).toBe(20261123);
    expect(dateInZone(Date.UTC(2026, 10, 22, 16), 'UTC')).toBe(20261122);
  });
});
