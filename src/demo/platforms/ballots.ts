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
/** Rounds of a question whose votes are kept: that of now, and the one before. */
const ROUNDS_KEPT = 2;

interface Box {
  readonly round: number;
  readonly proved: Map<string, number>;
  readonly open: Map<string, number>;
}

/** The ballot box. */
export class Ballots {
  readonly #boxes = new Map<Question, Box[]>();

  /**
   * Casts a vote.
   *
   * @param round - Number of the time in which a voter has one vote; the next round begins with no votes. Who went to
   * the wallet before the turn and comes back after it votes in the round before.
   * @param voter - A pseudonym of this question and round, or the name of an account.
   * @returns Whether it counts: the first of a pseudonym does, and an account may change its mind.
   */
  cast(question: Question, round: number, sort: keyof Tally, voter: string, option: number): boolean {
    const votes = this.#box(question, round)?.[sort];
    if (votes === undefined) return false;
    if (sort === 'proved' && votes.has(voter)) return false;
    if (votes.size >= MOST_VOTES) return false;
    votes.set(voter, option);
    return true;
  }

  /** How it stands. */
  tally(question: Question, round: number): Tally {
    const box = this.#box(question, round);
    const count = (votes: Map<string, number> | undefined): number[] => {
      const counts = Array.from({ length: OPTIONS }, () => 0);
      for (const option of votes?.values() ?? []) counts[option] = (counts[option] ?? 0) + 1;
      return counts;
    };
    return { proved: count(box?.proved), open: count(box?.open) };
  }

  /** The box of a round, new if need be; undefined for one so old that it is gone. */
  #box(question: Question, round: number): Box | undefined {
    const boxes = this.#boxes.get(question) ?? [];
    const known = boxes.find((box) => box.round === round);
    if (known !== undefined) return known;
    const all = [...boxes, { round, proved: new Map<string, number>(), open: new Map<string, number>() }];
    const kept = all.sort((one, other) => other.round - one.round).slice(0, ROUNDS_KEPT);
    this.#boxes.set(question, kept);
    return kept.find((box) => box.round === round);
  }
}
