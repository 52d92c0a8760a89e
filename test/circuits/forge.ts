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
import type { Constraint, LinearCombination } from '../../scripts/circuits/r1cs.ts';
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import type { Form, Forms } from './compiled.ts';

/** Values by signal name, `main.` left out: `path[0][3]`, `credential.fields[2]`. */
export type Signals = Readonly<Record<string, bigint>>;

/** What the constraints say of a witness. */
export interface Verdict {
  /** For each violated constraint of the original, the names of its signals, `main.` left out. */
  readonly violated: readonly (readonly string[])[];
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
    if (wire !== except) sum += coefficient * (wires[wire] ?? 0n);
  }
  return sum % FIELD_ORDER;
}

const holds = ({ a, b, c }: Constraint, wires: readonly bigint[]): boolean =>
  (evaluate(a, wires) * evaluate(b, wires) - evaluate(c, wires)) % FIELD_ORDER === 0n;

const wiresOf = ({ a, b, c }: Constraint): Set<number> =>
  new Set([[ONE] as const, ...a, ...b, ...c].map(([wire]) => wire));

/** Bits that `Num2Bits` proposes, by the wire they are taken from. */
function hintsOf(symbols: Form['symbols']): Map<number, { wire: number; bit: number }[]> {
  const hints = new Map<number, { wire: number; bit: number }[]>();
  for (const [name, wire] of symbols) {
    const [, component, bit] = /^(.*\.(?:Num2Bits_\d+_\d+|n2b))\.out\[(\d+)\]$/.exec(name) ?? [];
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
function solve({ a, b, c }: Constraint, wire: number, wires: readonly bigint[]): bigint {
  const coefficient = c.find(([at]) => at === wire)?.[1] ?? 0n;
  const rest = evaluate(a, wires) * evaluate(b, wires) - evaluate(c, wires, wire);
  return mod(coefficient === 1n ? rest : coefficient === FIELD_ORDER - 1n ? -rest : rest * inverse(coefficient));
}

/**
 * Readings of a witness as one of another form. Where a form joins signals that this witness holds
 * apart, a reading takes a forced value if there is one, and otherwise one takes the first signal's
 * and one the last's.
 */
function* readings(
  form: Form,
  values: ReadonlyMap<string, bigint>,
  forced: readonly string[] = [],
): Iterable<bigint[]> {
  const names = [...form.symbols.keys()];
  const last = forced.map((name) => `main.${name}`);
  for (const order of [names, names.toReversed()]) {
    const wires = new Array<bigint>(form.r1cs.wires).fill(0n);
    wires[ONE] = 1n;
    for (const name of [...order, ...last]) {
      const wire = form.symbols.get(name);
      if (wire !== undefined) wires[wire] = values.get(name) ?? 0n;
    }
    yield wires;
  }
}

/**
 * Prepares the forging of a circuit's witnesses.
 *
 * @param forms - The circuit's three forms.
 * @returns Makes the witness that follows from inputs, with other values forced on some signals, and
 * judges it.
 */
export function forger(forms: Forms): (inputs: Signals, forced?: Signals) => Verdict {
  const { original, twin, shipped } = forms;
  const nameOf = new Map(Array.from(original.symbols, ([name, wire]) => [wire, name.replace(/^main\./, '')]));
  let steps: Step[] | undefined;
  const wireOf = (name: string): number => {
    const wire = twin.symbols.get(`main.${name}`);
    if (wire === undefined) throw new Error(`the circuit has no signal ${name}`);
    return wire;
  };

  return (inputs, forced = {}) => {
    const given = Object.entries(inputs).map(([name, value]) => [wireOf(name), mod(value)] as const);
    steps ??= plan(
      twin,
      given.map(([wire]) => wire),
    );
    const wires = new Array<bigint>(twin.r1cs.wires).fill(0n);
    wires[ONE] = 1n;
    const override = new Map(Object.entries(forced).map(([name, value]) => [wireOf(name), mod(value)]));
    for (const [wire, value] of given) wires[wire] = override.get(wire) ?? value;
    for (const step of steps) {
      const honest = (): bigint =>
        'by' in step ? solve(step.by, step.wire, wires) : ((wires[step.bitOf] ?? 0n) >> BigInt(step.bit)) & 1n;
      wires[step.wire] = override.get(step.wire) ?? honest();
    }
    const values = new Map(Array.from(twin.symbols, ([name, wire]) => [name, wires[wire] ?? 0n]));
    const [reading = []] = readings(original, values);
    const violated = original.r1cs.constraints.filter((constraint) => !holds(constraint, reading));
    return {
      violated: violated.map((constraint) => [...wiresOf(constraint)].flatMap((wire) => nameOf.get(wire) ?? [])),
      shippedRefuses: [...readings(shipped, values, Object.keys(forced))].every((wires) =>
        shipped.r1cs.constraints.some((constraint) => !holds(constraint, wires)),
      ),
      value: (name) => wires[wireOf(name)] ?? 0n,
    };
  };
}
