// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { pathRoot } from '../../src/commitment/tree.ts';
import { keyIdOf, replacementMessage, sign } from '../../src/log/signatures.ts';
import { hashToField } from '../../src/protocol/field.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import { findInLog, findRevocation } from '../../src/wallet/publication.ts';
import { isFinal, sync, type Synced } from '../../src/wallet/sync.ts';
import { publishedCredentials } from './published.ts';
import { EPOCH_SECONDS, random, World } from './world.ts';

const RENEWED = hashToField('test leaf', new TextEncoder().encode('renewed'));

let world: World;
let credential: Credential;

beforeEach(async () => {
  world = await World.open();
  [credential] = (await publishedCredentials(world, 3)) as [Credential];
  world.now += (EPOCH_SECONDS + 1) * 1000;
});

const syncNow = (of: Pick<Credential, 'leaf' | 'index' | 'published'>, previous?: Synced): Promise<Synced> =>
  sync(
    { ...credential, ...of },
    world.registerConfig,
    { fetch: world.fetch, clock: world.clock, random, poseidon },
    previous,
  );

async function renew(): Promise<void> {
  const body = {
    replaced: String(credential.leaf),
    leaf: String(RENEWED),
    issuer: keyIdOf(ed25519.getPublicKey(world.issuerKey)),
    signature: toBase64Url(sign(replacementMessage(credential.leaf, RENEWED), world.issuerKey)),
  };
  expect((await world.callRegister('/v1/replacements', body)).status).toBe(202);
}

describe('a renewed credential', () => {
  it('is found in the log by its new leaf, at the old position', async () => {
    const deps = { fetch: world.fetch, clock: world.clock };
    await renew();
    expect(await findInLog(RENEWED, 0, world.registerConfig, deps)).toBeUndefined();
    await world.turn();
    const found = await findInLog(RENEWED, 0, world.registerConfig, deps);
    expect(found?.index).toBe(credential.index);
    expect(found?.published).toBeGreaterThan(credential.published);
    const { positions } = await syncNow({ leaf: RENEWED, ...(found ?? { index: -1, published: -1 }) });
    expect(pathRoot(poseidon, RENEWED, credential.index, positions[0].path)).toBe(positions[0].root);
    // The request named no leaf.
    expect(world.sent.every(({ url }) => !url.includes(String(RENEWED)))).toBe(true);
  });

  it.each(['with deltas', 'with the full block'])(
    'is told to the wallet that still has the old one: %s',
    async (how) => {
      const before = await syncNow(credential);
      await renew();
      await world.turn();
      const failure: unknown = await syncNow(credential, how === 'with deltas' ? before : undefined).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ code: 'credential_replaced' });
      // Neither another mirror nor another hour changes it.
      expect(isFinal(failure)).toBe(true);
    },
  );

  it('is not believed of a block that leads to another root', async () => {
    const honest = world.handlers.get(world.registerConfig.url);
    world.handlers.set(world.registerConfig.url, async (request) => {
      const response = (await honest?.(request)) ?? Response.error();
      if (!new URL(request.url).pathname.startsWith('/blocks/')) return response;
      const bytes = Buffer.from(await response.arrayBuffer());
      const leaf = Buffer.from(credential.leaf.toString(16).padStart(64, '0'), 'hex');
      const at = bytes.indexOf(leaf);
      expect(at).toBeGreaterThan(0);
      bytes.writeUInt8((bytes.readUInt8(at + 31) + 1) % 256, at + 31);
      return new Response(bytes);
    });
    await expect(syncNow(credential)).rejects.toMatchObject({ code: 'path_invalid' });
  });
});

describe('a revoked credential', () => {
  it('is found in the log with its reason, and the register is asked for no leaf', async () => {
    const deps = { fetch: world.fetch, clock: world.clock };
    expect(await findRevocation(credential, world.registerConfig, deps)).toBeUndefined();
    await world.revoke(credential.leaf);
    await world.turn();
    world.sent.length = 0;
    expect(await findRevocation(credential, world.registerConfig, deps)).toEqual({
      reason: 'document_lost',
      position: expect.any(Number) as number,
      urgent: true,
    });
    expect(await findRevocation({ ...credential, leaf: RENEWED }, world.registerConfig, deps)).toBeUndefined();
    expect(world.sent.every(({ url }) => /\/(tile\/|checkpoint)/.test(new URL(url).pathname))).toBe(true);
  });
});
