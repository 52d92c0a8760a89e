// SPDX-License-Identifier: GPL-3.0-or-later
/** A safe's store in memory. */
import type { Change, SafeFiles, StoredLock } from '../../src/wallet/safe.ts';

/** A store that forgets, and fails when told to. */
export interface Memory extends SafeFiles {
  readonly sealed: Map<string, Uint8Array>;
  /** Fails the next change, before anything of it is kept. */
  failNext: boolean;
}

/** An empty store. */
export function memoryFiles(): Memory {
  const keys = new Map<string, CryptoKey>();
  const sealed = new Map<string, Uint8Array>();
  let locks: Partial<Record<'pin' | 'passkey', StoredLock>> = {};
  return {
    sealed,
    failNext: false,
    key: (name) => Promise.resolve(keys.get(name)),
    keepKey(name, key) {
      if (!keys.has(name)) keys.set(name, key);
      return Promise.resolve(keys.get(name) ?? key);
    },
    locks: () => Promise.resolve(locks),
    read: (name) => Promise.resolve(sealed.get(name)),
    names: () => Promise.resolve([...sealed.keys()]),
    commit(change: Change) {
      if (this.failNext) {
        this.failNext = false;
        return Promise.reject(new Error('killed'));
      }
      for (const [name, bytes] of change.write ?? []) sealed.set(name, bytes);
      for (const name of change.remove ?? []) sealed.delete(name);
      locks = { ...locks, ...change.locks };
      if (change.dropLock !== undefined) {
        const { [change.dropLock]: _dropped, ...rest } = locks;
        locks = rest;
      }
      return Promise.resolve();
    },
    clear() {
      keys.clear();
      sealed.clear();
      locks = {};
      return Promise.resolve();
    },
  };
}
