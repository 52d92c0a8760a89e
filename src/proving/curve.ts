// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * BN254 in WebAssembly: the compiled module of wasmcurves, on a memory of its own, with the operations
 * that the prover calls one by one. Addresses are numbers; field elements have 32 bytes, little-endian,
 * in Montgomery form unless said otherwise.
 *
 * A point is kept as `x | y | -y`, so that subtracting it is adding with another address; the point at
 * infinity as zeros.
 *
 * @module
 */
import { code } from 'wasmcurves/build/bn128_wasm.js';

/** Bytes of a field element. */
export const FIELD_BYTES = 32;
/** 32-bit words of a field element. */
export const FIELD_WORDS = FIELD_BYTES / 4;

/** Address in the memory of a {@link Curve}. */
export type Address = number;

type Unary = (a: Address, out: Address) => void;
type Binary = (a: Address, b: Address, out: Address) => void;

/** The field of the coordinates of a group, and the group itself. */
export interface Group {
  /** Bytes of a coordinate: 32 in G1, 64 in G2. */
  readonly coordinate: number;
  /** Bytes of a point as kept here, `x | y | -y`. */
  readonly stride: number;
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly square: Unary;
  readonly neg: Unary;
  readonly copy: Unary;
  readonly isZero: (a: Address) => number;
  /** Inverts `count` coordinates; zero stays zero. */
  readonly inverseAll: (from: Address, fromStep: number, count: number, out: Address, outStep: number) => void;
  /** Group operations on Jacobian points, three coordinates. */
  readonly zero: (out: Address) => void;
  readonly double: Unary;
  readonly sum: Binary;
  /** Jacobian and affine `x | y`. */
  readonly sumMixed: Binary;
  readonly toAffine: Unary;
  readonly toJacobian: Unary;
  /** Makes many Jacobian points affine, with one inversion. */
  readonly toAffineAll: (from: Address, count: number, out: Address) => void;
}

/** The scalar field. */
export interface ScalarField {
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly toMontgomery: Unary;
  readonly fromMontgomery: Unary;
  /** Values of a polynomial at the powers of the root of unity of order `count`, in place, and back. */
  readonly fft: (at: Address, count: number) => void;
  readonly ifft: (at: Address, count: number) => void;
}

/** An instance of the curve with its memory. */
export interface Curve {
  readonly g1: Group;
  readonly g2: Group;
  readonly fr: ScalarField;
  /** Takes a coordinate out of Montgomery form. */
  readonly fromMontgomery: Unary;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Reserves memory, aligned to 8 bytes. */
  readonly reserve: (bytes: number) => Address;
  /** Runs something and gives back what it reserved. */
  readonly scratch: <Result>(work: () => Result) => Result;
}

const PAGE = 65_536;
/** Where wasmcurves keeps the address of the first free byte; its functions reserve scratch memory there. */
const FREE = 0;
/** The least memory that the module takes, pages. */
const LEAST_PAGES = 25;
/** What the module itself occupies, bytes. */
const STATIC = 2 * PAGE;
/** Memory beyond what is reserved, bytes, where its functions may write; the largest inverts 816 elements of G2. */
export const SCRATCH = 4 * PAGE;

let compiled: Promise<WebAssembly.Module> | undefined;

function compile(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(Uint8Array.from(atob(code), (char) => char.charCodeAt(0)));
  return compiled;
}

/**
 * Starts an instance.
 *
 * @param bytes - Memory that callers will reserve at most at any one time; it does not grow.
 */
export async function createCurve(bytes: number): Promise<Curve> {
  const memory = new WebAssembly.Memory({
    initial: Math.max(LEAST_PAGES, Math.ceil((STATIC + bytes + SCRATCH) / PAGE)),
  });
  const instance = await WebAssembly.instantiate(await compile(), { env: { memory } });
  const words = new Uint32Array(memory.buffer);
  const f = (name: string): never => instance.exports[name] as never;
  const group = (field: string, points: string, coordinate: number): Group => ({
    coordinate,
    stride: 3 * coordinate,
    add: f(`${field}_add`),
    sub: f(`${field}_sub`),
    mul: f(`${field}_mul`),
    square: f(`${field}_square`),
    neg: f(`${field}_neg`),
    copy: f(`${field}_copy`),
    isZero: f(`${field}_isZero`),
    inverseAll: f(`${field}_batchInverse`),
    zero: f(`${points}_zero`),
    double: f(`${points}_double`),
    sum: f(`${points}_add`),
    sumMixed: f(`${points}_addMixed`),
    toAffine: f(`${points}_toAffine`),
    toJacobian: f(`${points}_toJacobian`),
    toAffineAll: f(`${points}_batchToAffine`),
  });
  const free = (): number => words[FREE] ?? 0;
  return {
    g1: group('f1m', 'g1m', FIELD_BYTES),
    g2: group('f2m', 'g2m', 2 * FIELD_BYTES),
    fr: {
      add: f('frm_add'),
      sub: f('frm_sub'),
      mul: f('frm_mul'),
      toMontgomery: f('frm_toMontgomery'),
      fromMontgomery: f('frm_fromMontgomery'),
      fft: f('frm_fft'),
      ifft: f('frm_ifft'),
    },
    fromMontgomery: f('f1m_fromMontgomery'),
    bytes: new Uint8Array(memory.buffer),
    words,
    reserve(count) {
      const at = Math.ceil(free() / 8) * 8;
      if (at + count + SCRATCH > memory.buffer.byteLength) {
        throw new RangeError('more memory is reserved than the curve has');
      }
      words[FREE] = at + count;
      return at;
    },
    scratch(work) {
      const before = free();
      try {
        return work();
      } finally {
        words[FREE] = before;
      }
    },
  };
}
