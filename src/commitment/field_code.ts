// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Arithmetic of BN254's scalars in WebAssembly, made for sums of products.
 *
 * An element has 9 limbs of 29 bits, kept in 32 bits each, and stands for its Montgomery form with
 * `R = 2^261`, some 169 times the order p. Products of limbs have 58 bits, so that a column of 64 of them
 * fits 64 bits: a row is summed up as a whole and reduced once. Reducing compares nothing: for a sum T of
 * products, `(T + m p) / R` is below `T / R + p`. The caller keeps values below R.
 *
 * @module
 */
import { FIELD_ORDER } from '../protocol/field.ts';
import { type Code, wasm, type WasmFunction } from './wasm_code.ts';

/** Limbs of an element. */
export const LIMBS = 9;
/** Bits of a limb. */
export const LIMB_BITS = 29;
/** Bytes of an element. */
export const ELEMENT_BYTES = 4 * LIMBS;
/** Montgomery's R, modulo nothing. */
export const MONTGOMERY = 1n << BigInt(LIMBS * LIMB_BITS);

const BITS = BigInt(LIMB_BITS);
const MASK = (1n << BITS) - 1n;
const COLUMNS = 2 * LIMBS - 1;
/** The integers from 0 on. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Limbs of an integer below 2^261. */
export function limbsOf(value: bigint): bigint[] {
  return range(LIMBS).map((i) => (value >> (BITS * BigInt(i))) & MASK);
}

/** `-p^-1` modulo a limb, by Newton's iteration. */
function negatedInverse(): bigint {
  let inverse = 1n;
  for (let bits = 1; bits < LIMB_BITS; bits *= 2) {
    inverse = BigInt.asUintN(LIMB_BITS, inverse * (2n - FIELD_ORDER * inverse));
  }
  return BigInt.asUintN(LIMB_BITS, -inverse);
}

/** Locals of a function whose parameters come first. */
function locals(parameters: number): { a: number[]; columns: number[]; carry: number; count: number } {
  const first = parameters;
  return {
    a: range(LIMBS).map((i) => first + i),
    columns: range(COLUMNS).map((i) => first + LIMBS + i),
    carry: first + LIMBS + COLUMNS,
    count: LIMBS + COLUMNS + 1,
  };
}

const at = (list: readonly number[], i: number): number => list[i] ?? 0;

/** Adds all products of limbs to the columns; the limbs of `b` are read where they are used. */
function addProducts({ a, columns }: ReturnType<typeof locals>, from: number, other: number, scratch: number): Code {
  return [
    ...range(LIMBS).flatMap((i) => wasm.set(at(a, i), wasm.load32(wasm.get(from), 4 * i))),
    ...range(LIMBS).flatMap((j) => [
      ...wasm.set(scratch, wasm.load32(wasm.get(other), 4 * j)),
      ...range(LIMBS).flatMap((i) => {
        const column = at(columns, i + j);
        return wasm.set(column, wasm.add(wasm.get(column), wasm.mul(wasm.get(at(a, i)), wasm.get(scratch))));
      }),
    ]),
  ];
}

/** Brings all columns but the last below a limb. */
function carryColumns(columns: readonly number[]): Code {
  return columns.slice(0, -1).flatMap((column, i) => {
    const next = at(columns, i + 1);
    return [
      ...wasm.set(next, wasm.add(wasm.get(next), wasm.shiftRight(wasm.get(column), BITS))),
      ...wasm.set(column, wasm.and(wasm.get(column), wasm.i64(MASK))),
    ];
  });
}

/** Divides the columns by R modulo the order, and stores the limbs. */
function reduce({ columns, carry }: ReturnType<typeof locals>, out: number): Code {
  const order = limbsOf(FIELD_ORDER);
  const inverse = negatedInverse();
  const rounds = range(LIMBS).flatMap((i) => {
    const lowest = at(columns, i);
    const next = at(columns, i + 1);
    return [
      ...wasm.set(
        carry,
        wasm.and(wasm.mul(wasm.and(wasm.get(lowest), wasm.i64(MASK)), wasm.i64(inverse)), wasm.i64(MASK)),
      ),
      ...order.flatMap((limb, j) => {
        const column = at(columns, i + j);
        return wasm.set(column, wasm.add(wasm.get(column), wasm.mul(wasm.get(carry), wasm.i64(limb))));
      }),
      ...wasm.set(next, wasm.add(wasm.get(next), wasm.shiftRight(wasm.get(lowest), BITS))),
    ];
  });
  return [...rounds, ...storeLimbs(columns.slice(LIMBS), carry, out)];
}

/** Stores columns as limbs, with what is carried beyond the last as one more. */
function storeLimbs(columns: readonly number[], carry: number, out: number): Code {
  return [
    ...wasm.set(carry, wasm.i64(0n)),
    ...columns.flatMap((column, i) => [
      ...wasm.set(carry, wasm.add(wasm.get(carry), wasm.get(column))),
      ...wasm.store32(wasm.get(out), 4 * i, wasm.and(wasm.get(carry), wasm.i64(MASK))),
      ...wasm.set(carry, wasm.shiftRight(wasm.get(carry), BITS)),
    ]),
    ...wasm.store32(wasm.get(out), 4 * columns.length, wasm.get(carry)),
  ];
}

/** `(out, a, b, end)`: the sum of the products of two rows of elements; the first ends at `end`. */
export function dotFunction(): WasmFunction {
  const own = locals(4);
  const [out, a, b, end] = [0, 1, 2, 3];
  const step = (local: number): Code => wasm.set(local, wasm.add32(wasm.get(local), wasm.i32(ELEMENT_BYTES)));
  return {
    parameters: 4,
    i64Locals: own.count,
    body: [
      ...wasm.repeat(
        [
          ...addProducts(own, a, b, own.carry),
          ...step(a),
          ...step(b),
          // Rows of up to nine: once in the middle, the columns are relieved of what they carry.
          ...wasm.when(
            wasm.equal32(wasm.add32(wasm.get(a), wasm.i32(3 * ELEMENT_BYTES)), wasm.get(end)),
            carryColumns(own.columns),
          ),
        ],
        [...wasm.equal32(wasm.get(a), wasm.get(end)), 0x45],
      ),
      ...reduce(own, out),
    ],
  };
}

/** `(out, a, b)`: the product. */
export function mulFunction(): WasmFunction {
  const own = locals(3);
  return { parameters: 3, i64Locals: own.count, body: [...addProducts(own, 1, 2, own.carry), ...reduce(own, 0)] };
}

/** `(out, a, b)`: the sum, not reduced. */
export function addFunction(): WasmFunction {
  const carry = 3;
  return {
    parameters: 3,
    i64Locals: 1,
    body: range(LIMBS).flatMap((i) => [
      ...wasm.set(
        carry,
        wasm.add(wasm.get(carry), wasm.add(wasm.load32(wasm.get(1), 4 * i), wasm.load32(wasm.get(2), 4 * i))),
      ),
      ...wasm.store32(wasm.get(0), 4 * i, wasm.and(wasm.get(carry), wasm.i64(MASK))),
      ...wasm.set(carry, wasm.shiftRight(wasm.get(carry), BITS)),
    ]),
  };
}
