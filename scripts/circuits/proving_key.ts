// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Makes the proving key that Bauta's prover reads (src/proving/key_file.ts) from snarkjs's `zkey`, which
 * alone a setup makes and `snarkjs zkey verify` checks. Nothing here is random: the same zkey always
 * gives the same bytes.
 *
 * Points of H: the zkey holds H_i = L'_i(tau) / delta for the odd 2n-th roots g w^i, so that p = a b - c,
 * which is zero on the even ones, counts as sum_i p(g w^i) H_i; and p = h Z with Z(g w^i) = -2. A
 * polynomial h with values h_j at w^j has h(g w^i) = (F G F^-1 h)_i with the transform F and
 * G = diag(g^k). Therefore the points by which the h_j count are
 *
 *     K = -2 (F G F^-1)^T H = -2 F^-1 G F H,
 *
 * two transforms of points. They are divided by n, which `quotient.ts` would have to do with each h_j.
 *
 * @module
 */
import * as snarkjs from 'snarkjs';
import type { CircuitName } from '../../src/protocol/artifacts.ts';
import { bytesToInteger, FIELD_ORDER } from '../../src/protocol/field.ts';
import { createConstraints } from '../../src/proving/constraints.ts';
import { createCurve, FIELD_BYTES } from '../../src/proving/curve.ts';
import { LATE_SIGNAL, SIGNALS_OF } from '../../src/proving/inputs.ts';
import { type KeyFile, writeKeyFile } from '../../src/proving/key_file.ts';
import { createLateRows, writeLateSquare } from '../../src/proving/late.ts';
import { sumMemory, sumMultiples, windowsFor } from '../../src/proving/msm.ts';
import { placeJacobian, placePoints, readAffine } from '../../src/proving/points.ts';
import { createDomain } from '../../src/proving/quotient.ts';
import { sections } from '../ceremony/zkey.ts';
import type { R1cs } from './r1cs.ts';

const SECTIONS = { header: 2, coefficients: 4, A: 5, B1: 6, B2: 7, C: 8, H: 9 } as const;
const HEADER_POINTS = 4 + 32 + 4 + 32 + 3 * 4;
const ENTRY_BYTES = 44;
const G1_BYTES = 64;
const G2_BYTES = 128;
const R_INVERSE = inverse(1n << 256n);

function inverse(value: bigint): bigint {
  let [result, square] = [1n, value % FIELD_ORDER];
  for (let left = FIELD_ORDER - 2n; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % FIELD_ORDER;
    square = (square * square) % FIELD_ORDER;
  }
  return result;
}

const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

/** Coefficients by matrix and wire, each value once. */
function coefficients(
  section: Uint8Array,
  variables: number,
): Pick<KeyFile, 'distinct' | 'entries' | 'values' | 'perWire' | 'rows' | 'numbers'> {
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
  const entries = Array.from({ length: view.getUint32(0, true) }, (_, i) => {
    const at = 4 + i * ENTRY_BYTES;
    const [matrix, row, wire] = [view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint32(at + 8, true)];
    return { matrix, row, wire, value: Buffer.from(section.subarray(at + 12, at + ENTRY_BYTES)).toString('latin1') };
  }).sort((p, q) => p.matrix - q.matrix || p.wire - q.wire || p.row - q.row);
  const numbers = new Map<string, number>();
  const counts = new Uint16Array(2 * variables);
  for (const { matrix, wire, value } of entries) {
    if (!numbers.has(value)) numbers.set(value, numbers.size);
    const at = matrix * variables + wire;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  // The zkey has them in Montgomery form twice over.
  const values = [...numbers.keys()].map((text) => {
    const stored = bytesToInteger(new Uint8Array(Buffer.from(text, 'latin1')).reverse());
    return littleEndian((((stored * R_INVERSE) % FIELD_ORDER) * R_INVERSE) % FIELD_ORDER);
  });
  const bytes = (array: Uint16Array): Uint8Array => new Uint8Array(array.buffer);
  return {
    distinct: values.length,
    entries: entries.length,
    values: new Uint8Array(Buffer.concat(values)),
    perWire: bytes(counts),
    rows: bytes(Uint16Array.from(entries, ({ row }) => row)),
    numbers: bytes(Uint16Array.from(entries, ({ value }) => numbers.get(value) ?? 0)),
  };
}

/** K of the module's description, in affine Montgomery form. */
async function quotientPoints(h: Uint8Array): Promise<Uint8Array> {
  const curve = await snarkjs.curves.getCurveFromName('bn128');
  const n = BigInt(h.length / G1_BYTES);
  const { Fr, G1 } = curve;
  const first = Fr.e(((FIELD_ORDER - 2n) * inverse(n)) % FIELD_ORDER);
  const forward = await G1.fft(h, 'affine', 'affine');
  const shifted = await G1.batchApplyKey(forward, first, Fr.w[Math.log2(Number(n)) + 1], 'affine', 'affine');
  return G1.ifft(shifted, 'affine', 'affine');
}

/** The one wire that holds the square of the late input, from the one constraint that names the input. */
function squareWireOf(lateWire: number, { constraints }: R1cs): number {
  const named = constraints.filter(({ a, b, c }) => [a, b, c].some((sum) => sum.some(([wire]) => wire === lateWire)));
  const [{ a, b, c } = { a: [], b: [], c: [] }] = named;
  const [[square] = [0]] = c;
  const isSquaring = [a, b].every((sum) => sum.length === 1 && sum[0]?.[0] === lateWire) && c.length === 1;
  const elsewhere = constraints.filter((row) => [row.a, row.b, row.c].some((sum) => sum.some(([w]) => w === square)));
  if (named.length !== 1 || !isSquaring || elsewhere.length !== 1) {
    throw new Error('the late input must be squared in one constraint and be used in no other');
  }
  return square;
}

/**
 * Makes a proving key file; about half a minute for `show`.
 *
 * @param circuit - Which circuit the zkey is for.
 * @param zkey - As snarkjs wrote it.
 * @param r1cs - The constraints that it was made for.
 */
export async function makeProvingKey(circuit: CircuitName, zkey: Uint8Array, r1cs: R1cs): Promise<Uint8Array> {
  const all = sections(zkey);
  const section = (name: keyof typeof SECTIONS): Uint8Array => {
    const found = all.get(SECTIONS[name]);
    if (found === undefined) throw new Error(`the zkey of ${circuit} has no section ${name}`);
    return found;
  };
  const header = section('header');
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const count = (at: number): number => view.getUint32(HEADER_POINTS - 12 + 4 * at, true);
  const [variables, publics, domain] = [count(0), count(1), count(2)];
  let at = HEADER_POINTS;
  const take = (length: number): Uint8Array => header.subarray(at, (at += length));
  const [alpha1, beta1, beta2] = [take(G1_BYTES), take(G1_BYTES), take(G2_BYTES)];
  const [gamma2, delta1, delta2] = [take(G2_BYTES), take(G1_BYTES), take(G2_BYTES)];
  const names: readonly string[] = SIGNALS_OF[circuit];
  const lateWire = names.indexOf(LATE_SIGNAL[circuit]) + 1;
  const C = new Uint8Array(variables * G1_BYTES);
  C.set(section('C'), (publics + 1) * G1_BYTES);
  const key: KeyFile = {
    ...{ variables, publics, domain, lateWire, squareWire: squareWireOf(lateWire, r1cs) },
    ...coefficients(section('coefficients'), variables),
    ...{ alpha1, beta1, beta2, gamma2, delta1, delta2 },
    ...{ A: section('A'), B1: section('B1'), B2: section('B2'), C, H: await quotientPoints(section('H')) },
    late1: new Uint8Array(G1_BYTES), // follows from the rest
  };
  return writeKeyFile({ ...key, late1: await lateSquarePoint(key) });
}

/** The point by which the square of the late input counts: its quotient's, and that of its wire. */
async function lateSquarePoint(key: KeyFile): Promise<Uint8Array> {
  const bytes = key.domain * FIELD_BYTES;
  const positions = Uint32Array.from({ length: key.domain }, (_, i) => i);
  const windows = windowsFor(key.domain);
  const memory = 8 * bytes + key.values.length + 2 * key.H.length + sumMemory(FIELD_BYTES, key.domain, windows);
  const curve = await createCurve(memory);
  const domain = createDomain(curve, key.domain);
  const late = createLateRows(curve, domain, createConstraints(curve, key), key.lateWire);
  const at = domain.vector();
  writeLateSquare(curve, domain, late, at);
  for (let i = at; i < at + bytes; i += FIELD_BYTES) curve.fr.fromMontgomery(i, i);
  const scalars = curve.words.slice(at >>> 2, (at + bytes) >>> 2);
  const [sum, wire] = [curve.reserve(3 * FIELD_BYTES), curve.reserve(3 * FIELD_BYTES)];
  sumMultiples(curve, curve.g1, { points: placePoints(curve, curve.g1, key.H), positions, scalars }, windows, sum);
  placeJacobian(curve, curve.g1, key.C.subarray(key.squareWire * G1_BYTES, (key.squareWire + 1) * G1_BYTES), wire);
  curve.g1.sum(sum, wire, sum);
  return readAffine(curve, curve.g1, sum);
}
