// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which part of a circuit each constraint of its `--O2` form comes from. The compiler substitutes what
 * is linear and leaves one constraint for each product, so the products of the `--O0` form, whose
 * signals all have names, are counted: except those with a constant factor, such as the rounds that see
 * nothing but a hash's domain tag. That the counts add up to the shipped number is checked where they
 * are used.
 *
 * @module
 */
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import type { Form } from './forms.ts';
import type { Constraint, LinearCombination } from './r1cs.ts';

/** The wire that holds one. */
const ONE = 0;

const mod = (value: bigint): bigint => ((value % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;

/** `1 / value` by Fermat. */
function inverse(value: bigint): bigint {
  let [result, base] = [1n, mod(value)];
  for (let exponent = FIELD_ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
}

/** A combination with constants put in: its constant and its other wires. */
function fold(terms: LinearCombination, constants: ReadonlyMap<number, bigint>): [bigint, Map<number, bigint>] {
  let constant = 0n;
  const rest = new Map<number, bigint>();
  for (const [wire, coefficient] of terms) {
    const value = constants.get(wire);
    if (value === undefined) rest.set(wire, mod((rest.get(wire) ?? 0n) + coefficient));
    else constant = mod(constant + coefficient * value);
  }
  return [constant, new Map([...rest].filter(([, coefficient]) => coefficient !== 0n))];
}

/** Constraints in which a product is left, given what constants do to them. */
function products(constraints: readonly Constraint[]): Constraint[] {
  const constants = new Map([[ONE, 1n]]);
  let left = constraints;
  for (let before = -1; before !== constants.size;) {
    before = constants.size;
    left = left.filter(({ a, b, c }) => {
      const [[a0, aRest], [b0, bRest], [c0, cRest]] = [fold(a, constants), fold(b, constants), fold(c, constants)];
      if (aRest.size > 0 && bRest.size > 0) return true;
      // Linear now: with one wire left, that wire is a constant too.
      const [other, factor] = aRest.size > 0 ? [aRest, b0] : [bRest, a0];
      const sum = new Map([...other].map(([wire, coefficient]) => [wire, mod(coefficient * factor)]));
      for (const [wire, coefficient] of cRest) sum.set(wire, mod((sum.get(wire) ?? 0n) - coefficient));
      const open = [...sum].filter(([, coefficient]) => coefficient !== 0n);
      const [[wire, coefficient] = [ONE, 1n]] = open;
      if (open.length === 1) constants.set(wire, mod((c0 - a0 * b0) * inverse(coefficient)));
      return open.length > 1;
    });
  }
  return left.filter(({ a, b }) => fold(a, constants)[1].size > 0 && fold(b, constants)[1].size > 0);
}

/**
 * Counts the constraints of each component.
 *
 * @param original - The circuit at `--O0`.
 * @returns Number of constraints by the deepest signal that names them, `main.` left out: of the
 * signals in a constraint, the one with the longest path of components.
 */
export function costs({ r1cs, symbols }: Form): ReadonlyMap<string, number> {
  const names = new Map(Array.from(symbols, ([name, wire]) => [wire, name.replace(/^main\./, '')]));
  const depth = (name: string): number => name.split('.').length;
  const counts = new Map<string, number>();
  for (const { a, b, c } of products(r1cs.constraints)) {
    const inside = [...a, ...b, ...c].flatMap(([wire]) => names.get(wire) ?? []);
    const [deepest = ''] = inside.toSorted((x, y) => depth(y) - depth(x));
    counts.set(deepest, (counts.get(deepest) ?? 0) + 1);
  }
  return counts;
}
