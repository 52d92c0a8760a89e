// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The header of a Groth16 proving key in snarkjs's `zkey` format: magic, version, then sections of
 * type (4 bytes), length (8) and content, all little-endian. Section 1 names the proof system,
 * section 2 holds
 *
 *     n8q q n8r r variables publics domain alpha1 beta1 beta2 gamma2 delta1 delta2
 *
 * with points affine, in Montgomery form. Source: snarkjs 0.7.6, src/zkey_utils.js.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { BASE_FIELD_ORDER, bytesToInteger, FIELD_ORDER } from '../protocol/field.ts';

const MAGIC = 0x79656b7a; // "zkey"
const GROTH16 = 1;
const HEADER_SECTION = 2;
const FIELD_BYTES = 32;
const G1_BYTES = 2 * FIELD_BYTES;
const G2_BYTES = 4 * FIELD_BYTES;
const HEADER_BYTES = 3 * 4 + 2 * (4 + FIELD_BYTES) + 3 * G1_BYTES + 3 * G2_BYTES;

/** What a proving key says of itself. */
export interface ZkeyHeader {
  /** Wires, the constant one included. */
  readonly variables: number;
  /** Public signals, the constant one excluded. */
  readonly publics: number;
  /** Size of the evaluation domain, a power of two. */
  readonly domain: number;
  /** Points of G2 as stored. */
  readonly gamma2: Uint8Array;
  readonly delta2: Uint8Array;
}

function refuse(): never {
  throw new ProtocolError('proving_key_invalid', 'the proving key is not a Groth16 key of snarkjs over BN254');
}

/** Start and length of each section, by type. */
function sections(view: DataView): Map<number, readonly [start: number, length: number]> {
  const found = new Map<number, readonly [number, number]>();
  let offset = 12;
  for (let left = view.getUint32(8, true); left > 0; left--) {
    const length = Number(view.getBigUint64(offset + 4, true));
    const start = offset + 12;
    if (start + length > view.byteLength) refuse();
    found.set(view.getUint32(offset, true), [start, length]);
    offset = start + length;
  }
  return found;
}

/**
 * Reads the header of a proving key.
 *
 * @throws {@link ProtocolError} `proving_key_invalid` for another format, proof system or curve.
 */
export function readZkeyHeader(zkey: Uint8Array): ZkeyHeader {
  const view = new DataView(zkey.buffer, zkey.byteOffset, zkey.byteLength);
  try {
    if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== 1) refuse();
    const all = sections(view);
    const [system] = all.get(1) ?? refuse();
    const [start, length] = all.get(HEADER_SECTION) ?? refuse();
    if (view.getUint32(system, true) !== GROTH16 || length !== HEADER_BYTES) refuse();

    let offset = start;
    const number = (): number => view.getUint32((offset += 4) - 4, true);
    const bytes = (count: number): Uint8Array => zkey.slice(offset, (offset += count));
    const prime = (): bigint => (number() === FIELD_BYTES ? bytesToInteger(bytes(FIELD_BYTES).reverse()) : refuse());
    if (prime() !== BASE_FIELD_ORDER || prime() !== FIELD_ORDER) refuse();
    const [variables, publics, domain] = [number(), number(), number()];
    offset += 2 * G1_BYTES + G2_BYTES; // alpha1, beta1, beta2
    const gamma2 = bytes(G2_BYTES);
    offset += G1_BYTES; // delta1
    return { variables, publics, domain, gamma2, delta2: bytes(G2_BYTES) };
  } catch (error) {
    if (error instanceof RangeError) refuse();
    throw error;
  }
}

/**
 * Refuses a key that had no phase-2 contribution. snarkjs leaves delta = gamma in it, and then anyone
 * forges: A = alpha, B = beta, C = -IC verifies for every statement.
 *
 * @throws {@link ProtocolError} `key_delta_equals_gamma`.
 */
export function refuseKeyWithoutContribution(header: Pick<ZkeyHeader, 'gamma2' | 'delta2'>): void {
  if (header.gamma2.every((byte, i) => byte === header.delta2[i])) {
    throw new ProtocolError(
      'key_delta_equals_gamma',
      'the proving key has had no contribution, so that anyone could forge proofs; run the setup to its end',
    );
  }
}
