// SPDX-License-Identifier: GPL-3.0-or-later
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { entryHash, merkleRoot } from '../../src/log/merkle.ts';
import { verifyVectors } from '../../src/log/proof_vectors.ts';
import { consistencyProof, inclusionProof } from '../../src/log/proofs.ts';
import { readShared, sharedPath } from '../shared.ts';
import rfc6962 from '../vectors/rfc6962.json' with { type: 'json' };

const hashes = rfc6962.entries.map((entry) => entryHash(hexToBytes(entry)));
const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const rootOf = (size: number): Uint8Array => merkleRoot(hashes.slice(0, size));
const flipped = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 16 : byte));
const invalid = expect.objectContaining({ code: 'vectors_invalid' }) as Error;

interface Case {
  readonly name: string;
  readonly size1: number | bigint;
  readonly size2: number | bigint;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

/** JSON in which big integers stand as they are. */
function json(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `@${String(item)}` : item)).replace(
    /"@(\d+)"/g,
    '$1',
  );
}

/** The ways to break a consistency proof that the test data of transparency-dev/merkle tries. */
function consistencyCases(): readonly Case[] {
  const pairs = [
    [1, 8],
    [6, 8],
    [2, 5],
    [6, 7],
  ] as const;
  const cases = pairs.flatMap(([size1, size2]) => {
    const proof = consistencyProof(hashes.slice(0, size2), size1).map(base64);
    const good = {
      name: `${String(size1)}-${String(size2)}`,
      size1,
      size2,
      root1: base64(rootOf(size1)),
      root2: base64(rootOf(size2)),
      proof,
      wantErr: false,
    };
    const bad = (name: string, change: Partial<Case>): Case => ({
      ...good,
      ...change,
      name: `${good.name} ${name}`,
      wantErr: true,
    });
    const { root1, root2 } = good;
    return [
      good,
      bad('size1 - 1', { size1: size1 - 1 }),
      bad('size1 + 1', { size1: size1 + 1 }),
      bad('size1 ^ 2', { size1: size1 ^ 2 }),
      bad('size2 * 2', { size2: size2 * 2 }),
      bad('size2 / 2', { size2: Math.floor(size2 / 2) }),
      bad('size1 - 2^64', { size1: (1n << 64n) - 1n }),
      bad('wrong root1', { root1: base64('WrongRoot') }),
      bad('wrong root2', { root2: base64('WrongRoot') }),
      bad('swapped roots', { root1: root2, root2: root1 }),
      bad('empty proof', { proof: [] }),
      bad('null proof', { proof: null }),
      bad('trailing garbage', { proof: [...proof, ''] }),
      bad('trailing root1', { proof: [...proof, root1] }),
      bad('trailing root2', { proof: [...proof, root2] }),
      bad('preceding garbage', { proof: ['', ...proof] }),
      bad('preceding root1', { proof: [root1, ...proof] }),
      bad('preceding root2', { proof: [root2, ...proof] }),
      bad('preceding proof[0]', { proof: [proof[0] ?? '', ...proof] }),
      bad('truncated', { proof: proof.slice(0, -1) }),
      ...proof.map((hash, at) =>
        bad(`modified ${String(at)}`, {
          proof: proof.map((other, i) => (i === at ? base64(flipped(Buffer.from(hash, 'base64'))) : other)),
        }),
      ),
    ];
  });
  const [one, two, none] = [base64("don't care 1"), base64("don't care 2"), base64(merkleRoot([]))];
  const plain = (
    size1: number,
    size2: number,
    root1: string,
    root2: string,
    proof: string[] | null,
    ok = false,
  ): Case => ({
    name: `additional ${String(size1)} ${String(size2)} ${String(proof?.length)}`,
    ...{ size1, size2, root1, root2, proof, wantErr: !ok },
  });
  return [
    ...cases,
    plain(1, 1, base64(rootOf(1)), base64(rootOf(1)), null, true),
    // Equal sizes compare roots, whatever they are.
    plain(1, 1, two, two, [], true),
    plain(0, 0, one, two, []),
    plain(0, 0, one, one, []),
    plain(1, 1, one, two, []),
    plain(0, 1, one, two, []),
    plain(0, 1, none, two, []),
    plain(1, 0, one, two, []),
    plain(2, 1, one, two, []),
    plain(1, 2, one, two, []),
    plain(1, 1, none, two, []),
    plain(1, 1, none, none, [none]),
    plain(0, 1, none, none, [none]),
  ];
}

describe('files of proofs', () => {
  it.skipIf(sharedPath('tlog/inclusion.json') === undefined)('of transparency-dev: all 98 agree', () => {
    const text = new TextDecoder().decode(readShared('tlog/inclusion.json'));
    expect(verifyVectors(text)).toEqual({ tried: 98, agreed: 98, differing: [] });
  });

  it('of consistency agree, as transparency-dev breaks them', () => {
    const cases = consistencyCases();
    expect(verifyVectors(json(cases))).toEqual({ tried: cases.length, agreed: cases.length, differing: [] });
    const turned = cases.map((it) => ({ ...it, wantErr: !it.wantErr }));
    expect(verifyVectors(json(turned))).toMatchObject({ agreed: 0, differing: cases.map(({ name }) => name) });
  });

  it('begin with the proof that the public data has for 6 and 8', () => {
    const proof = consistencyProof(hashes, 6);
    expect(Buffer.from(proof[0] ?? []).toString('hex')).toBe(
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    );
    expect(Buffer.from(proof[2] ?? []).toString('hex')).toBe(
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    );
  });

  it('may mix both kinds, or be one vector', () => {
    const one = {
      leafIdx: 5,
      treeSize: 8,
      root: base64(rootOf(8)),
      leafHash: base64(hashes[5] ?? new Uint8Array()),
      proof: inclusionProof(hashes, 5).map(base64),
      wantErr: false,
    };
    expect(verifyVectors(json(one))).toEqual({ tried: 1, agreed: 1, differing: [] });
    expect(verifyVectors(json([one, ...consistencyCases()])).differing).toEqual([]);
    // Not rounded to the next number that JSON.parse keeps: 2^53 + 1 is none of 2^53 entries.
    const edge = { ...one, leafIdx: (1n << 53n) + 1n, treeSize: (1n << 53n) + 1n, wantErr: true };
    expect(verifyVectors(json(edge)).agreed).toBe(1);
  });

  it('give a verdict on what is no hash or no size: it does not hold', () => {
    const good = consistencyCases()[0] as Case;
    for (const change of [
      { size1: -1 },
      { size1: 1.5 },
      { size1: 1e3 },
      { size1: 'x' },
      { size2: null },
      { root1: '!' },
      { root1: 7 },
      { root2: null },
      { proof: ['!'] },
      { proof: [7] },
      { proof: [null] },
      { size2: 1n << 64n },
    ]) {
      const text = json({ ...good, ...change, wantErr: true });
      expect(verifyVectors(text), text).toMatchObject({ tried: 1, agreed: 1 });
    }
  });

  it('are refused when they are none', () => {
    const good = consistencyCases()[0] as Case;
    for (const text of [
      '',
      '[',
      '[]',
      '{}',
      '7',
      'null',
      '[null]',
      json({ ...good, wantErr: 'no' }),
      json({ ...good, proof: 'x' }),
      json([good, { leafIdx: 1 }]),
    ]) {
      expect(() => verifyVectors(text), text).toThrow(invalid);
    }
  });

  it('tell which differ', () => {
    const good = consistencyCases()[0] as Case;
    const { name: _, ...nameless } = good;
    const list = [good, { ...nameless, desc: 'happy path', wantErr: true }, { ...good, name: 'third', wantErr: true }];
    expect(verifyVectors(json(list))).toEqual({ tried: 3, agreed: 1, differing: ['1 happy path', 'third'] });
  });
});
