// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Part of the chip simulator: elliptic curves from the textbook, their parameters as OpenSSL writes
 * them into a key. Slow, not in constant time, and independent of the reader's library on purpose.
 *
 * @module
 */
import { generateKeyPairSync } from 'node:crypto';
import { fromBER, Integer, OctetString, Sequence } from 'asn1js';

/** A point; undefined is the one at infinity. */
export type SimulatedPoint = readonly [x: bigint, y: bigint] | undefined;

/** y² = x³ + ax + b modulo p, with a generator of order n. */
export interface SimulatedCurve {
  /** Name in OpenSSL. */
  readonly name: string;
  readonly p: bigint;
  readonly a: bigint;
  readonly b: bigint;
  readonly n: bigint;
  readonly generator: SimulatedPoint;
  /** Bytes of a coordinate. */
  readonly bytes: number;
}

/** Numbers of the standardised domain parameters, ICAO 9303-11 table 9. */
export const SIMULATED_CURVES: Readonly<Record<string, number>> = {
  prime192v1: 8,
  brainpoolP192r1: 9,
  secp224r1: 10,
  brainpoolP224r1: 11,
  prime256v1: 12,
  brainpoolP256r1: 13,
  brainpoolP320r1: 14,
  secp384r1: 15,
  brainpoolP384r1: 16,
  brainpoolP512r1: 17,
  secp521r1: 18,
};

/** Big-endian bytes as a number. */
export function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** A number as big-endian bytes. */
export function toBytes(value: bigint, length: number): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex'));
}

function valuesOf(node: unknown): readonly Uint8Array[] {
  if (node instanceof Sequence) return node.valueBlock.value.flatMap(valuesOf);
  if (node instanceof Integer || node instanceof OctetString) return [new Uint8Array(node.valueBlock.valueHexView)];
  return [];
}

const loaded = new Map<string, SimulatedCurve>();

/** A curve by its name in OpenSSL, which is asked for its parameters. */
export function simulatedCurve(name: string): SimulatedCurve {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const key = generateKeyPairSync('ec', { namedCurve: name, paramEncoding: 'explicit' }).publicKey;
  const spki = fromBER(key.export({ format: 'der', type: 'spki' })).result;
  // AlgorithmIdentifier: version, prime, a, b, generator, order, cofactor (RFC 3279 section 2.3.5).
  const algorithm = spki instanceof Sequence ? spki.valueBlock.value[0] : undefined;
  const [, p, a, b, base, n] = valuesOf(algorithm);
  if (p === undefined || a === undefined || b === undefined || base === undefined || n === undefined) {
    throw new Error(`OpenSSL knows no curve ${name}`);
  }
  const bytes = (base.length - 1) / 2;
  const generator = [toNumber(base.subarray(1, 1 + bytes)), toNumber(base.subarray(1 + bytes))] as const;
  const curve = { name, p: toNumber(p), a: toNumber(a), b: toNumber(b), n: toNumber(n), generator, bytes };
  loaded.set(name, curve);
  return curve;
}

const modulo = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus;

/** The inverse, by Euclid. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [low, high, x, y] = [modulo(value, modulus), modulus, 1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high] = [high - quotient * low, low];
    [x, y] = [y - quotient * x, x];
  }
  return modulo(x, modulus);
}

/** The sum of two points. */
export function addPoints({ p, a }: SimulatedCurve, left: SimulatedPoint, right: SimulatedPoint): SimulatedPoint {
  if (left === undefined) return right;
  if (right === undefined) return left;
  const [x1, y1] = left;
  const [x2, y2] = right;
  if (x1 === x2 && modulo(y1 + y2, p) === 0n) return undefined;
  const slope = x1 === x2 ? (3n * x1 * x1 + a) * inverse(2n * y1, p) : (y2 - y1) * inverse(x2 - x1, p);
  const x = modulo(slope * slope - x1 - x2, p);
  return [x, modulo(slope * (x1 - x) - y1, p)];
}

/** A multiple of a point. */
export function multiplyPoint(curve: SimulatedCurve, point: SimulatedPoint, scalar: bigint): SimulatedPoint {
  let sum: SimulatedPoint;
  let power = point;
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) sum = addPoints(curve, sum, power);
    power = addPoints(curve, power, power);
  }
  return sum;
}

/** 04 || X || Y. */
export function writePoint({ bytes }: SimulatedCurve, point: SimulatedPoint): Uint8Array {
  if (point === undefined) throw new Error('the point at infinity is not written');
  return new Uint8Array(Buffer.concat([Uint8Array.of(4), toBytes(point[0], bytes), toBytes(point[1], bytes)]));
}

/** A point of the curve, or undefined for anything else. */
export function parsePoint({ p, a, b, bytes }: SimulatedCurve, encoded: Uint8Array): SimulatedPoint {
  if (encoded.length !== 1 + 2 * bytes || encoded[0] !== 4) return undefined;
  const [x, y] = [toNumber(encoded.subarray(1, 1 + bytes)), toNumber(encoded.subarray(1 + bytes))];
  return x < p && y < p && modulo(y * y - x * x * x - a * x - b, p) === 0n ? [x, y] : undefined;
}

/** A secret scalar. */
export function drawScalar({ n, bytes }: SimulatedCurve, random: (length: number) => Uint8Array): bigint {
  return (toNumber(random(bytes + 8)) % (n - 1n)) + 1n;
}
