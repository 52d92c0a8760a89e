// SPDX-License-Identifier: GPL-3.0-or-later
import { beforeEach, describe, expect, it } from 'vitest';
import { credentialLeaf, holderCommitment } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { pathRoot } from '../../src/commitment/tree.ts';
import { openCheckpoint, signCheckpoint } from '../../src/log/checkpoint.ts';
import { packAttributes } from '../../src/protocol/attributes.ts';
import { toField } from '../../src/protocol/field.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import { createHolder } from '../../src/wallet/holder.ts';
import {
  decodeSynced,
  encodeSynced,
  needsSync,
  positionAt,
  sync as syncWallet,
  type Synced,
} from '../../src/wallet/sync.ts';
import { ATTRIBUTES } from '../proving/sample.ts';
import { cosigned } from '../register/witnesses.ts';
import { EPOCH_SECONDS, random, World } from './world.ts';

let world: World;
let credential: Credential;

/** A credential in the register under an active root, among others. */
beforeEach(async () => {
  world = await World.open();
  const holder = createHolder(random);
  const leaf = credentialLeaf(
    poseidon,
    holderCommitment(poseidon, holder.seed, holder.blinding),
    packAttributes(ATTRIBUTES),
  );
  for (let other = 1n; other <= 9n; other++) await world.submitLeaf(toField(other));
  const signature = await world.submitLeaf(leaf);
  await world.turn();
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

const activate = (): void => {
  world.now += (EPOCH_SECONDS + 1) * 1000;
};
const sync = (previous?: Synced): Promise<Synced> =>
  syncWallet(credential, world.registerConfig, { fetch: world.fetch, clock: world.clock, random, poseidon }, previous);

/** Changes what the register answers to some path. */
function intercept(path: string, change: (body: Uint8Array) => Uint8Array | string): void {
  const honest = world.handlers.get(world.registerConfig.url);
  world.handlers.set(world.registerConfig.url, async (request) => {
    const response = await honest?.(request);
    if (response === undefined || !new URL(request.url).pathname.startsWith(path)) return response ?? Response.error();
    return new Response(change(new Uint8Array(await response.arrayBuffer())) as BodyInit, {
      headers: response.headers,
    });
  });
}

const KEY = (): { name: string; publicKey: Uint8Array } => ({
  name: world.registerConfig.name,
  publicKey: world.registerConfig.key,
});

/** Lets the register answer with checkpoints changed by a function and signed with some key, and witnesses that collude. */
function withCheckpoints(
  change: (checkpoint: ReturnType<typeof openCheckpoint>) => Partial<ReturnType<typeof openCheckpoint>>,
  key: () => Uint8Array = () => world.registerKey,
): void {
  intercept('/v1/checkpoints', (body) => {
    const { checkpoints } = JSON.parse(new TextDecoder().decode(body)) as { checkpoints: string[] };
    const opened = checkpoints.map((note) => openCheckpoint(note, KEY()));
    return JSON.stringify({
      checkpoints: opened.map((it) =>
        cosigned(signCheckpoint({ ...it, ...change(it) }, key(), it.origin), Math.floor(world.now / 1000)),
      ),
    });
  });
}

describe('sync', () => {
  it('uses the next root while the leaf is not in the active one, and then the active one', async () => {
    const early = await sync();
    expect(early.positions.map(({ activeFrom }) => activeFrom * 1000 > world.now)).toEqual([true]);
    activate();
    const synced = await sync();
    expect(synced.positions).toHaveLength(1);
    const [position] = synced.positions;
    expect(pathRoot(poseidon, credential.leaf, credential.index, position.path)).toBe(position.root);
    expect(positionAt(synced, world.now)).toBe(position);
  });

  it('learns the next root ahead, and moves to it when its time comes', async () => {
    activate();
    await world.submitLeaf(toField(10n));
    await world.turn();
    const synced = await sync();
    expect(synced.positions).toHaveLength(2);
    expect(positionAt(synced, world.now)).toBe(synced.positions[0]);
    expect(needsSync(synced, world.registerConfig, world.now)).toBe(false);
    activate();
    expect(positionAt(synced, world.now)).toBe(synced.positions[1]);
    expect(needsSync(synced, world.registerConfig, world.now)).toBe(false);
    activate();
    expect(needsSync(synced, world.registerConfig, world.now)).toBe(true);
    expect(needsSync(undefined, world.registerConfig, world.now)).toBe(true);
  });

  it('asks for whole blocks only, and names neither leaf nor index', async () => {
    activate();
    world.sent.length = 0;
    await sync();
    const paths = world.sent.map(({ url }) => new URL(url).pathname);
    expect(paths).toEqual(['/v1/checkpoints', expect.stringMatching(/^\/blocks\/\d+\/0\.bin$/)]);
    expect(world.sent.every(({ method, init }) => method === 'GET' && init.body === undefined)).toBe(true);
    expect(world.sent.every(({ init }) => Object.keys(init.headers ?? {}).length === 0)).toBe(true);
  });

  it('does not download again what it has', async () => {
    activate();
    const first = await sync();
    world.sent.length = 0;
    expect((await sync(first)).positions).toEqual(first.positions);
    expect(world.sent).toHaveLength(1);
  });

  it('tells that a credential was revoked, as soon as the next root no longer holds it', async () => {
    activate();
    const before = await sync();
    await world.revoke(credential.leaf);
    await world.turn();
    await expect(sync(before)).rejects.toMatchObject({ code: 'credential_revoked' });
    activate();
    await expect(sync()).rejects.toMatchObject({ code: 'credential_revoked' });
  });

  it('tells that a credential is not published yet', async () => {
    credential = { ...credential, published: 1000 };
    await expect(sync()).rejects.toMatchObject({ code: 'credential_not_published' });
  });

  it('tries again when the epoch turns between checkpoints and block', async () => {
    activate();
    let gone = true;
    const honest = world.handlers.get(world.registerConfig.url);
    world.handlers.set(world.registerConfig.url, (request) => {
      const first = gone && request.url.includes('/blocks/');
      if (first) gone = false;
      const unknown = (): Response => Response.json({ code: 'block_unknown' }, { status: 404 });
      return first ? unknown() : (honest?.(request) ?? unknown());
    });
    expect((await sync()).positions).toHaveLength(1);
  });
});

describe('sync refuses', () => {
  it('a checkpoint that the register did not sign', async () => {
    withCheckpoints(
      () => ({}),
      () => random(32),
    );
    await expect(sync()).rejects.toMatchObject({ code: 'checkpoint_invalid' });
  });

  it('a checkpoint that was changed after signing', async () => {
    intercept('/v1/checkpoints', (body) => new TextDecoder().decode(body).replace(/issued=10/g, 'issued=11'));
    await expect(sync()).rejects.toMatchObject({ code: 'checkpoint_invalid' });
  });

  it('a block that does not lead to the root', async () => {
    withCheckpoints(({ presentationRoot }) => ({ presentationRoot: toField(presentationRoot + 1n) }));
    await expect(sync()).rejects.toMatchObject({ code: 'path_invalid' });
  });

  it('a block with a changed leaf, or without it', async () => {
    const bytesOf = (leaf: bigint): string => leaf.toString(16).padStart(64, '0');
    for (const other of [toField(77n), toField(0n)]) {
      intercept('/blocks/', (body) => {
        const text = Buffer.from(body).toString('hex').replace(bytesOf(credential.leaf), bytesOf(other));
        return new Uint8Array(Buffer.from(text, 'hex'));
      });
      await expect(sync()).rejects.toMatchObject({ code: 'path_invalid' });
    }
  });

  it('a block cut short, and one that is far too large', async () => {
    intercept('/blocks/', (body) => body.slice(0, -1));
    await expect(sync()).rejects.toMatchObject({ code: 'block_invalid' });
    intercept('/blocks/', () => new Uint8Array(13 * 1024 * 1024));
    await expect(sync()).rejects.toMatchObject({ code: 'response_too_large' });
  });

  it('a second root for an epoch that it has seen', async () => {
    activate();
    const before = await sync();
    withCheckpoints(({ presentationRoot, epoch }) =>
      epoch === before.positions[0].epoch ? { presentationRoot: toField(presentationRoot + 1n) } : {},
    );
    await expect(sync(before)).rejects.toMatchObject({ code: 'checkpoint_second_root' });
  });

  it('to go back', async () => {
    const honest = (await (await world.callRegister('/v1/checkpoints')).json()) as { checkpoints: string[] };
    activate();
    await world.submitLeaf(toField(10n));
    await world.turnEpoch();
    const before = await sync();
    intercept('/v1/checkpoints', () => JSON.stringify(honest));
    await expect(sync(before)).rejects.toMatchObject({ code: 'checkpoint_rolled_back' });
  });

  it('answers that are none', async () => {
    for (const text of ['', 'null', '{"checkpoints":[]}', '{"checkpoints":[1]}', '<html>']) {
      intercept('/v1/checkpoints', () => text);
      await expect(sync()).rejects.toMatchObject({ code: 'response_invalid' });
    }
    world.handlers.clear();
    await expect(sync()).rejects.toMatchObject({ code: 'network_failed' });
  });
});

describe('stored positions', () => {
  it('come back as they were, verified', async () => {
    const synced = await sync();
    expect(decodeSynced(encodeSynced(synced), credential, world.registerConfig, poseidon)).toEqual(synced);
  });

  it('are refused if changed, of another credential, or of another register', async () => {
    const text = encodeSynced(await sync());
    const decode = (stored: string, config = world.registerConfig, held = credential): unknown => {
      try {
        return decodeSynced(stored, held, config, poseidon);
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    };
    expect(decode(text.replace(String(credential.leaf), '5'))).toBe('path_invalid');
    expect(decode(text, world.registerConfig, { ...credential, leaf: toField(5n) })).toBe('path_invalid');
    expect(decode(text, { ...world.registerConfig, key: random(32) })).toBe('checkpoint_invalid');
    expect(decode('[]')).toBe('stored_invalid');
    expect(decode('{')).toBe('stored_invalid');
  });
});
