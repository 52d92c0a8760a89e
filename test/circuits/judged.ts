// SPDX-License-Identifier: GPL-3.0-or-later
/** Expectations on forged witnesses, shared by the tests of the templates. */
import { expect } from 'vitest';
import { type Form, type Forms, forms } from './compiled.ts';
import { forger, type Signals, type Verdict } from './forge.ts';
import { type ShowCase, showWords, signals, VALID } from './witness.ts';

/** Judges cases of `show`, with other values forced on some signals. */
export interface ShowJudge {
  readonly forms: Forms;
  /** Judges inputs that need not fit together. */
  words(words: object, forced?: Signals): Verdict;
  /** Judges a valid case with changes, everything else fitted to them. */
  show(changes?: Partial<ShowCase>, forced?: Signals): Verdict;
  /** Instances of a template in the order of the source, e.g. `Num2Bits`. */
  instances(template: string): string[];
}

/** Prepares to judge `show`. */
export async function judgeShow(): Promise<ShowJudge> {
  const all = await forms('show');
  const judge = forger(all);
  const words = (inputs: object, forced?: Signals): Verdict => judge(signals(inputs), forced);
  return {
    forms: all,
    words,
    show: (changes = {}, forced) => words(showWords({ ...VALID, ...changes }), forced),
    instances: (template) => instances(all.original, template),
  };
}

/** Anonymous components of a template directly below `main`, in the order of the source. */
export function instances({ symbols }: Form, template: string): string[] {
  const pattern = new RegExp(`^main\\.(${template}_\\d+_(\\d+))\\.`);
  const places = new Map<string, number>();
  for (const name of symbols.keys()) {
    const [, instance, place] = pattern.exec(name) ?? [];
    if (instance !== undefined) places.set(instance, Number(place));
  }
  return [...places].sort(([, a], [, b]) => a - b).map(([instance]) => instance);
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
 * @param by - For each violated constraint, in the order of the r1cs, a signal in it.
 */
export function expectRefused(verdict: Verdict, ...by: readonly string[]): void {
  const named = verdict.violated.map((names) => by.find((signal) => names.includes(signal)) ?? names.join(' '));
  expect([...new Set(named)].sort()).toEqual([...new Set(by)].sort());
  expect(verdict.shippedRefuses).toBe(true);
}

/**
 * Forces bits of a `Num2Bits` to claim another highest bit, with the lowest made to keep the sum:
 * what a prover would do who wants a comparison to come out otherwise.
 *
 * @param verdict - Of the witness to change.
 * @param component - The `Num2Bits`.
 * @param highest - Position of its highest bit.
 */
export function otherHighestBit(verdict: Verdict, component: string, highest: number): Signals {
  const at = (bit: number): string => `${component}.out[${String(bit)}]`;
  const was = verdict.value(at(highest));
  const moved = (1n << BigInt(highest)) * (was === 1n ? 1n : -1n);
  return { [at(highest)]: 1n - was, [at(0)]: verdict.value(at(0)) + moved };
}
