// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's storage in this browser: IndexedDB holds ciphertexts, and a key that scripts can use and
 * not read. Nothing is stored in clear. docs/protocol.md section 8; pitfalls: encryption silently off.
 *
 * @module
 */
import { type DBSchema, openDB } from 'idb';
import { poseidon } from '../../commitment/poseidon.ts';
import { type Credential, decodeCredential, decodeSigned, encodeCredential, encodeSigned } from '../credential.ts';
import type { SignedCredential } from '../credential.ts';
import type { RegisterConfig } from '../environment.ts';
import { decodeKept, encodeKept, type Kept } from '../kept.ts';
import { decodeSynced, encodeSynced, type Synced } from '../sync.ts';
import { createVaultKey, openVault, type Vault } from '../vault.ts';
import { random } from './browser.ts';

interface Schema extends DBSchema {
  keys: { key: string; value: CryptoKey };
  sealed: { key: string; value: Uint8Array };
}

const DATABASE = 'bauta-wallet';
const VAULT_KEY = 'vault';
const SIGNED = 'signed';
const CREDENTIAL = 'credential';
const SYNCED = 'synced';
const KEPT = 'kept';

/** What the wallet holds. */
export type Held =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'signed'; readonly signed: SignedCredential }
  | { readonly kind: 'credential'; readonly credential: Credential };

/** The wallet's storage. */
export interface Store {
  held(): Promise<Held>;
  saveSigned(signed: SignedCredential): Promise<void>;
  saveCredential(credential: Credential): Promise<void>;
  /** The last verified position in the tree, if it belongs to the credential. */
  synced(credential: Credential, register: RegisterConfig): Promise<Synced | undefined>;
  saveSynced(synced: Synced): Promise<void>;
  /** Platforms that were logged in to, with their armed records. */
  kept(): Promise<readonly Kept[]>;
  saveKept(list: readonly Kept[]): Promise<void>;
  /** Deletes everything, the key included. */
  clear(): Promise<void>;
}

/** Opens the storage; makes its key the first time. */
export async function openStore(): Promise<Store> {
  const database = await openDB<Schema>(DATABASE, 1, {
    upgrade(db) {
      db.createObjectStore('keys');
      db.createObjectStore('sealed');
    },
  });

  async function vaultKey(): Promise<CryptoKey> {
    const made = await createVaultKey();
    // Another tab may have made one: the first stays.
    const tx = database.transaction('keys', 'readwrite');
    const first = await tx.store.get(VAULT_KEY);
    if (first === undefined) {
      await tx.store.put(made, VAULT_KEY);
    }
    await tx.done;
    return first ?? made;
  }

  async function open(): Promise<Vault> {
    const files = {
      read: (name: string) => database.get('sealed', name),
      write: async (name: string, sealed: Uint8Array) => {
        await database.put('sealed', sealed, name);
      },
      remove: (name: string) => database.delete('sealed', name),
    };
    return openVault(files, await vaultKey(), random);
  }

  let vault = await open();
  return {
    async held() {
      const credential = await vault.get(CREDENTIAL);
      if (credential !== undefined) {
        return { kind: 'credential', credential: decodeCredential(credential) };
      }
      const signed = await vault.get(SIGNED);
      return signed === undefined ? { kind: 'nothing' } : { kind: 'signed', signed: decodeSigned(signed) };
    },
    saveSigned: (signed) => vault.put(SIGNED, encodeSigned(signed)),
    async saveCredential(credential) {
      await vault.put(CREDENTIAL, encodeCredential(credential));
      await vault.remove(SIGNED);
      await vault.remove(SYNCED);
      await vault.remove(KEPT);
    },
    async synced(credential, register) {
      const text = await vault.get(SYNCED);
      try {
        return text === undefined ? undefined : decodeSynced(text, credential, register, poseidon);
      } catch {
        // Of an earlier version or configuration; it is only ever a copy of what can be downloaded again.
        return undefined;
      }
    },
    saveSynced: (synced) => vault.put(SYNCED, encodeSynced(synced)),
    async kept() {
      const text = await vault.get(KEPT);
      return text === undefined ? [] : decodeKept(text);
    },
    async saveKept(list) {
      await (list.length === 0 ? vault.remove(KEPT) : vault.put(KEPT, encodeKept(list)));
    },
    async clear() {
      await database.clear('sealed');
      await database.clear('keys');
      vault = await open();
    },
  };
}
