// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The quotient as a polynomial in the late input m, the one public input that may change between arm and
 * fire. The circuit squares it and uses it nowhere else, so with a = a0 + m a1, b = b0 + m b1 and
 * c = a b on each row,
 *
 *     h = h0 + m h1 + m^2 h2
 *     h1 = D(a1) b0 + a1 D(b0) + D(a0) b1 + a0 D(b1)
 *     h2 = D(a1) b1 + a1 D(b1) - D(a1 b1)
 *
 * up to the factor 1/n of `quotient.ts`. a1 and b1 belong to the key: a1 is one at the squaring row and at
 * the row that snarkjs appends for the public input, b1 at the squaring row alone. Nothing else stands in
 * those rows, so a0 b1 + a1 b0 = 0 and c has no part linear in m. D(a1) and D(b1) are the same for every
 * proof. So h1 at row j changes only if a0 or b0 changes at row j, but for the rows of a1 and b1: the sum
 * over h1 needs the changed rows only, some hundreds where h0 needs all n.
 *
 * @module
 */
import { type Address, type Curve, FIELD_BYTES } from './curve.ts';
import type { Constraints } from './constraints.ts';
import type { Domain } from './quotient.ts';

/** What the late input brings to the rows, in memory. */
export interface LateRows {
  readonly a1: Address;
  readonly b1: Address;
  readonly da1: Address;
  readonly db1: Address;
}

/** Computes the late input's rows and their derivatives; reserves four vectors. */
export function createLateRows(curve: Curve, domain: Domain, constraints: Constraints, lateWire: number): LateRows {
  const [a1, b1, da1, db1] = [domain.vector(), domain.vector(), domain.vector(), domain.vector()];
  const bytes = domain.size * FIELD_BYTES;
  curve.bytes.fill(0, a1, a1 + bytes);
  curve.bytes.fill(0, b1, b1 + bytes);
  curve.scratch(() => {
    const one = curve.reserve(FIELD_BYTES);
    curve.bytes.fill(0, one, one + FIELD_BYTES);
    curve.bytes[one] = 1;
    constraints.addWire(lateWire, one, a1, b1);
  });
  for (const [from, to] of [
    [a1, da1],
    [b1, db1],
  ] as const) {
    curve.bytes.copyWithin(to, from, from + bytes);
    domain.derive(to);
  }
  return { a1, b1, da1, db1 };
}

/** Writes h2, without the factor 1/n, in Montgomery form. */
export function writeLateSquare(curve: Curve, domain: Domain, { a1, b1, da1, db1 }: LateRows, out: Address): void {
  curve.scratch(() => {
    const product = domain.vector();
    domain.multiply(a1, b1, product);
    domain.derive(product);
    domain.multiply(a1, db1, out);
    domain.addProduct(b1, da1, out);
    domain.subtract(out, product);
  });
}

/**
 * Writes h1, without the factor 1/n, in Montgomery form.
 *
 * @param rows - The rows without the late input, a0 and b0, and their derivatives.
 */
export function writeLateLinear(
  domain: Domain,
  { a1, b1, da1, db1 }: LateRows,
  rows: { readonly a: Address; readonly b: Address; readonly da: Address; readonly db: Address },
  out: Address,
): void {
  domain.multiply(rows.a, db1, out);
  domain.addProduct(rows.b, da1, out);
  domain.addProduct(a1, rows.db, out);
  domain.addProduct(b1, rows.da, out);
}
