// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Blocks: the unit in which wallets download the tree, so that nobody learns which leaf is whose. A
 * block holds 2^18 leaves with their inner nodes, and the siblings between its root and the tree's
 * root. It is not signed: a path taken from it is checked against a checkpoint's root, and a forged
 * byte that matters makes that check fail.
 *
 * ```text
 * block = "bauta/block/v1\n" || size u64 || number u64
 *         || root of an empty subtree at levels 0 to 5, 32 bytes each
 *         || for levels 6 to 10, the 8 children on the way to the root, 32 bytes each
 *         || for levels 0 to 5: number of runs u32, then runs
 * run   = first position in the block u32 || count u32 || count values, 32 bytes each
 * ```
 *
 * Integers and values are big-endian. A run is a longest sequence of neighbours that are not empty.
 * docs/protocol.md section 7.
 *
 * @module
 */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { childPosition, TREE_LEAVES, type TreePath } from '../commitment/tree.ts';
import type { FieldElement } from '../protocol/field.ts';
import { TREE_ARITY, TREE_DEPTH } from '../protocol/statement.ts';
import { encodeInteger, encodeRuns, encodeValues, invalidBlock, Reader } from './block_codec.ts';

/** Levels of nodes inside a block. */
export const BLOCK_LEVELS = 6;
/** Leaves of a block: 2^18. */
export const BLOCK_LEAVES = TREE_ARITY ** BLOCK_LEVELS;
/** Blocks of the tree: 2^15. */
export const BLOCKS = TREE_LEAVES / BLOCK_LEAVES;
/** Levels between a block's root and the tree's root. */
export const UPPER_LEVELS = TREE_DEPTH - BLOCK_LEVELS;
/** Largest block: 2^18 leaves and their inner nodes at 32 bytes, with room for its runs. */
export const MAX_BLOCK_BYTES = 12 * 1024 * 1024;

const TAG = utf8ToBytes('bauta/block/v1\n');

/** What is written into a block. */
export interface BlockContent {
  /** Size of the checkpoint. */
  readonly size: number;
  /** Number of the block. */
  readonly number: number;
  /** Roots of empty subtrees; at least those of the levels inside the block. */
  readonly empty: readonly FieldElement[];
  /** Levels 6 to 10: the eight children of each node on the way to the root. */
  readonly upper: TreePath;
  /** Levels 0 to 5: values by position within the block, in ascending order, none empty. */
  readonly levels: readonly ReadonlyMap<number, FieldElement>[];
}

/** A block, as far as it is known; values are read when they are asked for. */
export interface Block {
  readonly size: number;
  readonly number: number;
  readonly upper: TreePath;
  /**
   * Value of a node; `position` counts within the block.
   *
   * @throws ProtocolError `block_invalid` if it is not known or not canonical.
   */
  node(level: number, position: number): FieldElement;
}

/** The block of a leaf. */
export function blockOf(index: number): number {
  return Math.floor(index / BLOCK_LEAVES);
}

/** Nodes of a level inside a block. */
export function blockWidth(level: number): number {
  return TREE_ARITY ** (BLOCK_LEVELS - level);
}

/** Address of a block on the register or a mirror. */
export function blockPath(size: number, number: number): string {
  return `/blocks/${String(size)}/${String(number)}.bin`;
}

/** Writes a block. */
export function encodeBlock({ size, number, empty, upper, levels }: BlockContent): Uint8Array<ArrayBuffer> {
  return concatBytes(
    TAG,
    encodeInteger(size, 8),
    encodeInteger(number, 8),
    encodeValues(empty.slice(0, BLOCK_LEVELS)),
    encodeValues(upper.flat()),
    ...levels.map(encodeRuns),
  );
}

/**
 * Reads a block.
 *
 * @param bytes - Untrusted; kept, not copied.
 * @throws ProtocolError `block_invalid` if it does not have exactly the form above.
 */
export function decodeBlock(bytes: Uint8Array): Block {
  const reader = new Reader(bytes, TAG);
  const size = reader.integer(8);
  const number = reader.integer(8);
  if (number >= BLOCKS) {
    throw invalidBlock();
  }
  const empty = reader.values(BLOCK_LEVELS);
  const upper = Array.from({ length: UPPER_LEVELS }, () => reader.values(TREE_ARITY));
  const levels = Array.from({ length: BLOCK_LEVELS }, (_, level) => reader.runs(blockWidth(level)));
  reader.end();
  return {
    size,
    number,
    upper,
    node: (level, position) => {
      const run = levels[level]?.find(({ start, count }) => position >= start && position < start + count);
      const value = run?.at(position) ?? empty[level];
      if (value === undefined) {
        throw invalidBlock();
      }
      return value;
    },
  };
}

/**
 * Takes a leaf's path out of its block.
 *
 * @param block - The block of the leaf.
 * @param index - Index of the leaf in the tree.
 * @returns The path, to be checked by `pathRoot` against a checkpoint's presentation root.
 * @throws ProtocolError `block_invalid` if the leaf is of another block or a value is not canonical.
 */
export function pathFromBlock(block: Block, index: number): TreePath {
  if (!Number.isSafeInteger(index) || index < 0 || blockOf(index) !== block.number) {
    throw invalidBlock();
  }
  const inside = Array.from({ length: BLOCK_LEVELS }, (_, level) => {
    const first = firstChild(index, level);
    return Array.from({ length: TREE_ARITY }, (_child, child) => block.node(level, first + child));
  });
  return [...inside, ...block.upper];
}

/**
 * The part of a block that a leaf's path tells: all that a wallet keeps of it.
 *
 * @param path - From {@link pathFromBlock}.
 * @param index - Index of the leaf in the tree.
 * @param size - Size of the checkpoint.
 */
export function blockFromPath(path: TreePath, index: number, size: number): Block {
  return {
    size,
    number: blockOf(index),
    upper: path.slice(BLOCK_LEVELS),
    node: (level, position) => {
      const value = level < BLOCK_LEVELS ? path[level]?.[position - firstChild(index, level)] : undefined;
      if (value === undefined) {
        throw invalidBlock();
      }
      return value;
    },
  };
}

/** Position, within its block, of the leftmost sibling of a leaf's ancestor. */
function firstChild(index: number, level: number): number {
  return Math.floor((index % BLOCK_LEAVES) / TREE_ARITY ** level) - childPosition(index, level);
}
