// SPDX-License-Identifier: Apache-2.0
/**
 * Whether a point of the twist lies in G2, the subgroup of order r, by an endomorphism instead of a
 * multiplication by r: one multiplication by the curve's 63-bit parameter x.
 *
 *     psi(X, Y) = (conj(X) xi^((q-1)/3), conj(Y) xi^((q-1)/2))        xi = 9 + u
 *     P in G2   iff   [x+1]P + psi([x]P) + psi^2([x]P) = psi^3([2x]P)
 *
 * The test is that of Dai, Lin, Zhao and Zhou (Fast subgroup membership testings for G1, G2 and GT on
 * pairing-friendly curves, eprint 2022/348, section 3.1.2), on the general criterion of El Housni, Guillevic
 * and Piellard (Co-factor clearing and subgroup membership testing on pairing-friendly curves, eprint
 * 2022/352). Why it decides, for every point of the twist and not for most:
 *
 * - On G2, psi is multiplication by q, and x + 1 + xq + xq^2 - 2xq^3 is a multiple of r.
 * - psi^2 - t psi + q = 0 on the whole twist, so the test says (a + b psi)P = 0 for two integers a and b.
 *   Then N P = 0 for the norm N = a^2 + abt + b^2 q. The twist has r (2q - r) points, and the greatest common
 *   divisor of N and that number is r.
 *
 * test/verifying/subgroup.test.ts computes both. The multiplication by x is made of doublings and additions,
 * which are right for every point: mcl's own `mul` takes long scalars apart by psi, which is right only inside
 * the group, and does not promise from where on. About twice as fast as mcl's `isValidOrder`.
 * docs/protocol.md section 6.
 *
 * @module
 */
import * as mcl from 'mcl-wasm';
import { BASE_FIELD_ORDER } from '../protocol/field.ts';

/** The parameter x of BN254: q and r are polynomials of it. */
export const CURVE_PARAMETER = 4965661367192848881n;

/** Digits of x in non-adjacent form after the leading one, most significant first: 0, 1 or -1. */
const DIGITS = nonAdjacentForm(CURVE_PARAMETER).slice(1);

/** What psi multiplies the conjugated coordinates by; made at first use, when mcl runs. */
let constants: { readonly x: mcl.Fp2; readonly y: mcl.Fp2 } | undefined;

/**
 * Tells whether a point has order r or is at infinity.
 *
 * @param point - On the twist: the caller has checked that. mcl runs (`startCurve`).
 */
export function isInSubgroup(point: mcl.G2): boolean {
  const multiple = timesParameter(point);
  const once = psi(multiple);
  const twice = psi(once);
  const left = mcl.add(mcl.add(mcl.add(point, multiple), once), twice);
  return left.isEqual(mcl.dbl(psi(twice)));
}

/** [x]P. */
function timesParameter(point: mcl.G2): mcl.G2 {
  const opposite = mcl.neg(point);
  let sum = point;
  for (const digit of DIGITS) {
    sum = mcl.dbl(sum);
    if (digit !== 0) sum = mcl.add(sum, digit === 1 ? point : opposite);
  }
  return sum;
}

/** Frobenius on the curve, carried over to the twist. In Jacobian coordinates, Z is conjugated. */
function psi(point: mcl.G2): mcl.G2 {
  constants ??= { x: power((BASE_FIELD_ORDER - 1n) / 3n), y: power((BASE_FIELD_ORDER - 1n) / 2n) };
  const image = new mcl.G2();
  image.setX(mcl.mul(conjugate(point.getX()), constants.x));
  image.setY(mcl.mul(conjugate(point.getY()), constants.y));
  image.setZ(conjugate(point.getZ()));
  return image;
}

function conjugate(value: mcl.Fp2): mcl.Fp2 {
  const conjugated = value.clone();
  conjugated.set_b(mcl.neg(value.get_b()));
  return conjugated;
}

/** xi^exponent. */
function power(exponent: bigint): mcl.Fp2 {
  let product = new mcl.Fp2();
  product.setInt(1, 0);
  let square = new mcl.Fp2();
  square.setInt(9, 1);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) product = mcl.mul(product, square);
    square = mcl.sqr(square);
  }
  return product;
}

function nonAdjacentForm(value: bigint): readonly (0 | 1 | -1)[] {
  const digits: (0 | 1 | -1)[] = [];
  for (let rest = value; rest > 0n; rest >>= 1n) {
    const digit = (rest & 1n) === 0n ? 0 : (rest & 3n) === 1n ? 1 : -1;
    digits.unshift(digit);
    rest -= BigInt(digit);
  }
  return digits;
}
