// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { emptyRoots } from '../../src/commitment/tree.ts';
import type { Checkpoint } from '../../src/log/checkpoint.ts';
import { sortEpochs } from '../../src/log/epochs.ts';
import { encodeEvent, MAX_DELAY } from '../../src/log/events.ts';
import { entryHash, merkleRoot } from '../../src/log/merkle.ts';
import { keyList } from '../../src/register/config.ts';
import { openDatabase } from '../../src/storage/open.ts';
import type { RegisterTables } from '../../src/storage/register.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { naiveNode, replay } from '../log/reference.ts';
import {
  EPOCH_SECONDS,
  expectProblem,
  idOf,
  leafOf,
  openTestRegister,
  publicKey,
  SECRETS,
  START,
  startRegister,
  type TestRegister,
} from './harness.ts';

const EPOCH = EPOCH_SECONDS * 1000;

/** Recomputes a register's latest checkpoint from its public log alone. */
async function expectSound(register: TestRegister): Promise<Checkpoint> {
  const checkpoint = await register.checkpoint();
  const events = await register.events();
  const { leaves, counts, reasons } = replay(events);
  const hash = await buildWasmPoseidon();
  expect(checkpoint.size).toBe(events.length);
  expect(checkpoint.rootHash).toEqual(merkleRoot(events.map((event) => entryHash(encodeEvent(event)))));
  expect(checkpoint.presentationRoot).toBe(naiveNode(hash, emptyRoots(hash), leaves, 11));
  expect(checkpoint).toMatchObject({ counts, reasons });
  return checkpoint;
}

describeOnEachDatabase('the epochs of a register', (fresh) => {
  it('begin with a checkpoint over the keys, active at once', async () => {
    const register = await openTestRegister(await fresh());
    const first = await expectSound(register);
    expect(first).toMatchObject({ epoch: 0, size: 7, activeFrom: START / 1000 });
    expect((await register.events()).map(({ kind }) => kind)).toEqual([
      'log_created',
      'rules_set',
      ...Array.from({ length: 5 }, () => 'key_added'),
    ]);
    expect(await register.current()).toEqual([first]);
    expect(await register.turn()).toBe(false);
    await register.close();
  });

  it('publish what the log amounts to, at random indices', async () => {
    const register = await openTestRegister(await fresh());
    const names = Array.from({ length: 12 }, (_, i) => i);
    for (const name of names) await register.submit(leafOf(name));
    expect(await register.turn()).toBe(true);
    await expectSound(register);
    for (const name of ['a', 'b']) await register.submit(leafOf(name));
    await register.revoke(leafOf(3));
    await register.revoke(leafOf('a'));
    expect(await register.nextEpoch()).toBe(true);
    const { counts } = await expectSound(register);
    expect(counts).toEqual({ issued: 14, revoked: 2, active: 12, announced: 0, resets: 0, replaced: 0 });
    const { leaves } = replay(await register.events());
    const first = names.map((_, index) => leaves.get(index)).filter((leaf) => leaf !== 0n);
    const submitted = names.map(leafOf).filter((leaf) => first.includes(leaf));
    // One in 11! that a fair shuffle gives either order: of arrival, or the database's, by the text of the leaf.
    expect(first).not.toEqual(submitted);
    expect(first.map(String)).not.toEqual(submitted.map(String).sort());
    await register.close();
  });

  it('have one presentation root each, however often a turn is asked for', async () => {
    const register = await openTestRegister(await fresh());
    const seen: Checkpoint[] = [];
    let cuts = 0;
    for (let step = 0; step < 12; step++) {
      await register.submit(leafOf(step));
      const turns = await Promise.all([register.turn(), register.turn(), register.turn()]);
      cuts += turns.filter(Boolean).length;
      seen.push(await register.checkpoint(), ...(await register.current()));
      register.time.now += EPOCH / 3;
    }
    expect(cuts).toBe(4);
    // Throws if two of all the checkpoints ever shown contradict each other.
    expect(sortEpochs(seen, register.time.now).active?.epoch).toBe(4);
    expect(new Set(seen.map(({ epoch }) => epoch)).size).toBe(5);
    await register.close();
  });

  it('show the previous, the active and the next checkpoint, newest last', async () => {
    const register = await openTestRegister(await fresh());
    const epochs = async (): Promise<readonly number[]> => (await register.current()).map(({ epoch }) => epoch);
    for (const step of [1, 2, 3]) {
      await register.submit(leafOf(step));
      await (step === 1 ? register.turn() : register.nextEpoch());
    }
    expect(await epochs()).toEqual([1, 2, 3]);
    register.time.now += EPOCH - 1;
    expect(await epochs()).toEqual([1, 2, 3]);
    register.time.now += 1;
    expect(await epochs()).toEqual([2, 3]);
    const active = sortEpochs(await register.current(), register.time.now).active;
    expect(active?.activeFrom).toBe(register.time.now / 1000);
    await register.close();
  });

  it('turn on schedule also when nothing waits, with the same root', async () => {
    const register = await openTestRegister(await fresh(), { turn: 'schedule' });
    await register.submit(leafOf(1));
    expect(await register.turn()).toBe(false);
    register.time.now += EPOCH - 1;
    expect(await register.turn()).toBe(false);
    register.time.now += 1;
    expect(await register.turn()).toBe(true);
    const cut = await expectSound(register);
    expect(cut).toMatchObject({ epoch: 1, activeFrom: (START + 2 * EPOCH) / 1000 });
    expect(await register.nextEpoch()).toBe(true);
    const quiet = await expectSound(register);
    expect(quiet).toEqual({ ...cut, epoch: 2, activeFrom: cut.activeFrom + EPOCH_SECONDS });
    await register.close();
  });

  it('are cut whole or not at all', async () => {
    const database = await openDatabase<RegisterTables>(await fresh());
    let broken = false;
    const register = await startRegister({
      ...database,
      transaction: (work, options) =>
        database.transaction(async (tx) => {
          const result = await work(tx);
          if (broken) throw new Error('the machine dies before the commit');
          return result;
        }, options),
    });
    await register.submit(leafOf(1));
    const before = await register.checkpoint();
    broken = true;
    await expect(register.turn()).rejects.toThrow('dies');
    await expectProblem(await register.submit(leafOf(2)), 500, 'internal_error');
    broken = false;
    expect(await register.checkpoint()).toEqual(before);
    await expectSound(register);
    expect(await register.turn()).toBe(true);
    expect((await expectSound(register)).counts.issued).toBe(1);
    await database.close();
  });

  it('are cut once by two processes on one database', async () => {
    const url = await fresh();
    const [one, two] = [await openTestRegister(url), await openTestRegister(url)];
    await one.submit(leafOf(1));
    // SQLite has one writer, and libsql waits for it without yielding: two connections of one process take turns.
    const turns = url.startsWith('file:')
      ? [await one.turn(), await two.turn()]
      : await Promise.all([one.turn(), two.turn(), one.turn(), two.turn()]);
    expect(turns.filter(Boolean)).toHaveLength(1);
    expect(await two.checkpoint()).toEqual(await expectSound(one));
    await one.close();
    await two.close();
  });
});

describeOnEachDatabase('opening a register again', (fresh) => {
  it('goes on where it was, and logs changed keys at the next cut', async () => {
    const url = await fresh();
    const first = await openTestRegister(url);
    await first.submit(leafOf(1));
    await first.submit(leafOf(3), 'otherIssuer');
    await first.close();
    const issuers = keyList(ed25519.getPublicKey(SECRETS.issuer), ed25519.getPublicKey(SECRETS.stranger));
    const second = await openTestRegister(url, { issuers });
    await expectProblem(await second.submit(leafOf(2), 'otherIssuer'), 403, 'issuer_unknown');
    expect((await second.submit(leafOf(2), 'stranger')).status).toBe(202);
    expect((await second.checkpoint()).epoch).toBe(0);
    expect(await second.nextEpoch()).toBe(true);
    await expectSound(second);
    // What the issuer that left had submitted before comes first: it was acknowledged.
    expect((await second.events()).slice(7)).toMatchObject([
      { kind: 'key_added', role: 'issuer', id: idOf('stranger') },
      { kind: 'leaf_added' },
      { kind: 'leaf_added' },
      { kind: 'leaf_added' },
      { kind: 'key_removed', role: 'issuer', id: idOf('otherIssuer') },
    ]);
    await second.close();
  });

  it('refuses the log of another key or origin, and configurations that make no sense', async () => {
    const url = await fresh();
    await (await openTestRegister(url)).close();
    for (const change of [{ signingKey: SECRETS.stranger }, { origin: 'other.test/v1' }]) {
      await expect(openTestRegister(url, change)).rejects.toMatchObject({ code: 'signing_key_changed' });
    }
    for (const change of [
      { origin: 'two words' },
      { signingKey: new Uint8Array(31) },
      { epochSeconds: 0 },
      { epochSeconds: 1.5 },
      { issuers: { wrong: ed25519.getPublicKey(SECRETS.issuer) } },
      { operators: keyList(publicKey('issuer')) },
      { rules: { approvals: 0, delay: 1 } },
      { rules: { approvals: 4, delay: 1 } },
      { rules: { approvals: 1, delay: 0 } },
      { rules: { approvals: 1, delay: MAX_DELAY + 1 } },
      { artifacts: { 'show.wasm': 'no hash' } },
    ]) {
      await expect(openTestRegister(url, change)).rejects.toMatchObject({ code: 'register_config_invalid' });
    }
  });
});
