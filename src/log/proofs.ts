// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Proofs about the RFC 6962 tree: that an entry is in a log, and that a log continues an earlier one.
 *
 * ```text
 * inclusion    RFC 6962 section 2.1.1, verified as RFC 9162 section 2.1.3.2 says
 * consistency  RFC 6962 section 2.1.2, verified as RFC 9162 section 2.1.4.2 says
 * ```
 *
 * Verification takes exactly the hashes that the sizes call for: one more or one less is refused. Sizes
 * and positions are below 2^64; as numbers they must be safe integers. docs/protocol.md section 7.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { equalBytes, merkleRoot, nodeHash } from './merkle.ts';

/** Length of a hash, bytes. */
const HASH_BYTES = 32;
/** Sizes and positions of logs are unsigned integers of 64 bits. */
const SIZE_BITS = 64;

/** A size of a log or a position in it: a safe integer, or any integer below 2^64. */
export type LogIndex = number | bigint;

/**
 * Proves that an entry is in a log.
 *
 * @param hashes - All entry hashes.
 * @param position - Position of the entry.
 * @returns Hashes from the entry up.
 * @throws {@link ProtocolError} `entry_unknown`.
 */
export function inclusionProof(hashes: readonly Uint8Array[], position: number): readonly Uint8Array[] {
  return inclusionRanges(position, hashes.length).map(([start, end]) => merkleRoot(hashes.slice(start, end)));
}

/**
 * Proves that a log continues an earlier state of it.
 *
 * @param hashes - All entry hashes of the later state.
 * @param size - Size of the earlier state.
 * @returns Hashes as RFC 6962 orders them; none for equal sizes.
 * @throws {@link ProtocolError} `entry_unknown` if the log never had that size, or had none.
 */
export function consistencyProof(hashes: readonly Uint8Array[], size: number): readonly Uint8Array[] {
  return consistencyRanges(size, hashes.length).map(([start, end]) => merkleRoot(hashes.slice(start, end)));
}

/** Entries `[start, end)`. */
type Range = readonly [start: number, end: number];

/**
 * Whose roots make up an inclusion proof: PATH of RFC 6962.
 *
 * @throws {@link ProtocolError} `entry_unknown`.
 */
export function inclusionRanges(position: number, size: number): readonly Range[] {
  if (!Number.isSafeInteger(position) || !Number.isSafeInteger(size) || position < 0 || position >= size) {
    throw new ProtocolError('entry_unknown', 'the log has no entry at this position');
  }
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start);
    ranges.unshift(position < middle ? [middle, end] : [start, middle]);
    [start, end] = position < middle ? [start, middle] : [middle, end];
  }
  return ranges;
}

/**
 * Whose roots make up a consistency proof: PROOF of RFC 6962.
 *
 * @throws {@link ProtocolError} `entry_unknown`.
 */
export function consistencyRanges(size: number, later: number): readonly Range[] {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(later) || size < 1 || size > later) {
    throw new ProtocolError('entry_unknown', 'the log never had this size');
  }
  const ranges: Range[] = [];
  let [start, end] = [0, later];
  while (size < end) {
    const middle = start + largestPowerBelow(end - start);
    ranges.unshift(size <= middle ? [middle, end] : [start, middle]);
    [start, end] = size <= middle ? [start, middle] : [middle, end];
  }
  // The verifier knows the root of the earlier log itself; any other subtree it must be told.
  return start === 0 ? ranges : [[start, end], ...ranges];
}

/**
 * Checks an inclusion proof.
 *
 * @param position - Claimed position of the entry.
 * @param size - Size of the log.
 * @param hash - Hash of the entry.
 * @param proof - Untrusted.
 * @param root - Root of the log.
 */
export function verifyInclusion(
  position: LogIndex,
  size: LogIndex,
  hash: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  const [index, end] = [toInteger(position), toInteger(size)];
  if (index === undefined || end === undefined || index >= end || ![hash, root, ...proof].every(isHash)) {
    return false;
  }
  let [here, last, node] = [index, end - 1n, hash];
  for (const sibling of proof) {
    if (last === 0n) {
      return false;
    }
    if (here % 2n === 1n || here === last) {
      node = nodeHash(sibling, node);
      [here, last] = rise(here, last);
    } else {
      node = nodeHash(node, sibling);
    }
    [here, last] = [here >> 1n, last >> 1n];
  }
  return last === 0n && equalBytes(node, root);
}

/**
 * Checks a consistency proof.
 *
 * Logs of one size are the same log if their roots are the same bytes; nothing is hashed. From an empty
 * log nothing can be proven, so that size 0 is refused: whoever begins with an empty log decides what
 * that means.
 *
 * @param size1 - Size of the earlier log.
 * @param size2 - Size of the later.
 * @param root1 - Root of the earlier log.
 * @param root2 - Root of the later.
 * @param proof - Untrusted.
 */
export function verifyConsistency(
  size1: LogIndex,
  size2: LogIndex,
  root1: Uint8Array,
  root2: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  const [earlier, later] = [toInteger(size1), toInteger(size2)];
  if (earlier === undefined || later === undefined || earlier === 0n || earlier > later) {
    return false;
  }
  if (earlier === later) {
    return proof.length === 0 && equalBytes(root1, root2);
  }
  if (![root1, root2, ...proof].every(isHash)) {
    return false;
  }
  // A complete subtree as the earlier log is a node of the later: its root is where the path begins.
  const [first, ...path] = isPowerOfTwo(earlier) ? [root1, ...proof] : proof;
  if (first === undefined) {
    return false;
  }
  let [here, last] = [earlier - 1n, later - 1n];
  while (here % 2n === 1n) {
    [here, last] = [here >> 1n, last >> 1n];
  }
  let [old, node] = [first, first];
  for (const sibling of path) {
    if (last === 0n) {
      return false;
    }
    if (here % 2n === 1n || here === last) {
      [old, node] = [nodeHash(sibling, old), nodeHash(sibling, node)];
      [here, last] = rise(here, last);
    } else {
      node = nodeHash(node, sibling);
    }
    [here, last] = [here >> 1n, last >> 1n];
  }
  return last === 0n && equalBytes(old, root1) && equalBytes(node, root2);
}

/** A last node without a sibling rises until it is a right child. */
function rise(here: bigint, last: bigint): [here: bigint, last: bigint] {
  let [node, end] = [here, last];
  while (node % 2n === 0n && node !== 0n) {
    [node, end] = [node >> 1n, end >> 1n];
  }
  return [node, end];
}

function toInteger(value: LogIndex): bigint | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    return undefined;
  }
  const integer = BigInt(value);
  return integer >= 0n && integer >> BigInt(SIZE_BITS) === 0n ? integer : undefined;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES;
}

function isPowerOfTwo(n: bigint): boolean {
  return (n & (n - 1n)) === 0n;
}

function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) {
    power *= 2;
  }
  return power;
}
