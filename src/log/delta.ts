// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Deltas: what one epoch changed in a block, for wallets that have the block, or the part of it that
 * concerns them, as the epoch before left it.
 *
 * ```text
 * delta = "bauta/delta/v1\n" || epoch u64 || size before u64 || size after u64 || number of the block u64
 *         || which of the 40 children on the way to the root changed, 5 bytes: bit 8 * (level - 6) + child,
 *            the least significant bit of the first byte first || their values in this order, 32 bytes each
 *         || for levels 0 to 5: number of runs u32, then runs of changed nodes (block_codec.ts)
 * ```
 *
 * As with blocks, no signature: what counts is that the path leads to a checkpoint's root. There is one
 * for each epoch and block, the same for everyone and for ever; see {@link deltaPath}. docs/protocol.md
 * section 7.
 *
 * @module
 */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { FieldElement } from '../protocol/field.ts';
import { TREE_ARITY } from '../protocol/statement.ts';
import { type Block, BLOCK_LEVELS, BLOCKS, blockWidth, UPPER_LEVELS } from './block.ts';
import { encodeInteger, encodeRuns, encodeValues, invalidBlock, Reader } from './block_codec.ts';

/** Deltas that exist: those of the latest epochs. A wallet that is further behind takes the full block. */
export const DELTA_EPOCHS = 32;
/** Largest delta; where an epoch changed more, wallets take the full block. */
export const MAX_DELTA_BYTES = 1024 * 1024;
/** Deltas are requested in groups of so many, or twice as many, and so on up to all; see {@link deltaEpochs}. */
const FEWEST = 4;

const TAG = utf8ToBytes('bauta/delta/v1\n');
const UPPER_BYTES = (UPPER_LEVELS * TREE_ARITY) / 8;

/** What an epoch changed in a block. */
export interface Delta {
  /** Epoch of the checkpoint that this leads to; at least 1. */
  readonly epoch: number;
  /** Log size of the checkpoint before. */
  readonly before: number;
  /** Log size of the epoch's checkpoint. */
  readonly after: number;
  /** Number of the block. */
  readonly number: number;
  /** Changed children of levels 6 to 10 by `8 * (level - 6) + child`, in ascending order. */
  readonly upper: ReadonlyMap<number, FieldElement>;
  /** Levels 0 to 5: new values by position within the block, in ascending order. */
  readonly levels: readonly ReadonlyMap<number, FieldElement>[];
}

/** Address of a delta on the register or a mirror. */
export function deltaPath(epoch: number, number: number): string {
  return `/deltas/${String(epoch)}/${String(number)}.bin`;
}

/**
 * The deltas to ask for. More than are needed, so that the question tells little about when the wallet
 * was there before: the latest 4, 8, 16 or 32.
 *
 * @param from - Epoch of the block that the wallet has.
 * @param to - Epoch that it wants, later.
 * @returns Ascending; undefined if there are not enough of them.
 */
export function deltaEpochs(from: number, to: number): readonly number[] | undefined {
  let count = FEWEST;
  while (count < to - from) count *= 2;
  if (count > DELTA_EPOCHS) return undefined;
  return Array.from({ length: count }, (_, i) => to - count + 1 + i).filter((epoch) => epoch >= 1);
}

/** Writes a delta. */
export function encodeDelta({ epoch, before, after, number, upper, levels }: Delta): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(UPPER_BYTES);
  for (const place of upper.keys()) {
    const byte = Math.floor(place / 8);
    changed[byte] = (changed[byte] ?? 0) | (1 << (place % 8));
  }
  return concatBytes(
    TAG,
    ...[epoch, before, after, number].map((value) => encodeInteger(value, 8)),
    changed,
    encodeValues([...upper.values()]),
    ...levels.map(encodeRuns),
  );
}

/**
 * Reads a delta; all of it, since nothing of it can be left for later.
 *
 * @param bytes - Untrusted.
 * @throws ProtocolError `block_invalid` if it does not have exactly the form above, or is too large.
 */
export function decodeDelta(bytes: Uint8Array): Delta {
  if (bytes.length > MAX_DELTA_BYTES) {
    throw invalidBlock();
  }
  const reader = new Reader(bytes, TAG);
  const epoch = reader.integer(8);
  const before = reader.integer(8);
  const after = reader.integer(8);
  const number = reader.integer(8);
  if (epoch < 1 || after < before || number >= BLOCKS) {
    throw invalidBlock();
  }
  const changed = reader.take(UPPER_BYTES);
  const places = Array.from({ length: 8 * UPPER_BYTES }, (_, place) => place).filter(
    (place) => (((changed[Math.floor(place / 8)] ?? 0) >> (place % 8)) & 1) === 1,
  );
  const values = reader.values(places.length);
  const upper = new Map(values.map((value, i) => [places[i] ?? 0, value]));
  const levels = Array.from({ length: BLOCK_LEVELS }, (_, level) => {
    const nodes = new Map<number, FieldElement>();
    for (const run of reader.runs(blockWidth(level))) {
      for (let position = run.start; position < run.start + run.count; position++) {
        nodes.set(position, run.at(position));
      }
    }
    return nodes;
  });
  reader.end();
  return { epoch, before, after, number, upper, levels };
}

/**
 * A block, or the part of it that is known, one epoch later.
 *
 * @param block - As the epoch before left it; not changed.
 * @throws ProtocolError `block_invalid` if the delta is of another block or follows another state.
 */
export function withDelta(block: Block, delta: Delta): Block {
  if (delta.number !== block.number || delta.before !== block.size) {
    throw invalidBlock();
  }
  return {
    size: delta.after,
    number: block.number,
    upper: block.upper.map((children, level) =>
      children.map((value, child) => delta.upper.get(TREE_ARITY * level + child) ?? value),
    ),
    node: (level, position) => delta.levels[level]?.get(position) ?? block.node(level, position),
  };
}
