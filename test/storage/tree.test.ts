// SPDX-License-Identifier: GPL-3.0-or-later
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { emptyRoots, TREE_LEAVES } from '../../src/commitment/tree.ts';
import { hashInTurn } from '../../src/log/tree.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { startHashing } from '../../src/register/hashing.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';
import { createTreeTable, type TreeTables, treeOf } from '../../src/storage/tree.ts';
import { type LeafChange, updateStored } from '../../src/storage/tree_update.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { naiveNode, toyHash } from '../log/reference.ts';

async function openTree(url: string): Promise<Database<TreeTables>> {
  const database = await openDatabase<TreeTables>(url);
  await createTreeTable(database.kysely);
  return database;
}

function treeHash(poseidon = toyHash()) {
  return { poseidon, hashAll: hashInTurn(poseidon), empty: emptyRoots(poseidon) };
}

const PART = 8 ** 5;
const value = (n: number): FieldElement => toField(BigInt(n));

describeOnEachDatabase('updates of the stored tree', (fresh) => {
  it('give the root of the definition, in pages of any size', async () => {
    const hash = treeHash();
    const database = await openTree(await fresh());
    const tree = treeOf(database.kysely);
    const index = fc.oneof(fc.nat(100), fc.nat(9 * PART), fc.constantFrom(TREE_LEAVES - 1, PART - 1, PART));
    const changes = fc.array(fc.tuple(index, fc.nat(5)), { maxLength: 8 });
    const leaves = new Map<number, FieldElement>();
    let size = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(changes, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 3 }),
        async (batches, page) => {
          for (const batch of batches) {
            size += 1;
            const sorted = [...new Map(batch)].sort(([a], [b]) => a - b).map(([at, n]) => [at, value(n)] as const);
            const pages = Array.from({ length: Math.ceil(sorted.length / page) }, (_, i) =>
              sorted.slice(i * page, (i + 1) * page),
            );
            const root = await updateStored(hash, tree, size, pages);
            for (const [at, leaf] of sorted) leaves.set(at, leaf);
            expect(root).toBe(naiveNode(hash.poseidon, hash.empty, leaves, 11));
          }
        },
      ),
      { numRuns: 12 },
    );
    await database.close();
  });

  it('hash and store each dirty node once, however many parts there are', async () => {
    const hash = treeHash();
    const database = await openTree(await fresh());
    const leaves = 2 * PART + 8;
    hash.poseidon.calls = 0;
    const pages = function* (): Iterable<readonly LeafChange[]> {
      for (let start = 0; start < leaves; start += 1000) {
        const count = Math.min(1000, leaves - start);
        yield Array.from({ length: count }, (_, i) => [start + i, value(start + i + 1)] as const);
      }
    };
    const root = await updateStored(hash, treeOf(database.kysely), 1, pages());
    let [width, expected] = [leaves, 0];
    for (let level = 0; level < 11; level++) {
      width = Math.ceil(width / 8);
      expected += width;
    }
    expect(hash.poseidon.calls).toBe(expected);
    const { rows } = await database.kysely
      .selectFrom('families')
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow();
    expect(rows).toBe(expected);
    // In another order of parts, the same tree: the second half first.
    const other = await openTree(await fresh());
    const half = [...pages()].flat();
    await updateStored(hash, treeOf(other.kysely), 1, [half.slice(PART)]);
    expect(await updateStored(hash, treeOf(other.kysely), 2, [half.slice(0, PART)])).toBe(root);
    await other.close();
    await database.close();
  }, 60_000);

  it.each([
    ['out of order', [5, 4]],
    ['twice', [4, 4]],
    ['outside', [TREE_LEAVES]],
    ['negative', [-1]],
  ])('refuse an index that is %s', async (_, indices) => {
    const database = await openTree(await fresh());
    const changes = indices.map((index) => [index, value(1)] as const);
    await expect(updateStored(treeHash(), treeOf(database.kysely), 1, [changes])).rejects.toMatchObject({
      code: 'leaf_index_invalid',
    });
    await database.close();
  });
});

describe('hashing in threads', () => {
  it('gives the hashes of the one thread, in their order', async () => {
    const poseidon = await buildWasmPoseidon();
    const families = Array.from({ length: 600 }, (_, parent) => ({
      level: 0,
      parent,
      children: Array.from({ length: 8 }, (_child, child) => value(8 * parent + child)),
    }));
    const hashing = startHashing(2);
    try {
      const both = await Promise.all([hashing.hashAll(families), hashing.hashAll(families.slice(0, 3))]);
      const expected = await hashInTurn(poseidon)(families);
      expect(both).toEqual([expected, expected.slice(0, 3)]);
      expect(await hashing.hashAll([])).toEqual([]);
    } finally {
      await hashing.close();
    }
  }, 30_000);

  it('fails with a thread that ends, and goes on with another', async () => {
    const hashing = startHashing(1);
    const family = { level: 0, parent: 0, children: Array.from({ length: 8 }, () => value(1)) };
    const kill = vi.spyOn(Worker.prototype, 'postMessage').mockImplementationOnce(function (this: Worker) {
      void this.terminate();
    });
    try {
      await expect(hashing.hashAll([family])).rejects.toMatchObject({ code: 'hashing_failed' });
      expect(await hashing.hashAll([family])).toHaveLength(1);
    } finally {
      kill.mockRestore();
      await hashing.close();
    }
  }, 30_000);
});
