// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Seals one short secret under a key that came from elsewhere.
 *
 * ```text
 * key    = HKDF-SHA-256(secret, salt, info)                RFC 5869; 32 bytes
 * sealed = AES-256-GCM(key, IV, secret text, AAD)          NIST SP 800-38D; 96-bit IV, 128-bit tag
 * ```
 *
 * @module
 */

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What a sealing hangs on. */
export interface SealingKey {
  /** At least 128 bits of entropy. */
  readonly secret: Uint8Array;
  readonly salt: Uint8Array;
  /** Domain tag and purpose. */
  readonly info: string;
}

/** Bytes that a sealing of so many bytes has. */
export const sealedLength = (length: number): number => IV_BYTES + length + TAG_BYTES;

/** Copies into a buffer of its own, as WebCrypto wants it. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/**
 * Derives a key of AES-256-GCM that scripts can use and not read.
 *
 * @param usages - What for.
 */
export async function deriveKey({ secret, salt, info }: SealingKey, usages: KeyUsage[]): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', own(secret), 'HKDF', false, ['deriveKey']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: own(salt), info: new TextEncoder().encode(info) };
  return crypto.subtle.deriveKey(parameters, material, { name: 'AES-GCM', length: 256 }, false, usages);
}

/**
 * Seals.
 *
 * @param header - Authenticated with it, not encrypted.
 * @param iv - 12 random bytes.
 * @returns `IV || ciphertext || tag`.
 */
export async function seal(
  key: SealingKey,
  plain: Uint8Array,
  header: Uint8Array,
  iv: Uint8Array,
): Promise<Uint8Array> {
  const parameters = { name: 'AES-GCM', iv: own(iv), additionalData: own(header) };
  const sealed = await crypto.subtle.encrypt(parameters, await deriveKey(key, ['encrypt']), own(plain));
  return Uint8Array.from([...iv, ...new Uint8Array(sealed)]);
}

/**
 * Opens.
 *
 * @returns Undefined if the key is another one, or anything was changed: the two cannot be told apart.
 */
export async function unseal(key: SealingKey, sealed: Uint8Array, header: Uint8Array): Promise<Uint8Array | undefined> {
  const parameters = { name: 'AES-GCM', iv: own(sealed.subarray(0, IV_BYTES)), additionalData: own(header) };
  const opener = await deriveKey(key, ['decrypt']);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, opener, own(sealed.subarray(IV_BYTES))));
  } catch {
    return undefined;
  }
}
