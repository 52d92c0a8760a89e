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
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { childPosition, TREE_LEAVES, type TreePath } from '../commitment/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, toField } from '../protocol/field.ts';
import { TREE_ARITY, TREE_DEPTH } from '../protocol/statement.ts';

/** Levels of nodes inside a block. */
export const BLOCK_LEVELS = 6;
/** Leaves of a block: 2^18. */
export const BLOCK_LEAVES = TREE_ARITY ** BLOCK_LEVELS;

const TAG = utf8ToBytes('bauta/block/v1\n');
const UPPER_LEVELS = TREE_DEPTH - BLOCK_LEVELS;
const VALUE_BYTES = 32;

/** Neighbouring nodes of one level, none of them empty; positions count within the block. */
export interface Run {
  readonly start: number;
  readonly values: readonly FieldElement[];
}

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

/** A decoded block; values are read when they are asked for. */
export interface Block {
  readonly size: number;
  readonly number: number;
  readonly upper: TreePath;
  /** Value of a node; `position` counts within the block. */
  node(level: number, position: number): FieldElement;
}

/** The block of a leaf. */
export function blockOf(index: number): number {
  return Math.floor(index / BLOCK_LEAVES);
}

/** Address of a block on the register or a mirror. */
export function blockPath(size: number, number: number): string {
  return `/blocks/${String(size)}/${String(number)}.bin`;
}

/** Writes a block. */
export function encodeBlock({ size, number, empty, upper, levels }: BlockContent): Uint8Array<ArrayBuffer> {
  const values = (list: readonly FieldElement[]): Uint8Array => hexToBytes(list.map(hex).join(''));
  return concatBytes(
    TAG,
    unsigned(size, 8),
    unsigned(number, 8),
    values(empty.slice(0, BLOCK_LEVELS)),
    values(upper.flat()),
    ...levels.flatMap((level) => {
      const runs = toRuns(level);
      const encoded = runs.flatMap(({ start, values: run }) => [
        unsigned(start, 4),
        unsigned(run.length, 4),
        values(run),
      ]);
      return [unsigned(runs.length, 4), ...encoded];
    }),
  );
}

function toRuns(level: ReadonlyMap<number, FieldElement>): readonly Run[] {
  const runs: { start: number; values: FieldElement[] }[] = [];
  for (const [position, value] of level) {
    const last = runs.at(-1);
    if (last !== undefined && last.start + last.values.length === position) {
      last.values.push(value);
    } else {
      runs.push({ start: position, values: [value] });
    }
  }
  return runs;
}

/**
 * Reads a block.
 *
 * @param bytes - Untrusted; kept, not copied.
 * @throws {@link ProtocolError} `block_invalid` if it does not have exactly the form above.
 */
export function decodeBlock(bytes: Uint8Array): Block {
  const reader = new Reader(bytes);
  if (!reader.take(TAG.length).every((byte, i) => byte === TAG[i])) {
    throw invalid();
  }
  const size = reader.unsigned(8);
  const number = reader.unsigned(8);
  if (number >= TREE_LEAVES / BLOCK_LEAVES) {
    throw invalid();
  }
  const empty = reader.values(BLOCK_LEVELS);
  const upper = Array.from({ length: UPPER_LEVELS }, () => reader.values(TREE_ARITY));
  const levels = Array.from({ length: BLOCK_LEVELS }, (_, level) =>
    readRuns(reader, TREE_ARITY ** (BLOCK_LEVELS - level)),
  );
  if (!reader.atEnd()) {
    throw invalid();
  }
  return {
    size,
    number,
    upper,
    node: (level, position) => {
      const run = levels[level]?.find(({ start, count }) => position >= start && position < start + count);
      const value =
        run === undefined ? empty[level] : readValue(run.bytes.subarray((position - run.start) * VALUE_BYTES));
      if (value === undefined) {
        throw invalid();
      }
      return value;
    },
  };
}

interface EncodedRun {
  readonly start: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

function readRuns(reader: Reader, width: number): readonly EncodedRun[] {
  const runs: EncodedRun[] = [];
  let free = 0;
  const total = reader.unsigned(4);
  for (let i = 0; i < total; i++) {
    const start = reader.unsigned(4);
    const count = reader.unsigned(4);
    // In order, apart, inside the block.
    if (count === 0 || start < free || (start === free && i > 0) || start + count > width) {
      throw invalid();
    }
    runs.push({ start, count, bytes: reader.take(count * VALUE_BYTES) });
    free = start + count;
  }
  return runs;
}

/**
 * Takes a leaf's path out of its block.
 *
 * @param block - The block of the leaf.
 * @param index - Index of the leaf in the tree.
 * @returns The path, to be checked by `pathRoot` against a checkpoint's presentation root.
 * @throws {@link ProtocolError} `block_invalid` if the leaf is of another block or a value is not canonical.
 */
export function pathFromBlock(block: Block, index: number): TreePath {
  if (!Number.isSafeInteger(index) || index < 0 || blockOf(index) !== block.number) {
    throw invalid();
  }
  const inside = Array.from({ length: BLOCK_LEVELS }, (_, level) => {
    const position = Math.floor((index % BLOCK_LEAVES) / TREE_ARITY ** level);
    const first = position - childPosition(index, level);
    return Array.from({ length: TREE_ARITY }, (_child, child) => block.node(level, first + child));
  });
  return [...inside, ...block.upper];
}

class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) {
      throw invalid();
    }
    const part = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return part;
  }

  unsigned(length: number): number {
    const value = this.take(length).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(value)) {
      throw invalid();
    }
    return value;
  }

  values(count: number): readonly FieldElement[] {
    const bytes = this.take(count * VALUE_BYTES);
    return Array.from({ length: count }, (_, i) => readValue(bytes.subarray(i * VALUE_BYTES)));
  }

  atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }
}

function readValue(bytes: Uint8Array): FieldElement {
  try {
    return toField(BigInt(`0x${bytesToHex(bytes.subarray(0, VALUE_BYTES))}`));
  } catch (cause) {
    throw invalid({ cause });
  }
}

function hex(value: FieldElement): string {
  return value.toString(16).padStart(2 * VALUE_BYTES, '0');
}

function unsigned(value: number, length: number): Uint8Array {
  return hexToBytes(value.toString(16).padStart(2 * length, '0'));
}

function invalid(options?: ErrorOptions): ProtocolError {
  return new ProtocolError('block_invalid', 'the block is damaged; download it again, from another mirror', options);
}
