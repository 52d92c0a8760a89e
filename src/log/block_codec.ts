// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What blocks and their deltas are written with: integers and values, big-endian, and runs of
 * neighbouring nodes of one level.
 *
 *     run = first position in the block u32 || count u32 || count values, 32 bytes each
 *
 * Everything read here is untrusted; `block_invalid` is all that a damaged file can cause.
 *
 * @module
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, toField } from '../protocol/field.ts';

const VALUE_BYTES = 32;
const LIMBS = [0, 8, 16, 24] as const;

/** Neighbouring nodes of one level; positions count within the block. Values are read when asked for. */
export interface Run {
  readonly start: number;
  readonly count: number;
  /**
   * Value of a node of the run.
   *
   * @throws {@link ProtocolError} `block_invalid` if it is not canonical.
   */
  at(position: number): FieldElement;
}

/** An unsigned integer of so many bytes. */
export function encodeInteger(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** Values, 32 bytes each. */
export function encodeValues(values: readonly FieldElement[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * VALUE_BYTES));
  for (const [i, value] of values.entries()) {
    let rest: bigint = value;
    for (const limb of LIMBS.toReversed()) {
      view.setBigUint64(i * VALUE_BYTES + limb, BigInt.asUintN(64, rest));
      rest >>= 64n;
    }
  }
  return new Uint8Array(view.buffer);
}

/**
 * Nodes of one level as the longest possible runs, after their number.
 *
 * @param level - Values by position within the block, in ascending order.
 */
export function encodeRuns(level: ReadonlyMap<number, FieldElement>): Uint8Array {
  const runs: { readonly start: number; readonly values: FieldElement[] }[] = [];
  for (const [position, value] of level) {
    const last = runs.at(-1);
    if (last !== undefined && last.start + last.values.length === position) {
      last.values.push(value);
    } else {
      runs.push({ start: position, values: [value] });
    }
  }
  const parts = runs.flatMap(({ start, values }) => [
    encodeInteger(start, 4),
    encodeInteger(values.length, 4),
    encodeValues(values),
  ]);
  return concatBytes(encodeInteger(runs.length, 4), ...parts);
}

/** Reads a file from its beginning to its end; throws `block_invalid` at the first thing that is wrong. */
export class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  /**
   * Begins.
   *
   * @param bytes - Kept, not copied.
   * @param tag - What the file must begin with.
   */
  constructor(bytes: Uint8Array, tag: Uint8Array) {
    this.#bytes = bytes;
    if (!this.take(tag.length).every((byte, i) => byte === tag[i])) {
      throw invalidBlock();
    }
  }

  take(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) {
      throw invalidBlock();
    }
    const part = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return part;
  }

  integer(length: number): number {
    const value = this.take(length).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(value)) {
      throw invalidBlock();
    }
    return value;
  }

  values(count: number): readonly FieldElement[] {
    const bytes = this.take(count * VALUE_BYTES);
    return Array.from({ length: count }, (_, i) => readValue(bytes, i));
  }

  /**
   * Runs of one level: in order, apart, inside the block.
   *
   * @param width - Positions of the level in a block.
   */
  runs(width: number): readonly Run[] {
    const runs: Run[] = [];
    let free = 0;
    const total = this.integer(4);
    for (let i = 0; i < total; i++) {
      const start = this.integer(4);
      const count = this.integer(4);
      if (count === 0 || start < free || (start === free && i > 0) || start + count > width) {
        throw invalidBlock();
      }
      const bytes = this.take(count * VALUE_BYTES);
      runs.push({ start, count, at: (position) => readValue(bytes, position - start) });
      free = start + count;
    }
    return runs;
  }

  end(): void {
    if (this.#offset !== this.#bytes.length) {
      throw invalidBlock();
    }
  }
}

function readValue(bytes: Uint8Array, i: number): FieldElement {
  const view = new DataView(bytes.buffer, bytes.byteOffset + i * VALUE_BYTES, VALUE_BYTES);
  try {
    return toField(LIMBS.reduce((value, limb) => (value << 64n) | view.getBigUint64(limb), 0n));
  } catch (cause) {
    throw invalidBlock({ cause });
  }
}

/** The one error of damaged blocks and deltas. */
export function invalidBlock(options?: ErrorOptions): ProtocolError {
  return new ProtocolError('block_invalid', 'the block is damaged; download it again, from another mirror', options);
}
