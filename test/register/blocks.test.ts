// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { emptyRoots, pathRoot, TREE_LEAVES } from '../../src/commitment/tree.ts';
import { BLOCK_LEAVES, blockOf, blockPath, decodeBlock, pathFromBlock } from '../../src/log/block.ts';
import type { Checkpoint } from '../../src/log/checkpoint.ts';
import { updateTree } from '../../src/log/tree.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { readBlock } from '../../src/register/nodes.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { registerMigrations, type RegisterTables } from '../../src/storage/register.ts';
import { nodesAt, pruneFamilies, treeOf, writeFamilies } from '../../src/storage/tree.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { naiveNode, replay, toyHash } from '../log/reference.ts';
import { expectProblem, leafOf, openTestRegister, type TestRegister } from './harness.ts';

async function fetchBlock(register: TestRegister, size: number): Promise<Uint8Array> {
  return new Uint8Array(await (await register.get(blockPath(size, 0))).arrayBuffer());
}

describeOnEachDatabase('blocks of a register', (fresh) => {
  it('hold, for each current checkpoint, a path of each leaf to its root', async () => {
    const hash = await buildWasmPoseidon();
    const register = await openTestRegister(await fresh());
    const states = new Map<number, ReadonlyMap<number, FieldElement>>();
    for (let epoch = 1; epoch <= 4; epoch++) {
      await register.submit(leafOf(`${String(epoch)} a`));
      await register.submit(leafOf(`${String(epoch)} b`));
      if (epoch > 1) await register.revoke(leafOf(`${String(epoch - 1)} a`));
      await (epoch === 1 ? register.turn() : register.nextEpoch());
      states.set((await register.checkpoint()).size, replay(await register.events()).leaves);
    }
    const current = await register.current();
    expect(current.map(({ epoch }) => epoch)).toEqual([2, 3, 4]);
    for (const { size, presentationRoot } of current) {
      const block = decodeBlock(await fetchBlock(register, size));
      expect(block).toMatchObject({ size, number: 0 });
      for (const [index, leaf] of states.get(size) ?? []) {
        expect(pathRoot(hash, leaf, index, pathFromBlock(block, index))).toBe(presentationRoot);
      }
    }
    await register.close();
  });

  it('are immutable, and tell nothing that differs between downloads', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(leafOf(1));
    await register.turn();
    const { size } = await register.checkpoint();
    const before = await fetchBlock(register, size);
    await register.submit(leafOf(2));
    await register.nextEpoch();
    expect(await fetchBlock(register, size)).toEqual(before);
    const { headers } = await register.get(blockPath(size, 0));
    expect(headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(headers.get('Content-Type')).toBe('application/octet-stream');
    for (const name of ['ETag', 'Set-Cookie', 'Last-Modified', 'Vary']) expect(headers.get(name)).toBeNull();
    await register.close();
  });

  it('exist for current checkpoints only', async () => {
    const register = await openTestRegister(await fresh());
    const checkpoints: Checkpoint[] = [];
    for (let epoch = 1; epoch <= 6; epoch++) {
      await register.submit(leafOf(epoch));
      await (epoch === 1 ? register.turn() : register.nextEpoch());
      checkpoints.push(await register.checkpoint());
    }
    const [oldest, , , kept] = checkpoints;
    await expectProblem(await register.get(blockPath(oldest?.size ?? 0, 0)), 404, 'block_unknown');
    expect((await register.get(blockPath(kept?.size ?? 0, 0))).status).toBe(200);
    const size = kept?.size ?? 0;
    for (const path of [blockPath(size, 1), blockPath(size, 99_999), blockPath(size + 1000, 0)]) {
      await expectProblem(await register.get(path), 404, 'block_unknown');
    }
    for (const path of [
      '/blocks/x/0.bin',
      '/blocks/1/0',
      '/blocks/1/-1.bin',
      '/blocks/1/0.bin/',
      '/blocks/1/1e3.bin',
    ]) {
      await expectProblem(await register.get(path), 404, 'not_found');
    }
    await register.close();
  });
});

describeOnEachDatabase('the stored tree', (fresh) => {
  it('keeps versions apart, over the whole width of the tree', async () => {
    const hash = toyHash();
    const empty = emptyRoots(hash);
    const database = await openDatabase<RegisterTables>(await fresh());
    await migrate(database, registerMigrations);
    const db = treeOf(database.kysely);
    const far = [0, BLOCK_LEAVES - 1, BLOCK_LEAVES, 9 * BLOCK_LEAVES + 4, TREE_LEAVES - 1];
    const versions: { size: number; leaves: Map<number, FieldElement>; root: FieldElement }[] = [];
    let leaves = new Map<number, FieldElement>();
    for (const [i, changes] of [
      new Map(far.map((index, at) => [index, toField(BigInt(at + 1))])),
      new Map([
        [BLOCK_LEAVES, toField(0n)],
        [BLOCK_LEAVES + 1, toField(77n)],
      ]),
      new Map([[TREE_LEAVES - 1, toField(0n)]]),
    ].entries()) {
      const size = 10 * (i + 1);
      const { root, families } = await updateTree(hash, empty, nodesAt(db, size - 10), changes);
      await writeFamilies(db, size, families);
      leaves = new Map([...leaves, ...changes]);
      versions.push({ size, leaves, root });
    }
    const expectPaths = async ({ size, leaves: state, root }: (typeof versions)[number]): Promise<void> => {
      expect(root).toBe(naiveNode(hash, empty, state, 11));
      for (const [index, leaf] of state) {
        const block = decodeBlock(await readBlock(db, empty, size, blockOf(index)));
        expect(pathRoot(hash, leaf, index, pathFromBlock(block, index))).toBe(root);
      }
    };
    for (const version of versions) await expectPaths(version);
    await pruneFamilies(db, 20);
    for (const version of versions.slice(1)) await expectPaths(version);
    await pruneFamilies(db, 30);
    for (const version of versions.slice(2)) await expectPaths(version);
    const { count } = await db
      .selectFrom('families')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    const distinct = await db.selectFrom('families').select(['level', 'parent']).distinct().execute();
    expect(count).toBe(distinct.length);
    await database.close();
  });
});
