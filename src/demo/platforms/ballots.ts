// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The votes of the poll, in memory: for each question and round the answers by pseudonym, and beside them
 * the open ones by account.
 *
 * @module
 */

/** Questions of the poll. */
export const QUESTIONS = ['week', 'once'] as const;
/** One of {@link QUESTIONS}. */
export type Question = (typeof QUESTIONS)[number];

/** Votes for each option. */
export interface Tally {
  readonly proved: readonly number[];
  readonly open: readonly number[];
}

const OPTIONS = 4;
/** Votes kept at most of each sort. */
const MOST_VOTES = 1_000_000;

/** The ballot box. */
export class Ballots {
  readonly #boxes = new Map<Question, { round: string; proved: Map<string, number>; open: Map<string, number> }>();

  /**
   * Casts a vote.
   *
   * @param round - Names the time in which a voter has one vote; another round begins with no votes.
   * @param voter - A pseudonym of this question and round, or the name of an account.
   * @returns Whether it counts: the first of a pseudonym does, and an account may change its mind.
   */
  cast(question: Question, round: string, sort: keyof Tally, voter: string, option: number): boolean {
    const votes = this.#box(question, round)[sort];
    if (sort === 'proved' && votes.has(voter)) return false;
    if (votes.size >= MOST_VOTES) return false;
    votes.set(voter, option);
    return true;
  }

  /** How it stands. */
  tally(question: Question, round: string): Tally {
    const { proved, open } = this.#box(question, round);
    const count = (votes: Map<string, number>): number[] => {
      const counts = Array.from({ length: OPTIONS }, () => 0);
      for (const option of votes.values()) counts[option] = (counts[option] ?? 0) + 1;
      return counts;
    };
    return { proved: count(proved), open: count(open) };
  }

  #box(question: Question, round: string) {
    const known = this.#boxes.get(question);
    if (known?.round === round) return known;
    const fresh = { round, proved: new Map<string, number>(), open: new Map<string, number>() };
    this.#boxes.set(question, fresh);
    return fresh;
  }
}
