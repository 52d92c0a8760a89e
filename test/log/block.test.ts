// SPDX-License-Identifier: GPL-3.0-or-later
import { hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathRoot, TREE_LEAVES } from '../../src/commitment/tree.ts';
import {
  BLOCK_LEAVES,
  blockFromPath,
  blockOf,
  blockPath,
  decodeBlock,
  encodeBlock,
  pathFromBlock,
} from '../../src/log/block.ts';
import { FIELD_ORDER, toField } from '../../src/protocol/field.ts';
import { blockContent, EMPTY, hash } from './block_content.ts';
import { naiveNode } from './reference.ts';

const invalid = expect.objectContaining({ code: 'block_invalid' }) as Error;

const LEAVES = new Map([
  [0, toField(11n)],
  [1, toField(12n)],
  [3, toField(13n)],
  [BLOCK_LEAVES - 1, toField(14n)],
  [BLOCK_LEAVES, toField(15n)],
  [BLOCK_LEAVES * 9 + 77, toField(FIELD_ORDER - 1n)],
  [TREE_LEAVES - 1, toField(17n)],
]);
const ROOT = naiveNode(hash, EMPTY, LEAVES, 11);

describe('a block', () => {
  it('gives every leaf of its own, and every empty place, a path to the root', () => {
    for (const index of [...LEAVES.keys(), 2, 4, 8, BLOCK_LEAVES + 1, BLOCK_LEAVES * 5, TREE_LEAVES - 2]) {
      const block = decodeBlock(encodeBlock(blockContent(LEAVES, blockOf(index))));
      const path = pathFromBlock(block, index);
      expect(pathRoot(hash, LEAVES.get(index) ?? toField(0n), index, path)).toBe(ROOT);
    }
  });

  it('comes back as it was written', () => {
    const index = fc.oneof(fc.nat(40), fc.nat(BLOCK_LEAVES - 1));
    fc.assert(
      fc.property(fc.array(fc.tuple(index, fc.bigInt(0n, FIELD_ORDER - 1n)), { maxLength: 12 }), (entries) => {
        const leaves = new Map(entries.map(([at, value]) => [at, toField(value)]));
        const content = blockContent(leaves, 0);
        const block = decodeBlock(encodeBlock(content));
        expect([block.size, block.number, block.upper]).toEqual([7, 0, content.upper]);
        for (const [level, values] of content.levels.entries()) {
          for (const [position, value] of values) expect(block.node(level, position)).toBe(value);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is compact: an empty one has its header, a run costs eight bytes', () => {
    const header = 15 + 16 + 6 * 32 + 40 * 32 + 6 * 4;
    expect(encodeBlock(blockContent(new Map(), 0))).toHaveLength(header);
    const neighbours = new Map([0, 1, 2, 3, 4, 5, 6, 7].map((index) => [index, toField(1n)]));
    expect(encodeBlock(blockContent(neighbours, 0))).toHaveLength(header + 6 * 8 + (8 + 5) * 32);
  });

  it('has an address by size and number', () => {
    expect(blockPath(4711, blockOf(BLOCK_LEAVES))).toBe('/blocks/4711/1.bin');
  });

  it('gives no path for a leaf of another block', () => {
    const block = decodeBlock(encodeBlock(blockContent(LEAVES, 1)));
    for (const index of [0, BLOCK_LEAVES - 1, 2 * BLOCK_LEAVES, -1, BLOCK_LEAVES + 0.5, Number.NaN]) {
      expect(() => pathFromBlock(block, index)).toThrow(invalid);
    }
  });

  it('is known in part by whoever has a path of it, and no further', () => {
    const index = BLOCK_LEAVES * 9 + 77;
    const path = pathFromBlock(decodeBlock(encodeBlock(blockContent(LEAVES, blockOf(index)))), index);
    const part = blockFromPath(path, index, 7);
    expect([part.size, part.number, pathFromBlock(part, index)]).toEqual([7, 9, path]);
    expect(pathFromBlock(part, index + 1)).toEqual(path);
    expect(() => pathFromBlock(part, index + 8)).toThrow(invalid);
    expect(() => part.node(6, 0)).toThrow(invalid);
    expect(() => part.node(-1, 0)).toThrow(invalid);
  });

  it('is refused when cut off anywhere, or longer than it says', () => {
    const bytes = encodeBlock(blockContent(LEAVES, 0));
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => decodeBlock(bytes.subarray(0, length))).toThrow(invalid);
    }
    expect(() => decodeBlock(Uint8Array.of(...bytes, 0))).toThrow(invalid);
  });

  it('leads nowhere, or to another root, when a byte of it that matters is forged', () => {
    const bytes = encodeBlock(blockContent(LEAVES, 0));
    const used = (index: number, forged: Uint8Array): boolean => {
      try {
        return (
          pathRoot(hash, LEAVES.get(index) ?? toField(0n), index, pathFromBlock(decodeBlock(forged), index)) === ROOT
        );
      } catch {
        return false;
      }
    };
    const indices = [...LEAVES.keys()].filter((index) => index < BLOCK_LEAVES);
    for (let at = 0; at < bytes.length; at += 11) {
      const forged = Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
      // The size is information for the reader; some of the empty roots are not on these paths.
      const mayPass = (at >= 15 && at < 23) || (at >= 31 && at < 31 + 6 * 32);
      expect(mayPass || !indices.every((index) => used(index, forged)), `byte ${String(at)}`).toBe(true);
    }
  });

  it('is refused with a malformed part', () => {
    const header = encodeBlock(blockContent(new Map(), 0)).subarray(0, 15 + 16 + 6 * 32 + 40 * 32);
    const join = (...parts: readonly string[]): Uint8Array =>
      Uint8Array.of(...header, ...parts.flatMap((part) => [...hexToBytes(part)]));
    const none = '00000000'.repeat(5);
    const value = '00'.repeat(31) + '05';
    expect(decodeBlock(join('00000001', '00000000', '00000001', value, none)).node(0, 0)).toBe(5n);
    const order = FIELD_ORDER.toString(16).padStart(64, '0');
    for (const [name, ...parts] of [
      ['an empty run', '00000001', '00000000', '00000000', none],
      ['a run beyond the block', '00000001', '0003ffff', '00000002', value, value, none],
      ['runs that overlap', '00000002', '00000004', '00000001', value, '00000004', '00000001', value, none],
      ['runs that touch', '00000002', '00000004', '00000001', value, '00000005', '00000001', value, none],
      ['runs backwards', '00000002', '00000009', '00000001', value, '00000002', '00000001', value, none],
      ['four billion runs', 'ffffffff', none],
      ['a run of four billion', '00000001', '00000000', 'ffffffff', value, none],
    ] as const) {
      expect(() => decodeBlock(join(...parts)), name).toThrow(invalid);
    }
    const uncanonical = decodeBlock(join('00000001', '00000000', '00000001', order, none));
    expect(() => uncanonical.node(0, 0)).toThrow(invalid);
    const number = Uint8Array.from(encodeBlock(blockContent(new Map(), 0)));
    number.set(hexToBytes('0000000000008000'), 23);
    expect(() => decodeBlock(number)).toThrow(invalid);
  });
});
