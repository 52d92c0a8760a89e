// SPDX-License-Identifier: Apache-2.0
/**
 * Groth16 verification (Groth, EUROCRYPT 2016) of proofs and keys in snarkjs's form.
 *
 *     L = IC[0] + sum signal[i] IC[i + 1]
 *     accept  iff  e(A, B) = e(alpha, beta) e(L, gamma) e(C, delta)
 *
 * e(alpha, beta) and the lines of beta, gamma and delta are computed once per key. `batch.ts` checks many
 * proofs at once. docs/protocol.md section 6.
 *
 * @module
 */
import * as mcl from 'mcl-wasm';
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, toField } from '../protocol/field.ts';
import { type Groth16Proof, proofSchema } from '../protocol/presentation.ts';
import { type G1, readG1, readG2, startCurve } from './curve.ts';
import { millerLoops } from './miller.ts';

const text = z.string();
const pair = z.tuple([text, text]);
const g1 = z.tuple([text, text, z.literal('1')]);
const g2 = z.tuple([pair, pair, z.tuple([z.literal('1'), z.literal('0')])]);

// snarkjs also writes vk_alphabeta_12; it is recomputed here, never believed.
const keySchema = z.object({
  protocol: z.literal('groth16'),
  curve: z.literal('bn128'),
  nPublic: z.number().int().positive(),
  vk_alpha_1: g1,
  vk_beta_2: g2,
  vk_gamma_2: g2,
  vk_delta_2: g2,
  IC: z.array(g1),
});

/** A verification key, checked and prepared. It keeps WebAssembly memory for as long as the process lives. */
export interface VerificationKey {
  /** Number of public signals. */
  readonly signals: number;
  readonly alphaBeta: mcl.GT;
  readonly alpha: G1;
  readonly beta: mcl.PrecomputedG2;
  readonly gamma: mcl.PrecomputedG2;
  readonly delta: mcl.PrecomputedG2;
  /** One point for the constant, then one for each public signal. */
  readonly ic: readonly [G1, ...G1[]];
}

/**
 * Checks and prepares a verification key.
 *
 * @param json - Parsed verification key as `snarkjs zkey export verificationkey` writes it.
 * @returns The key; load it once and keep it.
 * @throws {@link ProtocolError} `verification_key_invalid` for another form or count of points;
 * `point_invalid` for a point outside its group; `key_delta_equals_gamma` for a key of a setup that
 * nobody contributed to, for which anyone can forge proofs.
 */
export async function loadVerificationKey(json: unknown): Promise<VerificationKey> {
  const parsed = keySchema.safeParse(json);
  if (!parsed.success || parsed.data.IC.length !== parsed.data.nPublic + 1) {
    throw new ProtocolError('verification_key_invalid', 'expected a Groth16 verification key of snarkjs on bn128', {
      cause: parsed.error,
    });
  }
  const key = parsed.data;
  await startCurve();
  const alpha = readG1([key.vk_alpha_1[0], key.vk_alpha_1[1]], 'alpha');
  const beta = readG2([key.vk_beta_2[0], key.vk_beta_2[1]], 'beta');
  const gamma = readG2([key.vk_gamma_2[0], key.vk_gamma_2[1]], 'gamma');
  const delta = readG2([key.vk_delta_2[0], key.vk_delta_2[1]], 'delta');
  // With delta = gamma the proof A = alpha, B = beta, C = -L passes for any signals; with -gamma, C = L does.
  if (delta.isEqual(gamma) || delta.isEqual(mcl.neg(gamma))) {
    throw new ProtocolError(
      'key_delta_equals_gamma',
      'nobody contributed to the setup of this key, so anyone can forge proofs for it; run the second phase',
    );
  }
  const [constant, ...rest] = key.IC.map((point, i) => readG1([point[0], point[1]], `IC[${String(i)}]`));
  if (constant === undefined) {
    throw new ProtocolError('verification_key_invalid', 'a verification key has a point for the constant');
  }
  const prepared: VerificationKey = {
    signals: key.nPublic,
    alphaBeta: mcl.pairing(alpha, beta),
    alpha,
    beta: new mcl.PrecomputedG2(beta),
    gamma: new mcl.PrecomputedG2(gamma),
    delta: new mcl.PrecomputedG2(delta),
    ic: [constant, ...rest],
  };
  // The engine compiles mcl's code better once it has run a little: here, rather than at the first login.
  const zeros = rest.map(() => new mcl.Fr());
  for (let i = 0; i < WARM_UP; i++) isSatisfied(prepared, zeros, { a: alpha, b: beta, c: alpha });
  return prepared;
}

/** Checks that are run when a key is loaded; about 5 ms each. */
const WARM_UP = 6;

/**
 * Verifies one proof; about 4 ms of CPU in one stretch.
 *
 * @param key - From {@link loadVerificationKey}.
 * @param publicSignals - Values that the caller computed or checked, in the order of `protocol/statement.ts`.
 * @param proof - Untrusted.
 * @returns Whether the proof holds for exactly these signals.
 * @throws {@link ProtocolError} `signals_invalid` for another number of signals, `field_not_canonical`
 * for one outside the field, `proof_malformed` for a proof whose points are not points of their groups.
 */
export async function verifyProof(
  key: VerificationKey,
  publicSignals: readonly FieldElement[],
  proof: Groth16Proof,
): Promise<boolean> {
  await startCurve();
  const { scalars, points } = readClaim(key, publicSignals, proof);
  return isSatisfied(key, scalars, points);
}

/** The points of a proof, each of its group. */
interface Points {
  readonly a: mcl.G1;
  readonly b: mcl.G2;
  readonly c: mcl.G1;
}

/** What a proof claims and the proof, read and checked for form. */
export interface Claim {
  readonly scalars: mcl.Fr[];
  readonly points: Points;
}

/**
 * Reads signals and proof for {@link verifyProof} and `batch.ts`, after {@link startCurve}.
 *
 * @throws {@link ProtocolError} as {@link verifyProof} does.
 */
export function readClaim(key: VerificationKey, publicSignals: readonly FieldElement[], proof: Groth16Proof): Claim {
  if (publicSignals.length !== key.signals) {
    throw new ProtocolError('signals_invalid', `this key takes ${String(key.signals)} public signals`);
  }
  const scalars = publicSignals.map((signal) => {
    const scalar = new mcl.Fr();
    scalar.setStr(toField(signal).toString(), 10);
    return scalar;
  });
  return { scalars, points: readProof(proof) };
}

function isSatisfied(key: VerificationKey, scalars: mcl.Fr[], { a, b, c }: Points): boolean {
  const [constant, ...rest] = key.ic;
  const l = mcl.add(constant, mcl.mulVec(rest, scalars));
  const right = mcl.precomputedMillerLoop2(mcl.neg(l), key.gamma, mcl.neg(c), key.delta);
  return mcl.finalExp(mcl.mul(millerLoops([{ p: a, q: b }]), right)).isEqual(key.alphaBeta);
}

function readProof(proof: Groth16Proof): Points {
  const parsed = proofSchema.safeParse(proof);
  if (!parsed.success) {
    throw new ProtocolError('proof_malformed', 'expected a Groth16 proof of snarkjs on bn128', { cause: parsed.error });
  }
  const { pi_a, pi_b, pi_c } = parsed.data;
  try {
    return {
      a: readG1([pi_a[0], pi_a[1]], 'A'),
      b: readG2([pi_b[0], pi_b[1]], 'B'),
      c: readG1([pi_c[0], pi_c[1]], 'C'),
    };
  } catch (cause) {
    throw new ProtocolError('proof_malformed', 'a point of the proof is not a finite point of its group', { cause });
  }
}
