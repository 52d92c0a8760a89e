// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import {
  addFunction,
  dotFunction,
  ELEMENT_BYTES,
  LIMB_BITS,
  LIMBS,
  limbsOf,
  MONTGOMERY,
  mulFunction,
} from '../../src/commitment/field_code.ts';
import { encodeModule } from '../../src/commitment/wasm_code.ts';
import { FIELD_ORDER } from '../../src/protocol/field.ts';

type Operation = (...addresses: readonly number[]) => void;

const functions = [dotFunction(), mulFunction(), addFunction()];
const code = encodeModule(functions, { dot: 0, mul: 1, add: 2 }, 1);
const { instance } = await WebAssembly.instantiate(code);
const { memory, dot, mul, add } = instance.exports as unknown as {
  readonly memory: WebAssembly.Memory;
  readonly dot: Operation;
  readonly mul: Operation;
  readonly add: Operation;
};
const words = new Uint32Array(memory.buffer);
const OUT = 30 * ELEMENT_BYTES;

function write(element: number, value: bigint): number {
  words.set(limbsOf(value).map(Number), element * LIMBS);
  return element * ELEMENT_BYTES;
}

function read(): bigint {
  const limbs = [...words.subarray(OUT / 4, OUT / 4 + LIMBS)];
  return limbs.reduceRight((value, limb) => (value << BigInt(LIMB_BITS)) | BigInt(limb), 0n);
}

/** The largest values that the hash multiplies, with every limb full: the fullest columns there are. */
const FULL_STATE = 2n ** 259n - 1n;
const FULL_CONSTANT = 2n ** 253n - 1n;

describe('arithmetic in WebAssembly', () => {
  it.each([3, 4, 5, 6, 9])('sums up rows of %i of the fullest products', (length) => {
    for (let i = 0; i < length; i++) {
      write(i, FULL_STATE - BigInt(i));
      write(10 + i, FULL_CONSTANT - BigInt(i));
    }
    dot(OUT, 0, 10 * ELEMENT_BYTES, length * ELEMENT_BYTES);
    const products = Array.from({ length }, (_, i) => (FULL_STATE - BigInt(i)) * (FULL_CONSTANT - BigInt(i)));
    const sum = products.reduce((total, product) => total + product, 0n);
    expect((read() * MONTGOMERY - sum) % FIELD_ORDER).toBe(0n);
    expect(read()).toBeLessThanOrEqual(sum / MONTGOMERY + FIELD_ORDER);
  });

  it('multiplies and adds, into the place of an operand too', () => {
    const [a, b] = [write(0, FULL_STATE), write(30, FULL_STATE)];
    mul(OUT, a, b);
    const product = read();
    expect((product * MONTGOMERY - FULL_STATE * FULL_STATE) % FIELD_ORDER).toBe(0n);
    add(OUT, a, OUT);
    expect(read()).toBe(FULL_STATE + product);
  });
});
