// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From a change of wires to the values that the sums of a proof multiply: the rows of the constraints and
 * the quotient. Vectors come and go as bytes; the work happens in the key's memory.
 *
 * @module
 */
import { type Address, type Curve, FIELD_BYTES, FIELD_WORDS } from './curve.ts';
import { writeLateLinear } from './late.ts';
import type { ProvingKey } from './load.ts';
import type { Multiples } from './sums.ts';

/** Values of 32 bytes as eight words each. */
export const toWords = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.slice().buffer);

/** Where two vectors of canonical values differ, and `after - before` there. */
export function differences(curve: Curve, before: Uint8Array, after: Uint8Array): Multiples {
  const [old, now] = [toWords(before), toWords(after)];
  const positions: number[] = [];
  for (let i = 0; i < now.length; i += FIELD_WORDS) {
    for (let word = i; word < i + FIELD_WORDS; word++) {
      if (old[word] !== now[word]) {
        positions.push(i / FIELD_WORDS);
        break;
      }
    }
  }
  const scalars = new Uint32Array(positions.length * FIELD_WORDS);
  curve.scratch(() => {
    const [x, y] = [curve.reserve(FIELD_BYTES), curve.reserve(FIELD_BYTES)];
    positions.forEach((position, i) => {
      const [from, to] = [position * FIELD_WORDS, (position + 1) * FIELD_WORDS];
      curve.words.set(now.subarray(from, to), x >>> 2);
      curve.words.set(old.subarray(from, to), y >>> 2);
      curve.fr.sub(x, y, x);
      scalars.set(curve.words.subarray(x >>> 2, (x >>> 2) + FIELD_WORDS), i * FIELD_WORDS);
    });
  });
  return { positions: Uint32Array.from(positions), scalars };
}

/** Puts vectors into memory. */
function place(curve: Curve, ...vectors: Uint8Array[]): Address[] {
  return vectors.map((vector) => {
    const at = curve.reserve(vector.length);
    curve.bytes.set(vector, at);
    return at;
  });
}

/** Both sides of the rows after a change of wires, and their product. */
export function rowsAfter(
  { curve, constraints, domain, file }: ProvingKey,
  before: Readonly<Record<'a' | 'b', Uint8Array>>,
  { positions, scalars }: Multiples,
): { a: Uint8Array; b: Uint8Array; c: Uint8Array } {
  return curve.scratch(() => {
    const [a = 0, b = 0] = place(curve, before.a, before.b);
    const [c, change] = [domain.vector(), curve.reserve(FIELD_BYTES)];
    positions.forEach((wire, i) => {
      curve.words.set(scalars.subarray(i * FIELD_WORDS, (i + 1) * FIELD_WORDS), change >>> 2);
      constraints.addWire(wire, change, a, b);
    });
    domain.multiply(a, b, c);
    const read = (at: Address): Uint8Array => curve.bytes.slice(at, at + file.domain * FIELD_BYTES);
    return { a: read(a), b: read(b), c: read(c) };
  });
}

/** Values of the quotient without the late input, and of its linear part; canonical. */
export function quotientOf(
  { curve, domain, late, file }: ProvingKey,
  vectors: Readonly<Record<'a' | 'b' | 'da' | 'db' | 'dc', Uint8Array>>,
): { constant: Uint8Array; linear: Uint8Array } {
  return curve.scratch(() => {
    const [a = 0, b = 0, da = 0, db = 0, dc = 0] = place(
      curve,
      ...[vectors.a, vectors.b, vectors.da, vectors.db, vectors.dc],
    );
    const out = domain.vector();
    const read = (): Uint8Array => {
      for (let at = out; at < out + file.domain * FIELD_BYTES; at += FIELD_BYTES) curve.fr.fromMontgomery(at, at);
      return curve.bytes.slice(out, out + file.domain * FIELD_BYTES);
    };
    writeLateLinear(domain, late, { a, b, da, db }, out);
    const linear = read();
    domain.multiply(a, db, out);
    domain.addProduct(b, da, out);
    domain.subtract(out, dc);
    return { constant: read(), linear };
  });
}
