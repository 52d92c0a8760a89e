// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Encrypted storage: AES-256-GCM under a key that scripts can use and not read, each record bound to
 * its name. The caller keeps the key and the ciphertexts (in a page: IndexedDB, which stores
 * `CryptoKey` objects). Protects a copied store, not a device that runs someone else's code.
 *
 * @module
 */
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
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

const ALGORITHM = 'AES-GCM';
const KEY_BITS = 256;
const IV_BYTES = 12;

/** Makes a key for a new vault: AES-256-GCM, not extractable. */
export function createVaultKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: ALGORITHM, length: KEY_BITS }, false, ['encrypt', 'decrypt']);
}

/**
 * Opens a vault.
 *
 * @param store - Keeps `IV || ciphertext || tag` by name.
 * @param key - From {@link createVaultKey}.
 * @param random - For one IV of 96 bits a write.
 * @throws {@link ProtocolError} `vault_key_invalid` if the key is extractable or of another algorithm.
 */
export function openVault(store: VaultStore, key: CryptoKey, random: Random): Vault {
  const { name: algorithm, length } = key.algorithm as AesKeyAlgorithm;
  if (key.extractable || algorithm !== ALGORITHM || length !== KEY_BITS) {
    throw new ProtocolError('vault_key_invalid', 'the vault needs a key of AES-256-GCM that scripts can not read');
  }
  const parameters = (name: string, iv: Uint8Array): AesGcmParams => ({
    name: ALGORITHM,
    iv: new Uint8Array(iv),
    additionalData: new TextEncoder().encode(`${MESSAGE_TAG.vault}\0${name}`),
  });
  return {
    async get(name) {
      const sealed = await store.read(name);
      if (sealed === undefined) return undefined;
      try {
        const plain = await crypto.subtle.decrypt(
          parameters(name, sealed.subarray(0, IV_BYTES)),
          key,
          new Uint8Array(sealed.subarray(IV_BYTES)),
        );
        return new TextDecoder('utf-8', { fatal: true }).decode(plain);
      } catch (cause) {
        throw new ProtocolError('vault_unreadable', 'a stored record was changed or belongs to another vault', {
          cause,
        });
      }
    },
    async put(name, text) {
      const iv = random(IV_BYTES);
      const sealed = await crypto.subtle.encrypt(parameters(name, iv), key, new TextEncoder().encode(text));
      const record = new Uint8Array(IV_BYTES + sealed.byteLength);
      record.set(iv);
      record.set(new Uint8Array(sealed), IV_BYTES);
      await store.write(name, record);
    },
    remove: (name) => store.remove(name),
  };
}
