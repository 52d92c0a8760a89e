// SPDX-License-Identifier: GPL-3.0-or-later
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { append, EMPTY_FRONTIER, entryHash, frontierRoot, merkleRoot } from '../../src/log/merkle.ts';
import vectors from '../vectors/rfc6962.json' with { type: 'json' };

const hashes = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => entryHash(`entry ${String(i)}`));

/** RFC 6962 section 2.1, word for word. */
function naiveRoot(entries: readonly Uint8Array[]): string {
  if (entries.length <= 1) {
    return bytesToHex(merkleRoot(entries));
  }
  const half = 2 ** Math.ceil(Math.log2(entries.length) - 1);
  const [left, right] = [naiveRoot(entries.slice(0, half)), naiveRoot(entries.slice(half))];
  return bytesToHex(nodeOf(hexToBytes(left), hexToBytes(right)));
}

function nodeOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  return merkleRoot([left, right]);
}

describe('the RFC 6962 root', () => {
  it('equals the reference roots of sizes 0 to 8', () => {
    const entries = vectors.entries.map((entry) => entryHash(hexToBytes(entry)));
    expect(vectors.roots.map((_, size) => bytesToHex(merkleRoot(entries.slice(0, size))))).toEqual(vectors.roots);
  });

  it('equals the recursive definition at every size up to 70', () => {
    const all = hashes(70);
    for (let size = 2; size <= 70; size++) {
      expect(bytesToHex(merkleRoot(all.slice(0, size)))).toBe(naiveRoot(all.slice(0, size)));
    }
  });

  it('does not depend on how the log grew', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 12 }), (steps) => {
        const all = hashes(steps.reduce((sum, step) => sum + step, 0));
        let frontier = EMPTY_FRONTIER;
        for (const step of steps) {
          frontier = append(frontier, all.slice(frontier.size, frontier.size + step));
        }
        expect(frontierRoot(frontier)).toEqual(merkleRoot(all));
        expect(frontier.roots.length).toBe(frontier.size.toString(2).replaceAll('0', '').length);
      }),
    );
  });

  it('refuses a frontier without the roots of its size', () => {
    expect(() => append({ size: 3, roots: hashes(1) }, hashes(1))).toThrow(
      expect.objectContaining({ code: 'frontier_invalid' }) as Error,
    );
  });
});
