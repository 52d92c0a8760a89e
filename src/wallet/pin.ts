// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which PINs are refused. A guard allows ten guesses, so what matters is not how many PINs there are but
 * how often the ten that come to mind first are right: repeats, runs, famous numbers, dates, and above
 * all the holder's own date of birth. docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';

/** Digits of a PIN. */
export const PIN_DIGITS = 8;

/** Why a PIN is refused; the codes of the texts that people read. */
export type PinFault = 'pin_form' | 'pin_repeats' | 'pin_run' | 'pin_common' | 'pin_date' | 'pin_birth_date';

/** Longest run of neighbours, e.g. 3456, that a PIN may hold. */
const LONGEST_RUN = 4;
/** Longest row of one digit. */
const LONGEST_ROW = 3;
/** Years whose dates come to mind. */
const YEARS = { first: 1900, last: 2099 } as const;

/** Famous numbers, words in figures, and ways over a keypad, that no other rule refuses. */
const COMMON: ReadonlySet<string> = new Set(
  (
    '31415926 14159265 27182818 14142135 16180339 11235813 13141516 10203040 01020304 40302010 ' +
    '52013140 52013141 13145200 13145210 52094520 73748096 94201314 92013140 11223344 44332211 99887766 66778899 ' +
    '14725836 36925814 15935728 15987532 75395128 74185296 78945612 12369874 14789632 96321478 98745632 32147896 ' +
    '15926348 95175382 25804567 24681357 13572468 86427531 97531864 18273645 19283746 91827364 12435687 10293847'
  ).split(' '),
);

/** Whether it is made of few digits, or of a part that comes again. */
function repeats(pin: string): boolean {
  const again = (length: number): boolean => Array.from(pin).every((digit, i) => digit === pin[i % length]);
  const mirrored = pin === Array.from(pin).reverse().join('');
  const pairs = /^(?:(\d)\1){4}$/.test(pin);
  const row = new RegExp(`(\\d)\\1{${String(LONGEST_ROW)}}`).test(pin);
  return new Set(pin).size <= 2 || again(3) || again(4) || mirrored || pairs || row;
}

/** Whether neighbours follow each other for too long, or the whole has one step, also over 9 and 0. */
function runs(pin: string): boolean {
  const digits = Array.from(pin).map(Number);
  const steps = digits.slice(1).map((digit, i) => (digit - (digits[i] ?? 0) + 10) % 10);
  if (steps.every((step) => step === steps[0])) return true;
  let [length, longest] = [1, 1];
  for (const [i, step] of steps.entries()) {
    const neighbours = step === 1 || step === 9;
    length = neighbours && (length === 1 || step === steps[i - 1]) ? length + 1 : neighbours ? 2 : 1;
    longest = Math.max(longest, length);
  }
  // Two runs of four, as in 12348765 or 56781234, are as easily thought of as one of eight.
  const halves = [steps.slice(0, 3), steps.slice(4)];
  const twoHalves = halves.every((half) => half.every((step) => (step === 1 || step === 9) && step === half[0]));
  return longest > LONGEST_RUN || twoHalves;
}

function isDate(year: string, month: string, day: string): boolean {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const date = new Date(Date.UTC(y, m - 1, d));
  return y >= YEARS.first && y <= YEARS.last && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
}

/** Whether it reads as a date: year first or last, month or day first. */
function readsAsDate(pin: string): boolean {
  const part = (at: number, length: number): string => pin.slice(at, at + length);
  return (
    isDate(part(0, 4), part(4, 2), part(6, 2)) ||
    isDate(part(0, 4), part(6, 2), part(4, 2)) ||
    isDate(part(4, 4), part(0, 2), part(2, 2)) ||
    isDate(part(4, 4), part(2, 2), part(0, 2))
  );
}

const sorted = (digits: string): string => Array.from(digits).sort().join('');

/** Whether it has the digits of the birth date in any order, or holds the date with two digits of the year. */
function tellsBirth(pin: string, birth: number): boolean {
  const date = String(birth).padStart(PIN_DIGITS, '0');
  const [year, month, day] = [date.slice(2, 4), date.slice(4, 6), date.slice(6, 8)];
  const short = [year + month + day, year + day + month, day + month + year, month + day + year];
  return sorted(pin) === sorted(date) || short.some((text) => pin.includes(text));
}

/**
 * Looks for what makes a PIN easy to guess.
 *
 * @param pin - As typed.
 * @param birth - The holder's date of birth, YYYYMMDD; without it that rule is left out.
 * @returns The first fault, or undefined.
 */
export function pinFault(pin: string, birth?: number): PinFault | undefined {
  if (!new RegExp(`^[0-9]{${String(PIN_DIGITS)}}$`).test(pin)) return 'pin_form';
  if (birth !== undefined && tellsBirth(pin, birth)) return 'pin_birth_date';
  if (repeats(pin)) return 'pin_repeats';
  if (runs(pin)) return 'pin_run';
  if (COMMON.has(pin)) return 'pin_common';
  return readsAsDate(pin) ? 'pin_date' : undefined;
}

const MESSAGES: Readonly<Record<PinFault, string>> = {
  pin_form: 'a PIN has eight digits',
  pin_repeats: 'this PIN repeats itself; choose another',
  pin_run: 'this PIN is a run of digits; choose another',
  pin_common: 'many people choose this PIN; choose another',
  pin_date: 'this PIN is a date; choose another',
  pin_birth_date: 'this PIN is made of the date of birth; choose another',
};

/**
 * Refuses a weak PIN.
 *
 * @throws {@link ProtocolError} with a {@link PinFault} as its code.
 */
export function requirePin(pin: string, birth?: number): void {
  const fault = pinFault(pin, birth);
  if (fault !== undefined) throw new ProtocolError(fault, MESSAGES[fault]);
}
