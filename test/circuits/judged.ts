// SPDX-License-Identifier: GPL-3.0-or-later
/** Expectations on witnesses, shared by the tests of the templates. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type ShowCase, showWords, signals, VALID } from '../../scripts/circuits/cases.ts';
import type { Signals, Verdict } from '../../scripts/circuits/forge.ts';
import { type Court, FORGERIES, openCourt, refusalFault } from '../../scripts/circuits/forgeries.ts';
import type { Forms } from '../../scripts/circuits/forms.ts';

/** Judges cases of `show`, with other values forced on some signals. */
export interface ShowJudge {
  readonly forms: Forms;
  /** Judges inputs that need not fit together. */
  words(words: object, forced?: Signals): Verdict;
  /** Judges a valid case with changes, everything else fitted to them. */
  show(changes?: Partial<ShowCase>, forced?: Signals): Verdict;
}

let opened: Promise<Court> | undefined;

/** The court, opened once for each test file. */
export function court(): Promise<Court> {
  opened ??= openCourt();
  return opened;
}

/** Prepares to judge `show`. */
export async function judgeShow(): Promise<ShowJudge> {
  const { forms, judge } = await court();
  const words = (inputs: object, forced?: Signals): Verdict => judge.show(signals(inputs), forced);
  return {
    forms: forms.show,
    words,
    show: (changes = {}, forced) => words(showWords({ ...VALID, ...changes }), forced),
  };
}

/** Expects that every constraint holds, in the sources and in what is shipped. */
export function expectAccepted(verdict: Verdict): void {
  expect(verdict.violated).toEqual([]);
  expect(verdict.shippedRefuses).toBe(false);
}

/**
 * Expects that the sources refuse a witness by nothing but the named constraints, so that the test
 * fails when one of them is lost, and that what is shipped refuses it too.
 *
 * @param verdict - Of the forged witness.
 * @param by - For each violated constraint, a signal in it.
 */
export function expectRefused(verdict: Verdict, ...by: readonly string[]): void {
  expect(refusalFault(verdict, by)).toBeUndefined();
}

/** Tries the forged witnesses of some templates, one test each. */
export function describeForgeries(...templates: readonly string[]): void {
  describe.each(templates)('forged witnesses of %s', (template) => {
    let judge: Court;
    beforeAll(async () => {
      judge = await court();
    }, 600_000);
    const own = FORGERIES.filter((forgery) => forgery.template === template);
    it.each(own.map((forgery) => [forgery.condition, forgery.title, forgery] as const))(
      '%s refuses %s',
      (_condition, _title, forgery) => {
        expect(judge.try(forgery).fault).toBeUndefined();
      },
    );
  });
}
