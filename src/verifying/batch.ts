// SPDX-License-Identifier: Apache-2.0
/**
 * Groth16 verification of many proofs under one key, by a random linear combination: the small exponents
 * test of Bellare, Garay and Rabin (Fast batch verification for modular exponentiation and digital
 * signatures, EUROCRYPT 1998) on the equation of `groth16.ts`.
 *
 *     L_i = IC[0] + sum_j signal[i][j] IC[j + 1]
 *     accept  iff  prod_i e(z_i A_i, B_i) e(-sum_i z_i L_i, gamma) e(-sum_i z_i C_i, delta) = e(alpha, beta)^(sum_i z_i)
 *
 * A batch with a bad proof passes for one value of that proof's weight at most, whatever the other weights
 * are: with probability 2^-128, as each weight is drawn evenly from 2^128 nonzero values. That needs two
 * things. The groups have prime order, so every point is checked for its group first, as for a single proof.
 * And the weights are unknown to whoever makes the proofs: they are drawn once all proofs are read. With
 * weights that are known beforehand, or equal, errors in two proofs can be made to cancel.
 *
 * The equation is checked as a quotient, 1 if it holds. Where a batch fails, its halves are checked, down to
 * single proofs, with the same weights; the quotients of two halves multiply to that of the whole, so only one
 * of them is computed. The halves are fixed by the positions alone, fewer than 2n sets, so a bad proof among n
 * is taken with probability below 2n / 2^128. A single proof under a nonzero weight fails exactly if it fails
 * without one, so a good proof is never refused. docs/protocol.md section 6.
 *
 * @module
 */
import * as mcl from 'mcl-wasm';
import { ProtocolError } from '../protocol/errors.ts';
import { bytesToInteger, type FieldElement } from '../protocol/field.ts';
import type { Groth16Proof } from '../protocol/presentation.ts';
import { startCurve } from './curve.ts';
import { millerLoops, type Pair } from './miller.ts';
import { type Claim, readClaim, type VerificationKey } from './groth16.ts';

/** One proof of a batch. */
export interface BatchItem {
  /** Values that the caller computed or checked, as for `verifyProof`. */
  readonly signals: readonly FieldElement[];
  /** Untrusted. */
  readonly proof: Groth16Proof;
}

/** Bytes of a weight. */
const WEIGHT_BYTES = 16;

/** What a batch says of one proof: whether it holds, or the error that `verifyProof` would have thrown. */
export type Verdict = boolean | ProtocolError;

/**
 * Verifies many proofs under one key, as {@link judgeBatch} does.
 *
 * @returns For each item whether `verifyProof` would have returned true; false for a malformed item, too,
 * so that it stops nobody else's.
 * @throws {@link ProtocolError} `randomness_broken`.
 */
export async function verifyBatch(
  key: VerificationKey,
  items: readonly BatchItem[],
  random: (length: number) => Uint8Array,
): Promise<readonly boolean[]> {
  const verdicts = await judgeBatch(key, items, random);
  return verdicts.map((verdict) => verdict === true);
}

/**
 * Verifies many proofs under one key. A good proof costs about a third of what it costs alone; each bad one
 * adds about one check for each halving of the batch. All of it is one stretch of CPU: a service keeps
 * batches short.
 *
 * @param key - From `loadVerificationKey`.
 * @param items - Read before anything is drawn; any number.
 * @param random - Cryptographically secure source of that many bytes: weights that can be predicted let
 * anyone forge. Called once, after every proof is read, unless no proof is well formed.
 * @returns For each item what `verifyProof` would have returned or thrown.
 * @throws {@link ProtocolError} `randomness_broken` if `random` gives another number of bytes, or a weight twice.
 */
export async function judgeBatch(
  key: VerificationKey,
  items: readonly BatchItem[],
  random: (length: number) => Uint8Array,
): Promise<readonly Verdict[]> {
  await startCurve();
  const read = items.map((item) => tryRead(key, item));
  const claims = read.flatMap((claim, position) => (claim instanceof ProtocolError ? [] : [{ position, claim }]));
  const bytes = draw(claims.length, random);
  const terms = claims.map(({ position, claim }, i) => weigh(position, claim, weightAt(bytes, i)));
  const accepted = new Set(terms.length === 0 ? [] : findGood(key, divide(terms, TOGETHER)));
  return read.map((claim, position) => (claim instanceof ProtocolError ? claim : accepted.has(position)));
}

/** What one proof brings to the product, under its weight. */
interface Term {
  /** Of the proof among the items. */
  readonly position: number;
  /** z A and B. */
  readonly ab: Pair;
  readonly c: mcl.G1;
  /** z, then z times each signal: by these the points of IC are multiplied. */
  readonly scalars: readonly mcl.Fr[];
}

function tryRead(key: VerificationKey, { signals, proof }: BatchItem): Claim | ProtocolError {
  try {
    return readClaim(key, signals, proof);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

function draw(count: number, random: (length: number) => Uint8Array): Uint8Array {
  if (count === 0) return new Uint8Array();
  const bytes = random(count * WEIGHT_BYTES);
  const weights = new Set(Array.from({ length: count }, (_, i) => weightAt(bytes, i)));
  if (bytes.length !== count * WEIGHT_BYTES || weights.size !== count) {
    throw new ProtocolError('randomness_broken', 'the source of randomness does not work; nothing was done');
  }
  return bytes;
}

/** A weight from 1 to 2^128, one more than the number that was drawn: each as likely, and never zero. */
function weightAt(bytes: Uint8Array, i: number): bigint {
  return bytesToInteger(bytes.subarray(i * WEIGHT_BYTES, (i + 1) * WEIGHT_BYTES)) + 1n;
}

function weigh(position: number, { scalars, points: { a, b, c } }: Claim, weight: bigint): Term {
  const z = new mcl.Fr();
  z.setStr(weight.toString(), 10);
  return {
    position,
    ab: { p: mcl.mul(a, z), q: b },
    c,
    scalars: [z, ...scalars.map((signal) => mcl.mul(signal, z))],
  };
}

/** Proofs that stand side by side in the batch. */
interface Part {
  readonly terms: readonly Term[];
  /** Product of the Miller loops of their z A and B. */
  readonly loops: mcl.GT;
  /** Where there are two proofs at least. */
  readonly halves: () => readonly [Part, Part];
}

/** Proofs whose Miller loops are computed together: more than mcl shares squarings among gain nothing. */
const TOGETHER = 16;

/** Divides proofs in halves, down to parts whose loops are computed together. */
function divide(terms: readonly Term[], together: number): Part {
  const halve = (size: number): [Part, Part] => {
    const middle = Math.ceil(terms.length / 2);
    return [divide(terms.slice(0, middle), size), divide(terms.slice(middle), size)];
  };
  if (terms.length <= together) {
    // Only where such a part fails, each proof's own loop is needed.
    return { terms, loops: millerLoops(terms.map(({ ab }) => ab)), halves: () => halve(1) };
  }
  const [left, right] = halve(together);
  return { terms, loops: mcl.mul(left.loops, right.loops), halves: () => [left, right] };
}

/** Positions of the proofs that hold. */
function findGood(key: VerificationKey, part: Part, ofPart = quotient(key, part)): number[] {
  const { terms } = part;
  if (ofPart.isOne()) return terms.map(({ position }) => position);
  if (terms.length === 1) return [];
  const [left, right] = part.halves();
  const ofLeft = quotient(key, left);
  return [...findGood(key, left, ofLeft), ...findGood(key, right, mcl.mul(ofPart, mcl.inv(ofLeft)))];
}

/** Left side over right side of the equation above, for a part. */
function quotient(key: VerificationKey, { terms, loops }: Part): mcl.GT {
  const zero = new mcl.Fr();
  const scalars = key.ic.map((_, i) => terms.reduce((sum, term) => mcl.add(sum, term.scalars[i] ?? zero), zero));
  const [z = zero] = scalars;
  const l = sumOfMultiples(key.ic, scalars);
  const c = sumOfMultiples(
    terms.map((term) => term.c),
    terms.map((term) => term.scalars[0] ?? zero),
  );
  const lc = mcl.precomputedMillerLoop2(mcl.neg(l), key.gamma, mcl.neg(c), key.delta);
  const alphaBeta = mcl.precomputedMillerLoop(mcl.neg(mcl.mul(key.alpha, z)), key.beta);
  return mcl.finalExp(mcl.mul(mcl.mul(loops, lc), alphaBeta));
}

/** Points that mcl multiplies at once: it takes them on its stack of a megabyte. */
const AT_ONCE = 256;

function sumOfMultiples(points: readonly mcl.G1[], scalars: readonly mcl.Fr[]): mcl.G1 {
  let sum = new mcl.G1();
  for (let i = 0; i < points.length; i += AT_ONCE) {
    sum = mcl.add(sum, mcl.mulVec(points.slice(i, i + AT_ONCE), scalars.slice(i, i + AT_ONCE)));
  }
  return sum;
}
