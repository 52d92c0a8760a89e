// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What becomes of a request for a credential, by what the issuer knows of the person and of the seed. Pure:
 * the state goes in, the decision comes out. docs/protocol.md section 8, "Life of a credential".
 *
 * | person  | seed     | asked            | then                                                        |
 * | ------- | -------- | ---------------- | ----------------------------------------------------------- |
 * | new     | new      |                  | a first credential                                          |
 * | known   | the same |                  | renewal for the same kind of document, else a second one    |
 * | known   | the same | `replaces: all`  | as a renewal, and every other leaf is revoked               |
 * | known   | another  |                  | refused                                                     |
 * | known   | another  | `reset`          | that seed instead, generation + 1, every old leaf goes      |
 * | any     | taken    | anything         | refused                                                     |
 *
 * @module
 */
import { ATTRIBUTE_LAYOUT } from '../protocol/attributes.ts';
import { addDays, type CalendarDate, dateParts, monthStartAfter, toDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Known, KnownLeaf, KnownPerson } from '../storage/lives.ts';

/** Days that must pass between two resets of a person, at least. */
export const RESET_COOLDOWN_DAYS = 30;
/** The last generation that the attribute can hold. */
export const MAX_GENERATION = 2 ** (ATTRIBUTE_LAYOUT.find(([name]) => name === 'generation')?.[1] ?? 0) - 1;

/** What a wallet asks for. */
export interface Wish {
  readonly replaces?: 'all' | undefined;
  readonly reset?: boolean | undefined;
}

/** Where a leaf stands: `gone` once the log has it revoked or replaced by a leaf that is not ours. */
export type Standing = 'active' | 'announced' | 'gone';

/** A decision to sign a leaf. */
export interface Plan {
  readonly generation: number;
  readonly secretSince: CalendarDate;
  /** The leaf whose place the new one takes. */
  readonly replaces: string | undefined;
  /** Leaves to be revoked. */
  readonly revokes: readonly string[];
}

/** What a decision is about. */
export interface PlanInput {
  readonly known: Known;
  /** Of every known leaf of the person. */
  readonly standing: ReadonlyMap<string, Standing>;
  /** Decimal. */
  readonly seedTag: string;
  /** Number of the kind of document that was shown. */
  readonly document: number;
  readonly today: CalendarDate;
  readonly wish: Wish;
}

/**
 * Decides.
 *
 * @throws {@link ProtocolError} `seed_already_enrolled`, `person_unknown` for a reset or a restore of nobody,
 * `person_already_enrolled`, `revocation_announced`, `resets_exhausted`, `reset_too_soon` with the day from which.
 */
export function planIssue({ known, standing, seedTag, document, today, wish }: PlanInput): Plan {
  const { person } = known;
  if (known.seedTaken) {
    throw new ProtocolError('seed_already_enrolled', 'this seed belongs to another enrolment; make a new wallet');
  }
  if (person === undefined) {
    if (wish.reset === true || wish.replaces !== undefined) {
      throw new ProtocolError('person_unknown', 'this issuer has made no credential for that person or seed');
    }
    return { generation: 0, secretSince: monthStartAfter(today), replaces: undefined, revokes: [] };
  }
  const isReset = person.seedTag !== seedTag;
  if (isReset && wish.reset !== true) {
    throw new ProtocolError(
      'person_already_enrolled',
      'this person has a credential already; recover or reset it instead of enrolling again',
    );
  }
  if ([...standing.values()].includes('announced')) {
    throw new ProtocolError(
      'revocation_announced',
      'a revocation of a credential of this person is announced; appeal against it, or wait until it is decided',
    );
  }
  if (isReset) requireResettable(person, today);
  // A wish to reset that comes again finds its own seed: the rest of it is what a restore asks for.
  const all = wish.reset === true || wish.replaces === 'all';
  return {
    generation: isReset ? person.generation + 1 : person.generation,
    secretSince: isReset ? monthStartAfter(today) : toDate(person.secretSince),
    ...successions(headsOf(person, standing), document, all),
  };
}

/**
 * The day of a reset is not kept: `secretSince` is the month's start on or after it, so 30 days after that
 * are at least 30 days after the reset, and at most 60.
 */
function requireResettable({ generation, secretSince }: KnownPerson, today: CalendarDate): void {
  if (generation >= MAX_GENERATION) {
    throw new ProtocolError(
      'resets_exhausted',
      `a person can be given a new seed ${String(MAX_GENERATION)} times; ask the issuer in person`,
    );
  }
  const from = addDays(toDate(secretSince), RESET_COOLDOWN_DAYS);
  if (generation > 0 && today < from) {
    const day = dateParts(from).map((part) => String(part).padStart(2, '0'));
    throw new ProtocolError('reset_too_soon', `this person was given a new seed lately; another from ${day.join('-')}`);
  }
}

/** Leaves that are in the tree, or will be, and that no other is to replace. */
function headsOf({ leaves }: KnownPerson, standing: ReadonlyMap<string, Standing>): readonly KnownLeaf[] {
  return leaves.filter(
    ({ leaf }) => standing.get(leaf) === 'active' && !leaves.some(({ replaces }) => replaces === leaf),
  );
}

function successions(heads: readonly KnownLeaf[], document: number, all: boolean): Pick<Plan, 'replaces' | 'revokes'> {
  const ofKind = heads.filter((head) => head.document === document);
  const go = all ? [...ofKind, ...heads.filter((head) => head.document !== document)] : ofKind;
  const [replaced, ...others] = go;
  return { replaces: replaced?.leaf, revokes: others.map(({ leaf }) => leaf) };
}
