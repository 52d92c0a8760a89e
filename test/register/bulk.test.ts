// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { emptyRoots } from '../../src/commitment/tree.ts';
import { updateTree } from '../../src/log/tree.ts';
import { keyList } from '../../src/register/config.ts';
import { startHashing } from '../../src/register/hashing.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { memoryStore, replay } from '../log/reference.ts';
import { leafOf, openTestRegister, publicKey, type TestRegister } from './harness.ts';

/** Throws unless the log can be replayed; expects the root that follows from it. */
async function expectRoot(register: TestRegister): Promise<ReturnType<typeof replay>> {
  const hash = await buildWasmPoseidon();
  const state = replay(await register.events());
  const { root } = await updateTree(hash, emptyRoots(hash), memoryStore(), state.leaves);
  const checkpoint = await register.checkpoint();
  expect(checkpoint.presentationRoot).toBe(root);
  expect(checkpoint.counts).toEqual(state.counts);
  return state;
}

describeOnEachDatabase('a cut without room for all that waits', (fresh) => {
  it('publishes as many leaves as it has room for, and the others later, each once', async () => {
    const register = await openTestRegister(await fresh(), { maxLeaves: 3 });
    const leaves = Array.from({ length: 8 }, (_, i) => leafOf(i));
    for (const leaf of leaves) await register.submit(leaf);
    const issued: number[] = [];
    while (await register.nextEpoch()) issued.push((await expectRoot(register)).counts.issued);
    expect(issued).toEqual([3, 6, 8]);
    const { leaves: published } = await expectRoot(register);
    expect(new Set(published.values())).toEqual(new Set(leaves));
    await register.close();
  });

  it('keeps what was decided about a leaf that waits', async () => {
    const register = await openTestRegister(await fresh(), { maxLeaves: 1 });
    const leaves = Array.from({ length: 4 }, (_, i) => leafOf(i));
    for (const leaf of leaves) await register.submit(leaf);
    for (const leaf of leaves.slice(0, 3)) expect((await register.request(leaf)).status).toBe(202);
    while (await register.nextEpoch()) await expectRoot(register);
    const { counts } = await register.checkpoint();
    expect(counts).toMatchObject({ issued: 4, revoked: 3, active: 1 });
    await register.close();
  });

  it('keeps an issuer that leaves until its leaves are published', async () => {
    const url = await fresh();
    const first = await openTestRegister(url);
    for (let i = 0; i < 3; i++) await first.submit(leafOf(i), 'otherIssuer');
    await first.close();
    const second = await openTestRegister(url, { issuers: keyList(publicKey('issuer')), maxLeaves: 2 });
    while (await second.nextEpoch()) await expectRoot(second);
    const events = await second.events();
    expect(events.filter(({ kind }) => kind === 'leaf_added')).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ kind: 'key_removed', role: 'issuer' });
    await second.close();
  });

  it('takes none in preference: over many cuts every leaf is first now and then', async () => {
    let start = 0;
    const register = await openTestRegister(await fresh(), {
      maxLeaves: 1,
      // Each cut starts in another part of the leaves.
      random: (length) => {
        start = (start + 41) % 256;
        return new Uint8Array(length).fill(start);
      },
    });
    const leaves = Array.from({ length: 6 }, (_, i) => leafOf(i));
    for (const leaf of leaves) await register.submit(leaf);
    while (await register.nextEpoch());
    const order = [...(await expectRoot(register)).leaves.values()].map(String);
    expect(order).not.toEqual([...order].sort());
    await register.close();
  });
});

describeOnEachDatabase('a cut that hashes in threads', (fresh) => {
  it('makes the same tree', async () => {
    const hashing = startHashing(2);
    const register = await openTestRegister(await fresh(), { hashAll: hashing.hashAll });
    try {
      for (let i = 0; i < 20; i++) await register.submit(leafOf(i));
      await register.nextEpoch();
      await register.request(leafOf(3));
      await register.nextEpoch();
      expect((await expectRoot(register)).counts.issued).toBe(20);
    } finally {
      await hashing.close();
      await register.close();
    }
  }, 30_000);
});
