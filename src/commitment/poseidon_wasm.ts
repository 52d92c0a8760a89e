// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Poseidon in WebAssembly for services: circomlib's constants, out of circomlibjs, in the code of
 * `poseidon_code.ts`, more than twice as fast as circomlibjs's own. The wallet loads neither.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ProtocolError } from '../protocol/errors.ts';
import { FIELD_ORDER, type FieldElement } from '../protocol/field.ts';
import type { Poseidon } from './poseidon.ts';
import { ELEMENT_BYTES, LIMB_BITS, LIMBS, limbsOf, MONTGOMERY } from './field_code.ts';
import { poseidonModule, type PoseidonConstants } from './poseidon_code.ts';

/** Numbers of inputs; the same as in `poseidon.ts`. */
const ARITIES = [2, 3, 4, 5, 8] as const;
const LIMB_MASK = 2 ** LIMB_BITS - 1;

let building: Promise<Poseidon> | undefined;

/** Builds the function once per process. */
export function buildWasmPoseidon(): Promise<Poseidon> {
  building ??= build();
  return building;
}

interface Constants {
  readonly C: readonly (readonly string[])[];
  readonly S: readonly (readonly string[])[];
  readonly M: readonly (readonly (readonly string[])[])[];
  readonly P: readonly (readonly (readonly string[])[])[];
}

async function readConstants(): Promise<ReadonlyMap<number, PoseidonConstants>> {
  const main = createRequire(import.meta.url).resolve('circomlibjs');
  const file = join(main, '..', '..', 'src', 'poseidon_constants_opt.json');
  const { C, S, M, P } = JSON.parse(await readFile(file, 'utf8')) as Constants;
  const element = (text: string): bigint => (BigInt(text) * MONTGOMERY) % FIELD_ORDER;
  const list = (texts: readonly string[] = []): bigint[] => texts.map(element);
  return new Map(
    ARITIES.map((inputs) => [
      inputs,
      {
        C: list(C[inputs - 1]),
        S: list(S[inputs - 1]),
        M: (M[inputs - 1] ?? []).map(list),
        P: (P[inputs - 1] ?? []).map(list),
      },
    ]),
  );
}

async function build(): Promise<Poseidon> {
  const module = poseidonModule(await readConstants());
  const { instance } = await WebAssembly.instantiate(module.code);
  const exported = instance.exports as Readonly<Record<string, () => void>> & { readonly memory: WebAssembly.Memory };
  const limbs = new Uint32Array(exported.memory.buffer);
  for (const { address, elements } of module.memory) {
    limbs.set(elements.flatMap(limbsOf).map(Number), address / 4);
  }
  const hashes = new Map(ARITIES.map((inputs) => [inputs as number, exported[`hash${String(inputs)}`]]));
  return (inputs) => {
    const hash = hashes.get(inputs.length);
    if (hash === undefined) {
      throw new ProtocolError('poseidon_arity', 'Bauta hashes 2, 3, 4, 5 or 8 field elements');
    }
    let address = module.inputs;
    for (const input of inputs) {
      writeElement(limbs, address / 4, input);
      address += ELEMENT_BYTES;
    }
    hash();
    return readElement(limbs, module.output / 4);
  };
}

/** Room for 64-bit words of an element, one more than it has, and the same as 32-bit words, lowest first. */
const words64 = new BigUint64Array(5);
const words = new Uint32Array(words64.buffer);

function writeElement(limbs: Uint32Array, at: number, value: bigint): void {
  let rest = value;
  for (let i = 0; i < 4; i++) {
    words64[i] = BigInt.asUintN(64, rest);
    rest >>= 64n;
  }
  for (let limb = 0; limb < LIMBS; limb++) {
    const bit = limb * LIMB_BITS;
    const [word, shift] = [bit >>> 5, bit & 31];
    const low = (words[word] ?? 0) >>> shift;
    limbs[at + limb] = (shift === 0 ? low : low | ((words[word + 1] ?? 0) << (32 - shift))) & LIMB_MASK;
  }
}

function readElement(limbs: Uint32Array, at: number): FieldElement {
  words.fill(0);
  for (let limb = 0; limb < LIMBS; limb++) {
    const bit = limb * LIMB_BITS;
    const [word, shift] = [bit >>> 5, bit & 31];
    const value = limbs[at + limb] ?? 0;
    words[word] = (words[word] ?? 0) | (value << shift);
    if (shift > 32 - LIMB_BITS) words[word + 1] = value >>> (32 - shift);
  }
  const [a = 0n, b = 0n, c = 0n, d = 0n] = words64;
  const value = a | (b << 64n) | (c << 128n) | (d << 192n);
  // The order itself is the one value that is not canonical.
  return (value === FIELD_ORDER ? 0n : value) as FieldElement;
}
