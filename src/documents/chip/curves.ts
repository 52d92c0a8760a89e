// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The elliptic curves of travel documents: the standardised domain parameters of ICAO 9303-11
 * table 9 that are curves (numbers 8 to 18), their points, and the key agreement over them.
 *
 *     point = 04 || X || Y       both coordinates as long as the field
 *     KA(sk, PK) = sk PK         its X coordinate is the shared secret
 *
 * All have cofactor 1, so that a point on the curve is a point of the group.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import type { WeierstrassPoint, WeierstrassPointCons } from '@noble/curves/abstract/weierstrass.js';
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from '@noble/curves/misc.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';

/** A point that is not the one at infinity. */
export type Point = WeierstrassPoint<bigint>;

/** One curve. */
export interface Curve {
  /** Number among the standardised domain parameters. */
  readonly id: number;
  /** Name in OpenSSL. */
  readonly name: string;
  /** Length of a coordinate, in bytes. */
  readonly bytes: number;
  readonly points: WeierstrassPointCons<bigint>;
}

/** Curves that the library does not name: prime, a, b, order, generator, each in hex (FIPS 186-4 D.1.2, RFC 5639). */
const PARAMETERS: Readonly<
  Record<string, readonly [p: string, a: string, b: string, n: string, x: string, y: string]>
> = {
  prime192v1: [
    'fffffffffffffffffffffffffffffffeffffffffffffffff',
    'fffffffffffffffffffffffffffffffefffffffffffffffc',
    '64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1',
    'ffffffffffffffffffffffff99def836146bc9b1b4d22831',
    '188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012',
    '07192b95ffc8da78631011ed6b24cdd573f977a11e794811',
  ],
  secp224r1: [
    'ffffffffffffffffffffffffffffffff000000000000000000000001',
    'fffffffffffffffffffffffffffffffefffffffffffffffffffffffe',
    'b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4',
    'ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d',
    'b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21',
    'bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34',
  ],
  brainpoolP192r1: [
    'c302f41d932a36cda7a3463093d18db78fce476de1a86297',
    '6a91174076b1e0e19c39c031fe8685c1cae040e5c69a28ef',
    '469a28ef7c28cca3dc721d044f4496bcca7ef4146fbf25c9',
    'c302f41d932a36cda7a3462f9e9e916b5be8f1029ac4acc1',
    'c0a0647eaab6a48753b033c56cb0f0900a2f5c4853375fd6',
    '14b690866abd5bb88b5f4828c1490002e6773fa2fa299b8f',
  ],
  brainpoolP224r1: [
    'd7c134aa264366862a18302575d1d787b09f075797da89f57ec8c0ff',
    '68a5e62ca9ce6c1c299803a6c1530b514e182ad8b0042a59cad29f43',
    '2580f63ccfe44138870713b1a92369e33e2135d266dbb372386c400b',
    'd7c134aa264366862a18302575d0fb98d116bc4b6ddebca3a5a7939f',
    '0d9029ad2c7e5cf4340823b2a87dc68c9e4ce3174c1e6efdee12c07d',
    '58aa56f772c0726f24c6b89e4ecdac24354b9e99caa3f6d3761402cd',
  ],
  brainpoolP320r1: [
    'd35e472036bc4fb7e13c785ed201e065f98fcfa6f6f40def4f92b9ec7893ec28fcd412b1f1b32e27',
    '3ee30b568fbab0f883ccebd46d3f3bb8a2a73513f5eb79da66190eb085ffa9f492f375a97d860eb4',
    '520883949dfdbc42d3ad198640688a6fe13f41349554b49acc31dccd884539816f5eb4ac8fb1f1a6',
    'd35e472036bc4fb7e13c785ed201e065f98fcfa5b68f12a32d482ec7ee8658e98691555b44c59311',
    '43bd7e9afb53d8b85289bcc48ee5bfe6f20137d10a087eb6e7871e2a10a599c710af8d0d39e20611',
    '14fdd05545ec1cc8ab4093247f77275e0743ffed117182eaa9c77877aaac6ac7d35245d1692e8ee1',
  ],
};

function lesser(name: string): WeierstrassPointCons<bigint> {
  const [p = 0n, a = 0n, b = 0n, n = 0n, Gx = 0n, Gy = 0n] = (PARAMETERS[name] ?? []).map((hex) => BigInt(`0x${hex}`));
  return weierstrass({ p, a, b, n, h: 1n, Gx, Gy });
}

function curve(id: number, name: string, points: WeierstrassPointCons<bigint>): Curve {
  return { id, name, bytes: points.Fp.BYTES, points };
}

/** Every curve that a document may use. */
export const CURVES: readonly Curve[] = [
  curve(8, 'prime192v1', lesser('prime192v1')),
  curve(9, 'brainpoolP192r1', lesser('brainpoolP192r1')),
  curve(10, 'secp224r1', lesser('secp224r1')),
  curve(11, 'brainpoolP224r1', lesser('brainpoolP224r1')),
  curve(12, 'prime256v1', p256.Point),
  curve(13, 'brainpoolP256r1', brainpoolP256r1.Point),
  curve(14, 'brainpoolP320r1', lesser('brainpoolP320r1')),
  curve(15, 'secp384r1', p384.Point),
  curve(16, 'brainpoolP384r1', brainpoolP384r1.Point),
  curve(17, 'brainpoolP512r1', brainpoolP512r1.Point),
  curve(18, 'secp521r1', p521.Point),
];

/** Coordinates as they travel. */
export function encodePoint(point: Point): Uint8Array {
  return point.toBytes(false);
}

/**
 * Reads a point that somebody else chose.
 *
 * @param what - Names it in errors.
 * @throws {@link ProtocolError} `chip_response_invalid` unless it is an uncompressed point of the curve.
 */
export function decodePoint({ points, bytes }: Curve, encoded: Uint8Array, what: string): Point {
  if (encoded.length !== 1 + 2 * bytes || encoded[0] !== 4)
    throw new ProtocolError('chip_response_invalid', `${what} is no point`);
  try {
    return points.fromBytes(encoded); // refuses what is not on the curve
  } catch (cause) {
    throw new ProtocolError('chip_response_invalid', `${what} is not on its curve`, { cause });
  }
}

/**
 * Multiplies a point by a scalar given as bytes.
 *
 * @throws {@link ProtocolError} `chip_response_invalid` unless 0 \< scalar \< order.
 */
export function multiply({ points }: Curve, point: Point, scalar: Uint8Array): Point {
  const value = bytesToNumberBE(scalar);
  if (value === 0n || value >= points.Fn.ORDER)
    throw new ProtocolError('chip_response_invalid', 'a scalar is out of range');
  return point.multiply(value);
}

/** The X coordinate, as long as the field. */
export function xOf({ bytes }: Curve, point: Point): Uint8Array {
  return numberToBytesBE(point.toAffine().x, bytes);
}

/**
 * A secret scalar, uniform in 1 to order - 1 up to a bias of 2^-64.
 *
 * @param random - Cryptographically secure source.
 */
export function randomScalar({ points, bytes }: Curve, random: (length: number) => Uint8Array): Uint8Array {
  const value = (bytesToNumberBE(random(points.Fn.BYTES + 8)) % (points.Fn.ORDER - 1n)) + 1n;
  return numberToBytesBE(value, Math.max(bytes, points.Fn.BYTES));
}
