// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * WebAssembly that hashes by Poseidon over the arithmetic of `field_code.ts`, in the rounds of circomlib's
 * optimised form. Nothing is reduced more than a sum of products is; with p the order and R = 169 p:
 *
 * ```text
 * after a row of 9 products of a state below 5 p and constants below p     45/169 p + p,  below 2 p
 * after 63 partial rounds, each adding a product below 1.1 p               below 72 p
 * a row over that state                                                    648/169 p + p, below 5 p
 * x below 72 p:  x^2 below 32 p,  x^4 below 8 p,  x^5 below 5 p
 * ```
 *
 * @module
 */
import { FIELD_ORDER } from '../protocol/field.ts';
import { addFunction, dotFunction, ELEMENT_BYTES, MONTGOMERY, mulFunction, range } from './field_code.ts';
import { type Code, encodeModule, wasm } from './wasm_code.ts';

const FUNCTIONS = { dot: 0, mul: 1, add: 2, first: 3 } as const;

/** Constants of one width, as circomlib's optimised form names them; elements in Montgomery form. */
export interface PoseidonConstants {
  /** Added before, within and after the partial rounds, in the order of use. */
  readonly C: readonly bigint[];
  /** Of each partial round: its first row, then its first column without the corner. */
  readonly S: readonly bigint[];
  /** The matrix of the full rounds and of the one before the partial rounds, by columns. */
  readonly M: readonly (readonly bigint[])[];
  readonly P: readonly (readonly bigint[])[];
}

/** A module that hashes. */
export interface PoseidonModule {
  /** Exports `memory`, and `hashN` for each number of inputs N. */
  readonly code: Uint8Array<ArrayBuffer>;
  /** What the memory holds before the first hash. */
  readonly memory: readonly { readonly address: number; readonly elements: readonly bigint[] }[];
  /** Where the inputs go and the hash comes out, as limbs, not in Montgomery form; the hash is at most the order. */
  readonly inputs: number;
  readonly output: number;
}

const FULL_ROUNDS = 8;

/**
 * Makes the module.
 *
 * @param constants - By number of inputs, at most 8.
 */
export function poseidonModule(constants: ReadonlyMap<number, PoseidonConstants>): PoseidonModule {
  const memory: { address: number; elements: readonly bigint[] }[] = [];
  let free = 0;
  const place = (elements: readonly bigint[]): number => {
    const address = free;
    memory.push({ address, elements });
    free += elements.length * ELEMENT_BYTES;
    return address;
  };
  const room = (elements: number): number => place(Array.from({ length: elements }, () => 0n));
  const fixed: Fixed = {
    states: [room(9), room(9)],
    square: room(1),
    product: room(1),
    zero: room(1),
    one: place([1n]),
    toMontgomery: place([(MONTGOMERY * MONTGOMERY) % FIELD_ORDER]),
  };
  const hashes = [...constants].map(([inputs, { C, S, M, P }]) => {
    const rows = (matrix: readonly (readonly bigint[])[]): number =>
      place(matrix.flatMap((_, row) => matrix.map((column) => column[row] ?? 0n)));
    const placed = { C: place(C), S: place(S), M: rows(M), P: rows(P) };
    const partial = S.length / (2 * inputs + 1);
    return { name: `hash${String(inputs)}`, body: hashBody(fixed, inputs + 1, partial, placed) };
  });
  const exported = Object.fromEntries(hashes.map(({ name }, i) => [name, FUNCTIONS.first + i]));
  const functions = [
    dotFunction(),
    mulFunction(),
    addFunction(),
    ...hashes.map(({ body }) => ({ parameters: 0, i64Locals: 0, body })),
  ];
  return {
    code: encodeModule(functions, exported, Math.ceil(free / 65_536)),
    memory,
    inputs: fixed.states[0] + ELEMENT_BYTES,
    output: fixed.product,
  };
}

/** Addresses that all widths share. */
interface Fixed {
  readonly states: readonly [number, number];
  readonly square: number;
  readonly product: number;
  readonly zero: number;
  readonly one: number;
  readonly toMontgomery: number;
}

/** One hash as a straight line of calls: circomlib's optimised rounds. */
function hashBody(
  { states, square, product, zero, one, toMontgomery }: Fixed,
  width: number,
  partial: number,
  { C, S, M, P }: { readonly C: number; readonly S: number; readonly M: number; readonly P: number },
): Code {
  const calls: Code[] = [];
  const call = (index: number, ...addresses: readonly number[]): void => {
    calls.push(wasm.call(index, ...addresses.map(wasm.i32)));
  };
  const mul = (out: number, a: number, b: number): void => {
    call(FUNCTIONS.mul, out, a, b);
  };
  const add = (out: number, a: number, b: number): void => {
    call(FUNCTIONS.add, out, a, b);
  };
  const element = (base: number, i: number): number => base + i * ELEMENT_BYTES;
  const dot = (out: number, row: number): void => {
    call(FUNCTIONS.dot, out, state, row, element(state, width));
  };
  let [state, other] = states;
  let nextConstant = C;
  const addConstant = (i: number): void => {
    add(element(state, i), element(state, i), nextConstant);
    nextConstant += ELEMENT_BYTES;
  };
  const power5 = (i: number): void => {
    const x = element(state, i);
    mul(square, x, x);
    mul(square, square, square);
    mul(x, x, square);
  };
  const all = (work: (i: number) => void): void => {
    range(width).forEach(work);
  };
  const multiply = (matrix: number): void => {
    all((i) => {
      dot(element(other, i), element(matrix, i * width));
    });
    [state, other] = [other, state];
  };

  add(state, zero, zero);
  for (const i of range(width).slice(1)) mul(element(state, i), element(state, i), toMontgomery);
  all(addConstant);
  for (const round of range(FULL_ROUNDS / 2)) {
    all(power5);
    all(addConstant);
    multiply(round === FULL_ROUNDS / 2 - 1 ? P : M);
  }
  for (const round of range(partial)) {
    const row = element(S, round * (2 * width - 1));
    power5(0);
    addConstant(0);
    dot(other, row);
    for (const i of range(width).slice(1)) {
      mul(product, state, element(row, width + i - 1));
      add(element(state, i), element(state, i), product);
    }
    add(state, other, zero);
  }
  for (const round of range(FULL_ROUNDS / 2)) {
    all(power5);
    if (round < FULL_ROUNDS / 2 - 1) {
      all(addConstant);
      multiply(M);
    } else {
      // Only the first element comes out.
      dot(other, M);
    }
  }
  mul(product, other, one);
  return calls.flat();
}
