// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { emptyRoots, TREE_LEAVES } from '../../src/commitment/tree.ts';
import { updateTree } from '../../src/log/tree.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { memoryStore, naiveNode, toyHash } from './reference.ts';

const leafIndex = fc.oneof(fc.nat(80), fc.nat(8 ** 6 + 8), fc.constantFrom(TREE_LEAVES - 1, TREE_LEAVES - 8, 8 ** 6));
const leafValue = fc.nat(5).map((value) => toField(BigInt(value)));

describe('updates of the tree', () => {
  it('give the root of the definition, however they are batched', async () => {
    const hash = toyHash();
    const empty = emptyRoots(hash);
    const batch = fc.array(fc.tuple(leafIndex, leafValue), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 4 }), async (batches) => {
        const store = memoryStore();
        const leaves = new Map<number, FieldElement>();
        for (const changes of batches) {
          const { root, nodes } = await updateTree(hash, empty, store, new Map(changes));
          store.write(nodes);
          for (const [index, value] of changes) leaves.set(index, value);
          expect(root).toBe(naiveNode(hash, empty, leaves, 11));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('hash each dirty node once', async () => {
    const hash = toyHash();
    const empty = emptyRoots(hash);
    hash.calls = 0;
    const leaves = new Map(Array.from({ length: 64 }, (_, index) => [index, toField(BigInt(index + 1))]));
    const { nodes } = await updateTree(hash, empty, memoryStore(), leaves);
    // 8 nodes at level 1 and one at each of the ten levels above.
    expect(hash.calls).toBe(18);
    expect(nodes).toHaveLength(64 + 18);
  });

  it('change nothing when nothing changes', async () => {
    const hash = toyHash();
    const empty = emptyRoots(hash);
    expect(await updateTree(hash, empty, memoryStore(), new Map())).toEqual({
      root: empty[11],
      nodes: [],
      families: [],
    });
  });

  it('return to the empty root when all leaves are revoked, with Poseidon', async () => {
    const hash = await buildWasmPoseidon();
    const empty = emptyRoots(hash);
    const store = memoryStore();
    const added = await updateTree(hash, empty, store, new Map([[3, toField(9n)]]));
    store.write(added.nodes);
    expect(added.root).toBe(naiveNode(hash, empty, new Map([[3, toField(9n)]]), 11));
    expect((await updateTree(hash, empty, store, new Map([[3, toField(0n)]]))).root).toBe(empty[11]);
  });

  it.each([-1, TREE_LEAVES, 0.5, Number.NaN])('refuse index %d', async (index) => {
    const hash = toyHash();
    await expect(
      updateTree(hash, emptyRoots(hash), memoryStore(), new Map([[index, toField(1n)]])),
    ).rejects.toMatchObject({ code: 'leaf_index_invalid' });
  });
});
