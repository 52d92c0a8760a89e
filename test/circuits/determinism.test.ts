// SPDX-License-Identifier: GPL-3.0-or-later
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, ROOT } from '../../scripts/circuits/compile.ts';
import { analyse, explain } from '../../scripts/circuits/determinism.ts';
import { type Form, forms } from '../../scripts/circuits/forms.ts';
import { undeterminedWires } from '../../scripts/circuits/propagate.ts';
import type { Constraint, LinearCombination, R1cs } from '../../scripts/circuits/r1cs.ts';
import { FIELD_ORDER } from '../../src/protocol/field.ts';

/** A combination by wire; wire 0 is one. */
type Sum = Readonly<Record<number, bigint>>;

const combination = (sum: Sum): LinearCombination =>
  Object.entries(sum).map(([wire, value]) => [Number(wire), ((value % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER]);

/** A circuit whose wires are: one, its inputs, then what the prover chooses. */
function circuit(inputs: number, others: number, ...products: readonly (readonly [Sum, Sum, Sum])[]): R1cs {
  const constraints = products.map(([a, b, c]) => ({ a: combination(a), b: combination(b), c: combination(c) }));
  return { wires: 1 + inputs + others, publicOutputs: 0, publicInputs: 0, privateInputs: inputs, constraints };
}

const ONE: Sum = { 0: 1n };
const isBit = (wire: number): [Sum, Sum, Sum] => [{ [wire]: 1n }, { [wire]: 1n, 0: -1n }, {}];
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
const sumOfBits = (from: number, count: number): Sum =>
  Object.fromEntries(range(from, count).map((wire, i) => [wire, 1n << BigInt(i)]));

/** Num2Bits(count) of wire 1, its bits from wire 2. */
const num2Bits = (count: number, ...without: readonly number[]): R1cs =>
  circuit(
    1,
    count,
    ...range(2, count)
      .filter((wire) => !without.includes(wire))
      .map(isBit),
    [ONE, sumOfBits(2, count), { 1: 1n }],
  );

describe('the rules', () => {
  it('follow sums and products of what is known', () => {
    const chain = circuit(2, 2, [{ 1: 1n }, { 2: 1n }, { 3: 1n }], [{ 3: 1n, 1: 5n }, { 3: 1n }, { 4: 7n, 0: 1n }]);
    expect(undeterminedWires(chain)).toEqual([]);
    const system = circuit(1, 2, [ONE, { 2: 1n, 3: 1n }, { 1: 1n }], [ONE, { 2: 1n, 3: 2n }, { 1: 3n }]);
    expect(undeterminedWires(system)).toEqual([]);
    const single = circuit(1, 2, [ONE, { 2: 1n, 3: 1n }, { 1: 1n }], [ONE, { 2: 2n, 3: 2n }, { 1: 2n }]);
    expect(undeterminedWires(single)).toEqual([2, 3]);
  });

  it('do not divide by a wire, which may be zero', () => {
    expect(undeterminedWires(circuit(2, 1, [{ 1: 1n }, { 3: 1n }, { 2: 1n }]))).toEqual([3]);
    expect(undeterminedWires(circuit(2, 1, [{ 3: 1n }, { 1: 1n, 0: 1n }, { 2: 1n }]))).toEqual([3]);
  });

  it('know nothing that stands in no constraint, nor behind a coefficient of zero', () => {
    expect(undeterminedWires(circuit(1, 1))).toEqual([2]);
    expect(undeterminedWires(circuit(1, 1, [ONE, { 2: FIELD_ORDER }, { 1: 1n }]))).toEqual([2]);
    expect(undeterminedWires(circuit(1, 1, [{}, { 2: 1n }, { 1: 1n }]))).toEqual([2]);
    expect(undeterminedWires(circuit(1, 1, [{ 0: 5n }, { 2: 1n }, { 1: 1n }]))).toEqual([]);
  });

  it('do not take roots: a square has two', () => {
    expect(undeterminedWires(circuit(1, 1, [{ 2: 1n }, { 2: 1n }, { 1: 1n }]))).toEqual([2]);
    expect(undeterminedWires(circuit(0, 1, [{ 1: 1n }, { 1: 1n }, { 0: 4n }]))).toEqual([1]);
    expect(undeterminedWires(circuit(0, 1, isBit(1)))).toEqual([1]);
    expect(undeterminedWires(circuit(0, 1, [{ 1: 1n, 0: -3n }, { 1: 2n, 0: -6n }, {}]))).toEqual([]);
  });

  it('know the bits of a number, however a bit is written', () => {
    expect(undeterminedWires(num2Bits(8))).toEqual([]);
    const ways: [Sum, Sum, Sum][] = [
      [{ 2: 1n }, { 2: 1n }, { 2: 1n }],
      [{ 2: 3n, 0: -3n }, { 2: -5n }, {}],
      [{ 2: 1n }, { 2: 1n, 0: 1n }, { 2: 2n }],
    ];
    for (const first of ways) {
      expect(undeterminedWires(circuit(1, 2, first, isBit(3), [ONE, { 2: 1n, 3: 2n }, { 1: 1n }]))).toEqual([]);
    }
  });

  it('know them where the compiler put a bit as a combination of the others', () => {
    const others = (bit: number): Sum => {
      const scale = 2n ** BigInt(8 - bit); // eight times what is missing of bit `bit`, so no division
      return Object.fromEntries([
        [1, scale],
        ...range(2, 7).map((wire, i) => {
          const place = i < bit ? i : i + 1;
          return [wire, -scale * (1n << BigInt(place))] as const;
        }),
      ]);
    };
    for (const bit of [0, 3, 7]) {
      const l = others(bit);
      const last: [Sum, Sum, Sum] = [l, { ...l, 0: -256n }, {}];
      expect(undeterminedWires(circuit(1, 7, ...range(2, 7).map(isBit), last))).toEqual([]);
      expect(undeterminedWires(circuit(1, 7, ...range(3, 6).map(isBit), last))).toContain(2);
    }
  });

  it('want every bit to be boolean', () => {
    for (const wire of [2, 5, 9]) expect(undeterminedWires(num2Bits(8, wire))).toEqual(range(2, 8));
  });

  it('accept 253 bits and not 254, whose sum may exceed the order', () => {
    expect(undeterminedWires(num2Bits(253))).toEqual([]);
    expect(undeterminedWires(num2Bits(254))).toEqual(range(2, 254));
  });

  it('want distinct powers of two', () => {
    const sum = (a: bigint, b: bigint): R1cs => circuit(1, 2, isBit(2), isBit(3), [ONE, { 2: a, 3: b }, { 1: 1n }]);
    expect(undeterminedWires(sum(1n, 1n))).toEqual([2, 3]);
    expect(undeterminedWires(sum(4n, -4n))).toEqual([2, 3]);
    expect(undeterminedWires(sum(1n, 2n))).toEqual([]);
    expect(undeterminedWires(sum(6n, -3n))).toEqual([]);
  });

  it('want two values to be apart by what the weights say', () => {
    // Wire 2 is 0 or 3, wire 3 is 0 or 1: with weights 1 and 3 their sum says nothing.
    const wide: [Sum, Sum, Sum] = [{ 2: 1n }, { 2: 1n, 0: -3n }, {}];
    expect(undeterminedWires(circuit(1, 2, wide, isBit(3), [ONE, { 2: 1n, 3: 3n }, { 1: 1n }]))).toEqual([2, 3]);
    expect(undeterminedWires(circuit(1, 2, wide, isBit(3), [ONE, { 2: 1n, 3: 6n }, { 1: 1n }]))).toEqual([]);
  });
});

describe('the two values', () => {
  it('are of one combination, not of two that share their wires', () => {
    const two: [Sum, Sum, Sum] = [{ 2: 1n, 3: 1n }, { 2: 1n, 3: 2n, 0: -1n }, {}];
    expect(undeterminedWires(circuit(1, 2, two, isBit(3), [ONE, { 2: 1n, 3: 3n }, { 1: 1n }]))).toEqual([2, 3]);
    const one: [Sum, Sum, Sum] = [{ 2: 1n, 3: 1n }, { 2: 1n, 3: 1n, 0: -1n }, {}];
    expect(undeterminedWires(circuit(1, 2, one, isBit(3), [ONE, { 2: 1n, 3: 3n }, { 1: 1n }]))).toEqual([]);
  });

  it('are the roots of the whole constraint', () => {
    // (m + 1)(m + 2) = 5m + 2 has the roots 0 and 2.
    const roots: [Sum, Sum, Sum] = [
      { 2: 1n, 0: 1n },
      { 2: 1n, 0: 2n },
      { 2: 5n, 0: 2n },
    ];
    expect(undeterminedWires(circuit(1, 2, roots, isBit(3), [ONE, { 2: 1n, 3: 2n }, { 1: 1n }]))).toEqual([2, 3]);
    expect(undeterminedWires(circuit(1, 2, roots, isBit(3), [ONE, { 2: 1n, 3: 1n }, { 1: 1n }]))).toEqual([]);
  });
});

describe('soundness over a small field', () => {
  const WIRES = 5;
  const INPUTS = 1;

  const small = (order: bigint): fc.Arbitrary<R1cs> => {
    const value = fc.bigInt({ min: 0n, max: order - 1n });
    const sum = fc.dictionary(fc.integer({ min: 0, max: WIRES - 1 }).map(String), value, { maxKeys: 3 });
    const chosen = fc.integer({ min: 1 + INPUTS, max: WIRES - 1 });
    const one = fc.constant<Readonly<Record<string, bigint>>>({ 0: 1n });
    const bit = fc.tuple(chosen, value).map(([wire, far]) => [{ [wire]: 1n }, { [wire]: 1n, 0: far }, {}] as const);
    const product = fc.oneof(fc.tuple(sum, sum, sum), fc.tuple(one, sum, sum), fc.tuple(sum, one, sum), bit, bit);
    const terms = (record: Readonly<Record<string, bigint>>): LinearCombination =>
      Object.entries(record).map(([wire, coefficient]) => [Number(wire), coefficient % order]);
    return fc.array(product, { minLength: 1, maxLength: 6 }).map((products) => ({
      wires: WIRES,
      publicOutputs: 0,
      publicInputs: 0,
      privateInputs: INPUTS,
      constraints: products.map(([a, b, c]) => ({ a: terms(a), b: terms(b), c: terms(c) })),
    }));
  };

  /** Every assignment that satisfies all constraints. */
  function solutions({ constraints }: R1cs, order: bigint): bigint[][] {
    const found: bigint[][] = [];
    const evaluate = (terms: LinearCombination, wires: readonly bigint[]): bigint =>
      terms.reduce((sum, [wire, coefficient]) => sum + coefficient * (wires[wire] ?? 0n), 0n);
    const holds = ({ a, b, c }: Constraint, wires: readonly bigint[]): boolean =>
      (evaluate(a, wires) * evaluate(b, wires) - evaluate(c, wires)) % order === 0n;
    for (let n = 0n; n < order ** BigInt(WIRES - 1); n++) {
      const wires = [1n, ...range(0, WIRES - 1).map((i) => (n / order ** BigInt(i)) % order)];
      if (constraints.every((constraint) => holds(constraint, wires))) found.push(wires);
    }
    return found;
  }

  it.each([3n, 5n, 7n])('whatever is called known is unique among all assignments, order %s', (order) => {
    let known = 0;
    fc.assert(
      fc.property(small(order), (r1cs) => {
        const open = undeterminedWires(r1cs, order);
        const claimed = range(1 + INPUTS, WIRES - 1 - INPUTS).filter((wire) => !open.includes(wire));
        if (claimed.length === 0) return;
        const values = new Map<string, bigint>();
        for (const wires of solutions(r1cs, order)) {
          for (const wire of claimed) {
            const key = `${String(wires[1])} ${String(wire)}`;
            expect(wires[wire], `wire ${String(wire)}`).toBe(values.get(key) ?? wires[wire]);
            values.set(key, wires[wire] ?? 0n);
          }
        }
        if (values.size > 0) known++;
      }),
      { numRuns: order === 7n ? 300 : 1500 },
    );
    expect(known).toBeGreaterThan(50);
  });
});

describe('the constraints behind the committed keys', async () => {
  const shipped = { show: (await forms('show')).shipped, issue: (await forms('issue')).shipped };

  /** What a signal's loss of its constraints leaves open. */
  const openWithout = ({ r1cs, symbols }: Form, drop: (constraint: Constraint, i: number) => boolean): string[] => {
    const constraints = r1cs.constraints.filter((constraint, i) => !drop(constraint, i));
    expect(constraints).toHaveLength(r1cs.constraints.length - 1);
    const names = new Map(Array.from(symbols, ([name, wire]) => [wire, name]));
    return undeterminedWires({ ...r1cs, constraints }).map((wire) => names.get(wire) ?? String(wire));
  };
  const wireOf = ({ symbols }: Form, name: string): number => symbols.get(name) ?? expect.fail(`no signal ${name}`);
  const boolean = (form: Form, name: string): ((constraint: Constraint) => boolean) => {
    const wire = wireOf(form, name);
    return ({ a, b, c }) => c.length === 0 && [...a, ...b].every(([at]) => at === 0 || at === wire);
  };
  const defines = (form: Form, name: string): ((constraint: Constraint) => boolean) => {
    const wire = wireOf(form, name);
    return ({ a, b, c }) => c.some(([at]) => at === wire) && ![...a, ...b].some(([at]) => at === wire);
  };

  it.each(['show', 'issue'] as const)('leave no wire of %s open', (circuit) => {
    expect(undeterminedWires(shipped[circuit].r1cs)).toEqual([]);
  });

  it.each(['show', 'issue'] as const)('name every input of %s', (circuit) => {
    const { publicOutputs, publicInputs, privateInputs, constraints } = shipped[circuit].r1cs;
    const named = new Set(constraints.flatMap(({ a, b, c }) => [...a, ...b, ...c].map(([wire]) => wire)));
    const signals = range(1, publicOutputs + publicInputs + privateInputs);
    expect(signals.filter((wire) => !named.has(wire))).toEqual([]);
  });

  it('would leave the pseudonym open without the constraint that defines it', () => {
    expect(openWithout(shipped.show, defines(shipped.show, 'nullifier'))).toEqual(['nullifier']);
  });

  it('would leave both outputs open without one bit of the policy being boolean', () => {
    const open = openWithout(shipped.show, boolean(shipped.show, 'request.bits[172]'));
    expect(open).toEqual(expect.arrayContaining(['nullifier', 'revealed', 'today']));
  });

  it('would leave the mask open without one of its bits being boolean', () => {
    expect(openWithout(shipped.show, boolean(shipped.show, 'maskBits[100]'))).toContain('maskBits[100]');
  });

  it('would leave issue open without any one of a sample of its constraints', () => {
    const { constraints } = shipped.issue.r1cs;
    for (let i = 0; i < constraints.length; i += 25) {
      expect(openWithout(shipped.issue, (_, at) => at === i).length, `constraint ${String(i)}`).toBeGreaterThan(0);
    }
  });
});

describe('the report', () => {
  it('fails on what is not on record, and on a record that no longer applies', () => {
    expect(explain(['a', 'b'], { a: 'because' })).toEqual({ undetermined: 2, explained: 1, unexplained: ['b'] });
    expect(explain([], {})).toEqual({ undetermined: 0, explained: 0, unexplained: [] });
    expect(explain([], { a: 'because' })).toMatchObject({ explained: 0, unexplained: [expect.stringMatching(/^a: /)] });
    expect(explain(['toString'], {}).unexplained).toEqual(['toString']);
  });

  it('is made from the files that the compiler writes', async () => {
    const folder = join(ROOT, 'build', 'determinism');
    const { r1cs, sym } = await compile('issue', folder);
    expect(await analyse('issue', r1cs, sym)).toEqual({ undetermined: 0, explained: 0, unexplained: [] });
    await rm(folder, { recursive: true });
  });
});
