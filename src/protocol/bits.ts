// SPDX-License-Identifier: Apache-2.0
/**
 * Words of consecutive unsigned fields, least significant first: the layout of attributes, policy
 * and revealed values. docs/protocol.md section 3.
 *
 * @module
 */
import { ProtocolError } from './errors.ts';

/** Field names with their widths in bits, least significant field first. */
export type Layout<Name extends string> = readonly (readonly [name: Name, width: number])[];

/** Sum of the widths. */
export function layoutBits(layout: Layout<string>): number {
  return layout.reduce((sum, [, width]) => sum + width, 0);
}

/**
 * Packs numbers into a word.
 *
 * @throws {@link ProtocolError} `value_out_of_range` if a number does not fit its field.
 */
export function pack<Name extends string>(layout: Layout<Name>, values: Readonly<Record<Name, number>>): bigint {
  let word = 0n;
  let offset = 0n;
  for (const [name, width] of layout) {
    const value = values[name];
    if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** width) {
      throw new ProtocolError('value_out_of_range', `${name} must be an integer of at most ${String(width)} bits`);
    }
    word |= BigInt(value) << offset;
    offset += BigInt(width);
  }
  return word;
}

/**
 * Splits a word into its numbers.
 *
 * @throws {@link ProtocolError} `value_out_of_range` if the word has bits beyond the layout.
 */
export function unpack<Name extends string>(layout: Layout<Name>, word: bigint): Record<Name, number> {
  if (word < 0n || word >> BigInt(layoutBits(layout)) !== 0n) {
    throw new ProtocolError('value_out_of_range', 'the word has bits beyond its layout');
  }
  let rest = word;
  const values = {} as Record<Name, number>;
  for (const [name, width] of layout) {
    values[name] = Number(rest & ((1n << BigInt(width)) - 1n));
    rest >>= BigInt(width);
  }
  return values;
}
