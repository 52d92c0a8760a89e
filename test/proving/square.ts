// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The smallest useful r1cs, `out = x * x`, in iden3's binary format, so that a setup from it takes a
 * moment. https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md
 */
import { FIELD_ORDER } from '../../src/protocol/field.ts';

const little = (value: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const u32 = (value: number): number[] => little(BigInt(value), 4);
const section = (type: number, content: readonly number[]): number[] => [
  ...u32(type),
  ...little(BigInt(content.length), 8),
  ...content,
];

/** Wires: 0 the constant one, 1 the public output, 2 the private input. */
export function squareR1cs(): Uint8Array {
  const wire = (index: number): number[] => [...u32(1), ...u32(index), ...little(1n, 32)];
  const header = [
    ...u32(32),
    ...little(FIELD_ORDER, 32),
    ...u32(3), // wires
    ...u32(1), // public outputs
    ...u32(0), // public inputs
    ...u32(1), // private inputs
    ...little(3n, 8), // labels
    ...u32(1), // constraints
  ];
  const labels = [0n, 1n, 2n].flatMap((label) => little(label, 8));
  return Uint8Array.from([
    ...[0x72, 0x31, 0x63, 0x73], // "r1cs"
    ...u32(1),
    ...u32(3),
    ...section(1, header),
    ...section(2, [...wire(2), ...wire(2), ...wire(1)]),
    ...section(3, labels),
  ]);
}
