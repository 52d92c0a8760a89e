// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What is done to a good proof and its signals to fool a verifier, as a list: every way of checking a proof
 * runs all of it, `verifyProof` and `verifyBatch` alike. A vector tests one failure.
 *
 * @module
 */
import { BASE_FIELD_ORDER, FIELD_ORDER, type FieldElement } from '../../src/protocol/field.ts';
import type { Groth16Proof } from '../../src/protocol/presentation.ts';
import { SHOW_SIGNALS } from '../../src/protocol/statement.ts';
import type { BatchItem } from '../../src/verifying/batch.ts';
import type { Vkey } from '../platform/fixtures.ts';
import { forge, fromG1, fromG2, pointOfOrder10069, toG1, toG2, underContributed } from './points.ts';

/** A proof that holds for its signals under a key. */
export interface Good extends BatchItem {
  readonly vkey: Vkey;
}

/** How a verifier of single proofs refuses: by false, or by the code of an error. */
export type Refusal = false | 'field_not_canonical' | 'proof_malformed' | 'signals_invalid';

/** One attack. */
export interface Attack {
  readonly name: string;
  readonly refusal: Refusal;
  /** Signals and proof to be refused under the good proof's key. */
  readonly of: (good: Good) => BatchItem;
}

const q = BASE_FIELD_ORDER;
const r = FIELD_ORDER;

/** A changed proof; the change may break the type, as what comes from the network may. */
const proof = (name: string, refusal: Refusal, change: (of: Groth16Proof) => object): Attack => ({
  name,
  refusal,
  of: ({ signals, proof: of }) => ({ signals, proof: { ...of, ...change(of) } }),
});

const COORDINATES = ['A.x', 'A.y', 'B.x real', 'B.x imaginary', 'B.y real', 'B.y imaginary', 'C.x', 'C.y'] as const;

/** A changed coordinate, written as the change returns it. */
const coordinate = (
  at: (typeof COORDINATES)[number],
  name: string,
  refusal: Refusal,
  change: (value: bigint) => string,
): Attack =>
  proof(`${at}: ${name}`, refusal, ({ pi_a: a, pi_b: b, pi_c: c }) => {
    const values = [a[0], a[1], ...b[0], ...b[1], c[0], c[1]].map((value, i) =>
      COORDINATES[i] === at ? change(BigInt(value)) : value,
    );
    const [ax, ay, bx0, bx1, by0, by1, cx, cy] = values;
    return {
      pi_a: [ax, ay, '1'],
      pi_b: [
        [bx0, bx1],
        [by0, by1],
        ['1', '0'],
      ],
      pi_c: [cx, cy, '1'],
    };
  });

/** A changed signal. */
const signal = (i: number, name: string, refusal: Refusal, change: (value: bigint) => bigint): Attack => ({
  name: `${SHOW_SIGNALS[i] ?? ''}: ${name}`,
  refusal,
  of: ({ signals, proof: of }) => ({
    signals: signals.map((value, j) => (i === j ? (change(value) as FieldElement) : value)),
    proof: of,
  }),
});

const INFINITE_B = [
  ['0', '0'],
  ['1', '0'],
  ['0', '0'],
];
const b = (x: readonly [number, number], y: readonly [number, number]): object => ({
  pi_b: [x.map(String), y.map(String), ['1', '0']],
});

const INFINITY: readonly Attack[] = [
  proof('A at infinity, as snarkjs writes it', 'proof_malformed', () => ({ pi_a: ['0', '1', '0'] })),
  proof('B at infinity, as snarkjs writes it', 'proof_malformed', () => ({ pi_b: INFINITE_B })),
  proof('C at infinity, as snarkjs writes it', 'proof_malformed', () => ({ pi_c: ['0', '1', '0'] })),
  proof('A = (0, 0), infinity to the precompiles of Ethereum', 'proof_malformed', () => ({ pi_a: ['0', '0', '1'] })),
  proof('B = (0, 0)', 'proof_malformed', () => b([0, 0], [0, 0])),
  proof('C = (0, 0)', 'proof_malformed', () => ({ pi_c: ['0', '0', '1'] })),
];

/** 4 x and 8 y: on a curve with another constant, where doubling, adding and psi work alike. */
const scaled = (value: string, by: bigint): string => String((BigInt(value) * by) % q);

const OUTSIDE: readonly Attack[] = [
  proof('A off the curve', 'proof_malformed', () => ({ pi_a: ['1', '3', '1'] })),
  proof('B off the twist', 'proof_malformed', () => b([1, 2], [3, 4])),
  proof('C off the curve', 'proof_malformed', () => ({ pi_c: ['1', '3', '1'] })),
  proof('A on an isomorphic curve', 'proof_malformed', ({ pi_a: [x, y] }) => ({
    pi_a: [scaled(x, 4n), scaled(y, 8n), '1'],
  })),
  proof('B on an isomorphic curve, of order r there', 'proof_malformed', ({ pi_b: [x, y] }) => ({
    pi_b: [x.map((part) => scaled(part, 4n)), y.map((part) => scaled(part, 8n)), ['1', '0']],
  })),
  proof('C on an isomorphic curve', 'proof_malformed', ({ pi_c: [x, y] }) => ({
    pi_c: [scaled(x, 4n), scaled(y, 8n), '1'],
  })),
  proof('B + point of order 10069', 'proof_malformed', (of) => ({ pi_b: fromG2(toG2(of).add(pointOfOrder10069())) })),
  proof('B - point of order 10069', 'proof_malformed', (of) => ({
    pi_b: fromG2(toG2(of).subtract(pointOfOrder10069())),
  })),
  proof('a point of order 10069 for B', 'proof_malformed', () => ({ pi_b: fromG2(pointOfOrder10069()) })),
];

const WRITTEN: readonly Attack[] = [
  ...COORDINATES.flatMap((at) => [
    coordinate(at, '+ q, the same point under another name', 'proof_malformed', (value) => String(value + q)),
    coordinate(at, '= q', 'proof_malformed', () => String(q)),
  ]),
  coordinate('A.x', 'a leading zero', 'proof_malformed', (value) => `0${String(value)}`),
  coordinate('A.x', 'negative', 'proof_malformed', (value) => String(value - q)),
  coordinate('A.x', 'hexadecimal', 'proof_malformed', (value) => `0x${value.toString(16)}`),
  coordinate('A.x', 'two numbers in one', 'proof_malformed', (value) => `${String(value)} 1`),
  coordinate('A.x', 'empty', 'proof_malformed', () => ''),
  proof('numbers for strings', 'proof_malformed', () => ({ pi_a: [1, 2, '1'] })),
  proof('A in projective coordinates', 'proof_malformed', ({ pi_a: [x, y] }) => ({ pi_a: [x, y, '2'] })),
  proof('a missing point', 'proof_malformed', () => ({ pi_c: undefined })),
  proof('another curve', 'proof_malformed', () => ({ curve: 'bls12381' })),
  proof('an unknown member', 'proof_malformed', () => ({ trusted: true })),
  { name: 'no proof', refusal: 'proof_malformed', of: ({ signals }) => ({ signals, proof: null as never }) },
];

const SIGNALS: readonly Attack[] = [
  ...SHOW_SIGNALS.flatMap((_, i) => [
    signal(i, 'x + r, the same value under another name', 'field_not_canonical', (value) => value + r),
    signal(i, 'x - r', 'field_not_canonical', (value) => value - r),
    signal(i, 'another value', false, (value) => (value + 1n) % r),
  ]),
  {
    name: 'a signal less',
    refusal: 'signals_invalid',
    of: ({ signals, proof: of }) => ({ signals: signals.slice(0, -1), proof: of }),
  },
  {
    name: 'a signal more',
    refusal: 'signals_invalid',
    of: ({ signals, proof: of }) => ({ signals: [...signals, 0n as FieldElement], proof: of }),
  },
];

const FORGED: readonly Attack[] = [
  proof('A negated', false, ({ pi_a }) => ({ pi_a: fromG1(toG1(pi_a).negate()) })),
  proof('B negated', false, (of) => ({ pi_b: fromG2(toG2(of).negate()) })),
  proof('C negated', false, ({ pi_c }) => ({ pi_c: fromG1(toG1(pi_c).negate()) })),
  proof('A and C swapped', false, ({ pi_a, pi_c }) => ({ pi_a: pi_c, pi_c: pi_a })),
  {
    name: 'A = alpha, B = beta, C = -L: holds for any signals where delta = gamma',
    refusal: false,
    of: ({ vkey, signals }) => ({ signals, proof: forge(vkey, signals, -1n) }),
  },
  {
    name: 'A = alpha, B = beta, C = L: holds for any signals where delta = -gamma',
    refusal: false,
    of: ({ vkey, signals }) => ({ signals, proof: forge(vkey, signals, 1n) }),
  },
  {
    name: 'a proof for another key, of one more contribution to the second phase',
    refusal: false,
    of: ({ signals, proof: of }) => ({ signals, proof: underContributed(of, 7n) }),
  },
];

/** Every attack. */
export const ATTACKS: readonly Attack[] = [...INFINITY, ...OUTSIDE, ...WRITTEN, ...SIGNALS, ...FORGED];
