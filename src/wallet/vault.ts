// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Encrypted storage: AES-256-GCM under a key that scripts can use and not read, each record bound to
 * its name. The caller keeps the key and the ciphertexts (in a page: IndexedDB, which stores
 * `CryptoKey` objects). Protects a copied store, not a device that runs someone else's code.
 *
 * @module
 */
import type { Random } from './environment.ts';

/** Where ciphertexts lie. */
export interface VaultStore {
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, sealed: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Named texts, encrypted at rest. */
export interface Vault {
  /**
   * @returns The text, or undefined if there is none of that name.
   * @throws {@link ProtocolError} `vault_unreadable` if the record was changed or another key wrote it.
   */
  get(name: string): Promise<string | undefined>;
  put(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Makes a key for a new vault: AES-256-GCM, not extractable. */
export declare function createVaultKey(): Promise<CryptoKey>;
/**
 * Opens a vault.
 *
 * @throws {@link ProtocolError} `vault_key_invalid` if the key is extractable or of another algorithm.
 */
export declare function openVault(store: VaultStore, key: CryptoKey, random: Random): Vault;
