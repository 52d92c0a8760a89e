// SPDX-License-Identifier: GPL-3.0-or-later
import { argon2id } from 'hash-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addLock,
  createDeviceKey,
  createLock,
  lockKind,
  openLock,
  type UnlockSecret,
} from '../../src/wallet/unlock.ts';
import { openVault, type VaultStore } from '../../src/wallet/vault.ts';
import { random } from './world.ts';

const PIN = '20471936';

function storeIn(records: Map<string, Uint8Array>): VaultStore {
  return {
    read: (name) => Promise.resolve(records.get(name)),
    write: (name, sealed) => Promise.resolve(void records.set(name, sealed)),
    remove: (name) => Promise.resolve(void records.delete(name)),
  };
}

describe('the daily unlock', () => {
  let deviceKey: CryptoKey;
  let pin: UnlockSecret;
  const passkey: UnlockSecret = { kind: 'passkey', prf: random(32) };
  beforeAll(async () => {
    deviceKey = await createDeviceKey();
    pin = { kind: 'pin', pin: PIN, deviceKey };
  });

  it('opens the same vault with PIN and with passkey, by a key that scripts cannot read', async () => {
    const records = new Map<string, Uint8Array>();
    const { key, lock } = await createLock(pin, random);
    expect(key.extractable).toBe(false);
    await openVault(storeIn(records), key, random).put('seed', 'secret');
    const second = await addLock(lock, pin, passkey, random);
    expect([lockKind(lock), lockKind(second)]).toEqual(['pin', 'passkey']);
    for (const [each, secret] of [
      [lock, pin],
      [second, passkey],
    ] as const) {
      const opened = await openLock(each, secret);
      expect(opened.extractable).toBe(false);
      expect(await openVault(storeIn(records), opened, random).get('seed')).toBe('secret');
    }
  });

  it('refuses another PIN, another passkey, another device, another kind, and a changed lock', async () => {
    const { lock } = await createLock(pin, random);
    const { lock: keyLock } = await createLock(passkey, random);
    const refused = { code: 'unlock_refused' };
    const otherDevice = await createDeviceKey();
    await expect(openLock(lock, { kind: 'pin', pin: '20471937', deviceKey })).rejects.toMatchObject(refused);
    await expect(openLock(lock, { kind: 'pin', pin: PIN, deviceKey: otherDevice })).rejects.toMatchObject(refused);
    await expect(openLock(lock, passkey)).rejects.toMatchObject(refused);
    await expect(openLock(keyLock, pin)).rejects.toMatchObject(refused);
    await expect(openLock(keyLock, { kind: 'passkey', prf: random(32) })).rejects.toMatchObject(refused);
    for (const i of [2, 18, 40, keyLock.length - 1]) {
      const changed = keyLock.map((byte, at) => (at === i ? byte ^ 1 : byte));
      await expect(openLock(changed, passkey)).rejects.toMatchObject(refused);
    }
  });

  it('changes the PIN: the new one opens the new lock, and the old one does not', async () => {
    const next: UnlockSecret = { kind: 'pin', pin: '83920175', deviceKey };
    const { lock } = await createLock(pin, random);
    const changed = await addLock(lock, pin, next, random);
    expect((await openLock(changed, next)).extractable).toBe(false);
    await expect(openLock(changed, pin)).rejects.toMatchObject({ code: 'unlock_refused' });
    await expect(addLock(lock, next, pin, random)).rejects.toMatchObject({ code: 'unlock_refused' });
  });

  it('cannot be searched from a stolen store alone: with the right PIN, everything but the device key opens nothing', async () => {
    const { lock } = await createLock(pin, random);
    // What a thief computes from lock and PIN: the stretched PIN, which without the device key is no secret of the lock.
    const stretched = await argon2id({
      password: PIN,
      salt: lock.slice(2, 18),
      memorySize: 65_536,
      iterations: 3,
      parallelism: 1,
      hashLength: 32,
      outputType: 'binary',
    });
    const open = async (secret: Uint8Array): Promise<void> => {
      const base = await crypto.subtle.importKey('raw', new Uint8Array(secret), 'HKDF', false, ['deriveKey']);
      const info = new TextEncoder().encode('bauta/lock/v1/pin');
      const parameters = { name: 'HKDF', hash: 'SHA-256', salt: lock.slice(2, 18), info };
      const key = await crypto.subtle.deriveKey(parameters, base, { name: 'AES-GCM', length: 256 }, false, ['decrypt']);
      const gcm = { name: 'AES-GCM', iv: lock.slice(18, 30), additionalData: lock.slice(0, 18) };
      await crypto.subtle.decrypt(gcm, key, lock.slice(30));
    };
    await expect(open(stretched)).rejects.toThrow();
    // The same with the device key opens it: the test tries the right thing.
    await open(new Uint8Array(await crypto.subtle.sign('HMAC', deviceKey, new Uint8Array(stretched))));
    await expect(crypto.subtle.exportKey('raw', deviceKey)).rejects.toThrow();
  });

  it('takes no device key that scripts can read, no short passkey value, no malformed lock', async () => {
    const hmac: HmacKeyGenParams = { name: 'HMAC', hash: 'SHA-256' };
    const readable = await crypto.subtle.generateKey(hmac, true, ['sign']);
    await expect(createLock({ kind: 'pin', pin: PIN, deviceKey: readable }, random)).rejects.toMatchObject({
      code: 'device_key_invalid',
    });
    await expect(createLock({ kind: 'passkey', prf: random(31) }, random)).rejects.toMatchObject({
      code: 'passkey_invalid',
    });
    const { lock } = await createLock(passkey, random);
    const bad = [
      new Uint8Array(),
      lock.slice(1),
      lock.map((byte, i) => (i === 0 ? 2 : byte)),
      lock.map((byte, i) => (i === 1 ? 9 : byte)),
    ];
    for (const each of bad) expect(() => lockKind(each)).toThrow(expect.objectContaining({ code: 'lock_malformed' }));
  });
});
