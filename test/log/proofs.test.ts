// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryHash, merkleRoot, nodeHash } from '../../src/log/merkle.ts';
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../../src/log/proofs.ts';
import { readShared, sharedPath } from '../shared.ts';

const hashes = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => entryHash(`entry ${String(i)}`));
const unknown = expect.objectContaining({ code: 'entry_unknown' }) as Error;
const BAD_SIZES = [-1, 0.5, Number.NaN, 2 ** 53, -1n, 1n << 64n];

/** Each way to break a list of hashes that a verifier must notice. */
function broken(proof: readonly Uint8Array[], extra: Uint8Array): readonly (readonly Uint8Array[])[] {
  const flipped = proof.map((hash, at) =>
    proof.map((other, i) => (i === at ? Uint8Array.from(hash, (byte, j) => (j === at % 32 ? byte ^ 8 : byte)) : other)),
  );
  const missing = proof.map((_, at) => proof.filter((_other, i) => i !== at));
  const short = proof.map((_, at) => proof.map((other, i) => (i === at ? other.subarray(1) : other)));
  return [[...proof, extra], [extra, ...proof], [...proof, new Uint8Array()], ...flipped, ...missing, ...short];
}

describe('inclusion proofs', () => {
  it('hold for every entry of every size up to 33, and for nothing else', () => {
    const all = hashes(33);
    for (let size = 1; size <= 33; size++) {
      const log = all.slice(0, size);
      const root = merkleRoot(log);
      for (const [position, hash] of log.entries()) {
        const proof = inclusionProof(log, position);
        expect(verifyInclusion(position, size, hash, proof, root)).toBe(true);
        expect(verifyInclusion(BigInt(position), BigInt(size), hash, proof, root)).toBe(true);
        expect(verifyInclusion(position, size, entryHash('other'), proof, root)).toBe(false);
        expect(verifyInclusion(position, size, hash, proof, entryHash('other'))).toBe(false);
        expect(verifyInclusion(position + 1, size, hash, proof, root)).toBe(false);
        for (const bad of broken(proof, root)) {
          expect(verifyInclusion(position, size, hash, bad, root)).toBe(false);
        }
      }
    }
  });

  it('do not exist for entries that the log does not have', () => {
    for (const position of [-1, 3, 0.5, Number.NaN]) {
      expect(() => inclusionProof(hashes(3), position)).toThrow(unknown);
    }
    for (const bad of BAD_SIZES) {
      expect(verifyInclusion(bad, 3, entryHash(''), [], entryHash('')), String(bad)).toBe(false);
      expect(verifyInclusion(0, bad, entryHash(''), [], entryHash('')), String(bad)).toBe(false);
    }
    expect(verifyInclusion(1, 1, entryHash(''), [], entryHash(''))).toBe(false);
  });
});

describe('consistency proofs', () => {
  it('hold between any two sizes up to 33, and for nothing else', () => {
    const all = hashes(33);
    for (let later = 1; later <= 33; later++) {
      const root2 = merkleRoot(all.slice(0, later));
      for (let size = 1; size <= later; size++) {
        const root1 = merkleRoot(all.slice(0, size));
        const proof = consistencyProof(all.slice(0, later), size);
        const label = `${String(size)} to ${String(later)}`;
        expect(verifyConsistency(size, later, root1, root2, proof), label).toBe(true);
        expect(verifyConsistency(BigInt(size), BigInt(later), root1, root2, proof), label).toBe(true);
        for (const bad of broken(proof, root1)) {
          expect(verifyConsistency(size, later, root1, root2, bad), label).toBe(false);
        }
        expect(verifyConsistency(size, later, entryHash('other'), root2, proof), label).toBe(false);
        expect(verifyConsistency(size, later, root1, entryHash('other'), proof), label).toBe(false);
        if (size < later) {
          expect(verifyConsistency(size, later, root2, root1, proof), label).toBe(false);
          expect(verifyConsistency(later, size, root2, root1, proof), label).toBe(false);
          expect(verifyConsistency(size, later, root1, root2, []), label).toBe(false);
        }
      }
    }
  });

  it('do not exist for a log that was changed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 70 }), fc.nat(), fc.nat(), (later, a, b) => {
        const size = (a % (later - 1)) + 1;
        const before = hashes(size);
        const after = hashes(later).map((hash, i) => (i === b % size ? entryHash('changed') : hash));
        const proof = consistencyProof(after, size);
        expect(verifyConsistency(size, later, merkleRoot(before), merkleRoot(after), proof)).toBe(false);
      }),
    );
  });

  it('say nothing about an empty log, and equal sizes need equal roots', () => {
    const [one, other] = hashes(2) as [Uint8Array, Uint8Array];
    expect(verifyConsistency(0, 1, merkleRoot([]), one, [])).toBe(false);
    expect(verifyConsistency(0, 0, merkleRoot([]), merkleRoot([]), [])).toBe(false);
    expect(verifyConsistency(1, 1, one, one, [])).toBe(true);
    expect(verifyConsistency(1, 1, one, one, [one])).toBe(false);
    expect(verifyConsistency(1, 1, one, other, [])).toBe(false);
    for (const size of [-1, 0, 4, 0.5]) {
      expect(() => consistencyProof(hashes(3), size)).toThrow(unknown);
    }
    for (const bad of BAD_SIZES) {
      expect(verifyConsistency(bad, 3, one, one, []), String(bad)).toBe(false);
      expect(verifyConsistency(1, bad, one, one, []), String(bad)).toBe(false);
    }
  });
});

describe('sizes beyond what a number counts exactly', () => {
  // A log of 2^k entries that are all alike: each level has one hash.
  const levels = [entryHash('same')];
  for (let i = 0; i < 63; i++) levels.push(nodeHash(levels[i] ?? new Uint8Array(), levels[i] ?? new Uint8Array()));
  const at = (level: number): Uint8Array => levels[level] ?? new Uint8Array();

  it('are exact: 2^63 entries, and one more', () => {
    const size = 1n << 63n;
    const path = levels.slice(0, 63);
    for (const position of [0n, size - 1n, (1n << 53n) + 1n]) {
      expect(verifyInclusion(position, size, at(0), path, at(63))).toBe(true);
      expect(verifyInclusion(position, size + 1n, at(0), path, at(63))).toBe(false);
    }
    const more = nodeHash(at(63), at(0));
    expect(verifyInclusion(size, size + 1n, at(0), [at(63)], more)).toBe(true);
    expect(verifyConsistency(size, size + 1n, at(63), more, [at(0)])).toBe(true);
    expect(verifyConsistency(size, size, at(63), more, [at(0)])).toBe(false);
    expect(verifyConsistency(size - 1n, size + 1n, at(63), more, [at(0)])).toBe(false);
  });

  it('end below 2^64', () => {
    const size = (1n << 64n) - 1n;
    // The last entry of 2^64 - 1 hangs below 63 complete subtrees.
    const left = levels.slice(1).map((hash) => hash);
    const root = left.reduce((node, sibling) => nodeHash(sibling, node), at(0));
    expect(verifyInclusion(size - 1n, size, at(0), left, root)).toBe(true);
    expect(verifyInclusion(size, size + 1n, at(0), left, root)).toBe(false);
  });
});

describe('vectors of transparency-dev', () => {
  const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

  it.skipIf(sharedPath('tlog/inclusion.json') === undefined)('of inclusion have the wanted verdicts', () => {
    interface Case {
      readonly name: string;
      readonly leafIdx: number;
      readonly treeSize: number;
      readonly root: string;
      readonly leafHash: string;
      readonly proof: readonly string[] | null;
      readonly wantErr: boolean;
    }
    const cases = JSON.parse(new TextDecoder().decode(readShared('tlog/inclusion.json'))) as readonly Case[];
    expect(cases.length).toBeGreaterThan(50);
    for (const { name, leafIdx, treeSize, root, leafHash, proof, wantErr } of cases) {
      const path = (proof ?? []).map(decode);
      expect(verifyInclusion(leafIdx, treeSize, decode(leafHash), path, decode(root)), name).toBe(!wantErr);
    }
  });
});
