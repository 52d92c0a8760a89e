// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reads the wallet's store raw and opens it as docs/protocol.md section 8 says, with the PIN: not with the
 * wallet's own code.
 *
 * @module
 */
import { argon2id } from 'hash-wasm';
import type { Page } from 'playwright-core';

/** What the store holds. */
export interface StoreContent {
  /** What exporting each key that is kept came to. */
  readonly exported: readonly string[];
  /** Texts by name of the record. */
  readonly plain: Readonly<Record<string, string>>;
  readonly localStorage: readonly string[];
}

/** Bytes 2 to 17 of a lock. */
const SALT = { begin: 2, end: 18 } as const;

/** Opens everything. */
export async function readStore(page: Page, pin: string): Promise<StoreContent> {
  const lock = await page.evaluate(readPinLock);
  const salt = Uint8Array.from(lock.slice(SALT.begin, SALT.end));
  const stretched =
    lock.length === 0
      ? new Uint8Array()
      : await argon2id({
          password: pin,
          salt,
          memorySize: 65_536,
          iterations: 3,
          parallelism: 1,
          hashLength: 32,
          outputType: 'binary',
        });
  return page.evaluate(openStore, { lock, stretched: Array.from(stretched) });
}

/** Runs in the page. */
async function readPinLock(): Promise<number[]> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('bauta-wallet');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('IndexedDB'));
  });
  const kept = await new Promise<{ lock: Uint8Array } | undefined>((resolve) => {
    const got = database.transaction('locks').objectStore('locks').get('pin');
    got.onsuccess = () => resolve(got.result as { lock: Uint8Array } | undefined);
  });
  database.close();
  return Array.from(kept?.lock ?? []);
}

/** Runs in the page. */
async function openStore({ lock, stretched }: { lock: number[]; stretched: number[] }): Promise<StoreContent> {
  const done = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(new Error('IndexedDB'));
    });
  const database = await done(indexedDB.open('bauta-wallet'));
  const all = database.transaction(['keys', 'sealed']);
  const open = (await done(all.objectStore('keys').get('open'))) as CryptoKey | undefined;
  const device = (await done(all.objectStore('keys').get('device'))) as CryptoKey | undefined;
  const names = (await done(all.objectStore('sealed').getAllKeys())).map(String);
  const sealed = (await done(all.objectStore('sealed').getAll())) as Uint8Array<ArrayBuffer>[];
  database.close();
  const keys: Record<string, CryptoKey | undefined> = { open };
  if (lock.length > 0 && device !== undefined) {
    const bytes = Uint8Array.from(lock);
    const secret = await crypto.subtle.sign('HMAC', device, Uint8Array.from(stretched));
    const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
    const info = new TextEncoder().encode('bauta/lock/v1/pin');
    const wrapping = await crypto.subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt: bytes.slice(2, 18), info },
      base,
      { name: 'AES-GCM', length: 256 },
      false,
      ['decrypt'],
    );
    const vaultKey = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: bytes.slice(18, 30), additionalData: bytes.slice(0, 18) },
      wrapping,
      bytes.slice(30),
    );
    keys['locked'] = await crypto.subtle.importKey('raw', vaultKey, 'AES-GCM', false, ['decrypt']);
  }
  const plain: Record<string, string> = {};
  for (const [i, path] of names.entries()) {
    const record = sealed[i] ?? new Uint8Array();
    const [compartment = '', name = ''] = path.split('/');
    const key = keys[compartment];
    if (key === undefined) continue;
    const additionalData = new TextEncoder().encode(`bauta/vault/v1\0${name}`);
    const algorithm = { name: 'AES-GCM', iv: record.slice(0, 12), additionalData };
    plain[path] = new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, record.slice(12)));
  }
  const exported = await Promise.all(
    [open, device].map(async (key) =>
      key === undefined
        ? 'missing'
        : await crypto.subtle.exportKey('raw', key).then(
            () => 'exported',
            (error: unknown) => (error instanceof Error ? error.name : 'refused'),
          ),
    ),
  );
  return { exported, plain, localStorage: Object.keys(localStorage) };
}
