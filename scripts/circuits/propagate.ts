// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Propagates determinism over an r1cs: which wires follow from the inputs. docs/circuits.md says what
 * that proves; the rules are those of published tools of this kind (Ecne, the propagation of Picus),
 * put for linear combinations instead of single wires, since `--O2` leaves most signals as nothing else.
 *
 * A linear combination of wires is *known* when any two assignments that satisfy every constraint and
 * agree on the inputs agree on its value. The rules, each with the reason it is sound:
 *
 * - **Start.** The wire that holds one, and every input, is known: by definition.
 * - **Span.** Sums and multiples of known combinations are known. So the known combinations are a
 *   subspace; it is kept as rows in reduced echelon form, and a wire is known when its unit vector is
 *   in it.
 * - **Linear.** In `a * b = c` with a constant `a` (or `b`), `a b - c` is zero in every assignment, so
 *   known. A coefficient that is a wire, known or not, does not count: it may be zero.
 * - **Product.** In `a * b = c` with `a` and `b` known, `c` is known.
 * - **Two values.** If `a`, `b` and `c` are all of the form `x + y m` for one combination `m`, the
 *   constraint is a polynomial of degree two in `m`, and `m` is one of its roots r, s. A new unknown
 *   `t` stands for `(m - r) / (s - r)`: it is 0 or 1, and `m - r - (s - r) t` is zero, so known.
 * - **Bits.** Let `sum u_i t_i` be known, each `t_i` 0 or 1, and for some scale `k` every `k u_i`
 *   congruent to `+-2^(e_i)` with distinct `e_i` and `sum 2^(e_i) < p`. Then every `t_i` is known: the
 *   difference of two assignments gives `sum +-2^(e_i) d_i = 0 mod p` with `d_i` in `{-1, 0, 1}`; its
 *   absolute value is below p, so it is zero as an integer; but the term of the least `e_i` with
 *   `d_i != 0` is not divisible by `2^(e_i + 1)` while all others are. So no `d_i` differs from 0.
 *   254 bits have a sum above p and are not accepted.
 *
 * The rules are sound, not complete: a wire that is not reported known may still be unique.
 *
 * @module
 */
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import type { Constraint, LinearCombination, R1cs } from './r1cs.ts';

type Row = Map<number, bigint>;

/** The wire that holds one. */
const ONE = 0;

/** Finds the wires that the rules do not reach. */
class Propagation {
  readonly #order: bigint;
  readonly #wires: number;
  readonly #known: Set<number>;
  /** Rows by their pivot, whose coefficient is one; no pivot and nothing known is in another row. */
  readonly #rows = new Map<number, Row>();
  /** Pivots of the rows in which an unknown stands. */
  readonly #uses = new Map<number, Set<number>>();
  /** Known combinations of nothing but two-valued unknowns. */
  #bits: Row[] = [];
  /** Two-valued unknowns follow the wires. */
  #next: number;
  /** Powers of two and their negatives, by residue. */
  readonly #powers = new Map<bigint, bigint>();

  constructor(wires: number, known: Iterable<number>, order: bigint) {
    this.#order = order;
    this.#wires = wires;
    this.#known = new Set([ONE, ...known]);
    this.#next = wires;
    for (let power = 1n; power < order; power *= 2n) {
      for (const residue of [power, order - power]) {
        if (!this.#powers.has(residue)) this.#powers.set(residue, power);
      }
    }
  }

  isKnown(wire: number): boolean {
    return this.#known.has(wire);
  }

  /** Runs the rules to their fixed point. */
  run(constraints: readonly Constraint[]): void {
    let products: Constraint[] = [];
    let twoValued: Row[] = [];
    for (const constraint of constraints) {
      const linear = this.#linear(constraint);
      const bit = linear === undefined ? this.#twoValued(constraint) : undefined;
      if (linear !== undefined) this.#learn(linear);
      else if (bit !== undefined) twoValued.push(bit);
      else products.push(constraint);
    }
    // Bits that are wires first, then whichever has fewest other wires, then fewest bits: so a word is
    // put as its own bits before a comparison of two words is.
    for (const row of twoValued) if (row.size === 2) this.#learn(row);
    twoValued = twoValued.filter((row) => row.size !== 2);
    while (twoValued.length > 0) {
      const weights = twoValued.map((row) => this.#weight(row));
      const least = weights.indexOf(weights.reduce((x, y) => Math.min(x, y)));
      this.#learn(twoValued[least] ?? []);
      twoValued = twoValued.filter((_, i) => i !== least);
    }
    for (let before = -1; before !== products.length;) {
      before = products.length;
      this.#decideBits();
      products = products.filter(({ a, b, c }) => {
        if (this.#reduce(a).size > 0 || this.#reduce(b).size > 0) return true;
        this.#learn(c);
        return false;
      });
    }
  }

  /** Orders combinations by what is left of them: wires first, then everything. */
  #weight(combination: Row): number {
    const left = [...this.#reduce(combination).keys()];
    return left.filter((at) => at < this.#wires).length * 2 * this.#next + left.length;
  }

  #mod(value: bigint): bigint {
    return ((value % this.#order) + this.#order) % this.#order;
  }

  #inverse(value: bigint): bigint {
    let [a, b, x, y] = [this.#mod(value), this.#order, 1n, 0n];
    while (b !== 0n) {
      const quotient = a / b;
      [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
    }
    return this.#mod(x);
  }

  #add(row: Row, at: number, value: bigint): void {
    const sum = this.#mod((row.get(at) ?? 0n) + value);
    if (sum === 0n) row.delete(at);
    else row.set(at, sum);
  }

  /** What is left of a combination after taking away what is known. */
  #reduce(combination: Iterable<readonly [number, bigint]>): Row {
    const left: Row = new Map();
    for (const [at, coefficient] of combination) {
      if (this.#known.has(at)) continue;
      const row = this.#rows.get(at);
      if (row === undefined) this.#add(left, at, coefficient);
      else for (const [other, value] of row) if (other !== at) this.#add(left, other, -coefficient * value);
    }
    return left;
  }

  /** A combination is known. */
  #learn(combination: Iterable<readonly [number, bigint]>): void {
    const left = this.#reduce(combination);
    const pivot = [...left.keys()].find((at) => at < this.#wires);
    if (pivot === undefined) {
      if (left.size > 0) this.#bits.push(left);
      return;
    }
    if (left.size === 1) {
      this.#know(pivot);
      return;
    }
    const scale = this.#inverse(left.get(pivot) ?? 1n);
    const row: Row = new Map([...left].map(([at, value]) => [at, this.#mod(value * scale)]));
    const alone: number[] = [];
    for (const user of this.#uses.get(pivot) ?? []) {
      const other = this.#rows.get(user);
      const factor = other?.get(pivot);
      if (other === undefined || factor === undefined) continue;
      for (const [at, value] of row) {
        this.#add(other, at, -factor * value);
        if (other.has(at)) this.#use(at, user);
      }
      if (other.size === 1) alone.push(user);
    }
    this.#uses.delete(pivot);
    this.#rows.set(pivot, row);
    for (const at of row.keys()) if (at !== pivot) this.#use(at, pivot);
    for (const wire of alone) this.#know(wire);
  }

  #use(at: number, pivot: number): void {
    const users = this.#uses.get(at);
    if (users === undefined) this.#uses.set(at, new Set([pivot]));
    else users.add(pivot);
  }

  /** A wire or a two-valued unknown is known: takes it out of every row. */
  #know(first: number): void {
    const waiting = [first];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      this.#known.add(at);
      this.#rows.delete(at);
      for (const user of this.#uses.get(at) ?? []) {
        const row = this.#rows.get(user);
        row?.delete(at);
        if (row?.size === 1) waiting.push(user);
      }
      this.#uses.delete(at);
    }
  }

  /** The rule on bits, until it gives nothing more. */
  #decideBits(): void {
    for (let again = true; again;) {
      again = false;
      this.#bits = this.#bits
        .map((row): Row => new Map([...row].filter(([at]) => !this.#known.has(at))))
        .filter((row) => {
          if (!this.#decides(row)) return true;
          for (const at of row.keys()) this.#know(at);
          again = true;
          return false;
        });
    }
  }

  /** Whether coefficients are, but for one scale, signed powers of two that add up below the order. */
  #decides(row: Row): boolean {
    const coefficients = [...row.values()];
    return coefficients.some((least) => {
      const scale = this.#inverse(least);
      const seen = new Set<bigint>();
      let sum = 0n;
      for (const coefficient of coefficients) {
        const power = this.#powers.get(this.#mod(coefficient * scale));
        if (power === undefined || seen.has(power)) return false;
        seen.add(power);
        sum += power;
      }
      return sum < this.#order;
    });
  }

  /** A constant and the rest of a combination. */
  #split(combination: LinearCombination): [constant: bigint, rest: Row] {
    const rest: Row = new Map();
    for (const [at, value] of combination) this.#add(rest, at, value);
    const constant = rest.get(ONE) ?? 0n;
    rest.delete(ONE);
    return [constant, rest];
  }

  /** The combination that a constraint with a constant factor makes zero. */
  #linear({ a, b, c }: Constraint): Row | undefined {
    for (const [factor, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const [constant, rest] = this.#split(factor);
      if (rest.size > 0) continue;
      const zero: Row = new Map();
      for (const [at, value] of other) this.#add(zero, at, constant * value);
      for (const [at, value] of c) this.#add(zero, at, -value);
      return zero;
    }
    return undefined;
  }

  /** `y` with `row = y * of`, if there is one. */
  #ratio(row: Row, of: Row): bigint | undefined {
    if (row.size === 0) return 0n;
    const [[at, value] = [ONE, 1n]] = of;
    const ratio = this.#mod((row.get(at) ?? 0n) * this.#inverse(value));
    const same = row.size === of.size && [...of].every(([i, v]) => row.get(i) === this.#mod(v * ratio));
    return same ? ratio : undefined;
  }

  /** The combination, with a new two-valued unknown, that a constraint in one combination makes zero. */
  #twoValued({ a, b, c }: Constraint): Row | undefined {
    const [[a0, m], [b0, bRest], [c0, cRest]] = [this.#split(a), this.#split(b), this.#split(c)];
    const [b1, c1] = [this.#ratio(bRest, m), this.#ratio(cRest, m)];
    if (b1 === undefined || c1 === undefined || b1 === 0n) return undefined;
    // (a0 + m)(b0 + b1 m) - (c0 + c1 m) = 0: a root is at hand if c is zero or zero is a root.
    const roots =
      c0 === 0n && c1 === 0n
        ? [this.#mod(-a0), this.#mod(-b0 * this.#inverse(b1))]
        : this.#mod(a0 * b0 - c0) === 0n
          ? [0n, this.#mod((c1 - a0 * b1 - b0) * this.#inverse(b1))]
          : [];
    const [r, s] = roots;
    if (r === undefined || s === undefined) return undefined;
    const zero: Row = new Map(m);
    if (r !== s) this.#add(zero, this.#next++, r - s);
    return zero;
  }
}

/**
 * The wires that the rules do not show to follow from the inputs.
 *
 * @param r1cs - Wire 0 is one; then outputs, public and private inputs.
 * @param order - Of the field, an odd prime; another one serves tests that try every assignment.
 */
export function undeterminedWires(r1cs: R1cs, order = FIELD_ORDER): number[] {
  const { wires, publicOutputs, publicInputs, privateInputs, constraints } = r1cs;
  const inputs = Array.from({ length: publicInputs + privateInputs }, (_, i) => 1 + publicOutputs + i);
  const propagation = new Propagation(wires, inputs, order);
  propagation.run(constraints);
  return Array.from({ length: wires }, (_, wire) => wire).filter((wire) => !propagation.isKnown(wire));
}
