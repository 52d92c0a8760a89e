// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The quotient of Groth16, h = (a b - c) / Z, by its values on the domain itself.
 *
 * a, b and c are the polynomials whose values at w^j, the powers of a root of unity of order n, are the two
 * sides of row j and their product; so p = a b - c is zero there, a multiple of Z = x^n - 1. The usual way
 * evaluates p between the w^j. Here it is differentiated: from p = h Z follows x p' = x h' Z + h x Z', and at
 * w^j, where Z = 0 and x Z' = n x^n = n,
 *
 *     h(w^j) = (D(a) b + a D(b) - D(c))(w^j) / n        D = x d/dx = F diag(i) F^-1, F the transform.
 *
 * It costs the same six transforms, and has two virtues for late binding. The sum over h needs points for
 * the values at w^j (the key file has them, already divided by n). And it stays sparse: where a and b do not
 * change at row j, the part of h that is linear in the late input does not change there either, although
 * every value of h itself does (`late.ts`).
 *
 * @module
 */
import { type Address, type Curve, FIELD_BYTES } from './curve.ts';

/** Operations on vectors of n values in a curve's memory, Montgomery form. */
export interface Domain {
  /** Number of rows, n. */
  readonly size: number;
  /** Reserves a vector. */
  readonly vector: () => Address;
  /** Replaces the values of a polynomial f at the w^j by those of x f'. */
  readonly derive: (at: Address) => void;
  /** Writes `left * right`, row by row. */
  readonly multiply: (left: Address, right: Address, out: Address) => void;
  /** Adds `left * right` to a vector, row by row; rows where `left` is zero cost nothing. */
  readonly addProduct: (left: Address, right: Address, out: Address) => void;
  /** Subtracts one vector from another, in place. */
  readonly subtract: (out: Address, other: Address) => void;
}

/**
 * Makes the operations for a domain; reserves a vector and a value.
 *
 * @param size - A power of two.
 */
export function createDomain(curve: Curve, size: number): Domain {
  const { fr, bytes, words } = curve;
  const vectorBytes = size * FIELD_BYTES;
  const product = curve.reserve(FIELD_BYTES);
  // The numbers 0, 1, 2, ... by which derive multiplies.
  const indices = curve.reserve(vectorBytes);
  const one = curve.reserve(FIELD_BYTES);
  bytes.fill(0, one, one + FIELD_BYTES);
  bytes[one] = 1;
  fr.toMontgomery(one, one);
  bytes.fill(0, indices, indices + FIELD_BYTES);
  for (let i = 1; i < size; i++) fr.add(indices + (i - 1) * FIELD_BYTES, one, indices + i * FIELD_BYTES);

  const isZero = (at: Address): boolean => {
    for (let word = at >>> 2; word < (at + FIELD_BYTES) >>> 2; word++) if (words[word] !== 0) return false;
    return true;
  };
  return {
    size,
    vector: () => curve.reserve(vectorBytes),
    derive(at) {
      fr.ifft(at, size);
      for (let offset = 0; offset < vectorBytes; offset += FIELD_BYTES) {
        fr.mul(at + offset, indices + offset, at + offset);
      }
      fr.fft(at, size);
    },
    multiply(left, right, out) {
      for (let offset = 0; offset < vectorBytes; offset += FIELD_BYTES) {
        fr.mul(left + offset, right + offset, out + offset);
      }
    },
    addProduct(left, right, out) {
      for (let offset = 0; offset < vectorBytes; offset += FIELD_BYTES) {
        if (isZero(left + offset)) continue;
        fr.mul(left + offset, right + offset, product);
        fr.add(out + offset, product, out + offset);
      }
    },
    subtract(out, other) {
      for (let offset = 0; offset < vectorBytes; offset += FIELD_BYTES) {
        fr.sub(out + offset, other + offset, out + offset);
      }
    },
  };
}
