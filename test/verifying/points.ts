// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Arithmetic on points of proofs and keys in snarkjs's form, for those who attack the verifier.
 *
 * @module
 */
import { bn254 } from '@noble/curves/bn254.js';
import { BASE_FIELD_ORDER, FIELD_ORDER, type FieldElement } from '../../src/protocol/field.ts';
import type { Groth16Proof } from '../../src/protocol/presentation.ts';
import type { Vkey } from '../platform/fixtures.ts';

/** Points by `@noble/curves`, which the verifier does not use. */
export type G1 = typeof bn254.G1.Point.ZERO;
export type G2 = typeof bn254.G2.Point.ZERO;

export function toG1([x, y]: readonly string[]): G1 {
  return bn254.G1.Point.fromAffine({ x: BigInt(x ?? ''), y: BigInt(y ?? '') });
}

export function fromG1(point: G1): Groth16Proof['pi_a'] {
  const { x, y } = point.toAffine();
  return [x.toString(), y.toString(), '1'];
}

export function toG2({ pi_b: [x, y] }: Pick<Groth16Proof, 'pi_b'>): G2 {
  const { Fp2 } = bn254.fields;
  return bn254.G2.Point.fromAffine({
    x: Fp2.fromBigTuple([BigInt(x[0]), BigInt(x[1])]),
    y: Fp2.fromBigTuple([BigInt(y[0]), BigInt(y[1])]),
  });
}

export function fromG2(point: G2): Groth16Proof['pi_b'] {
  const { x, y } = point.toAffine();
  return [
    [x.c0.toString(), x.c1.toString()],
    [y.c0.toString(), y.c1.toString()],
    ['1', '0'],
  ];
}

/** Multiplication by any integer, where noble refuses those above the order of the group. */
export function times(point: G2, scalar: bigint): G2 {
  let sum = bn254.G2.Point.ZERO;
  for (const bit of scalar.toString(2)) {
    sum = sum.double();
    if (bit === '1') sum = sum.add(point);
  }
  return sum;
}

export function isOnTwist(point: G2): boolean {
  const { Fp2 } = bn254.fields;
  const { x, y } = point.toAffine();
  return Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), bn254.G2.Point.CURVE().b));
}

/** The twist has r times as many points. */
export const COFACTOR = 2n * BASE_FIELD_ORDER - FIELD_ORDER;
/** Prime factors of the cofactor. */
export const COFACTOR_PRIMES: readonly bigint[] = [
  10069n,
  5864401n,
  1875725156269n,
  197620364512881247228717050342013327560683201906968909n,
];

/** A point of the twist whose x is `real` + u, or the next real part for which there is one. */
export function pointOfTwist(real: bigint): G2 {
  const { Fp2 } = bn254.fields;
  const { b } = bn254.G2.Point.CURVE();
  for (let i = real; ; i++) {
    const x = Fp2.fromBigTuple([i, 1n]);
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      return bn254.G2.Point.fromAffine({ x, y });
    } catch {
      // no point with this x
    }
  }
}

/** A point of the twist of that order, one of {@link COFACTOR_PRIMES}. */
export function pointOfOrder(prime: bigint): G2 {
  for (let i = 1n; ; i++) {
    const point = times(pointOfTwist(i), (FIELD_ORDER * COFACTOR) / prime);
    if (!point.is0()) return point;
  }
}

export function pointOfOrder10069(): G2 {
  return pointOfOrder(10069n);
}

/** A = alpha, B = beta, C = sign * L: passes wherever delta = -sign * gamma. */
export function forge(vkey: Vkey, values: readonly FieldElement[], sign: 1n | -1n): Groth16Proof {
  const [constant, ...points] = vkey.IC.map(toG1);
  const l = points.reduce(
    (sum, point, i) => sum.add(point.multiplyUnsafe(values[i] ?? 0n)),
    constant ?? bn254.G1.Point.ZERO,
  );
  return {
    pi_a: fromG1(toG1(vkey.vk_alpha_1)),
    pi_b: vkey.vk_beta_2 as Groth16Proof['pi_b'],
    pi_c: fromG1(sign === 1n ? l : l.negate()),
    protocol: 'groth16',
    curve: 'bn128',
  };
}

/** (A, B, C) is as good as (kA, B/k, C) for any k. */
export function rerandomize(original: Groth16Proof, k: bigint): Groth16Proof {
  const inverse = bn254.fields.Fr.inv(k);
  return {
    ...original,
    pi_a: fromG1(toG1(original.pi_a).multiply(k)),
    pi_b: fromG2(toG2(original).multiply(inverse)),
  };
}

/** The key after one more contribution of `k` to the second phase: delta k. */
export function contributed(vkey: Vkey, k: bigint): Vkey {
  const pi_b = vkey.vk_delta_2 as Groth16Proof['pi_b'];
  return { ...vkey, vk_delta_2: fromG2(toG2({ pi_b }).multiply(k)) };
}

/** A proof under {@link contributed}, from one under the key before it: C / k. */
export function underContributed(proof: Groth16Proof, k: bigint): Groth16Proof {
  return { ...proof, pi_c: fromG1(toG1(proof.pi_c).multiply(bn254.fields.Fr.inv(k))) };
}
