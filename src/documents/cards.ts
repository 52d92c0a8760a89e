// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The cards that are not passports. Nobody but their authority can decode what their chips hold, so here is
 * what the authority's answer must be to count: a number of its kind's form, which agrees with birth date
 * and nationality, and a card that is still good.
 *
 *     person number = CHN || resident number              e.g. CHN11010519491231002X
 *                   | CHN/HKM/ || lifelong number         permit for Hong Kong and Macau residents
 *                   | CHN/TWN/ || lifelong number         permit for Taiwan residents
 *                   | CHN || foreign resident's number of 18 digits | CHN/FPR/ || that of 15
 *
 * docs/protocol.md section 8.
 *
 * @module
 */
import { type CalendarDate, LAST_DATE } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { nationalityCode, nationalityNumber } from '../protocol/nationality.ts';
import { type CardKind, readCardNumber } from './numbers.ts';
import type { Portrait } from './portrait.ts';
import { countriesOf } from './states.ts';

/** State whose authorities issue all cards. */
export const CARD_STATE = 'CHN';

/** Oldest person that a card is taken for, years: a birth date before that is a fault of somebody's. */
export const MAX_AGE_YEARS = 130;

/** What the authority says that a card holds; no name. */
export interface CardReading {
  readonly kind: CardKind;
  /** As printed. */
  readonly number: string;
  /** Three letters. */
  readonly nationality: string;
  readonly birth: CalendarDate;
  /** Undefined for a card without an end, as people from 46 years on have. */
  readonly expiry: CalendarDate | undefined;
  readonly portrait: Portrait;
  /** True if the card itself answered the challenge. */
  readonly answered: boolean;
}

/** What a card shows of its holder. */
export interface CardHolder {
  /** Number in the protocol's table of nationalities. */
  readonly nationality: number;
  /** Two-digit province code, or 0. */
  readonly region: number;
  readonly birth: CalendarDate;
  readonly expiry: CalendarDate;
  /** The lifelong part of its number. */
  readonly number: string;
  /** Personal data of the strongest kind: only ever the input of a keyed tag, then forgotten. */
  readonly personNumber: string;
}

/** What comes before the lifelong number of each kind; numbers of 18 digits never meet. */
const PREFIXES: Readonly<Record<CardKind, string>> = {
  resident_identity_card: CARD_STATE,
  travel_permit_hk_macau: `${CARD_STATE}/HKM/`,
  travel_permit_taiwan: `${CARD_STATE}/TWN/`,
  foreign_permanent_resident_card: CARD_STATE,
};

function prefixOf(kind: CardKind, lifelong: string): string {
  return kind === 'foreign_permanent_resident_card' && lifelong.length < 18 ? `${CARD_STATE}/FPR/` : PREFIXES[kind];
}

function contradiction(what: string): ProtocolError {
  return new ProtocolError('document_number_mismatch', `the number of the document does not agree with its ${what}`);
}

function checkNationality(kind: CardKind, code: string, country: string | undefined): void {
  const isChinese = code === 'CHN';
  if (kind === 'resident_identity_card' && !isChinese) throw contradiction('nationality');
  if (kind !== 'foreign_permanent_resident_card') return;
  const countries = countriesOf(code);
  // Statelessness and the like have codes outside ISO 3166-1, so there is no country to compare.
  const agrees = country === undefined ? countries.length !== 1 : countries.includes(country);
  if (isChinese || !agrees) throw contradiction('nationality');
}

/**
 * Judges what the authority says of a card.
 *
 * @param reading - Its answer, whose signature was checked.
 * @param today - The date in the register's zone.
 * @throws {@link ProtocolError} a code of `readCardNumber`, `document_number_mismatch`, `document_expired`,
 * `document_malformed` for impossible dates, `nationality_unsupported`.
 */
export function judgeCard(reading: CardReading, today: CalendarDate): CardHolder {
  const { kind, birth } = reading;
  const { lifelong, region, birthDigits, country } = readCardNumber(kind, reading.number);
  if (birth > today || birth < today - MAX_AGE_YEARS * 10_000) {
    throw new ProtocolError('document_malformed', 'the document states an impossible birth date');
  }
  if (!String(birth).endsWith(birthDigits)) throw contradiction('birth date');
  const nationality = nationalityNumber(reading.nationality);
  checkNationality(kind, nationalityCode(nationality), country);
  const expiry = reading.expiry ?? LAST_DATE;
  if (expiry < today) throw new ProtocolError('document_expired', 'the document has expired; use a valid one');
  return { nationality, region, birth, expiry, number: lifelong, personNumber: prefixOf(kind, lifelong) + lifelong };
}
