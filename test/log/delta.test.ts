// SPDX-License-Identifier: GPL-3.0-or-later
import { hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathRoot, TREE_LEAVES } from '../../src/commitment/tree.ts';
import {
  type Block,
  BLOCK_LEAVES,
  blockFromPath,
  blockOf,
  decodeBlock,
  encodeBlock,
  pathFromBlock,
} from '../../src/log/block.ts';
import {
  decodeDelta,
  DELTA_EPOCHS,
  type Delta,
  deltaEpochs,
  deltaPath,
  encodeDelta,
  MAX_DELTA_BYTES,
  withDelta,
} from '../../src/log/delta.ts';
import { FIELD_ORDER, type FieldElement, toField } from '../../src/protocol/field.ts';
import { blockContent, deltaOf, EMPTY, hash, type Leaves } from './block_content.ts';
import { naiveNode } from './reference.ts';

const invalid = expect.objectContaining({ code: 'block_invalid' }) as Error;

const blockAt = (leaves: Leaves, number: number, size: number): Block =>
  decodeBlock(encodeBlock(blockContent(leaves, number, size)));
const deltaBetween = (epoch: number, before: Leaves, after: Leaves, number: number): Delta =>
  deltaOf(epoch, blockContent(before, number, epoch - 1), blockContent(after, number, epoch));
const changed = (leaves: Leaves, changes: Leaves): Leaves => new Map([...leaves, ...changes]);

/** Everything that a block says of some places. */
function said(block: Block, number: number, leaves: readonly number[]): unknown {
  const inside = leaves.filter((index) => blockOf(index) === number);
  return [block.size, block.number, block.upper, inside.map((index) => pathFromBlock(block, index))];
}

const places = fc.oneof(
  fc.nat(20),
  fc.nat(BLOCK_LEAVES - 1),
  fc.nat(3).map((block) => block * BLOCK_LEAVES),
  fc.constant(TREE_LEAVES - 1),
);
// Often empty: a revocation changes nodes to roots of empty subtrees.
const values = fc.oneof(fc.constant(0n), fc.bigInt(1n, FIELD_ORDER - 1n)).map(toField);
const leavesOf = (maxLength: number): fc.Arbitrary<Leaves> =>
  fc.array(fc.tuple(places, values), { maxLength }).map((list) => new Map(list));

describe('a block and its deltas', () => {
  it('make the later block, and a path and the deltas make the later path', () => {
    fc.assert(
      fc.property(leavesOf(6), fc.array(leavesOf(4), { minLength: 1, maxLength: 4 }), (start, epochs) => {
        const states = epochs.reduce<Leaves[]>(
          (list, changes) => [...list, changed(list.at(-1) ?? start, changes)],
          [start],
        );
        const all = [...new Set([0, 9, ...states.flatMap((leaves) => [...leaves.keys()])])];
        for (const number of new Set(all.map(blockOf))) {
          let block = blockAt(start, number, 0);
          const paths = new Map(all.filter((i) => blockOf(i) === number).map((i) => [i, pathFromBlock(block, i)]));
          for (const [i, before] of states.slice(0, -1).entries()) {
            const after = states[i + 1] ?? before;
            const delta = decodeDelta(encodeDelta(deltaBetween(i + 1, before, after, number)));
            block = withDelta(block, delta);
            expect(said(block, number, all)).toEqual(said(blockAt(after, number, i + 1), number, all));
            for (const [index, path] of paths) {
              const part = withDelta(blockFromPath(path, index, i), delta);
              paths.set(index, pathFromBlock(part, index));
              expect(paths.get(index)).toEqual(pathFromBlock(block, index));
            }
          }
          const last = states.at(-1) ?? start;
          for (const [index, path] of paths) {
            const leaf = last.get(index) ?? toField(0n);
            expect(pathRoot(hash, leaf, index, path)).toBe(naiveNode(hash, EMPTY, last, 11));
          }
        }
      }),
      { numRuns: 25, seed: 6 },
    );
  });

  it('leave the block before as it was', () => {
    const before: Leaves = new Map([[5, toField(1n)]]);
    const block = blockAt(before, 0, 0);
    const path = pathFromBlock(block, 5);
    withDelta(block, deltaBetween(1, before, new Map([[5, toField(0n)]]), 0));
    expect(pathFromBlock(block, 5)).toEqual(path);
  });

  it('fit together in one order only, and of one block only', () => {
    const state = (value: bigint): Leaves => new Map([[5, toField(value)]]);
    const [first, second, third] = [state(1n), state(2n), state(3n)];
    const block = blockAt(first, 0, 0);
    const step = deltaBetween(1, first, second, 0);
    expect(() => withDelta(block, deltaBetween(2, second, third, 0))).toThrow(invalid);
    expect(() => withDelta(withDelta(block, step), step)).toThrow(invalid);
    expect(() => withDelta(block, { ...step, number: 1 })).toThrow(invalid);
  });

  it('cost little: what did not change is not in them', () => {
    const header = 15 + 4 * 8 + 5 + 6 * 4;
    const none: Leaves = new Map();
    expect(encodeDelta(deltaBetween(1, none, none, 0))).toHaveLength(header);
    // One leaf: a node at each of 11 levels, and a run at six of them.
    expect(encodeDelta(deltaBetween(1, none, new Map([[5, toField(1n)]]), 0))).toHaveLength(header + 11 * 32 + 6 * 8);
    // Another block's: where its way to the root meets this one's, one sibling or node at each level.
    const elsewhere = new Map([[BLOCK_LEAVES * 3, toField(1n)]]);
    expect(encodeDelta(deltaBetween(1, none, elsewhere, 0))).toHaveLength(header + 5 * 32);
  });
});

describe('a delta', () => {
  const LEAVES = new Map([
    [0, toField(5n)],
    [9, toField(FIELD_ORDER - 1n)],
    [BLOCK_LEAVES - 1, toField(7n)],
    [BLOCK_LEAVES * 9, toField(8n)],
  ]);
  const delta = deltaBetween(3, new Map(), LEAVES, 0);

  it('comes back as it was written', () => {
    expect(decodeDelta(encodeDelta(delta))).toEqual(delta);
    expect(deltaPath(3, 0)).toBe('/deltas/3/0.bin');
  });

  it('is refused when cut off anywhere, or longer than it says', () => {
    const bytes = encodeDelta(delta);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeDelta(bytes.subarray(0, length))).toThrow(invalid);
    }
    expect(() => decodeDelta(Uint8Array.of(...bytes, 0))).toThrow(invalid);
    expect(() => decodeDelta(new Uint8Array(MAX_DELTA_BYTES + 1))).toThrow(invalid);
  });

  it('does no harm with any byte forged: refused, or a path to another root, or none of the path', () => {
    const bytes = encodeDelta(delta);
    const block = blockAt(new Map(), 0, 2);
    const root = naiveNode(hash, EMPTY, LEAVES, 11);
    const rootOf = (forged: Uint8Array, index: number): FieldElement | undefined => {
      try {
        const leaf = LEAVES.get(index) ?? toField(0n);
        return pathRoot(hash, leaf, index, pathFromBlock(withDelta(block, decodeDelta(forged)), index));
      } catch (error) {
        expect(['block_invalid', 'path_invalid']).toContain((error as { code: unknown }).code);
        return undefined;
      }
    };
    expect(rootOf(bytes, 0)).toBe(root);
    for (let at = 0; at < bytes.length; at++) {
      const forged = Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
      const passed = [0, 9, BLOCK_LEAVES - 1].filter((index) => rootOf(forged, index) === root);
      // The epoch and the size after are for the reader to compare: bytes 15 to 23 and 31 to 39.
      const mayPass = (at >= 15 && at < 23) || (at >= 31 && at < 39);
      expect(passed.length < 3 || mayPass, `byte ${String(at)}`).toBe(true);
    }
  });

  it('is refused with a malformed part', () => {
    const u64 = (value: number): string => value.toString(16).padStart(16, '0');
    const tag = Buffer.from('bauta/delta/v1\n').toString('hex');
    const value = '00'.repeat(31) + '05';
    const order = FIELD_ORDER.toString(16).padStart(64, '0');
    const none = '00000000';
    const decode = (...parts: readonly string[]): Delta => decodeDelta(hexToBytes(parts.join('')));
    const head = [tag, u64(3), u64(2), u64(9), u64(0)];
    const still = '00'.repeat(5);
    const levels = none.repeat(6);
    expect(decode(...head, '01', '00'.repeat(4), value, levels).upper).toEqual(new Map([[0, 5n]]));
    expect(decode(...head, '00'.repeat(4), '80', value, levels).upper).toEqual(new Map([[39, 5n]]));
    const run = (start: string, count: string, ...list: readonly string[]): string => [start, count, ...list].join('');
    for (const [name, ...parts] of [
      ['another tag', tag.replace('31', '32'), u64(3), u64(2), u64(9), u64(0), still, levels],
      ['epoch 0, which follows none', tag, u64(0), u64(2), u64(9), u64(0), still, levels],
      ['a log that shrinks', tag, u64(3), u64(9), u64(2), u64(0), still, levels],
      ['a number beyond the tree', tag, u64(3), u64(2), u64(9), u64(2 ** 15), still, levels],
      ['an integer beyond 2^53', tag, 'ff'.repeat(8), u64(2), u64(9), u64(0), still, levels],
      ['a changed sibling without its value', ...head, '01', '00'.repeat(4), levels],
      ['a sibling that is not canonical', ...head, '01', '00'.repeat(4), order, levels],
      ['a node that is not canonical', ...head, still, '00000001', run('00000000', '00000001', order), none.repeat(5)],
      ['an empty run', ...head, still, '00000001', run('00000000', '00000000'), none.repeat(5)],
      ['a position outside', ...head, still, '00000001', run('00040000', '00000001', value), none.repeat(5)],
      [
        'a run that leaves the block',
        ...head,
        still,
        '00000001',
        run('0003ffff', '00000002', value, value),
        none.repeat(5),
      ],
      [
        'a position outside an upper level',
        ...head,
        still,
        none.repeat(5),
        '00000001',
        run('00000008', '00000001', value),
      ],
      [
        'a node twice',
        ...head,
        still,
        '00000002',
        run('00000004', '00000001', value),
        run('00000004', '00000001', value),
        none.repeat(5),
      ],
      [
        'runs that touch',
        ...head,
        still,
        '00000002',
        run('00000004', '00000001', value),
        run('00000005', '00000001', value),
        none.repeat(5),
      ],
      ['four billion runs', ...head, still, 'ffffffff', none.repeat(5)],
      ['a run of four billion', ...head, still, '00000001', run('00000000', 'ffffffff', value), none.repeat(5)],
    ] as const) {
      expect(() => decode(...parts), name).toThrow(invalid);
    }
  });
});

describe('the deltas to ask for', () => {
  it('are the latest 4, 8, 16 or 32, whatever is needed of them', () => {
    for (let behind = 1; behind <= DELTA_EPOCHS; behind++) {
      const epochs = deltaEpochs(100 - behind, 100) ?? [];
      expect([4, 8, 16, 32]).toContain(epochs.length);
      expect(epochs.length).toBeGreaterThanOrEqual(behind);
      expect(epochs).toEqual(Array.from({ length: epochs.length }, (_, i) => 101 - epochs.length + i));
    }
    expect(deltaEpochs(99, 100)).toEqual(deltaEpochs(96, 100));
  });

  it('begin with the log, and end where the full block is the better way', () => {
    expect(deltaEpochs(1, 2)).toEqual([1, 2]);
    expect(deltaEpochs(0, DELTA_EPOCHS)).toHaveLength(DELTA_EPOCHS);
    expect(deltaEpochs(0, DELTA_EPOCHS + 1)).toBeUndefined();
  });
});
