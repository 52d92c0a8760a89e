// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { emptyRoots, pathRoot, TREE_LEAVES } from '../../src/commitment/tree.ts';
import { type Block, BLOCK_LEAVES, blockOf, blockPath, decodeBlock, pathFromBlock } from '../../src/log/block.ts';
import {
  decodeDelta,
  type Delta,
  DELTA_EPOCHS,
  deltaPath,
  encodeDelta,
  MAX_DELTA_BYTES,
  withDelta,
} from '../../src/log/delta.ts';
import { updateTree } from '../../src/log/tree.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { readDelta } from '../../src/register/deltas.ts';
import { readBlock } from '../../src/register/nodes.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { registerMigrations, type RegisterTables } from '../../src/storage/register.ts';
import { nodesAt, pruneFamilies, treeOf, writeFamilies } from '../../src/storage/tree.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { blockContent, deltaOf, EMPTY, hash } from '../log/block_content.ts';
import { replay } from '../log/reference.ts';
import { expectProblem, idOf, leafOf, openTestRegister, type TestRegister } from './harness.ts';

const bytesOf = async (register: TestRegister, path: string): Promise<Uint8Array> =>
  new Uint8Array(await (await register.get(path)).arrayBuffer());

describeOnEachDatabase('deltas of a register', (fresh) => {
  it('lead from each checkpoint to the next, revocations and quiet epochs included', async () => {
    const poseidon = await buildWasmPoseidon();
    const register = await openTestRegister(await fresh(), { turn: 'schedule' });
    let block: Block | undefined;
    for (let epoch = 1; epoch <= 6; epoch++) {
      // Epochs 3 and 6 publish nothing.
      if (epoch % 3 !== 0) await register.submit(leafOf(`${String(epoch)} a`));
      if (epoch % 3 !== 0) await register.submit(leafOf(`${String(epoch)} b`));
      if (epoch === 4) await register.revoke(leafOf('1 a'));
      await register.nextEpoch();
      const checkpoint = await register.checkpoint();
      expect(checkpoint.epoch).toBe(epoch);
      const full = decodeBlock(await bytesOf(register, blockPath(checkpoint.size, 0)));
      const delta = decodeDelta(await bytesOf(register, deltaPath(epoch, 0)));
      expect(delta).toMatchObject({ epoch, after: checkpoint.size, number: 0 });
      if (epoch % 3 === 0) expect([delta.before, delta.upper.size]).toEqual([delta.after, 0]);
      block = withDelta(block ?? full, block === undefined ? unchanged(delta) : delta);
      for (const [index, leaf] of replay(await register.events()).leaves) {
        const path = pathFromBlock(block, index);
        expect(path).toEqual(pathFromBlock(full, index));
        expect(pathRoot(poseidon, leaf, index, path)).toBe(checkpoint.presentationRoot);
      }
    }
    await register.close();
  });

  it('are immutable, and tell nothing that differs between downloads', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(leafOf(1));
    await register.turn();
    const before = await bytesOf(register, deltaPath(1, 0));
    await register.submit(leafOf(2));
    await register.nextEpoch();
    expect(await bytesOf(register, deltaPath(1, 0))).toEqual(before);
    const { headers } = await register.get(deltaPath(1, 0));
    expect(headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(headers.get('Content-Type')).toBe('application/octet-stream');
    for (const name of ['ETag', 'Set-Cookie', 'Last-Modified', 'Vary']) expect(headers.get(name)).toBeNull();
    await register.close();
  });

  it('exist for the latest epochs and for blocks that have leaves, and the tree behind them is deleted', async () => {
    const register = await openTestRegister(await fresh());
    const cuts = DELTA_EPOCHS + 3;
    for (let epoch = 1; epoch <= cuts; epoch++) {
      await register.submit(leafOf(epoch));
      await (epoch === 1 ? register.turn() : register.nextEpoch());
    }
    expect((await register.checkpoint()).epoch).toBe(cuts);
    const oldest = cuts - DELTA_EPOCHS + 1;
    expect((await register.get(deltaPath(oldest, 0))).status).toBe(200);
    expect((await register.get(deltaPath(cuts, 0))).status).toBe(200);
    for (const path of [
      deltaPath(oldest - 1, 0),
      deltaPath(cuts + 1, 0),
      deltaPath(0, 0),
      deltaPath(cuts, 1),
      deltaPath(cuts, 2 ** 40),
      deltaPath(999_999_999_999_999, 0),
    ]) {
      await expectProblem(await register.get(path), 404, 'delta_unknown');
    }
    for (const path of [
      '/deltas/x/0.bin',
      '/deltas/1/0',
      '/deltas/1/-1.bin',
      '/deltas/1/1e3.bin',
      '/deltas/1/0.bin/',
    ]) {
      await expectProblem(await register.get(path), 404, 'not_found');
    }
    const rows = await register.database.kysely.selectFrom('families').select(['level', 'size']).execute();
    // Of the root's children as many versions as there are deltas, and the one before the first.
    expect(rows.filter(({ level }) => level === 10)).toHaveLength(DELTA_EPOCHS + 1);
    await register.close();
  });

  it('are left out where the full block is not larger, or the delta too large', async () => {
    const register = await openTestRegister(await fresh());
    const many = 480;
    const row = {
      status: 'pending',
      issuer: idOf('issuer'),
      signature: 'A'.repeat(86),
      tree_index: null,
      checkpoint: null,
    } as const;
    const rows = Array.from({ length: many }, (_, i) => ({ ...row, leaf: String(leafOf(i)) }));
    await register.database.kysely.insertInto('leaves').values(rows).execute();
    await register.turn();
    const { size } = await register.checkpoint();
    // All that the block holds is new; it also says what is empty.
    const [block, delta] = [await bytesOf(register, blockPath(size, 0)), await bytesOf(register, deltaPath(1, 0))];
    expect(delta.length).toBeGreaterThan(32 * many);
    expect(delta.length).toBeLessThan(block.length);
    for (let i = 0; i < many; i++) expect((await register.request(leafOf(i))).status).toBe(202);
    await register.nextEpoch();
    await expectProblem(await register.get(deltaPath(2, 0)), 404, 'delta_unknown');
    const emptied = await register.checkpoint();
    expect((await bytesOf(register, blockPath(emptied.size, 0))).length).toBeLessThan(2048);
    await register.submit(leafOf('one more'));
    await register.nextEpoch();
    expect((await bytesOf(register, deltaPath(3, 0))).length).toBeLessThan(1024);
    await register.close();
    expect(encodeDelta(hugeDelta()).length).toBeGreaterThan(MAX_DELTA_BYTES);
    expect(() => decodeDelta(encodeDelta(hugeDelta()))).toThrow('damaged');
  });
});

/** A delta that changes nothing, to begin with. */
function unchanged({ epoch, after, number }: Delta): Delta {
  return { epoch, before: after, after, number, upper: new Map(), levels: [] };
}

function hugeDelta(): Delta {
  const leaves = new Map(Array.from({ length: MAX_DELTA_BYTES / 32 }, (_, i) => [i, toField(BigInt(i + 1))]));
  const none = new Map<number, FieldElement>();
  return { epoch: 1, before: 0, after: 1, number: 0, upper: none, levels: [leaves, none, none, none, none, none] };
}

describeOnEachDatabase('deltas of the stored tree', (fresh) => {
  it('are the differences of its blocks, over the whole width of the tree', async () => {
    const empty = emptyRoots(hash);
    const database = await openDatabase<RegisterTables>(await fresh());
    await migrate(database, registerMigrations);
    const tree = treeOf(database.kysely);
    const far = [0, BLOCK_LEAVES - 1, BLOCK_LEAVES, 9 * BLOCK_LEAVES + 4, TREE_LEAVES - 1];
    const epochs: ReadonlyMap<number, FieldElement>[] = [
      new Map(far.map((index, at) => [index, toField(BigInt(at + 1))])),
      new Map([
        [BLOCK_LEAVES, toField(0n)],
        [BLOCK_LEAVES + 1, toField(77n)],
      ]),
      new Map(),
      new Map([[TREE_LEAVES - 1, toField(0n)]]),
    ];
    const states = [new Map<number, FieldElement>()];
    for (const [i, changes] of epochs.entries()) {
      const { families } = await updateTree(hash, empty, nodesAt(tree, i), changes);
      await writeFamilies(tree, i + 1, families);
      states.push(new Map([...(states.at(-1) ?? []), ...changes]));
    }
    const check = async (first: number): Promise<void> => {
      for (let epoch = first; epoch <= epochs.length; epoch++) {
        const [before, after] = [states[epoch - 1] ?? new Map(), states[epoch] ?? new Map()];
        for (const number of new Set([...far.map(blockOf), 5])) {
          const step = { epoch, before: epoch - 1, after: epoch, number };
          const expected = deltaOf(epoch, blockContent(before, number, epoch - 1), blockContent(after, number, epoch));
          const delta = await readDelta(tree, empty, step);
          expect(delta).toEqual(expected);
          const block = decodeBlock(await readBlock(tree, empty, epoch, number));
          expect(block.upper).toEqual(blockContent(after, number).upper);
        }
      }
    };
    expect(empty).toEqual(EMPTY);
    await check(1);
    await pruneFamilies(tree, 1);
    await pruneFamilies(tree, 2);
    await check(3);
    await database.close();
  });
});
