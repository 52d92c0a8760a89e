// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Machine readable zones (ICAO 9303-3 to 9303-6). Fields and check digits are the `mrz` package's; the
 * verdict is ours, since that package also judges names and states by tables of its own and answers
 * with all of it. Names never leave this module, the document number only where a registry is asked by it,
 * and no error carries a character of the zone.
 *
 * Years have two digits. A date of birth is never in the future: 20YY unless that lies after today,
 * else 19YY, so that a person of over 99 years reads as a child and is refused rather than trusted. A
 * date of expiry lies within 50 years of today. docs/protocol.md section 8.
 *
 * @module
 */
import { parse } from 'mrz';
import { type CalendarDate, dateParts, toDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';

/** What a zone says, without names and document number. */
export interface MachineReadableZone {
  readonly format: 'TD1' | 'TD2' | 'TD3';
  /** One or two characters, `P`. */
  readonly documentCode: string;
  /** One to three letters, as written. */
  readonly issuingState: string;
  readonly nationality: string;
  /** Six digits YYMMDD; unknown parts of a birth date are fillers `<`. */
  readonly birth: string;
  readonly expiry: string;
  /** In passports the personal number, without trailing fillers; may be empty. */
  readonly optionalData: string;
}

type Field = readonly [line: number, start: number, end: number];
interface Layout {
  readonly format: MachineReadableZone['format'];
  readonly lineLength: number;
  readonly fields: Readonly<Record<'nationality' | 'birth' | 'expiry' | 'optionalData', Field>>;
}

/** Layouts by the length of the whole zone. */
const LAYOUTS: Readonly<Record<number, Layout>> = {
  88: {
    format: 'TD3',
    lineLength: 44,
    fields: { nationality: [1, 10, 13], birth: [1, 13, 19], expiry: [1, 21, 27], optionalData: [1, 28, 42] },
  },
  72: {
    format: 'TD2',
    lineLength: 36,
    fields: { nationality: [1, 10, 13], birth: [1, 13, 19], expiry: [1, 21, 27], optionalData: [1, 28, 35] },
  },
  90: {
    format: 'TD1',
    lineLength: 30,
    fields: { nationality: [1, 15, 18], birth: [1, 0, 6], expiry: [1, 8, 14], optionalData: [0, 15, 30] },
  },
};

/** The check digits that every format has; TD3 has one more, of the personal number. */
const CHECK_DIGITS = [
  'documentNumberCheckDigit',
  'birthDateCheckDigit',
  'expirationDateCheckDigit',
  'compositeCheckDigit',
] as const;

function malformed(what: string, cause?: unknown): ProtocolError {
  return new ProtocolError('mrz_malformed', `${what}; read the document again`, { cause });
}

/**
 * Reads a machine readable zone and checks every check digit.
 *
 * @param text - The lines without line breaks, as DG1 holds them.
 * @throws {@link ProtocolError} `mrz_malformed` | `mrz_check_digit`.
 */
export function readMrz(text: string): MachineReadableZone {
  const layout = LAYOUTS[text.length];
  if (layout === undefined || !/^[A-Z0-9<]+$/.test(text)) {
    throw malformed('the machine readable zone has a wrong length or wrong characters');
  }
  const { format, lineLength } = layout;
  const lines = Array.from({ length: text.length / lineLength }, (_, line) =>
    text.slice(line * lineLength, (line + 1) * lineLength),
  );
  checkDigits(lines, format);
  const cut = ([line, start, end]: Field): string => (lines[line] ?? '').slice(start, end).replace(/<+$/, '');
  return {
    format,
    documentCode: cut([0, 0, 2]),
    issuingState: cut([0, 2, 5]),
    nationality: cut(layout.fields.nationality),
    birth: cut(layout.fields.birth).padEnd(6, '<'),
    expiry: cut(layout.fields.expiry).padEnd(6, '<'),
    optionalData: cut(layout.fields.optionalData),
  };
}

/**
 * The document number of a passport, for a question to a registry of people and nothing else.
 *
 * @param text - A zone that {@link readMrz} has accepted as TD3.
 * @returns Letters and digits without fillers.
 */
export function readDocumentNumber(text: string): string {
  return text.slice(44, 53).replaceAll('<', '');
}

function checkDigits(lines: readonly string[], format: MachineReadableZone['format']): void {
  let parsed;
  try {
    parsed = parse(lines);
  } catch {
    throw malformed('the machine readable zone cannot be read'); // the package's message quotes the zone
  }
  const wanted: readonly string[] = format === 'TD3' ? [...CHECK_DIGITS, 'personalNumberCheckDigit'] : CHECK_DIGITS;
  const valid = (name: string): boolean => parsed.details.some((detail) => detail.field === name && detail.valid);
  if (parsed.format !== format || !wanted.every(valid)) {
    throw new ProtocolError('mrz_check_digit', 'a check digit of the machine readable zone is wrong');
  }
}

/** The date whose year ends as written and is the last one that `allowed` takes, as YYYYMMDD. */
function readDate(text: string, lastYear: number, allowed: (date: number) => boolean): CalendarDate {
  if (!/^\d{6}$/.test(text)) throw malformed('a date in the machine readable zone is incomplete');
  const monthAndDay = Number(text.slice(2));
  const year = lastYear - ((((lastYear - Number(text.slice(0, 2))) % 100) + 100) % 100);
  const date = year * 10_000 + monthAndDay;
  try {
    return toDate(allowed(date) ? date : date - 1_000_000);
  } catch (cause) {
    throw malformed('a date in the machine readable zone does not exist', cause);
  }
}

/**
 * The date of birth: the last date of its two-digit year that is not after today.
 *
 * @param text - YYMMDD.
 * @throws {@link ProtocolError} `mrz_malformed` if the date is incomplete or does not exist.
 */
export function birthDate(text: string, today: CalendarDate): CalendarDate {
  return readDate(text, dateParts(today)[0], (date) => date <= today);
}

/**
 * The date of expiry: the one of its two-digit year from 50 years ago to 49 years ahead, so that an
 * expired document never reads as valid for another century.
 *
 * @param text - YYMMDD.
 * @throws {@link ProtocolError} `mrz_malformed` if the date is incomplete or does not exist.
 */
export function expiryDate(text: string, today: CalendarDate): CalendarDate {
  return readDate(text, dateParts(today)[0] + 49, () => true);
}
