// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The RFC 6962 Merkle tree over the log's entries.
 *
 * ```text
 * MTH({})    = SHA-256()
 * MTH({d0})  = SHA-256(0x00 || d0)
 * MTH(D[n])  = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])),  k the largest power of two below n
 * ```
 *
 * A log keeps only its frontier, the roots of the complete subtrees from left to right, and grows it
 * entry by entry. Proofs are in src/log/proofs.ts. docs/protocol.md section 7.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from '../protocol/errors.ts';

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** Root of a tree without entries. */
export const EMPTY_LOG_ROOT = sha256(new Uint8Array());

/** Hash of an entry. */
export function entryHash(entry: string | Uint8Array): Uint8Array {
  return sha256(concatBytes(LEAF_PREFIX, typeof entry === 'string' ? utf8ToBytes(entry) : entry));
}

/** Hash of an inner node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concatBytes(NODE_PREFIX, left, right));
}

/** Size of a log with the roots of its complete subtrees, largest first: one for each 1 bit of the size. */
export interface Frontier {
  readonly size: number;
  readonly roots: readonly Uint8Array[];
}

/** A log without entries. */
export const EMPTY_FRONTIER: Frontier = { size: 0, roots: [] };

/**
 * Grows a log.
 *
 * @param frontier - The log before; not changed.
 * @param hashes - Entry hashes to append, in order.
 */
export function append(frontier: Frontier, hashes: readonly Uint8Array[]): Frontier {
  let size = frontier.size;
  const roots = [...frontier.roots];
  for (const hash of hashes) {
    let node = hash;
    // As many subtrees are completed by this entry as the size has trailing 1 bits.
    for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = roots.pop();
      if (left === undefined) {
        throw new ProtocolError('frontier_invalid', 'the frontier does not have the roots of its size');
      }
      node = nodeHash(left, node);
    }
    roots.push(node);
    size += 1;
  }
  return { size, roots };
}

/** Root of a log. */
export function frontierRoot(frontier: Frontier): Uint8Array {
  return (
    frontier.roots.reduceRight<Uint8Array | undefined>(
      (right, left) => (right === undefined ? left : nodeHash(left, right)),
      undefined,
    ) ?? EMPTY_LOG_ROOT
  );
}

/** Root over entry hashes. */
export function merkleRoot(hashes: readonly Uint8Array[]): Uint8Array {
  return frontierRoot(append(EMPTY_FRONTIER, hashes));
}

/** Whether two byte strings are equal; public values only, not in constant time. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
