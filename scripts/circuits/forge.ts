// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Makes witnesses that no honest calculator would make, and tells which constraints refuse them.
 *
 * A witness follows from inputs by the assert-free twin, whose constraints are the circuit's
 * definitions alone. Any signal can be given another value than its definition's; what is defined
 * after it follows suit, so that a forged witness is wrong in one place and consistent everywhere
 * else. The constraints of the original, matched by name, then say what is violated; the shipped
 * constraints, matched through their symbols, must refuse it too.
 *
 * @module
 */
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import type { Form, Forms } from './forms.ts';
import type { Constraint, LinearCombination, R1cs } from './r1cs.ts';

/** Values by signal name: `path[0][3]`, `credential.fields[2]`, `AtMost#0.lesser`. */
export type Signals = Readonly<Record<string, bigint>>;

/** What the constraints say of a witness. */
export interface Verdict {
  /** Each violated constraint of the original: its place in the r1cs, and the names of its signals. */
  readonly violated: readonly { readonly place: number; readonly signals: readonly string[] }[];
  /** Whether the constraints behind the committed keys refuse it. */
  readonly shippedRefuses: boolean;
  /** Value of a signal in the witness. */
  value(name: string): bigint;
}

/** One step of making a witness. */
type Step =
  | { readonly wire: number; readonly by: Constraint }
  /** The hint of `Num2Bits`: bit `bit` of another wire. */
  | { readonly wire: number; readonly bitOf: number; readonly bit: number };

/** The wire that holds one. */
const ONE = 0;
const MINUS_ONE = FIELD_ORDER - 1n;

const mod = (value: bigint): bigint => ((value % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;

function inverse(value: bigint): bigint {
  let [a, b, x, y] = [mod(value), FIELD_ORDER, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return mod(x);
}

function evaluate(combination: LinearCombination, wires: readonly bigint[], except = -1): bigint {
  let sum = 0n;
  for (const [wire, coefficient] of combination) {
    if (wire === except) continue;
    const value = wires[wire] ?? 0n;
    sum += coefficient === 1n ? value : coefficient === MINUS_ONE ? -value : coefficient * value;
  }
  return sum % FIELD_ORDER;
}

const product = ({ a, b }: Constraint, wires: readonly bigint[]): bigint =>
  a.length === 0 || b.length === 0 ? 0n : evaluate(a, wires) * evaluate(b, wires);

const holds = (constraint: Constraint, wires: readonly bigint[]): boolean =>
  (product(constraint, wires) - evaluate(constraint.c, wires)) % FIELD_ORDER === 0n;

const wiresOf = ({ a, b, c }: Constraint): Set<number> =>
  new Set([[ONE] as const, ...a, ...b, ...c].map(([wire]) => wire));

/** Bits that `Num2Bits` proposes, by the wire they are taken from. */
function hintsOf(symbols: Form['symbols']): Map<number, { wire: number; bit: number }[]> {
  const hints = new Map<number, { wire: number; bit: number }[]>();
  for (const [name, wire] of symbols) {
    const [, component, bit] = /^((?:.*\.)?(?:Num2Bits#\d+|n2b))\.out\[(\d+)\]$/.exec(name) ?? [];
    const from = symbols.get(`${component ?? ''}.in`);
    if (from !== undefined) hints.set(from, [...(hints.get(from) ?? []), { wire, bit: Number(bit) }]);
  }
  return hints;
}

/** Orders the twin's definitions so that each follows from inputs and earlier ones. */
function plan(twin: Form, inputs: readonly number[]): Step[] {
  const hints = hintsOf(twin.symbols);
  const missing = twin.r1cs.constraints.map(wiresOf);
  const uses = new Map<number, number[]>();
  for (const [i, wires] of missing.entries()) {
    for (const wire of wires) {
      const users = uses.get(wire) ?? [];
      users.push(i);
      uses.set(wire, users);
    }
  }
  const steps: Step[] = [];
  const seen = new Set([ONE, ...inputs]);
  const waiting = [...seen];
  for (let wire = waiting.pop(); wire !== undefined; wire = waiting.pop()) {
    const learn = (step: Step): void => {
      if (seen.has(step.wire)) return;
      seen.add(step.wire);
      steps.push(step);
      waiting.push(step.wire);
    };
    for (const hint of hints.get(wire) ?? []) learn({ wire: hint.wire, bitOf: wire, bit: hint.bit });
    for (const i of uses.get(wire) ?? []) {
      const [by, open] = [twin.r1cs.constraints[i], missing[i]];
      if (by === undefined || open === undefined) continue;
      open.delete(wire);
      const [last] = open;
      if (open.size === 1 && last !== undefined && by.c.some(([at]) => at === last)) learn({ wire: last, by });
    }
  }
  if (seen.size !== twin.r1cs.wires) throw new Error('the twin does not define every signal');
  return steps;
}

/** The wire's value that makes a constraint hold, given the others. */
function solve(constraint: Constraint, wire: number, wires: readonly bigint[]): bigint {
  const coefficient = constraint.c.find(([at]) => at === wire)?.[1] ?? 0n;
  const rest = product(constraint, wires) - evaluate(constraint.c, wires, wire);
  return mod(coefficient === 1n ? rest : coefficient === MINUS_ONE ? -rest : rest * inverse(coefficient));
}

/**
 * Which constraints a witness violates, by their places. Looks only at those with a wire that differs
 * from the first witness, whose outcomes it remembers.
 */
function refusalsOf({ constraints }: R1cs): (wires: readonly bigint[]) => number[] {
  let first: { readonly wires: readonly bigint[]; readonly violated: ReadonlySet<number> } | undefined;
  const uses: number[][] = [];
  for (const [place, constraint] of constraints.entries()) {
    for (const wire of wiresOf(constraint)) (uses[wire] ??= []).push(place);
  }
  return (wires) => {
    const fails = (place: number): boolean => {
      const constraint = constraints[place];
      return constraint !== undefined && !holds(constraint, wires);
    };
    if (first === undefined) {
      const violated = [...constraints.keys()].filter(fails);
      first = { wires: wires.slice(), violated: new Set(violated) };
      return violated;
    }
    const { wires: before, violated } = first;
    const touched = new Set(wires.flatMap((value, wire) => (value === before[wire] ? [] : (uses[wire] ?? []))));
    return [...[...violated].filter((place) => !touched.has(place)), ...[...touched].filter(fails)].sort(
      (a, b) => a - b,
    );
  };
}

/** A step with the wires that it reads. */
interface PlannedStep {
  readonly step: Step;
  readonly from: readonly number[];
}

/** Makes and judges the witness that follows from inputs, with other values forced on some signals. */
export type Forger = (inputs: Signals, forced?: Signals) => Verdict;

/**
 * Prepares the forging of a circuit's witnesses.
 *
 * @param forms - The circuit's three forms.
 * @returns Makes the witness that follows from inputs, with other values forced on some signals, and
 * judges it.
 */
export function forger(forms: Forms): Forger {
  const { original, twin, shipped } = forms;
  if (![...twin.symbols].every(([name, wire]) => original.symbols.get(name) === wire)) {
    throw new Error('the twin has other signals than the circuit');
  }
  const nameOf = new Map(Array.from(original.symbols, ([name, wire]) => [wire, name]));
  // Where the shipped form joins signals that a witness holds apart, a reading takes a forced value if
  // there is one, and otherwise one reading takes the first signal's and one the last's.
  const joined = Array.from(shipped.symbols, ([name, to]) => ({ from: twin.symbols.get(name) ?? ONE, to }));
  const readers = [joined, joined.toReversed()].map((order) => ({ order, refusals: refusalsOf(shipped.r1cs) }));
  const refusals = refusalsOf(original.r1cs);
  let first: { readonly steps: readonly PlannedStep[]; readonly wires: readonly bigint[] } | undefined;
  const wireOf = (name: string): number => {
    const wire = twin.symbols.get(name);
    if (wire === undefined) throw new Error(`the circuit has no signal ${name}`);
    return wire;
  };

  const forge: Forger = (inputs, forced = {}) => {
    if (first === undefined && Object.keys(forced).length > 0) forge(inputs);
    const given = Object.entries(inputs).map(([name, value]) => [wireOf(name), mod(value)] as const);
    const override = new Map(Object.entries(forced).map(([name, value]) => [wireOf(name), mod(value)]));
    const steps =
      first?.steps ??
      plan(
        twin,
        given.map(([wire]) => wire),
      ).map((step) => ({
        step,
        from: 'by' in step ? [...wiresOf(step.by)].filter((at) => at !== step.wire) : [step.bitOf],
      }));
    // What does not differ from the first witness need not be computed again.
    const wires = first?.wires.slice() ?? new Array<bigint>(twin.r1cs.wires).fill(0n);
    const differs = new Uint8Array(wires.length).fill(first === undefined ? 1 : 0);
    const set = (wire: number, value: bigint): void => {
      if (value !== wires[wire]) differs[wire] = 1;
      wires[wire] = value;
    };
    set(ONE, 1n);
    for (const [wire, value] of given) set(wire, override.get(wire) ?? value);
    for (const { step, from } of steps) {
      const other = override.get(step.wire);
      if (other !== undefined) set(step.wire, other);
      else if (from.some((wire) => differs[wire] === 1)) {
        const value =
          'by' in step ? solve(step.by, step.wire, wires) : ((wires[step.bitOf] ?? 0n) >> BigInt(step.bit)) & 1n;
        set(step.wire, value);
      }
    }
    first ??= { steps, wires: wires.slice() };

    const shippedRefuses = readers.every(({ order, refusals: refuse }) => {
      const reading = new Array<bigint>(shipped.r1cs.wires).fill(0n);
      reading[ONE] = 1n;
      for (const { from, to } of order) reading[to] = wires[from] ?? 0n;
      for (const name of Object.keys(forced)) {
        const to = shipped.symbols.get(name);
        if (to !== undefined) reading[to] = wires[wireOf(name)] ?? 0n;
      }
      return refuse(reading).length > 0;
    });
    return {
      violated: refusals(wires).map((place) => {
        const constraint = original.r1cs.constraints[place];
        const at = constraint === undefined ? [] : [...wiresOf(constraint)];
        return { place, signals: at.flatMap((wire) => nameOf.get(wire) ?? []) };
      }),
      shippedRefuses,
      value: (name) => wires[wireOf(name)] ?? 0n,
    };
  };
  return forge;
}
