// SPDX-License-Identifier: GPL-3.0-or-later
import { beforeEach, describe, expect, it } from 'vitest';
import { credentialLeaf, holderCommitment } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { packAttributes } from '../../src/protocol/attributes.ts';
import { toField } from '../../src/protocol/field.ts';
import { fetchCheckpoints } from '../../src/wallet/checkpoints.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import { createHolder } from '../../src/wallet/holder.ts';
import { decodeSynced, encodeSynced, positionAt, sync as syncWallet, type Synced } from '../../src/wallet/sync.ts';
import { ATTRIBUTES } from '../proving/sample.ts';
import { EPOCH_SECONDS, random, World } from './world.ts';

let world: World;
let credential: Credential;

beforeEach(async () => {
  world = await World.open();
  const holder = createHolder(random);
  const commitment = holderCommitment(poseidon, holder.seed, holder.blinding);
  const leaf = credentialLeaf(poseidon, commitment, packAttributes(ATTRIBUTES));
  const signature = await world.submitLeaf(leaf);
  await world.turnEpoch();
  const state = (await (await world.callRegister(`/v1/leaves/${String(leaf)}`)).json()) as Record<string, number>;
  const [index, published] = [state['index'] ?? -1, state['checkpoint'] ?? -1];
  credential = {
    ...holder,
    attributes: ATTRIBUTES,
    leaf,
    issuer: 'https://issuer.example',
    signature,
    index,
    published,
  };
});

const sync = (previous?: Synced): Promise<Synced> =>
  syncWallet(credential, world.registerConfig, { fetch: world.fetch, clock: world.clock, random, poseidon }, previous);
const epochs = async (): Promise<number[]> =>
  (await fetchCheckpoints(world.registerConfig, world)).map(({ checkpoint }) => checkpoint.epoch);

describe('while one witness of three answers', () => {
  it('the wallet goes on with what it has, says why when that is too old, and recovers', async () => {
    const before = await sync();
    expect(positionAt(before, world.now).epoch).toBe(1);
    world.witnessesAway.add(1).add(2);
    await world.submitLeaf(toField(7n));
    await world.turn();
    const cutAt = world.now;
    expect(await epochs()).toEqual([0, 1]);
    // Its successor would be active an epoch after the cut: two more, and no millisecond longer.
    const end = cutAt + 3 * EPOCH_SECONDS * 1000;
    for (const now of [cutAt + EPOCH_SECONDS * 1000, end - 1]) {
      world.now = now;
      await world.turn();
      const synced = await sync(before);
      expect(synced.positions.map(({ epoch }) => epoch)).toEqual([1]);
    }
    world.now = end;
    await expect(sync(before)).rejects.toMatchObject({ code: 'checkpoints_stale' });
    await expect(sync()).rejects.toMatchObject({ code: 'checkpoints_stale' });

    world.witnessesAway.delete(2);
    world.now += 300_000;
    await world.turn();
    const after = await sync(before);
    expect(after.positions.map(({ epoch }) => epoch)).toContain(2);
  });

  it('a new wallet takes nothing that one witness alone confirmed', async () => {
    world.witnessesAway.add(1).add(3);
    await world.submitLeaf(toField(7n));
    await world.turn();
    const { checkpoints } = (await (await world.callRegister('/v1/checkpoints')).json()) as { checkpoints: string[] };
    const alone = checkpoints.at(-1) ?? '';
    expect(alone.split('\n').filter((line) => line.startsWith('— '))).toHaveLength(2);
    world.handlers.set('https://register.example', () => Response.json({ checkpoints: [alone] }));
    await expect(sync()).rejects.toMatchObject({ code: 'checkpoint_not_witnessed' });
  });
});

it('what the wallet has stored is held to the witnesses again', async () => {
  const text = encodeSynced(await sync());
  expect(() => decodeSynced(text, credential, world.registerConfig, poseidon)).not.toThrow();
  const stripped = text.replace(/— witness[^"]*?\\n"/, '"');
  expect(stripped).not.toBe(text);
  expect(() => decodeSynced(stripped, credential, world.registerConfig, poseidon)).toThrow(
    expect.objectContaining({ code: 'checkpoint_not_witnessed' }),
  );
});
