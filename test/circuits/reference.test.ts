// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ARTIFACTS, ROOT } from '../../scripts/circuits/compile.ts';
import { holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { ATTRIBUTE_LAYOUT, type Attributes } from '../../src/protocol/attributes.ts';
import { POSEIDON_TAG } from '../../src/protocol/domains.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { FIELD_ORDER, toField } from '../../src/protocol/field.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { ISSUE_SIGNALS, SHOW_SIGNALS } from '../../src/protocol/statement.ts';
import { buildWitnessCalculator, wireAt, type WitnessCalculator } from '../../src/proving/witness.ts';
import { referenceShow } from './reference.ts';
import { calculatorInputs, hash, type ShowCase, showWords, VALID } from '../../scripts/circuits/cases.ts';

const calculator = async (name: string): Promise<WitnessCalculator> =>
  buildWitnessCalculator(await readFile(join(ARTIFACTS, `${name}.wasm`)));

/** Public signals by name, or undefined if the calculator refuses the inputs. */
function run<Name extends string>(
  circuit: WitnessCalculator,
  names: readonly Name[],
  inputs: object,
): Record<Name, bigint> | undefined {
  try {
    const witness = circuit.calculate(calculatorInputs(inputs));
    return Object.fromEntries(names.map((name, i) => [name, wireAt(witness, i + 1)])) as Record<Name, bigint>;
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'witness_refused') return undefined;
    throw error;
  }
}

const field = fc.bigInt({ min: 0n, max: FIELD_ORDER - 1n });
const bits = (width: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** width - 1 });
/** True once in about `n` draws: chances that one condition of many is not met. */
const rarely = (n: number): fc.Arbitrary<boolean> => fc.integer({ min: 1, max: n }).map((draw) => draw === n);
/** A bound that a value meets exactly or with room, and rarely misses by one. */
const slack = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 1, 1000) },
  { weight: 1, arbitrary: fc.constant(-1) },
);

const attributes = fc
  .record(Object.fromEntries(ATTRIBUTE_LAYOUT.map(([name, width]) => [name, bits(width)])))
  .map((values) => ({ ...(values as Attributes), version: 1 }));

/** Cases near every bound, about half of them valid. */
const showCase: fc.Arbitrary<ShowCase> = fc
  .record({
    attributes,
    slacks: fc.array(slack, { minLength: 6, maxLength: 6 }),
    miss: fc.record({ version: rarely(30), document: rarely(15), nationality: rarely(15), phone: rarely(4) }),
    masks: fc.tuple(bits(32), field),
    reveal: bits(9),
    nullifier: fc.record({
      on: fc.boolean(),
      left: rarely(20),
      limit: fc.integer({ min: 1, max: 255 }),
      at: fc.nat(255),
    }),
    words: fc.record({ scope: field, context: field, binding: field, seed: field, blinding: field, extension: field }),
    leafIndex: fc.bigInt({ min: 0n, max: (1n << 33n) - 1n }),
  })
  .map(({ attributes: a, slacks, miss, masks, reveal, nullifier, words, leafIndex }) => {
    const clamp = (value: number, width: number): number => Math.min(Math.max(value, 0), 2 ** width - 1);
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0] = slacks;
    const document = 2 ** a.document;
    const documents = masks[0] - (Math.floor(masks[0] / document) % 2) * document + (miss.document ? 0 : document);
    const nationality = a.nationality < 253 ? 1n << BigInt(a.nationality) : 0n;
    const nationalities = BigInt.asUintN(253, masks[1]) & ~nationality;
    const policy: Policy = {
      today: clamp(a.expiry - s0, 27),
      birthMin: clamp(a.birth - s1, 27),
      birthMax: clamp(a.birth + s2, 27),
      documentMask: documents,
      minAssurance: clamp(a.assurance - s3, 3),
      phoneRequired: miss.phone ? 1 : a.phone,
      secretSinceMax: clamp(a.secretSince + s4, 27),
      issuedMin: clamp(a.issued - s5, 27),
      reveal,
      nullifierOn: Number(nullifier.on),
      limit: nullifier.on || nullifier.left ? nullifier.limit : 0,
    };
    const index = BigInt(nullifier.left ? nullifier.at : nullifier.at % nullifier.limit);
    const isNothing = !nullifier.on && !nullifier.left;
    return {
      ...VALID,
      ...words,
      ...(isNothing ? { scope: 0n, context: 0n, index: 0n } : { index }),
      attributes: miss.version ? { ...a, version: 2 } : a,
      policy,
      nationalityMask: miss.nationality ? nationalities : nationalities | nationality,
      leafIndex,
    };
  });

describe('the circuits and their reference', () => {
  let show: WitnessCalculator;
  let issue: WitnessCalculator;
  beforeAll(async () => {
    [show, issue] = [await calculator('show'), await calculator('issue')];
  });

  it('agree on show: what is accepted, and every output', () => {
    const met = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(showCase, (drawn) => {
        const words = showWords(drawn);
        const expected = referenceShow(words);
        const actual = run(show, SHOW_SIGNALS, words);
        met[actual === undefined ? 'refused' : 'accepted']++;
        if (typeof expected === 'string') {
          expect(actual, `reference refuses by ${expected}`).toBeUndefined();
        } else {
          const { root, scope, context, policy, nationalityMask, binding } = words;
          expect(actual).toEqual({ ...expected, root, scope, context, policy, nationalityMask, binding });
        }
      }),
      { numRuns: 60, seed: 20261122 },
    );
    // The draw is worth something only if both outcomes are common.
    expect(Math.min(met.accepted, met.refused)).toBeGreaterThan(10);
  });

  it('agree on issue', () => {
    fc.assert(
      fc.property(field, field, field, (session, seed, blinding) => {
        expect(run(issue, ISSUE_SIGNALS, { session, seed, blinding })).toEqual({
          holder: holderCommitment(hash, toField(seed), toField(blinding)),
          seedTag: seedTag(hash, toField(seed)),
          session,
        });
      }),
      { numRuns: 20 },
    );
  });

  it('give a renewed or second document the same pseudonym, and another platform another', () => {
    const nullifier = (changes: Partial<ShowCase>): bigint | undefined =>
      run(show, SHOW_SIGNALS, showWords({ ...VALID, ...changes }))?.nullifier;
    const first = nullifier({});
    const renewed = { blinding: 99n, leafIndex: 77n, attributes: { ...VALID.attributes, issuer: 9, region: 0 } };
    expect(first).not.toBe(0n);
    expect(nullifier(renewed)).toBe(first);
    expect(nullifier({ scope: VALID.scope + 1n })).not.toBe(first);
    expect(nullifier({ context: VALID.context + 1n })).not.toBe(first);
    expect(nullifier({ index: 1n })).not.toBe(first);
  });

  it('use the same domain tags, each once', async () => {
    const source = await readFile(join(ROOT, 'circuits', 'lib', 'domains.circom'), 'utf8');
    const tags = Array.from(source.matchAll(/function TAG_(\w+)\(\) \{ return (\d+); \}/g), ([, name, number]) => [
      (name ?? '').toLowerCase(),
      BigInt(number ?? 0),
    ]);
    expect(Object.fromEntries(tags)).toEqual(POSEIDON_TAG);
    expect(tags).toHaveLength(source.match(/function/g)?.length ?? 0);
    expect(new Set(Object.values(POSEIDON_TAG)).size).toBe(tags.length);
  });
});
