// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Attributes and requests in words.
 *
 * @module
 */
import { DOCUMENT_KINDS, type DocumentKind } from '../../protocol/attributes.ts';
import { dateParts, toDate } from '../../protocol/dates.ts';
import type { Ask, Disclosed } from '../../protocol/policy.ts';
import type { LocalName } from './config.ts';
import type { Strings } from './strings/en.ts';

/** A name in the language of the pages. */
export function localName(name: LocalName, strings: Strings): string {
  return strings.tag === 'zh-CN' ? name.zh : name.en;
}

/** Name of a kind of document by its number. */
export function documentName(number: number, strings: Strings): string {
  const kind = (Object.keys(DOCUMENT_KINDS) as DocumentKind[]).find((name) => DOCUMENT_KINDS[name] === number);
  return kind === undefined ? String(number) : strings.credential.documents[kind];
}

/** What an assurance level means. */
export function assuranceName(level: number, strings: Strings): string {
  return strings.credential.assurances[level] ?? String(level);
}

/** The browser's own variant of the pages' language, for the order of day and month. */
function localeOf({ tag }: Strings): string {
  return navigator.languages.find((wanted) => wanted.slice(0, 2) === tag.slice(0, 2)) ?? tag;
}

/** A date YYYYMMDD in words; `month` leaves the day out, where the day says nothing. */
export function dateName(value: number, strings: Strings, precision: 'day' | 'month'): string {
  const [year, month, day] = dateParts(toDate(value));
  return new Intl.DateTimeFormat(localeOf(strings), {
    timeZone: 'UTC',
    year: 'numeric',
    month: 'long',
    ...(precision === 'day' ? { day: 'numeric' } : {}),
  }).format(Date.UTC(year, month - 1, day));
}

/** A moment soon, as short as can be. */
export function momentName(milliseconds: number, strings: Strings): string {
  const sameDay = new Date(milliseconds).toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(localeOf(strings), {
    ...(sameDay ? {} : { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(sameDay ? { second: '2-digit' } : {}),
  }).format(milliseconds);
}

/** A moment of the past, to the minute. */
export function dateTimeName(milliseconds: number, strings: Strings): string {
  return new Intl.DateTimeFormat(localeOf(strings), { dateStyle: 'medium', timeStyle: 'short' }).format(milliseconds);
}

/** An amount of data, in the largest unit below it. */
export function bytesName(bytes: number, strings: Strings): string {
  const [unit, size] = bytes < 1e6 ? (['kilobyte', 1e3] as const) : (['megabyte', 1e6] as const);
  return new Intl.NumberFormat(localeOf(strings), { style: 'unit', unit, maximumSignificantDigits: 3 }).format(
    bytes / size,
  );
}

/** What a platform will learn, as parts of one sentence. */
export function learned(ask: Ask, disclosed: Disclosed, strings: Strings): string[] {
  const { consent, credential } = strings;
  const { document, nationality, assurance, phone } = disclosed;
  const facts: string[] = [];
  if (ask.age_over !== undefined) facts.push(consent.age(ask.age_over));
  facts.push(consent.validId);
  if (ask.document_group !== 'any') facts.push(consent.groups[ask.document_group]);
  if (ask.nationality_group !== 'any') facts.push(consent.groups[ask.nationality_group]);
  if (ask.min_assurance !== 1) facts.push(consent.assurance(assuranceName(ask.min_assurance, strings)));
  if (ask.phone_confirmed) facts.push(consent.phone);
  if (document !== undefined) facts.push(consent.reveals.document(credential.documents[document]));
  if (nationality !== undefined) facts.push(consent.reveals.nationality(nationality));
  if (assurance !== undefined) facts.push(consent.reveals.assurance(assuranceName(assurance, strings)));
  if (phone !== undefined) facts.push(consent.phoneIs(phone));
  return facts;
}
