// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Fire: a proof for one request from an armed record, by a few hundred additions. docs/protocol.md section 5.
 *
 * With m the late input, and r, s drawn for this proof alone, a Groth16 proof is
 *
 *     A = A0 + m A1 + r delta            A0, B0, C0: sums without the late input (`arm.ts`)
 *     B = B0 + m B1 + s delta            A1, B1: its points
 *     C = C0 + m C1 + m^2 C2 + s A + r B - r s delta
 *       = C0 + m C1 + m^2 C2 + s A0 + s m A1 + r B0 + r m B1 + r s delta
 *
 * where C1 is the sum over the quotient's linear part and C2 belongs to the key (`late.ts`). Every point in
 * these sums was known before the request, so each has a table, and nothing is doubled. The result is an
 * ordinary proof: r and s make it as random as any other of the same statement.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { bytesToInteger, type FieldElement, FIELD_ORDER } from '../protocol/field.ts';
import type { Groth16Proof } from '../protocol/presentation.ts';
import type { Armed, ArmedSecrets } from './arm.ts';
import { FIELD_BYTES, type Group } from './curve.ts';
import { type CircuitStatement, LATE_SIGNAL, SIGNALS_OF, signalOf } from './inputs.ts';
import { coordinatesOf, placeJacobian, readAffine } from './points.ts';
import { addMultiples, type Table } from './table.ts';

/** Cryptographically secure source of that many bytes. */
export type Random = (length: number) => Uint8Array;

/** A proof with the public signals that it is for, as snarkjs writes them. */
export interface ProofResult {
  readonly proof: Groth16Proof;
  readonly publicSignals: string[];
}

/**
 * Proves a statement that was armed.
 *
 * @param armed - From `arm` or `openSealed`; stays armed.
 * @param statement - All public signals. Only `binding` (`show`) or `session` (`issue`) may differ from
 * what was armed.
 * @param random - Asked anew for each proof: two proofs with the same r or s give the witness away.
 * @throws {@link ProtocolError} `armed_mismatch` if anything else differs; `armed_unknown` after `disarm`;
 * `randomness_broken` if the source repeats itself or gives another number of bytes.
 */
export function fire(armed: Armed, statement: CircuitStatement, random: Random): ProofResult {
  const { key, publicSignals } = armed;
  const names = SIGNALS_OF[key.circuit];
  const late = LATE_SIGNAL[key.circuit];
  const secrets = secretsOf(armed);
  for (const [i, name] of names.entries()) {
    if (name !== late && signalOf(statement, name) !== publicSignals[i]) {
      throw new ProtocolError('armed_mismatch', `the proof was armed for another ${name}; arm it again`);
    }
  }
  const [r, s] = [drawScalar(random), drawScalar(random)];
  if (r === s)
    throw new ProtocolError('randomness_broken', 'the source of randomness repeats itself; nothing was proved');
  return {
    proof: assemble(armed, secrets, signalOf(statement, late), r, s),
    publicSignals: names.map((name) => signalOf(statement, name).toString()),
  };
}

/** The secrets of a record that is still armed. */
export function secretsOf(armed: Armed): ArmedSecrets {
  if (armed.secrets === undefined) {
    throw new ProtocolError('armed_unknown', 'this proof is no longer armed; arm it again');
  }
  return armed.secrets;
}

/** Draws a scalar, each as likely: numbers of 254 bits until one is below the order. */
function drawScalar(random: Random): bigint {
  for (;;) {
    const bytes = random(FIELD_BYTES);
    if (bytes.length !== FIELD_BYTES) {
      throw new ProtocolError('randomness_broken', 'the source of randomness gave another number of bytes');
    }
    const value = BigInt.asUintN(254, bytesToInteger(bytes));
    if (value < FIELD_ORDER) return value;
  }
}

/** The formulas above. */
function assemble(
  { key }: Armed,
  { points, tables: own }: ArmedSecrets,
  m: FieldElement,
  r: bigint,
  s: bigint,
): Groth16Proof {
  const { curve, tables } = key;
  const times = (x: bigint, y: bigint): bigint => (x * y) % FIELD_ORDER;
  const sum = (group: Group, start: Uint8Array, terms: readonly (readonly [Table, bigint])[]): bigint[] =>
    curve.scratch(() => {
      const at = curve.reserve(3 * group.coordinate);
      placeJacobian(curve, group, start, at);
      addMultiples(curve, group, terms, at);
      return coordinatesOf(curve, readAffine(curve, group, at));
    });
  const a = sum(curve.g1, points.a, [
    [tables.lateA, m],
    [tables.delta1, r],
  ]);
  const b = sum(curve.g2, points.b2, [
    [tables.lateB2, m],
    [tables.delta2, s],
  ]);
  const c = sum(curve.g1, points.c, [
    [own.linear, m],
    [tables.lateSquare, times(m, m)],
    [own.a, s],
    [tables.lateA, times(s, m)],
    [own.b1, r],
    [tables.lateB1, times(r, m)],
    [tables.delta1, times(r, s)],
  ]);
  const [ax = '', ay = ''] = a.map(String);
  const [bx0 = '', bx1 = '', by0 = '', by1 = ''] = b.map(String);
  const [cx = '', cy = ''] = c.map(String);
  return {
    pi_a: [ax, ay, '1'],
    pi_b: [
      [bx0, bx1],
      [by0, by1],
      ['1', '0'],
    ],
    pi_c: [cx, cy, '1'],
    protocol: 'groth16',
    curve: 'bn128',
  };
}
