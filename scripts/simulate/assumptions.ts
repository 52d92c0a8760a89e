// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the model of a nation assumes, each number with where it comes from. `measured` numbers are not
 * here: a run measures them on a tree of its own. Change a number here and run `npm run simulate` again.
 *
 * @module
 */

/** A number with its reason. */
interface Assumption {
  readonly value: number;
  /** Unit, as a reader of the report sees it. */
  readonly unit: string;
  /** Source, or why this number. */
  readonly reason: string;
}

/** All assumptions. Rates are for each holder and year. */
export const ASSUMPTIONS = {
  years: {
    value: 1,
    unit: 'years',
    reason:
      'how long the register has been running when the day is looked at; positions are never used again, so that blocks thin out with time',
  },
  epochsPerDay: {
    value: 4,
    unit: 'epochs',
    reason: 'an epoch of 6 hours, the length meant for real use (docs/protocol.md)',
  },
  documentRenewals: {
    value: 0.1,
    unit: 'a year',
    reason: 'identity cards and passports of adults are valid for ten years or more: one in ten is replaced each year',
  },
  deviceRenewals: {
    value: 0.3,
    unit: 'a year',
    reason:
      'a telephone is kept for three to four years; a new one issues a new leaf and empties the old (section 8 of docs/protocol.md)',
  },
  losses: {
    value: 0.05,
    unit: 'a year',
    reason:
      'one telephone in twenty is lost or stolen in a year, order of magnitude of insurers; its leaf is emptied and another issued',
  },
  resets: {
    value: 0.005,
    unit: 'a year',
    reason: 'one in ten of those who lose a telephone has no backup either, and gets a new seed',
  },
  newHolders: {
    value: 0.007,
    unit: 'a year',
    reason:
      'children who come of age: about the birth rate of China in 2022 to 2024, 7 in 1,000 (National Bureau of Statistics)',
  },
  deaths: {
    value: 0.008,
    unit: 'a year',
    reason: 'death rate of China in 2022 to 2024, 8 in 1,000 (National Bureau of Statistics)',
  },
  decisions: {
    value: 0.0005,
    unit: 'a year',
    reason: 'revocations for fraud, error or a withdrawn document, which are announced first: a guess, kept high',
  },
  reversed: { value: 0.1, unit: 'of announcements', reason: 'announced revocations that an appeal reverses: a guess' },
  logins: {
    value: 0,
    unit: 'requests to the register',
    reason: 'a login asks neither register nor mirror, so that their number does not matter here',
  },
  syncedDaily: {
    value: 0.6,
    unit: 'of wallets',
    reason: 'opened once a day: a wallet syncs when it is opened; a guess, as are the two below',
  },
  syncedWeekly: { value: 0.3, unit: 'of wallets', reason: 'opened once a week' },
  syncedMonthly: {
    value: 0.1,
    unit: 'of wallets',
    reason: 'opened once a month; beyond 32 epochs they take the full block',
  },
  cutSeconds: {
    value: 600,
    unit: 'seconds',
    reason:
      'within which the tree of an epoch must be hashed and stored: a small part of its six hours, on as many cores as that takes',
  },
  retainedEpochs: {
    value: 32,
    unit: 'epochs',
    reason: 'whose deltas are served (DELTA_EPOCHS), so that their versions of nodes are kept',
  },
  mirrors: {
    value: 100,
    unit: 'mirrors',
    reason: 'places of a content network that each fetch every file from the register once',
  },
} as const satisfies Readonly<Record<string, Assumption>>;

/** Names of the assumptions. */
export type AssumptionName = keyof typeof ASSUMPTIONS;

/** Numbers by name; a test may take others. */
export type Assumed = Readonly<Record<AssumptionName, number>>;

/** The numbers above. */
export const assumed: Assumed = Object.fromEntries(
  Object.entries(ASSUMPTIONS).map(([name, { value }]) => [name, value]),
) as Record<AssumptionName, number>;
