// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's database in this browser: ciphertexts, the locks that open them, and keys that scripts can
 * use and not read. Nothing is stored in clear. Pitfalls: encryption silently off.
 *
 * @module
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { ProtocolError } from '../../protocol/errors.ts';
import type { SafeFiles, StoredLock } from '../safe.ts';
import type { LockKind } from '../unlock.ts';

interface Schema extends DBSchema {
  keys: { key: string; value: CryptoKey };
  sealed: { key: string; value: Uint8Array };
  locks: { key: LockKind; value: StoredLock };
}

const DATABASE = 'bauta-wallet';
/** Version 1 had no locks; it existed on demonstrations only, and what it held is dropped. */
const VERSION = 2;
const STORES = ['keys', 'sealed', 'locks'] as const;

function openDatabase(): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>(DATABASE, VERSION, {
    upgrade(db) {
      for (const name of Array.from(db.objectStoreNames)) db.deleteObjectStore(name);
      for (const name of STORES) db.createObjectStore(name);
    },
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
}

/** A full disk is the one fault of a store that a person can mend. */
async function storing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'QuotaExceededError') {
      throw new ProtocolError('storage_full', 'this device has no room for the wallet; free some and try again', {
        cause,
      });
    }
    throw cause;
  }
}

/** Opens the database as the safe's store. */
export async function openFiles(): Promise<SafeFiles> {
  const database = await openDatabase();
  return {
    key: (name) => database.get('keys', name),
    async keepKey(name, key) {
      // Another tab may have made one: the first stays.
      const tx = database.transaction('keys', 'readwrite');
      const first = await tx.store.get(name);
      if (first === undefined) await tx.store.put(key, name);
      await storing(tx.done);
      return first ?? key;
    },
    async locks() {
      const tx = database.transaction('locks');
      const [pin, passkey] = await Promise.all([tx.store.get('pin'), tx.store.get('passkey')]);
      return { ...(pin === undefined ? {} : { pin }), ...(passkey === undefined ? {} : { passkey }) };
    },
    read: (name) => database.get('sealed', name),
    names: () => database.getAllKeys('sealed'),
    async commit({ write, remove, locks, dropLock }) {
      const tx = database.transaction(['sealed', 'locks'], 'readwrite', { durability: 'strict' });
      const [sealed, ways] = [tx.objectStore('sealed'), tx.objectStore('locks')];
      const requests: Promise<unknown>[] = [
        ...[...(write ?? [])].map(([name, bytes]) => sealed.put(bytes, name)),
        ...(remove ?? []).map((name) => sealed.delete(name)),
        ...Object.entries(locks ?? {}).map(([kind, lock]) => ways.put(lock, kind as LockKind)),
        ...(dropLock === undefined ? [] : [ways.delete(dropLock)]),
      ];
      await storing(Promise.all([...requests, tx.done]));
    },
    async clear() {
      const tx = database.transaction(STORES, 'readwrite', { durability: 'strict' });
      await Promise.all([...STORES.map((name) => tx.objectStore(name).clear()), tx.done]);
    },
  };
}
