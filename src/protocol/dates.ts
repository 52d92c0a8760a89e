// SPDX-License-Identifier: Apache-2.0
/**
 * Calendar dates as integers YYYYMMDD, the form that the circuit compares. All calendar rules live
 * here; the circuit only compares integers. docs/protocol.md section 3.
 *
 * @module
 */
import { ProtocolError } from './errors.ts';

declare const calendarDate: unique symbol;
/** A valid date of the Gregorian calendar, years 1800 to 9999, as the integer YYYYMMDD. */
export type CalendarDate = number & { readonly [calendarDate]: true };

/** The latest date that can be written: the bound that every date meets. */
export const LAST_DATE = 99991231 as CalendarDate;

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/**
 * Makes a date of its parts.
 *
 * @throws {@link ProtocolError} `date_invalid` if no such day exists.
 */
export function dateOf(year: number, month: number, day: number): CalendarDate {
  const valid =
    [year, month, day].every(Number.isInteger) &&
    year >= 1800 &&
    year <= 9999 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth(year, month);
  if (!valid) {
    throw new ProtocolError('date_invalid', 'there is no such calendar date');
  }
  return (year * 10000 + month * 100 + day) as CalendarDate;
}

/** Year, month (1 to 12) and day of a date. */
export function dateParts(date: CalendarDate): readonly [year: number, month: number, day: number] {
  return [Math.floor(date / 10000), Math.floor(date / 100) % 100, date % 100];
}

/**
 * Checks an integer YYYYMMDD.
 *
 * @throws {@link ProtocolError} `date_invalid`.
 */
export function toDate(value: number): CalendarDate {
  return dateOf(Math.floor(value / 10000), Math.floor(value / 100) % 100, value % 100);
}

/** One formatter a zone: making one costs more than the whole rest of a presentation's checks. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  formatters.set(timeZone, made);
  return made;
}

/**
 * The date in a civil time zone.
 *
 * @param milliseconds - Unix time in milliseconds.
 * @param timeZone - IANA name; the register's zone is `Asia/Shanghai` unless configured.
 */
export function dateInZone(milliseconds: number, timeZone: string): CalendarDate {
  const parts = formatterOf(timeZone)
    .formatToParts(milliseconds)
    .reduce<Record<string, string>>((all, part) => ({ ...all, [part.type]: part.value }), {});
  return dateOf(Number(parts['year']), Number(parts['month']), Number(parts['day']));
}

/**
 * Latest date of birth of someone who has reached an age: `today` minus `years`. Who was born on
 * 29 February reaches an age on 1 March of a common year, so the day before that month's end is kept.
 */
export function bornOnOrBefore(today: CalendarDate, years: number): CalendarDate {
  const [year, month, day] = dateParts(today);
  return dateOf(year - years, month, Math.min(day, daysInMonth(year - years, month)));
}

/** The first day of the date's month. */
export function monthStart(date: CalendarDate): CalendarDate {
  return (date - (date % 100) + 1) as CalendarDate;
}

/** The first day of a month on or after the date. */
export function monthStartAfter(date: CalendarDate): CalendarDate {
  const [year, month, day] = dateParts(date);
  if (day === 1) {
    return date;
  }
  return month === 12 ? dateOf(year + 1, 1, 1) : dateOf(year, month + 1, 1);
}

/** The date a number of days later, or earlier if negative. */
export function addDays(date: CalendarDate, days: number): CalendarDate {
  const [year, month, day] = dateParts(date);
  const moved = new Date(Date.UTC(year, month - 1, day + days));
  return dateOf(moved.getUTCFullYear(), moved.getUTCMonth() + 1, moved.getUTCDate());
}

/** Whole days from one date to another, negative if `to` is earlier. */
export function daysBetween(from: CalendarDate, to: CalendarDate): number {
  const utc = (date: CalendarDate): number => {
    const [year, month, day] = dateParts(date);
    return Date.UTC(year, month - 1, day);
  };
  return Math.round((utc(to) - utc(from)) / 86_400_000);
}
