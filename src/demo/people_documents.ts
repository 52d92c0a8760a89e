// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Documents of sample people: a passport each, and for some a renewed one or cards. Numbers are invented and
 * have right check digits. Here is also what the simulated registry knows: which documents are one person's.
 *
 * @module
 */
import { CARD_STATE, judgeCard } from '../documents/cards.ts';
import { type CardKind, checkCharacter } from '../documents/numbers.ts';
import type { Coverage, RegisteredDocument } from '../issuer/registry.ts';
import type { DocumentKind } from '../protocol/attributes.ts';
import { addDays, type CalendarDate } from '../protocol/dates.ts';
import type { CardPerson } from './card_simulator.ts';
import type { ChipFeatures } from './chip_features.ts';
import type { ChipPerson } from './chip_files.ts';
import type { SamplePerson } from './people.ts';
import { SAMPLE_FEATURES } from './reader_simulator.ts';

/** Words in both languages. */
export interface Words {
  readonly en: string;
  readonly zh: string;
}

/** A passport or a card of a sample person. */
export type SampleDocument = {
  /** Stable name in addresses, one of a kind within the person. */
  readonly id: string;
  /** What is special about it; may be empty. */
  readonly notes: Words;
} & (
  | {
      readonly kind: 'passport';
      readonly passport: ChipPerson;
      /** What its chip can do; a copyable document where it is empty. */
      readonly features: ChipFeatures;
    }
  | { readonly kind: CardKind; readonly card: CardPerson }
);

/** What documents a person has beside the first passport. */
export interface DocumentPlan {
  /** Whether the passport's chip can be challenged. Default true. */
  readonly chip?: boolean;
  readonly renewed?: { readonly documentNumber: string; readonly personalNumber?: string };
  readonly resident?: { readonly region: string; readonly sequence: string; readonly endless?: boolean };
  /** Lifelong numbers. */
  readonly hkMacau?: string;
  readonly taiwan?: string;
  readonly foreign?: { readonly region: string; readonly old: string; readonly sequence: string };
}

const NOTHING: Words = { en: '', zh: '' };
const YEAR = 365;

/** ISO 3166-1 numeric codes of sample people with a foreign resident's card. */
const NUMERIC: Readonly<Record<string, string>> = { NGA: '566' };

/** The last digit of a foreign resident's number of before 2023: ICAO's, weights 7, 3, 1. */
function oldCheckDigit(text: string): string {
  const weights = [7, 3, 1];
  const sum = Array.from(text).reduce((total, sign, i) => total + parseInt(sign, 36) * (weights[i % 3] ?? 0), 0);
  return String(sum % 10);
}

const withCheck = (digits: string): string => digits + checkCharacter(digits);

/**
 * All documents of a person.
 *
 * @param chip - The first passport.
 * @param name - As printed on cards.
 * @param plan - What there is beside it.
 * @param today - From which expiry is counted.
 */
export function documentsOf(
  chip: ChipPerson,
  name: string,
  plan: DocumentPlan,
  today: CalendarDate,
): readonly SampleDocument[] {
  const { birth, nationality } = chip;
  const { renewed, resident, hkMacau, taiwan, foreign } = plan;
  const card = (
    id: string,
    kind: CardKind,
    number: string,
    changes: Partial<CardPerson> = {},
    notes = NOTHING,
  ): SampleDocument => ({
    id,
    kind,
    notes,
    card: { kind, name, number, nationality, birth, expiry: addDays(today, 8 * YEAR), ...changes },
  });
  const documents: SampleDocument[] = [
    {
      id: 'passport',
      kind: 'passport',
      notes: plan.chip === false ? { en: 'a chip that anyone could have copied', zh: '芯片内容可能是复制的' } : NOTHING,
      passport: chip,
      features: plan.chip === false ? {} : SAMPLE_FEATURES,
    },
  ];
  if (renewed !== undefined) {
    documents.push({
      id: 'passport-renewed',
      kind: 'passport',
      notes: { en: 'renewed, with another number', zh: '换发的新护照，号码不同' },
      passport: { ...chip, personalNumber: undefined, ...renewed, expiry: addDays(today, 10 * YEAR) },
      features: SAMPLE_FEATURES,
    });
  }
  if (resident !== undefined) {
    const number = withCheck(`${resident.region}${String(birth)}${resident.sequence}`);
    const changes = resident.endless === true ? { expiry: undefined } : {};
    documents.push(card('resident-card', 'resident_identity_card', number, changes));
  }
  if (hkMacau !== undefined) documents.push(card('permit', 'travel_permit_hk_macau', `${hkMacau}02`));
  if (taiwan !== undefined) documents.push(card('permit', 'travel_permit_taiwan', `${taiwan}01`));
  if (foreign !== undefined) {
    const { region, old, sequence } = foreign;
    const numeric = NUMERIC[nationality] ?? '';
    const body = `${nationality}${old}${String(birth).slice(2)}0`;
    const kind = 'foreign_permanent_resident_card';
    documents.push(
      card('foreign-card', kind, withCheck(`9${region}${numeric}${String(birth)}${sequence}`)),
      card(
        'foreign-card-old',
        kind,
        body + oldCheckDigit(body),
        { expiry: addDays(today, 2 * YEAR) },
        {
          en: 'the form of before 2023',
          zh: '2023 年以前的版式',
        },
      ),
    );
  }
  return documents;
}

/** A visitor's personal number, as the registry is told it. */
const VISITOR = /^UTOUV(\d{12})$/;

/** The resident card of a visitor, by the digits of the personal number. */
function visitorCard(digits: string): { readonly region: string; readonly sequence: string } {
  return { region: `11${digits.slice(0, 4)}`, sequence: digits.slice(4, 7) };
}

/**
 * What a visitor has: a passport, the one that takes its place, and a resident card.
 *
 * @param digits - Twelve, drawn for this visitor.
 */
export function visitorPlan(digits: string): {
  readonly documentNumber: string;
  readonly personalNumber: string;
  readonly documents: DocumentPlan;
} {
  const personalNumber = `UV${digits}`;
  const renewed = { documentNumber: `UW${digits.slice(0, 7)}`, personalNumber };
  return {
    documentNumber: `UV${digits.slice(0, 7)}`,
    personalNumber,
    documents: { renewed, resident: visitorCard(digits) },
  };
}

/** The number that a visitor's passport leads to: that of the card. */
function visitorNumberOf({ own, birth }: RegisteredDocument): string | undefined {
  const digits = VISITOR.exec(own ?? '')?.[1];
  if (digits === undefined) return undefined;
  const { region, sequence } = visitorCard(digits);
  return CARD_STATE + withCheck(`${region}${String(birth)}${sequence}`);
}

/** Documents for which the simulated registry is there. */
export const SAMPLE_COVERAGE: Coverage = [
  { kind: 'passport', state: 'UTO' },
  { kind: 'foreign_permanent_resident_card', state: 'CHN' },
];

function lifelongOf(document: SampleDocument): { readonly kind: DocumentKind; readonly number: string } {
  const { kind } = document;
  if (kind === 'passport') return { kind, number: document.passport.documentNumber };
  const { card } = document;
  return { kind, number: kind.startsWith('travel') ? card.number.slice(0, -2) : card.number };
}

/** The number that every document of a person leads to: that of the first card, where there is one. */
function personNumberOf({ documents }: SamplePerson, today: CalendarDate): string | undefined {
  for (const document of documents) {
    if (document.kind === 'passport') continue;
    const portrait = { type: 'image/jpeg', bytes: new Uint8Array() } as const;
    return judgeCard({ ...document.card, portrait, answered: false }, today).personNumber;
  }
  return undefined;
}

/**
 * What the simulated registry knows: documents of one person have one number, visitors' too; of people with a
 * passport alone it takes the passport's own word, and a passport without a number is nobody's.
 *
 * @param people - The sample people.
 * @param today - A day on which their documents are good.
 */
export function sampleRegistry(
  people: readonly SamplePerson[],
  today: CalendarDate,
): (document: RegisteredDocument) => string | undefined {
  const known = new Map<string, string>();
  for (const person of people) {
    const number = personNumberOf(person, today);
    if (number === undefined) continue;
    for (const document of person.documents) {
      const { kind, number: printed } = lifelongOf(document);
      known.set(`${kind} ${printed}`, number);
    }
  }
  return (asked) => known.get(`${asked.kind} ${asked.number}`) ?? visitorNumberOf(asked) ?? asked.own;
}
