// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Numbers of the cards that are not passports: form, check digit, and what a number says of its bearer.
 *
 *     resident identity card   AAAAAA YYYYMMDD SSS C        GB 11643-1999: region (GB/T 2260), birth,
 *                                                           sequence, check character
 *     permit, Hong Kong, Macau [HM] NNNNNNNN (VV)           lifelong number, then the version of the card
 *     permit, Taiwan           NNNNNNNN (VV)                lifelong number, then the version of the card
 *     foreign resident, 2023   9 AA NNN YYYYMMDD SSS C      region of application, ISO 3166-1 numeric
 *                                                           nationality, birth, sequence, check character
 *     foreign resident, before LLL AAAA YYMMDD S C          ISO 3166-1 alpha-3 nationality, region, birth
 *
 * Check characters are ISO 7064 MOD 11-2, except the last one, which is ICAO 9303-3's (weights 7, 3, 1
 * modulo 10; letters from A = 10). Sources: GB 11643-1999 section 4 and appendix; National Immigration
 * Administration, 新版外国人永久居留身份证适配性改造要点 (2023), table 1; the specimen of the 2017 card,
 * PAK310080010103, bears the last form. The first generation's 15 digits are refused: those cards have been
 * invalid since 2013. So are the numbers of residence permits for Hong Kong, Macau and Taiwan residents
 * (81, 82, 83), which are no kind of the protocol. docs/protocol.md section 8.
 *
 * @module
 */
import type { DocumentKind } from '../protocol/attributes.ts';
import { type CalendarDate, toDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { countriesOf } from './states.ts';

/** Kinds of document other than passports. */
export type CardKind = Exclude<DocumentKind, 'passport'>;

/** All of them. */
export const CARD_KINDS = [
  'resident_identity_card',
  'travel_permit_hk_macau',
  'travel_permit_taiwan',
  'foreign_permanent_resident_card',
] as const satisfies readonly CardKind[];

/** What a number says. */
export interface CardNumber {
  /** The part that stays the same when the card is renewed. */
  readonly lifelong: string;
  /** Two-digit province code, 0 where the number has none. */
  readonly region: number;
  /** Digits of the birth date in it: YYYYMMDD, or YYMMDD, or none. */
  readonly birthDigits: string;
  /** ISO 3166-1 alpha-2, where the number names a nationality of that table. */
  readonly country?: string;
}

/** Provinces, autonomous regions and municipalities of GB/T 2260 where resident numbers are given out. */
const REGIONS: ReadonlySet<string> = new Set(
  '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65'.split(' '),
);

function malformed(): ProtocolError {
  return new ProtocolError('document_number_invalid', 'the number of the document does not have the form of its kind');
}

function requireDigit(given: string | undefined, wanted: string): void {
  if (given !== wanted) {
    throw new ProtocolError('document_number_check_digit', 'the check digit of the document number is wrong');
  }
}

/**
 * The check character of ISO 7064 MOD 11-2.
 *
 * @param digits - All before it, digits only.
 * @returns `0` to `9` or `X`, which stands for ten.
 */
export function checkCharacter(digits: string): string {
  const sum = Array.from(digits).reduce((product, digit) => ((product + Number(digit)) * 2) % 11, 0);
  const value = (12 - sum) % 11;
  return value === 10 ? 'X' : String(value);
}

/** The check digit of ICAO 9303-3 over letters and digits. */
function icaoCheckDigit(text: string): string {
  const weights = [7, 3, 1];
  const sum = Array.from(text).reduce((total, sign, i) => total + parseInt(sign, 36) * (weights[i % 3] ?? 0), 0);
  return String(sum % 10);
}

/** Country of a three-digit or three-letter code, by the region aliases that every ICU knows. */
function countryOfNumber(code: string): string | undefined {
  const { region } = new Intl.Locale(`und-${code}`);
  return region !== undefined && /^[A-Z]{2}$/.test(region) ? region : undefined;
}

function requireRegion(region: string): number {
  if (!REGIONS.has(region)) throw malformed();
  return Number(region);
}

function requireDate(digits: string): CalendarDate {
  try {
    return toDate(Number(digits));
  } catch {
    throw malformed();
  }
}

function readResident(number: string): CardNumber {
  if (/^8[123]\d{15}[\dX]$/.test(number)) {
    throw new ProtocolError(
      'document_kind_unsupported',
      'this is the number of a residence permit for Hong Kong, Macau or Taiwan residents; use the travel permit',
    );
  }
  const [, region, birthDigits, check] = /^(\d{2})\d{4}(\d{8})\d{3}([\dX])$/.exec(number) ?? [];
  if (region === undefined || birthDigits === undefined) throw malformed();
  requireDigit(check, checkCharacter(number.slice(0, -1)));
  requireDate(birthDigits);
  return { lifelong: number, region: requireRegion(region), birthDigits };
}

function readPermit(number: string, form: RegExp): CardNumber {
  const lifelong = form.exec(number)?.[1];
  if (lifelong === undefined) throw malformed();
  return { lifelong, region: 0, birthDigits: '' };
}

function readForeign(number: string): CardNumber {
  const [, region, code, birthDigits, check] = /^9(\d{2})(\d{3})(\d{8})\d{3}([\dX])$/.exec(number) ?? [];
  if (region === undefined || code === undefined || birthDigits === undefined) return readOldForeign(number);
  requireDigit(check, checkCharacter(number.slice(0, -1)));
  requireDate(birthDigits);
  const country = countryOfNumber(code);
  return {
    lifelong: number,
    region: requireRegion(region),
    birthDigits,
    ...(country !== undefined && { country }),
  };
}

function readOldForeign(number: string): CardNumber {
  const [, letters, region, birthDigits, check] = /^([A-Z]{3})(\d{2})\d{2}(\d{6})\d(\d)$/.exec(number) ?? [];
  if (letters === undefined || region === undefined || birthDigits === undefined) throw malformed();
  requireDigit(check, icaoCheckDigit(number.slice(0, -1)));
  // Any century: leap days of 2000 were leap days whenever the year was one.
  requireDate(`20${birthDigits}`);
  const [country] = countriesOf(letters);
  return {
    lifelong: number,
    region: requireRegion(region),
    birthDigits,
    ...(country !== undefined && { country }),
  };
}

/**
 * Reads the number of a card and checks it.
 *
 * @param kind - What kind of card bears it.
 * @param number - Without spaces; letters are capitals.
 * @throws {@link ProtocolError} `document_number_invalid`, `document_number_check_digit`,
 * `document_kind_unsupported` for a residence permit.
 */
export function readCardNumber(kind: CardKind, number: string): CardNumber {
  switch (kind) {
    case 'resident_identity_card':
      return readResident(number);
    case 'travel_permit_hk_macau':
      return readPermit(number, /^([HM]\d{8})(?:\d{2})?$/);
    case 'travel_permit_taiwan':
      return readPermit(number, /^(\d{8})(?:\d{2})?$/);
    case 'foreign_permanent_resident_card':
      return readForeign(number);
  }
}
