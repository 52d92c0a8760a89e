// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import {
  MAX_GENERATION,
  planIssue,
  type PlanInput,
  RESET_COOLDOWN_DAYS,
  type Standing,
  type Wish,
} from '../../src/issuer/plan.ts';
import { addDays, daysBetween, monthStartAfter, toDate } from '../../src/protocol/dates.ts';
import type { KnownLeaf, KnownPerson } from '../../src/storage/lives.ts';

const TODAY = toDate(20261124);
const SINCE = toDate(20250301);
const PASSPORT = 2;
const CARD = 1;
const leaf = (name: string, document = PASSPORT, replaces: string | null = null): KnownLeaf => ({
  leaf: name,
  document,
  replaces,
});

interface Case {
  person?: Partial<KnownPerson> | undefined;
  seedTag?: string;
  seedTaken?: boolean;
  standing?: Record<string, Standing>;
  document?: number;
  today?: PlanInput['today'];
  wish?: Wish;
}

/** A person with one passport, who asks with the seed of before. */
function plan({ person = {}, seedTag = 'seed', seedTaken = false, standing = {}, ...rest }: Case) {
  const known = { seedTag: 'seed', generation: 0, secretSince: SINCE, leaves: [leaf('a')], ...person };
  return planIssue({
    known: { person: known, seedTaken },
    standing: new Map(known.leaves.map(({ leaf: name }) => [name, standing[name] ?? 'active'])),
    seedTag,
    document: PASSPORT,
    today: TODAY,
    wish: {},
    ...rest,
  });
}

const nobody = (wish: Wish, seedTaken = false) =>
  planIssue({
    known: { person: undefined, seedTaken },
    standing: new Map(),
    seedTag: 'seed',
    document: PASSPORT,
    today: TODAY,
    wish,
  });
const refused = (code: string) => expect.objectContaining({ code }) as Error;

describe('a person whom nobody knows', () => {
  it('gets a first credential, with a seed of now', () => {
    const first = { generation: 0, secretSince: 20261201, replaces: undefined, revokes: [] };
    expect(nobody({})).toEqual(first);
    expect(nobody({ reset: false })).toEqual(first);
  });

  it('has nothing to reset or to restore, and cannot use a seed that is taken', () => {
    expect(() => nobody({ reset: true })).toThrow(refused('person_unknown'));
    expect(() => nobody({ replaces: 'all' })).toThrow(refused('person_unknown'));
    expect(() => nobody({}, true)).toThrow(refused('seed_already_enrolled'));
  });
});

describe('the same person with the same seed', () => {
  it('renews the document of the kind that is shown, and keeps the age of the seed', () => {
    expect(plan({ person: { generation: 3 } })).toEqual({
      generation: 3,
      secretSince: SINCE,
      replaces: 'a',
      revokes: [],
    });
  });

  it('adds a document of another kind', () => {
    expect(plan({ document: CARD })).toMatchObject({ replaces: undefined, revokes: [] });
  });

  it('leaves the other kinds alone at a renewal', () => {
    const person = { leaves: [leaf('a'), leaf('b', CARD)] };
    expect(plan({ person, document: CARD })).toMatchObject({ replaces: 'b', revokes: [] });
  });

  it('renews the latest of a chain that is not published yet', () => {
    const person = { leaves: [leaf('a'), leaf('b', PASSPORT, 'a'), leaf('c', PASSPORT, 'b')] };
    expect(plan({ person })).toMatchObject({ replaces: 'c', revokes: [] });
  });

  it('gets a plain leaf where there is none in the tree', () => {
    expect(plan({ standing: { a: 'gone' } })).toMatchObject({ replaces: undefined, revokes: [] });
    expect(plan({ person: { leaves: [] } })).toMatchObject({ replaces: undefined, revokes: [], secretSince: SINCE });
  });

  it('on a new phone: the leaf of this kind is replaced, all others go', () => {
    const person = { leaves: [leaf('a', CARD), leaf('b'), leaf('c', 4)] };
    expect(plan({ person, wish: { replaces: 'all' } })).toMatchObject({ replaces: 'b', revokes: ['a', 'c'] });
    const other = plan({ person, document: 5, wish: { replaces: 'all' } });
    expect(other).toMatchObject({ replaces: 'a', revokes: ['b', 'c'] });
  });

  it('waits while a revocation of any of the leaves is announced', () => {
    const person = { leaves: [leaf('a'), leaf('b', CARD)] };
    for (const wish of [{}, { replaces: 'all' }] as const) {
      expect(() => plan({ person, standing: { b: 'announced' }, wish })).toThrow(refused('revocation_announced'));
    }
    const asAnother = { person, standing: { b: 'announced' }, seedTag: 'new', wish: { reset: true } } as const;
    expect(() => plan(asAnother)).toThrow(refused('revocation_announced'));
  });

  it('finds a reset done that it asks for again', () => {
    const person = { generation: 1, secretSince: 20261201, leaves: [leaf('a'), leaf('b', CARD)] };
    expect(plan({ person, wish: { reset: true } })).toEqual({
      generation: 1,
      secretSince: 20261201,
      replaces: 'a',
      revokes: ['b'],
    });
  });
});

describe('the same person with another seed', () => {
  const other = (more: Case = {}) => plan({ seedTag: 'new', ...more });

  it('is refused, unless they give up the old one', () => {
    expect(() => other()).toThrow(refused('person_already_enrolled'));
    expect(() => other({ wish: { replaces: 'all' } })).toThrow(refused('person_already_enrolled'));
    expect(() => other({ wish: { reset: false } })).toThrow(refused('person_already_enrolled'));
    expect(other({ wish: { reset: true } })).toEqual({
      generation: 1,
      secretSince: 20261201,
      replaces: 'a',
      revokes: [],
    });
  });

  it('loses every old leaf', () => {
    const person = { leaves: [leaf('a', CARD), leaf('b'), leaf('c', 4)] };
    expect(other({ person, wish: { reset: true } })).toMatchObject({ replaces: 'b', revokes: ['a', 'c'] });
  });

  it('cannot take a seed that is taken, reset or not', () => {
    expect(() => other({ seedTaken: true, wish: { reset: true } })).toThrow(refused('seed_already_enrolled'));
    expect(() => other({ seedTaken: true })).toThrow(refused('seed_already_enrolled'));
  });

  it('waits 30 days after a reset, at least, whatever the day of it was', () => {
    for (const day of [20260201, 20260202, 20260228, 20261231, 20270101]) {
      const reset = toDate(day);
      const person = { generation: 1, secretSince: monthStartAfter(reset) };
      const from = addDays(monthStartAfter(reset), RESET_COOLDOWN_DAYS);
      const attempt = (today: typeof from) => () => other({ person, today, wish: { reset: true } });
      expect(attempt(addDays(from, -1))).toThrow(refused('reset_too_soon'));
      expect(attempt(from)()).toMatchObject({ generation: 2 });
      expect(daysBetween(reset, from)).toBeGreaterThanOrEqual(RESET_COOLDOWN_DAYS);
      expect(daysBetween(reset, from)).toBeLessThanOrEqual(2 * RESET_COOLDOWN_DAYS);
    }
    const person = { generation: 1, secretSince: toDate(20261201) };
    expect(() => other({ person, wish: { reset: true } })).toThrow('2026-12-31');
  });

  it('need not wait for the first', () => {
    const person = { generation: 0, secretSince: toDate(20261201) };
    expect(other({ person, wish: { reset: true } })).toMatchObject({ generation: 1 });
  });

  it('can be reset as often as the attribute can count', () => {
    expect(MAX_GENERATION).toBe(63);
    const at = (generation: number) => () => other({ person: { generation }, wish: { reset: true } });
    expect(at(62)()).toMatchObject({ generation: 63 });
    expect(at(63)).toThrow(refused('resets_exhausted'));
  });
});
