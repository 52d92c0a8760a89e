// SPDX-License-Identifier: GPL-3.0-or-later
import { beforeEach, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { toField } from '../../src/protocol/field.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import {
  freshSynced,
  type KeepDeps,
  keepSynced,
  type SyncEvent,
  syncIfDue,
  syncNow,
} from '../../src/wallet/keep_synced.ts';
import { decodeSynced, encodeSynced, positionAt, type Synced } from '../../src/wallet/sync.ts';
import { createVaultKey, openVault } from '../../src/wallet/vault.ts';
import { publishedCredentials } from './published.ts';
import { EPOCH_SECONDS, random, World } from './world.ts';

let world: World;
let credential: Credential;
let stored: string | undefined;
let ending: AbortController;

beforeEach(async () => {
  world = await World.open();
  const [first] = await publishedCredentials(world, 1);
  if (first === undefined) throw new Error('not published');
  credential = first;
  stored = undefined;
  ending = new AbortController();
  world.now += (EPOCH_SECONDS + 1) * 1000;
});

const deps = (): KeepDeps & { readonly signal: AbortSignal } => ({
  credential,
  register: world.registerConfig,
  fetch: world.fetch,
  clock: world.clock,
  random,
  poseidon,
  signal: ending.signal,
  store: {
    synced: (held, register) =>
      Promise.resolve(stored === undefined ? undefined : decodeSynced(stored, held, register, poseidon)),
    saveSynced: (synced) => {
      stored = encodeSynced(synced);
      return Promise.resolve();
    },
  },
});
const never = (): void => {
  throw new Error('must not sync');
};
const read = async (): Promise<Synced | undefined> => deps().store.synced(credential, world.registerConfig);

describe('at a login', () => {
  it('asks nobody while the last sync is fresh, and says so when it must ask', async () => {
    let told = 0;
    const first = await freshSynced(deps(), () => told++);
    expect(told).toBe(1);
    world.sent.length = 0;
    expect(await freshSynced(deps(), never)).toEqual(first);
    world.now += (EPOCH_SECONDS - 2) * 1000;
    expect(await freshSynced(deps(), never)).toEqual(first);
    expect(world.sent).toEqual([]);
    await world.submitLeaf(toField(5n));
    await world.turnEpoch();
    await freshSynced(deps(), () => told++);
    expect(told).toBe(2);
    expect(world.sent.length).toBeGreaterThan(0);
  });

  it('works without a connection to the end of the epoch, into the next if that is known, and not longer', async () => {
    await world.submitLeaf(toField(5n));
    await world.turn();
    const synced = await syncNow(deps());
    expect(synced.positions).toHaveLength(2);
    world.handlers.clear();
    world.sent.length = 0;
    for (const position of synced.positions) {
      world.now = Math.max(world.now, position.activeFrom * 1000);
      expect(positionAt(await freshSynced(deps(), never), world.now)).toEqual(position);
    }
    expect(world.sent).toEqual([]);
    world.now += EPOCH_SECONDS * 1000;
    await expect(freshSynced(deps(), () => undefined)).rejects.toMatchObject({ code: 'network_failed' });
  });
});

describe('what is kept', () => {
  it('is ciphertext of a few kilobytes, with the plan of the next sync', async () => {
    const synced = await syncNow(deps());
    expect(synced.next).toBeGreaterThan(world.now);
    expect((await read())?.next).toBe(synced.next);
    const sealed = new Map<string, Uint8Array>();
    const files = {
      read: (name: string) => Promise.resolve(sealed.get(name)),
      write: (name: string, bytes: Uint8Array) => Promise.resolve(void sealed.set(name, bytes)),
      remove: (name: string) => Promise.resolve(void sealed.delete(name)),
    };
    const vault = openVault(files, await createVaultKey(), random);
    await vault.put('synced', stored ?? '');
    const bytes = sealed.get('synced') ?? new Uint8Array();
    const text = Buffer.from(bytes).toString('latin1');
    expect(text).not.toContain(String(credential.leaf));
    expect(text).not.toContain('path');
    // Eighty-eight nodes in decimal, and the signed checkpoint.
    expect(bytes.length).toBeGreaterThan(5_000);
    expect(bytes.length).toBeLessThan(10_000);
  });
});

describe('whatever wakes the wallet', () => {
  it('syncs when it is time, and not before', async () => {
    await syncIfDue(deps());
    const first = await read();
    world.sent.length = 0;
    await syncIfDue(deps());
    expect(world.sent).toEqual([]);
    world.now = first?.next ?? 0;
    await syncIfDue(deps());
    expect(world.sent.length).toBeGreaterThan(0);
    expect((await read())?.at).toBe(world.now);
  });
});

describe('an open wallet', () => {
  /** Sleeps by moving the clock; ends the wallet after so many. */
  const sleeping = (times: number, sleeps: number[], during?: () => Promise<void>) => async (pause: number) => {
    sleeps.push(pause);
    world.now += pause;
    await during?.();
    if (sleeps.length >= times) ending.abort();
  };

  it('syncs at once if it has not yet, and then by plan', async () => {
    const events: SyncEvent[] = [];
    const sleeps: number[] = [];
    await keepSynced(deps(), sleeping(12, sleeps), (event) => events.push(event));
    expect(events.slice(0, 2).map(({ kind }) => kind)).toEqual(['syncing', 'synced']);
    expect(Math.max(...sleeps)).toBeLessThanOrEqual(10 * 60_000);
    // However stale the epochs of a minute leave it, it waits for a quarter of an hour at least.
    const syncs = events.flatMap((event) => (event.kind === 'synced' ? [event.synced] : []));
    expect(syncs.length).toBeGreaterThan(2);
    for (const [i, { at }] of syncs.slice(1).entries()) expect(at).toBe(syncs[i]?.next);
  });

  it('tells what is stored first, and leaves it alone until it is time', async () => {
    const synced = await syncNow(deps());
    const events: SyncEvent[] = [];
    world.sent.length = 0;
    await keepSynced(deps(), sleeping(1, []), (event) => events.push(event));
    expect(events).toEqual([{ kind: 'synced', synced }]);
    expect(world.sent).toEqual([]);
  });

  it('tries again after failures, ever less often, and recovers', async () => {
    const honest = new Map(world.handlers);
    world.handlers.clear();
    const events: SyncEvent[] = [];
    const sleeps: number[] = [];
    const during = (): Promise<void> => {
      if (sleeps.length === 4) for (const [origin, handler] of honest) world.handlers.set(origin, handler);
      return Promise.resolve();
    };
    await keepSynced(deps(), sleeping(5, sleeps, during), (event) => events.push(event));
    const kinds = events.map(({ kind }) => kind);
    expect(kinds.slice(0, 8)).toEqual(Array.from({ length: 4 }, () => ['syncing', 'failed']).flat());
    expect(kinds.slice(8, 10)).toEqual(['syncing', 'synced']);
    for (const [i, pause] of sleeps.slice(0, 4).entries()) {
      expect(pause).toBeGreaterThanOrEqual(30_000 * 2 ** i);
      expect(pause).toBeLessThan(90_000 * 2 ** i);
    }
  });

  it('ends when the credential is revoked, and when it is closed in the middle of a sync', async () => {
    await world.revoke(credential.leaf);
    await world.turnEpoch();
    const events: SyncEvent[] = [];
    await keepSynced(deps(), never as () => Promise<void>, (event) => events.push(event));
    expect(events.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'credential_revoked' } });

    const silent: SyncEvent[] = [];
    await keepSynced(deps(), never as () => Promise<void>, (event) => {
      silent.push(event);
      ending.abort();
    });
    expect(silent).toEqual([{ kind: 'syncing' }]);
    expect(stored).toBeUndefined();
  });
});
