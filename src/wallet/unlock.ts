// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The daily unlock: local, no guard is asked. The vault's key is random; each way to unlock keeps it
 * sealed in a lock of its own, so that a PIN can be changed, or a passkey added, without sealing the
 * vault again.
 *
 * ```text
 * lock   = version (1) || kind (1) || salt (16) || IV || AES-256-GCM(key, vault key, AAD = the bytes before IV)
 * key    = HKDF-SHA-256(secret, salt, "bauta/lock/v1/" || kind's name)
 * secret = the passkey's PRF output (32 bytes)
 *        | HMAC-SHA-256(device key, Argon2id(PIN, salt, 64 MiB, t = 3, p = 1))
 * ```
 *
 * Weakness of the PIN: eight digits resist nobody who can compute. What protects a copied store is the
 * device key, which scripts cannot read; but a browser without a hardware key store writes it into its
 * profile, and whoever copies the whole profile searches 10^8 PINs at 64 MiB each. Nothing counts guesses
 * here, since whoever runs code on the device could set the count back. A passkey has neither weakness.
 * docs/threat-model.md, "A stolen device".
 *
 * @module
 */
import { argon2id } from 'hash-wasm';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { PRF_BYTES } from './backup.ts';
import type { Random } from './environment.ts';
import { seal, sealedLength, unseal } from './sealing.ts';

/** Cost of a PIN guess: RFC 9106, the second recommended option, on one lane. */
export const ARGON2 = { memoryKib: 65_536, passes: 3, lanes: 1 } as const;

const VERSION = 1;
const KINDS = { pin: 1, passkey: 2 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const HEADER_BYTES = 2 + SALT_BYTES;

/** A way to unlock. */
export type LockKind = keyof typeof KINDS;

/** What a holder unlocks with. */
export type UnlockSecret =
  | { readonly kind: 'pin'; readonly pin: string; readonly deviceKey: CryptoKey }
  | { readonly kind: 'passkey'; readonly prf: Uint8Array };

/** A key of `openVault`, and the first lock that keeps it. */
export interface Locked {
  readonly key: CryptoKey;
  readonly lock: Uint8Array;
}

/**
 * Makes a device key: HMAC-SHA-256, not extractable. The caller keeps it where the browser keeps
 * `CryptoKey` objects, and nowhere else.
 */
export function createDeviceKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']);
}

async function pinSecret(pin: string, deviceKey: CryptoKey, salt: Uint8Array): Promise<Uint8Array> {
  if (deviceKey.extractable || deviceKey.algorithm.name !== 'HMAC') {
    throw new ProtocolError('device_key_invalid', 'a PIN needs a device key of HMAC that scripts cannot read');
  }
  const stretched = await argon2id({
    password: pin,
    salt,
    memorySize: ARGON2.memoryKib,
    iterations: ARGON2.passes,
    parallelism: ARGON2.lanes,
    hashLength: KEY_BYTES,
    outputType: 'binary',
  });
  return new Uint8Array(await crypto.subtle.sign('HMAC', deviceKey, new Uint8Array(stretched)));
}

async function secretBytes(secret: UnlockSecret, salt: Uint8Array): Promise<Uint8Array> {
  if (secret.kind === 'pin') return pinSecret(secret.pin, secret.deviceKey, salt);
  if (secret.prf.length !== PRF_BYTES) {
    throw new ProtocolError('passkey_invalid', 'the passkey gave a value of another length');
  }
  return secret.prf;
}

const infoOf = (kind: LockKind): string => `${MESSAGE_TAG.lock}/${kind}`;

async function makeLock(vaultKey: Uint8Array, secret: UnlockSecret, random: Random): Promise<Uint8Array> {
  const salt = random(SALT_BYTES);
  const header = Uint8Array.from([VERSION, KINDS[secret.kind], ...salt]);
  const key = { secret: await secretBytes(secret, salt), salt, info: infoOf(secret.kind) };
  return Uint8Array.from([...header, ...(await seal(key, vaultKey, header, random(12)))]);
}

/**
 * What unlocks a lock.
 *
 * @throws {@link ProtocolError} `lock_malformed`.
 */
export function lockKind(lock: Uint8Array): LockKind {
  const kind = (Object.keys(KINDS) as LockKind[]).find((name) => KINDS[name] === lock[1]);
  if (lock[0] !== VERSION || kind === undefined || lock.length !== HEADER_BYTES + sealedLength(KEY_BYTES)) {
    throw new ProtocolError('lock_malformed', 'what the wallet stored to unlock itself cannot be read by this version');
  }
  return kind;
}

/** Opens a lock; the bytes must not outlive the caller. */
async function open(lock: Uint8Array, secret: UnlockSecret): Promise<Uint8Array> {
  const kind = lockKind(lock);
  const refused = new ProtocolError('unlock_refused', 'this does not unlock the wallet on this device');
  if (kind !== secret.kind) throw refused;
  const header = lock.subarray(0, HEADER_BYTES);
  const salt = header.subarray(2);
  const key = { secret: await secretBytes(secret, salt), salt, info: infoOf(kind) };
  const vaultKey = await unseal(key, lock.subarray(HEADER_BYTES), header);
  if (vaultKey?.length !== KEY_BYTES) throw refused;
  return vaultKey;
}

function importVaultKey(bytes: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(bytes), 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/**
 * Makes the key of a new vault and its first lock.
 *
 * @throws {@link ProtocolError} `device_key_invalid`, `passkey_invalid`.
 */
export async function createLock(secret: UnlockSecret, random: Random): Promise<Locked> {
  const vaultKey = random(KEY_BYTES);
  try {
    return { lock: await makeLock(vaultKey, secret, random), key: await importVaultKey(vaultKey) };
  } finally {
    vaultKey.fill(0);
  }
}

/**
 * Unlocks.
 *
 * @returns A key for `openVault`, which scripts can use and not read.
 * @throws {@link ProtocolError} `unlock_refused` for another PIN, passkey or device; `lock_malformed`,
 * `device_key_invalid`, `passkey_invalid`.
 */
export async function openLock(lock: Uint8Array, secret: UnlockSecret): Promise<CryptoKey> {
  const vaultKey = await open(lock, secret);
  try {
    return await importVaultKey(vaultKey);
  } finally {
    vaultKey.fill(0);
  }
}

/**
 * Makes another lock for the same vault: another way to unlock it, or another PIN. The caller keeps the
 * new one before it deletes the old one.
 *
 * @throws {@link ProtocolError} as {@link openLock} does.
 */
export async function addLock(
  lock: Uint8Array,
  secret: UnlockSecret,
  another: UnlockSecret,
  random: Random,
): Promise<Uint8Array> {
  const vaultKey = await open(lock, secret);
  try {
    return await makeLock(vaultKey, another, random);
  } finally {
    vaultKey.fill(0);
  }
}
