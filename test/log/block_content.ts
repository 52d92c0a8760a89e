// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Blocks and deltas of a small tree, straight from their definitions.
 *
 * @module
 */
import { emptyRoots } from '../../src/commitment/tree.ts';
import type { BlockContent } from '../../src/log/block.ts';
import type { Delta } from '../../src/log/delta.ts';
import type { FieldElement } from '../../src/protocol/field.ts';
import { naiveNode, toyHash } from './reference.ts';

export const hash = toyHash();
export const EMPTY = emptyRoots(hash);

/** Leaves by index; 0 stands for an empty place. */
export type Leaves = ReadonlyMap<number, FieldElement>;

/** The block of a tree. */
export function blockContent(leaves: Leaves, number: number, size = 7): BlockContent {
  const active = new Map([...leaves].filter(([, leaf]) => leaf !== 0n));
  const levels = [0, 1, 2, 3, 4, 5].map((level) => {
    const width = 8 ** (6 - level);
    const positions = new Set([...active.keys()].map((index) => Math.floor(index / 8 ** level)));
    const inside = [...positions].filter((position) => Math.floor(position / width) === number);
    return new Map(
      inside
        .sort((a, b) => a - b)
        .map((position) => [position - number * width, naiveNode(hash, EMPTY, active, level, position)]),
    );
  });
  const upper = [6, 7, 8, 9, 10].map((level) => {
    const parent = Math.floor(number / 8 ** (level - 5));
    return Array.from({ length: 8 }, (_, child) => naiveNode(hash, EMPTY, active, level, parent * 8 + child));
  });
  return { size, number, empty: EMPTY, upper, levels };
}

/** The differences between two states of a block. */
export function deltaOf(epoch: number, before: BlockContent, after: BlockContent): Delta {
  const upper = after.upper
    .flat()
    .flatMap((value, place) => (value === before.upper.flat()[place] ? [] : [[place, value] as const]));
  const levels = after.levels.map((level, depth) => {
    const old = before.levels[depth] ?? new Map<number, FieldElement>();
    const empty = EMPTY[depth] ?? (0n as FieldElement);
    const positions = [...new Set([...old.keys(), ...level.keys()])].sort((a, b) => a - b);
    return new Map(
      positions.flatMap((position) => {
        const value = level.get(position) ?? empty;
        return value === (old.get(position) ?? empty) ? [] : [[position, value] as const];
      }),
    );
  });
  return { epoch, before: before.size, after: after.size, number: after.number, upper: new Map(upper), levels };
}
