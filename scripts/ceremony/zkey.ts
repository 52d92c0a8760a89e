// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a proving key records about its second phase. Section 10 of snarkjs's `zkey` format:
 *
 *     circuit hash (64) | count (u32) | contributions
 *     contribution = delta after (G1) | s (G1) | s^x (G1) | sp^x (G2) | transcript (64) | kind (u32)
 *                    | length (u32) | parameters: 1 name, 2 iterations exponent, 3 beacon value
 *
 * with points affine in Montgomery form, little-endian. The hash by which a contribution is known is
 * BLAKE2b-512 of the points, uncompressed and big-endian, and of the transcript.
 * Source: snarkjs 0.7.6, src/zkey_utils.js.
 *
 * @module
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { BASE_FIELD_ORDER, bytesToInteger } from '../../src/protocol/field.ts';
import { readG1, readG2 } from '../../src/verifying/curve.ts';
import { CeremonyFault, must } from './fault.ts';

const FIELD_BYTES = 32;
const MPC_SECTION = 10;
/** Proving key sections whose points a contribution multiplies by 1/x: L and H. */
const SCALED_SECTIONS = [8, 9];
const R = 1n << 256n;
const R_INVERSE = power(R, BASE_FIELD_ORDER - 2n);

/** A contribution as the proving key records it. */
export interface RecordedContribution {
  readonly kind: 'contribution' | 'beacon';
  /** BLAKE2b-512 in hex: what a contributor publishes. */
  readonly hash: string;
  readonly name: string;
  /** Of a beacon: its value in hex, and the exponent of its iterations. */
  readonly value?: string;
  readonly iterationsExp?: number;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % BASE_FIELD_ORDER;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % BASE_FIELD_ORDER;
    square = (square * square) % BASE_FIELD_ORDER;
  }
  return result;
}

/** The sections of a proving key, by type. */
export function sections(zkey: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const view = new DataView(zkey.buffer, zkey.byteOffset, zkey.byteLength);
  must(zkey.length > 12 && bytesToHex(zkey.subarray(0, 4)) === '7a6b6579', 'not a zkey file');
  const found = new Map<number, Uint8Array>();
  let offset = 12;
  for (let left = view.getUint32(8, true); left > 0; left--) {
    const length = Number(view.getBigUint64(offset + 4, true));
    const start = offset + 12;
    const type = view.getUint32(offset, true);
    must(start + length <= zkey.length && !found.has(type), 'zkey sections overlap or are cut short');
    found.set(type, zkey.subarray(start, start + length));
    offset = start + length;
  }
  must(offset === zkey.length, 'zkey file has bytes after its last section');
  return found;
}

/** Reads from the start of a section onwards. */
class Reader {
  #offset = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  bytes(length: number): Uint8Array {
    must(length <= this.left, 'zkey list of contributions is cut short');
    this.#offset += length;
    return this.#bytes.slice(this.#offset - length, this.#offset);
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  u32(): number {
    return new DataView(this.bytes(4).buffer).getUint32(0, true);
  }

  /** A coordinate, out of Montgomery form. */
  coordinate(): bigint {
    const stored = bytesToInteger(this.bytes(FIELD_BYTES).reverse());
    must(stored < BASE_FIELD_ORDER, 'zkey coordinate is not below the field order');
    return (stored * R_INVERSE) % BASE_FIELD_ORDER;
  }

  /** A point of G1, checked to be on the curve and not infinity; its uncompressed form. */
  g1(): Uint8Array {
    const [x, y] = [this.coordinate(), this.coordinate()];
    readG1([x.toString(), y.toString()], 'a point of a contribution');
    return concatBytes(bigEndian(x), bigEndian(y));
  }

  /** A point of G2, checked to be in the group of prime order and not infinity; its uncompressed form. */
  g2(): Uint8Array {
    const [x0, x1, y0, y1] = [this.coordinate(), this.coordinate(), this.coordinate(), this.coordinate()];
    const decimal = ([a, b]: readonly [bigint, bigint]) => [a.toString(), b.toString()] as const;
    readG2([decimal([x0, x1]), decimal([y0, y1])], 'a point of a contribution');
    return concatBytes(bigEndian(x1), bigEndian(x0), bigEndian(y1), bigEndian(y0));
  }
}

const bigEndian = (value: bigint): Uint8Array => hexToBytes(value.toString(16).padStart(2 * FIELD_BYTES, '0'));

function readContribution(from: Reader): RecordedContribution {
  const deltaAfter = from.g1();
  const s = from.g1();
  const sx = from.g1();
  const spx = from.g2();
  const transcript = from.bytes(64);
  must(bytesToHex(s) !== bytesToHex(sx), 'a contribution with the secret 1 changes nothing');
  const beacon = from.u32();
  must(beacon === 0 || beacon === 1, 'a contribution is of an unknown kind');
  const parameters = new Reader(from.bytes(from.u32()));
  let name = '';
  let value: string | undefined;
  let iterationsExp: number | undefined;
  while (parameters.left > 0) {
    const parameter = parameters.byte();
    if (parameter === 1) name = new TextDecoder().decode(parameters.bytes(parameters.byte()));
    else if (parameter === 2) iterationsExp = parameters.byte();
    else if (parameter === 3) value = bytesToHex(parameters.bytes(parameters.byte()));
    else throw new CeremonyFault('a contribution has an unknown parameter');
  }
  return {
    kind: beacon === 1 ? 'beacon' : 'contribution',
    hash: bytesToHex(blake2b(concatBytes(deltaAfter, s, sx, spx, transcript), { dkLen: 64 })),
    name,
    ...(value === undefined ? {} : { value }),
    ...(iterationsExp === undefined ? {} : { iterationsExp }),
  };
}

/**
 * Lists the contributions that a proving key records, first to last. Call `startCurve()` before.
 * snarkjs takes the points as they are; here each must be a point of its group.
 */
export function readContributions(zkey: Uint8Array): readonly RecordedContribution[] {
  const section = sections(zkey).get(MPC_SECTION);
  must(section !== undefined, 'zkey file has no list of contributions');
  const from = new Reader(section);
  from.bytes(64);
  const list = Array.from({ length: from.u32() }, () => readContribution(from));
  must(from.left === 0, 'zkey list of contributions has bytes after its end');
  return list;
}

/**
 * Refuses points of the sections that contributions change when they are not on the curve; snarkjs
 * compares these sections by random sums, whose formulas hold on the curve only. In Montgomery form
 * `y^2 = x^3 + 3` reads `Y^2 R = X^3 + 3 R^3`.
 */
export function requirePointsOnCurve(zkey: Uint8Array): void {
  const all = sections(zkey);
  const three = (3n * R ** 3n) % BASE_FIELD_ORDER;
  for (const type of SCALED_SECTIONS) {
    const section = all.get(type);
    must(section !== undefined && section.length % (2 * FIELD_BYTES) === 0, 'zkey section of points is missing');
    for (let at = 0; at < section.length; at += 2 * FIELD_BYTES) {
      const [x = 0n, y = 0n] = [at, at + FIELD_BYTES].map((start) =>
        bytesToInteger(section.slice(start, start + FIELD_BYTES).reverse()),
      );
      const infinity = x === 0n && y === 0n; // of a wire that no constraint uses
      const onCurve = (y * y * R - x * x * x - three) % BASE_FIELD_ORDER === 0n;
      must(x < BASE_FIELD_ORDER && y < BASE_FIELD_ORDER && (infinity || onCurve), 'zkey point is not on the curve');
    }
  }
}
