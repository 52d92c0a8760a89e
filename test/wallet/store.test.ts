// SPDX-License-Identifier: GPL-3.0-or-later
/** What is left of a wallet that was deleted while another page, or the service worker, was at work: nothing. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toField } from '../../src/protocol/field.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import type { RegisterConfig } from '../../src/wallet/environment.ts';
import { openSafe, type SafeFiles } from '../../src/wallet/safe.ts';
import type { Synced } from '../../src/wallet/sync.ts';
import { openStore, type Store } from '../../src/wallet/ui/store.ts';
import { ATTRIBUTES } from '../proving/sample.ts';
import { type Memory, memoryFiles } from './memory_files.ts';
import { random } from './world.ts';

const PIN = '20471936';
const OTHER = '83619402';

const credential: Credential = {
  seed: toField(7n),
  blinding: toField(8n),
  attributes: ATTRIBUTES,
  leaf: toField(9n),
  issuer: 'https://issuer.example',
  signature: new Uint8Array(64),
  index: 3,
  published: 1_700_000_000,
};
const synced = { positions: [{ note: 'a note', path: [] }], at: 1, bytes: 2, next: 3 } as unknown as Synced;
const register = {} as RegisterConfig;

/** Locks of the browser, of one name. */
function oneAfterTheOther(): Pick<LockManager, 'request'> {
  let last: Promise<unknown> = Promise.resolve();
  const request = (_: string, work: () => Promise<unknown>): Promise<unknown> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  return { request: request as LockManager['request'] };
}

describe('the store', () => {
  let files: Memory;
  let store: Store;

  beforeEach(async () => {
    vi.stubGlobal('navigator', { locks: oneAfterTheOther() });
    files = memoryFiles();
    store = await openStore(files);
  });
  afterEach(() => void vi.unstubAllGlobals());

  /** Texts in the open compartment, read by a page that comes later. */
  const openText = async (name: string): Promise<string | undefined> =>
    (await openSafe(files, random, [])).open.get(name);

  it('of another page serves the next wallet, after one has deleted everything', async () => {
    await store.protect(PIN);
    const tab = await openStore(files);
    await store.clear();
    await tab.saveCredentials([credential]);
    expect((await (await openStore(files)).held()).credentials).toEqual([credential]);
    await tab.protect(OTHER);
    await tab.saveSynced(synced, credential);

    const later = await openStore(files);
    await later.safe.unlock({ kind: 'pin', pin: OTHER });
    expect((await later.held()).credentials).toEqual([credential]);
    expect(await later.places()).toMatchObject([{ leaf: credential.leaf, index: 3 }]);
    expect(JSON.parse((await openText('synced')) ?? '{}')).toHaveProperty(String(credential.leaf));
  });

  it('keeps nothing of a sync that ends after everything was deleted', async () => {
    await store.saveCredentials([credential]);
    const waker = await openStore(files);
    const [ending, deleting] = [waker.saveSynced(synced, credential), store.clear()];
    await Promise.all([ending, deleting]);
    await waker.saveSynced(synced, credential);
    expect([...files.sealed.keys()]).toEqual([]);
  });

  it('deletes when nobody is in the middle of writing', async () => {
    await store.saveCredentials([credential]);
    let goOn: () => void = () => undefined;
    const slow: SafeFiles = {
      ...files,
      commit: async (change) => {
        await new Promise<void>((resolve) => (goOn = resolve));
        await files.commit(change);
      },
    };
    const writing = (await openStore(slow)).changeBackups(() => ({ stored: true }));
    const deleting = store.clear();
    await vi.waitFor(() => {
      goOn();
      expect(files.sealed.size).toBe(0);
    });
    await Promise.all([writing, deleting]);
    expect(files.sealed.size).toBe(0);
  });

  it('takes what syncing needs for missing where another key wrote it, and has it again', async () => {
    await store.saveCredentials([credential]);
    await store.protect(PIN);
    await store.saveSynced(synced, credential);
    for (const name of ['places', 'synced']) {
      const bytes = files.sealed.get(`open/${name}`) ?? new Uint8Array();
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    }
    expect(await store.places()).toEqual([]);
    expect(await store.synced(credential, register)).toBeUndefined();
    expect((await store.held()).credentials).toEqual([credential]);
    expect(await store.places()).toHaveLength(1);
    await store.saveSynced(synced, credential);
    expect(await openText('synced')).toContain('a note');
  });
});
