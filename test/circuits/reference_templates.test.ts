// SPDX-License-Identifier: GPL-3.0-or-later
/** Each template against its reference: what it refuses, and every output. The statements: reference.test.ts. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { compile, ROOT } from '../../scripts/circuits/compile.ts';
import { listFiles } from '../../scripts/checks/modules.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import { buildWitnessCalculator, wireAt, type WitnessCalculator } from '../../src/proving/witness.ts';
import * as reference from './reference_templates.ts';

// A draw takes tens of milliseconds, more where other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

/** Outputs of templates.circom in order, with their number. */
const OUTPUTS = { fields: 4, bits: 20, chosen: 1, root: 1, holder: 1, nullifier: 1 } as const;

/** Inputs that every template accepts: a test changes those of its own. */
const VALID: reference.TemplateInputs = {
  word: 0xabcden,
  values: [10n, 11n, 12n, 13n, 14n, 15n, 16n, 17n],
  choice: [1n, 0n, 1n],
  lesser: 3n,
  greater: 3n,
  leaf: 77n,
  indexBits: [0n, 1n, 0n, 1n, 1n, 0n],
  path: reference.pathOf(77n, [0n, 1n, 0n, 1n, 1n, 0n], []),
  seed: 3n ** 150n,
  blinding: 5n ** 100n,
  secret: 3n ** 150n,
  scope: 11n ** 70n,
  context: 13n ** 60n,
  index: 0n,
  limit: 1n,
  on: 1n,
};

let circuit: WitnessCalculator;
beforeAll(async () => {
  await mkdir(join(ROOT, 'build'), { recursive: true });
  const out = await mkdtemp(join(ROOT, 'build', 'templates-'));
  try {
    const source = join(ROOT, 'test', 'circuits', 'templates.circom') as `${string}.circom`;
    const { wasm } = await compile(source, out, ['--O0', '-l', '.']);
    circuit = await buildWitnessCalculator(await readFile(wasm));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}, 600_000);

/** The outputs by name, or undefined if the circuit refuses the inputs. */
function run(inputs: reference.TemplateInputs): Record<keyof typeof OUTPUTS, bigint[]> | undefined {
  const flat = Object.entries(inputs).map(([name, value]: [string, unknown]) => [name, [value].flat(2)]);
  try {
    const witness = circuit.calculate(Object.fromEntries(flat) as Record<string, bigint[]>);
    let wire = 1;
    const take = (count: number): bigint[] => Array.from({ length: count }, () => wireAt(witness, wire++));
    return Object.fromEntries(Object.entries(OUTPUTS).map(([name, count]) => [name, take(count)])) as never;
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'witness_refused') return undefined;
    throw error;
  }
}

const any = fc.bigInt({ min: 0n, max: FIELD_ORDER - 1n });
const near = (bound: bigint): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt({ min: 0n, max: bound - 1n }), fc.constantFrom(0n, bound - 1n, bound), any);
const bit = fc.constantFrom(0n, 1n);
const bits = (count: number): fc.Arbitrary<bigint[]> => fc.array(bit, { minLength: count, maxLength: count });
const eight = fc.array(any, { minLength: 8, maxLength: 8 });

/** Compares a template with its reference over drawn inputs; both outcomes must occur where one may refuse. */
function compare<Drawn extends Partial<reference.TemplateInputs>>(
  drawn: fc.Arbitrary<Drawn>,
  expected: (inputs: reference.TemplateInputs) => Partial<Record<keyof typeof OUTPUTS, bigint[]>> | undefined,
  outcomes: { refuses: boolean },
): void {
  const met = { accepted: 0, refused: 0 };
  const property = fc.property(drawn, (changes) => {
    const inputs = { ...VALID, ...changes };
    const [actual, wanted] = [run(inputs), expected(inputs)];
    met[wanted === undefined ? 'refused' : 'accepted']++;
    if (wanted === undefined) expect(actual).toBeUndefined();
    else expect(actual).toMatchObject(wanted);
  });
  fc.assert(property, { numRuns: 60, seed: 20261122 });
  expect(met.accepted).toBeGreaterThan(5);
  expect(met.refused > 5).toBe(outcomes.refuses);
}

describe('the templates and their references', () => {
  it('are all of them: one in templates.circom for each file of circuits/lib below the statements', async () => {
    const text = await readFile(join(ROOT, 'test', 'circuits', 'templates.circom'), 'utf8');
    const included = Array.from(text.matchAll(/include "circuits\/lib\/(\w+)\.circom"/g), ([, name]) => name);
    const files = (await listFiles(ROOT, 'circuits/lib', /\.circom$/)).map((path) => /(\w+)\.circom$/.exec(path)?.[1]);
    expect([...included, 'domains', 'issue', 'show'].sort()).toEqual(files.sort());
    expect(run(VALID)).toBeDefined();
  });

  it('agree on Fields', () => {
    compare(fc.record({ word: near(1n << 20n) }), reference.fields, { refuses: true });
  });

  it('agree on Select, whose value for bits that are not boolean is the same polynomial', () => {
    const boolean = fc.record({ values: eight, choice: bits(3) });
    const plain = ({ values, choice: [b0 = 0n, b1 = 0n, b2 = 0n] }: reference.TemplateInputs): object => ({
      chosen: [values[Number(b0 + 2n * b1 + 4n * b2)]],
    });
    compare(boolean, plain, { refuses: false });
    const wild = fc.record({ values: eight, choice: fc.array(any, { minLength: 3, maxLength: 3 }) });
    compare(fc.oneof(boolean, wild), (inputs) => ({ chosen: [reference.select(inputs)] }), { refuses: false });
  });

  it('agree on AtMost: the order of numbers within its width', () => {
    const small = fc.bigInt({ min: 0n, max: 255n });
    const pair = fc.oneof(
      fc.record({ lesser: small, greater: small }),
      small.map((value) => ({ lesser: value, greater: value })),
      fc.bigInt({ min: 0n, max: 254n }).map((value) => ({ lesser: value + 1n, greater: value })),
    );
    compare(pair, ({ lesser, greater }) => (lesser <= greater ? {} : undefined), { refuses: true });
  });

  it('agree on AtMost outside its width, where it is no order: -1 passes for less than 5', () => {
    const wide = fc.oneof(
      fc.record({ lesser: near(256n), greater: near(256n) }),
      fc.tuple(any, fc.bigInt({ min: -2n, max: 257n })).map(([lesser, by]) => ({
        lesser,
        greater: (lesser + by + FIELD_ORDER) % FIELD_ORDER,
      })),
    );
    compare(wide, (inputs) => (reference.atMost(inputs) ? {} : undefined), { refuses: true });
    expect(run({ ...VALID, lesser: FIELD_ORDER - 1n, greater: 5n })).toBeDefined();
  });

  it('agree on Membership', () => {
    const siblings = fc.array(any, { minLength: 16, maxLength: 16 });
    const honest = fc
      .record({ leaf: any, indexBits: bits(6), siblings })
      .map(({ leaf, indexBits, siblings: others }) => ({
        leaf,
        indexBits,
        path: reference.pathOf(leaf, indexBits, others),
      }));
    const other = fc.record({ leaf: any, indexBits: bits(6), level: fc.nat(1) });
    const bent = fc.tuple(honest, other, fc.nat(2)).map(([good, { leaf, indexBits, level }, what]) => {
      if (what === 0) return { ...good, leaf };
      if (what === 1) return { ...good, indexBits };
      return { ...good, path: good.path.map((children, i) => (i === level ? children.map(() => leaf) : children)) };
    });
    const expected = (inputs: reference.TemplateInputs): object | undefined => {
      const root = reference.membership(inputs);
      return root === undefined ? undefined : { root: [root] };
    };
    compare(fc.oneof(honest, bent), expected, { refuses: true });
  });

  it('agree on HolderCommitment', () => {
    const drawn = fc.record({ seed: any, blinding: any });
    compare(drawn, (inputs) => ({ holder: [reference.holder(inputs)] }), { refuses: false });
  });

  it('agree on Nullifier', () => {
    const mostly = (value: fc.Arbitrary<bigint>): fc.Arbitrary<bigint> =>
      fc.oneof({ weight: 5, arbitrary: fc.constant(0n) }, { weight: 1, arbitrary: value });
    const limit = fc.bigInt({ min: 0n, max: 255n });
    const on = fc
      .record({ secret: any, scope: any, context: any, index: near(256n), limit })
      .chain((inputs) => {
        const { limit: bound } = inputs;
        const last = bound > 0n ? bound - 1n : 0n;
        return fc.constantFrom(inputs, { ...inputs, index: last }, { ...inputs, index: bound });
      })
      .map((inputs) => ({ ...inputs, on: 1n }));
    const off = fc
      .record({
        secret: any,
        scope: mostly(any),
        context: mostly(any),
        index: mostly(near(256n)),
        limit: mostly(limit),
      })
      .map((inputs) => ({ ...inputs, on: 0n }));
    const expected = (inputs: reference.TemplateInputs): object | undefined => {
      const nullifier = reference.nullifier(inputs);
      return nullifier === undefined ? undefined : { nullifier: [nullifier] };
    };
    compare(fc.oneof(on, off), expected, { refuses: true });
  });
});
