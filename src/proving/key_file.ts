// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The file of a proving key: what a prover needs of snarkjs's `zkey`, laid out to be read without work
 * and to compress. Everything little-endian; points affine, in Montgomery form, zeros for infinity.
 *
 *     "bautapk1"  variables publics domain lateWire squareWire distinct entries     u32 each
 *     alpha1 beta1 delta1 late1  beta2 gamma2 delta2                             points
 *     A B1 C: one point for each wire   H: one for each row   B2: one for each wire
 *     values: coefficients of the constraints, each once, canonical, 32 bytes
 *     perWire: for A, then B: how many entries name each wire, u16
 *     rows, numbers: for each entry, by matrix and wire, its row and the position of its coefficient, u16
 *
 * Two parts are not those of the zkey. H holds L_j(tau) Z(tau) / (n delta) for the powers w^j of the root
 * of unity, where the zkey has them for the points between: `quotient.ts` says why. late1 is the point by
 * which the square of the late input m counts in C (`fire.ts`). Both follow from the zkey:
 * `scripts/circuits/proving_key.ts` computes them, `npm run circuits:verify` does so again.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';

const MAGIC = 'bautapk1';
const G1_BYTES = 64;
const G2_BYTES = 128;
const VALUE_BYTES = 32;
/** Largest number of wires, rows and coefficients: their positions have two bytes. */
const LARGEST = 65_536;

/** Counts at the beginning of the file, in order. */
const COUNTS = ['variables', 'publics', 'domain', 'lateWire', 'squareWire', 'distinct', 'entries'] as const;
/** Bytes of the parts that follow, in order. */
const PARTS = {
  alpha1: () => G1_BYTES,
  beta1: () => G1_BYTES,
  delta1: () => G1_BYTES,
  late1: () => G1_BYTES,
  beta2: () => G2_BYTES,
  gamma2: () => G2_BYTES,
  delta2: () => G2_BYTES,
  A: ({ variables }: KeyCounts) => variables * G1_BYTES,
  B1: ({ variables }: KeyCounts) => variables * G1_BYTES,
  C: ({ variables }: KeyCounts) => variables * G1_BYTES,
  H: ({ domain }: KeyCounts) => domain * G1_BYTES,
  B2: ({ variables }: KeyCounts) => variables * G2_BYTES,
  values: ({ distinct }: KeyCounts) => distinct * VALUE_BYTES,
  perWire: ({ variables }: KeyCounts) => 2 * variables * 2,
  rows: ({ entries }: KeyCounts) => entries * 2,
  numbers: ({ entries }: KeyCounts) => entries * 2,
} as const;
const PART_NAMES = Object.keys(PARTS) as PartName[];

/** Counts of a key. `variables` are wires with the constant one; `domain` is a power of two. */
export type KeyCounts = Readonly<Record<(typeof COUNTS)[number], number>>;
type PartName = keyof typeof PARTS;

/** A proving key: its counts, and its parts as bytes. */
export type KeyFile = KeyCounts & Readonly<Record<PartName, Uint8Array>>;

function refuse(what: string): never {
  throw new ProtocolError('proving_key_invalid', `the proving key is not one of this program: ${what}`);
}

/** Refuses counts that no circuit has. */
function checkCounts(counts: KeyCounts): void {
  const { variables, publics, domain, lateWire, squareWire, distinct } = counts;
  const sound =
    variables <= LARGEST &&
    distinct <= LARGEST &&
    publics < variables &&
    domain >= 2 &&
    domain <= LARGEST &&
    Number.isInteger(Math.log2(domain)) &&
    lateWire >= 1 &&
    lateWire <= publics &&
    squareWire > publics &&
    squareWire < variables;
  if (!sound) refuse('its counts contradict each other');
}

/**
 * Reads a proving key; its parts are views of the bytes.
 *
 * @throws {@link ProtocolError} `proving_key_invalid` for another format, length, or counts out of range.
 */
export function readKeyFile(bytes: Uint8Array): KeyFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = MAGIC.length;
  if (bytes.length < offset + 4 * COUNTS.length || new TextDecoder().decode(bytes.subarray(0, offset)) !== MAGIC) {
    refuse('another format');
  }
  const counts = Object.fromEntries(
    COUNTS.map((name) => [name, view.getUint32((offset += 4) - 4, true)]),
  ) as unknown as KeyCounts;
  checkCounts(counts);
  const parts = PART_NAMES.map((name) => {
    const length = PARTS[name](counts);
    return [name, bytes.subarray(offset, (offset += length))] as const;
  });
  if (offset !== bytes.length) refuse('it was cut short, or more follows');
  return { ...counts, ...(Object.fromEntries(parts) as Record<PartName, Uint8Array>) };
}

/**
 * Writes a proving key.
 *
 * @throws {@link ProtocolError} `proving_key_invalid` for counts out of range or a part of another length.
 */
export function writeKeyFile(key: KeyFile): Uint8Array {
  checkCounts(key);
  const numbers = new Uint8Array(4 * COUNTS.length);
  COUNTS.forEach((name, i) => new DataView(numbers.buffer).setUint32(4 * i, key[name], true));
  const parts = PART_NAMES.map((name) => {
    if (key[name].length !== PARTS[name](key)) refuse(`${name} is of another length`);
    return key[name];
  });
  const all = [new TextEncoder().encode(MAGIC), numbers, ...parts];
  const out = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of all) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
