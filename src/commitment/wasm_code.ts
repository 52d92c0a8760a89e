// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The few instructions of WebAssembly that `poseidon_code.ts` is written in, and the encoding of a module
 * (WebAssembly Core Specification, section 5).
 *
 * @module
 */

/** Encoded instructions. */
export type Code = readonly number[];

const unsigned = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...unsigned(Math.floor(value / 128))];

function signed(value: bigint): number[] {
  const byte = Number(value & 127n);
  const rest = value >> 7n;
  return (rest === 0n && byte < 64) || (rest === -1n && byte >= 64) ? [byte] : [byte | 128, ...signed(rest)];
}

/** Instructions by their names in the text format; operands that are code come first. */
export const wasm = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)],
  i32: (value: number): Code => [0x41, ...signed(BigInt(value))],
  i64: (value: bigint): Code => [0x42, ...signed(value)],
  /** `i64.load32_u`. */
  load32: (address: Code, offset: number): Code => [...address, 0x35, 2, ...unsigned(offset)],
  /** `i64.store32`. */
  store32: (address: Code, offset: number, value: Code): Code => [...address, ...value, 0x3e, 2, ...unsigned(offset)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x7c],
  mul: (a: Code, b: Code): Code => [...a, ...b, 0x7e],
  and: (a: Code, b: Code): Code => [...a, ...b, 0x83],
  shiftRight: (a: Code, bits: bigint): Code => [...a, ...wasm.i64(bits), 0x88],
  add32: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  equal32: (a: Code, b: Code): Code => [...a, ...b, 0x46],
  when: (condition: Code, body: Code): Code => [...condition, 0x04, 0x40, ...body, 0x0b],
  /** Repeats the body while the condition at its end holds. */
  repeat: (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b],
  call: (index: number, ...args: readonly Code[]): Code => [...args.flat(), 0x10, ...unsigned(index)],
} as const;

/** A function without results; its parameters, all `i32`, are its first locals. */
export interface WasmFunction {
  readonly parameters: number;
  /** Further locals. */
  readonly i64Locals: number;
  readonly body: Code;
}

/**
 * Encodes a module with one memory, exported as `memory`.
 *
 * @param functions - By index, which is what `call` takes.
 * @param exported - Names of those that are exported, by index.
 * @param pages - Size of the memory in units of 65,536 bytes.
 */
export function encodeModule(
  functions: readonly WasmFunction[],
  exported: Readonly<Record<string, number>>,
  pages: number,
): Uint8Array<ArrayBuffer> {
  const vector = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
  const text = (name: string): number[] => vector([...new TextEncoder().encode(name)].map((byte) => [byte]));
  const section = (id: number, content: Code): Uint8Array =>
    Uint8Array.from([id, ...unsigned(content.length), ...content]);
  const bodyOf = ({ i64Locals, body }: WasmFunction): Code => {
    const content = [...vector([[...unsigned(i64Locals), 0x7e]]), ...body, 0x0b];
    return [...unsigned(content.length), ...content];
  };
  const parts = [
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    section(
      1,
      vector(functions.map(({ parameters }) => [0x60, ...vector(Array.from({ length: parameters }, () => [0x7f])), 0])),
    ),
    section(3, vector(functions.map((_, index) => unsigned(index)))),
    section(5, vector([[0, ...unsigned(pages)]])),
    section(
      7,
      vector([
        [...text('memory'), 2, 0],
        ...Object.entries(exported).map(([name, index]) => [...text(name), 0, ...unsigned(index)]),
      ]),
    ),
    section(10, vector(functions.map(bodyOf))),
  ];
  const module = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    module.set(part, at);
    at += part.length;
  }
  return module;
}
