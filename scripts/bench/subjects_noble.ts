// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The verifier that one would write with noble-curves, plain TypeScript and audited:
 *
 *     e(A, B) e(-L, gamma) e(-C, delta) = e(alpha, beta)
 *
 * with one product of Miller loops, one final exponentiation, and every point checked for its group.
 *
 * @module
 */
import { bn254 } from '@noble/curves/bn254.js';
import type { Lab } from './lab.ts';
import type { Subject } from './runner.ts';

type Pair = readonly [string, string];
type Text1 = readonly [string, string, string];
type Text2 = readonly [Pair, Pair, Pair];

interface Key {
  readonly vk_alpha_1: Text1;
  readonly vk_beta_2: Text2;
  readonly vk_gamma_2: Text2;
  readonly vk_delta_2: Text2;
  readonly IC: readonly Text1[];
}

const { G1, G2, fields } = bn254;

function readG1([x, y]: readonly string[]): InstanceType<typeof G1.Point> {
  const point = G1.Point.fromAffine({ x: BigInt(x ?? ''), y: BigInt(y ?? '') });
  point.assertValidity();
  return point;
}

function readG2([x, y]: readonly (readonly string[])[]): InstanceType<typeof G2.Point> {
  const number = (pair: readonly string[] = []): ReturnType<typeof fields.Fp2.create> =>
    fields.Fp2.fromBigTuple([BigInt(pair[0] ?? ''), BigInt(pair[1] ?? '')]);
  const point = G2.Point.fromAffine({ x: number(x), y: number(y) });
  point.assertValidity();
  return point;
}

/** Its subject. */
export function nobleSubjects(lab: Lab): Subject[] {
  return [
    {
      name: 'noble.verify',
      prepare: async () => {
        const key = (await lab.vkey()) as Key;
        const proofs = await lab.proofs(2);
        const [gamma, delta] = [readG2(key.vk_gamma_2), readG2(key.vk_delta_2)];
        const alphaBeta = bn254.pairing(readG1(key.vk_alpha_1), readG2(key.vk_beta_2));
        const [constant, ...ic] = key.IC.map(readG1);
        if (constant === undefined) throw new Error('no key');
        let run = 0;
        return {
          run: () => {
            const { proof, publicSignals } = proofs[run++ % proofs.length] ?? { proof: undefined, publicSignals: [] };
            if (proof === undefined) throw new Error('no proof');
            const l = ic.reduce(
              (sum, point, i) => sum.add(point.multiplyUnsafe(BigInt(publicSignals[i] ?? ''))),
              constant,
            );
            const product = bn254.pairingBatch([
              { g1: readG1(proof.pi_a), g2: readG2(proof.pi_b) },
              { g1: l.negate(), g2: gamma },
              { g1: readG1(proof.pi_c).negate(), g2: delta },
            ]);
            if (!fields.Fp12.eql(product, alphaBeta)) throw new Error('refused');
            return Promise.resolve();
          },
        };
      },
    },
  ];
}
