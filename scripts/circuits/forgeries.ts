// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Forged witnesses as data, and their trial: at least one for each numbered condition of each template.
 * The sources must refuse each by nothing but the named constraints, and what is shipped must refuse it
 * too. The tests, `circuits:check` and the deletion run share the list.
 *
 * @module
 */
import type { CircuitName } from '../../src/protocol/artifacts.ts';
import { ISSUE, type ShowCase, type ShowWords, showWords, signals, VALID } from './cases.ts';
import { type Forger, forger, type Signals, type Verdict } from './forge.ts';
import { issueForgeries } from './forgeries/issue.ts';
import { membershipForgeries } from './forgeries/membership.ts';
import { nullifierForgeries } from './forgeries/nullifier.ts';
import { predicateForgeries } from './forgeries/predicates.ts';
import { wordForgeries } from './forgeries/words.ts';
import { type Forms, forms } from './forms.ts';

/** What every forgery tells. */
interface Described {
  readonly template: string;
  /** The condition in the template's header that refuses it, e.g. `C1`. */
  readonly condition: string;
  readonly title: string;
  /** Signals given another value than their definition's, or how to choose them from the honest witness. */
  readonly forced?: Signals | ((honest: Verdict) => Signals);
  /** For each constraint that refuses it, one signal in it. */
  readonly by: readonly string[];
}

/** A forgery of `show`. */
export interface ShowForgery extends Described {
  /** Changes of the valid case, before leaf, path and root are fitted to it. */
  readonly changes?: Partial<ShowCase>;
  /** Changes of the inputs thereafter. */
  readonly words?: (fitted: ShowWords) => Partial<ShowWords>;
}

/** A forgery of `issue`. */
export interface IssueForgery extends Described {
  readonly changes?: Partial<typeof ISSUE>;
}

/** One forgery, ready to be tried. */
export interface Forgery extends Described {
  readonly circuit: CircuitName;
  readonly inputs: () => Signals;
}

/** A forgery after its trial. */
export interface Judged {
  readonly forgery: Forgery;
  readonly verdict: Verdict;
  /** Why it does not count as refused; undefined if it does. */
  readonly fault: string | undefined;
}

const ofShow = (forgery: ShowForgery): Forgery => ({
  ...forgery,
  circuit: 'show',
  inputs: () => {
    const fitted = showWords({ ...VALID, ...forgery.changes });
    return signals({ ...fitted, ...forgery.words?.(fitted) });
  },
});

const ofIssue = (forgery: IssueForgery): Forgery => ({
  ...forgery,
  circuit: 'issue',
  inputs: () => ({ ...ISSUE, ...forgery.changes }),
});

/** All of them. */
export const FORGERIES: readonly Forgery[] = [
  ...[...wordForgeries, ...predicateForgeries, ...membershipForgeries, ...nullifierForgeries].map(ofShow),
  ...issueForgeries.map(ofIssue),
];

/** Numbered conditions of each template, as in the headers of `circuits/lib`. */
export const CONDITIONS: Readonly<Record<string, number>> = {
  Fields: 2,
  Select: 1,
  AtMost: 1,
  Membership: 2,
  HolderCommitment: 1,
  Nullifier: 4,
  Show: 14,
  Issue: 3,
};

/** Conditions without a forgery, e.g. `Show C3`. */
export function conditionsWithoutForgery(): string[] {
  const tried = new Set(FORGERIES.map(({ template, condition }) => `${template} ${condition}`));
  return Object.entries(CONDITIONS)
    .flatMap(([template, count]) => Array.from({ length: count }, (_, i) => `${template} C${String(i + 1)}`))
    .filter((condition) => !tried.has(condition));
}

/** What is wrong with a verdict on a witness that the named constraints alone must refuse. */
export function refusalFault({ violated, shippedRefuses }: Verdict, by: readonly string[]): string | undefined {
  const named = violated.map(({ signals: names }) => by.find((signal) => names.includes(signal)));
  const other = violated.find((_, i) => named[i] === undefined);
  const content = by.find((signal) => !named.includes(signal));
  if (violated.length === 0) return 'accepted';
  if (other !== undefined) return `refused by another constraint, of ${other.signals.join(', ')}`;
  if (content !== undefined) return `not refused by a constraint of ${content}`;
  return shippedRefuses ? undefined : 'refused by the sources, accepted by what is shipped';
}

/** Tries forged witnesses against compiled circuits. */
export interface Court {
  readonly forms: Readonly<Record<CircuitName, Forms>>;
  /** Judges any witness. */
  readonly judge: Readonly<Record<CircuitName, Forger>>;
  readonly try: (forgery: Forgery) => Judged;
}

/** Compiles what is needed, once for each state of the sources, and gets ready to try. */
export async function openCourt(): Promise<Court> {
  const all = { show: await forms('show'), issue: await forms('issue') };
  const judge: Court['judge'] = { show: forger(all.show), issue: forger(all.issue) };
  return {
    forms: all,
    judge,
    try: (forgery) => {
      const of = judge[forgery.circuit];
      const inputs = forgery.inputs();
      const forced = typeof forgery.forced === 'function' ? forgery.forced(of(inputs)) : forgery.forced;
      const verdict = of(inputs, forced);
      return { forgery, verdict, fault: refusalFault(verdict, forgery.by) };
    },
  };
}
