// SPDX-License-Identifier: GPL-3.0-or-later
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  append,
  EMPTY_FRONTIER,
  entryHash,
  frontierRoot,
  inclusionProof,
  merkleRoot,
  verifyInclusion,
} from '../../src/log/merkle.ts';
import { readShared, sharedPath } from '../shared.ts';
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

describe('inclusion proofs', () => {
  it('hold for every entry of every size up to 33, and for nothing else', () => {
    const all = hashes(33);
    for (let size = 1; size <= 33; size++) {
      const log = all.slice(0, size);
      const root = merkleRoot(log);
      for (const [position, hash] of log.entries()) {
        const proof = inclusionProof(log, position);
        expect(verifyInclusion(position, size, hash, proof, root)).toBe(true);
        expect(verifyInclusion(position, size, entryHash('other'), proof, root)).toBe(false);
        expect(verifyInclusion(position + 1, size, hash, proof, root)).toBe(false);
        expect(verifyInclusion(position, size, hash, [...proof, hash], root)).toBe(false);
        expect(verifyInclusion(position, size, hash, proof.slice(1), root)).toBe(size === 1);
      }
    }
  });

  it('do not exist for entries that the log does not have', () => {
    for (const position of [-1, 3, 0.5, Number.NaN]) {
      expect(() => inclusionProof(hashes(3), position)).toThrow(
        expect.objectContaining({ code: 'entry_unknown' }) as Error,
      );
      expect(verifyInclusion(position, 3, entryHash(''), [], entryHash(''))).toBe(false);
    }
  });

  it.skipIf(sharedPath('tlog/inclusion.json') === undefined)('have the verdicts of transparency-dev', () => {
    interface Case {
      readonly name: string;
      readonly leafIdx: number;
      readonly treeSize: number;
      readonly root: string;
      readonly leafHash: string;
      readonly proof: readonly string[] | null;
      readonly wantErr: boolean;
    }
    const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
    const cases = JSON.parse(new TextDecoder().decode(readShared('tlog/inclusion.json'))) as readonly Case[];
    expect(cases.length).toBeGreaterThan(50);
    for (const { name, leafIdx, treeSize, root, leafHash, proof, wantErr } of cases) {
      const path = (proof ?? []).map(decode);
      expect(verifyInclusion(leafIdx, treeSize, decode(leafHash), path, decode(root)), name).toBe(!wantErr);
    }
  });
});
