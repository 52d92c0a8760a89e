// SPDX-License-Identifier: GPL-3.0-or-later
import { beforeEach, describe, expect, it } from 'vitest';
import { toField } from '../../src/protocol/field.ts';
import {
  type Credential,
  decodeCredential,
  decodeSigned,
  encodeCredential,
  encodeSigned,
} from '../../src/wallet/credential.ts';
import { createHolder, renewHolder } from '../../src/wallet/holder.ts';
import { createVaultKey, openVault, type Vault, type VaultStore } from '../../src/wallet/vault.ts';
import { ATTRIBUTES } from '../proving/sample.ts';
import { random } from './world.ts';

const credential: Credential = {
  ...createHolder(random),
  attributes: ATTRIBUTES,
  leaf: toField(9n),
  issuer: 'https://issuer.example',
  signature: random(64),
  index: 4711,
  published: 12,
};

describe('holder', () => {
  it('makes secrets of 248 bits, each its own', () => {
    const made = Array.from({ length: 50 }, () => createHolder(random)).flatMap(({ seed, blinding }) => [
      seed,
      blinding,
    ]);
    expect(new Set(made).size).toBe(100);
    expect(made.every((secret) => secret < 1n << 248n)).toBe(true);
    expect(made.some((secret) => secret >> 240n !== 0n)).toBe(true);
  });

  it('keeps the seed and never the blinding at a renewal', () => {
    const renewed = renewHolder(credential, random);
    expect(renewed.seed).toBe(credential.seed);
    expect(renewed.blinding).not.toBe(credential.blinding);
  });

  it('refuses a source of randomness that does not work', () => {
    for (const broken of [() => new Uint8Array(31), () => new Uint8Array(31).fill(7), () => random(16)]) {
      expect(() => createHolder(broken)).toThrow(expect.objectContaining({ code: 'randomness_broken' }));
    }
  });
});

describe('stored credential', () => {
  const { index: _index, published: _published, ...rest } = credential;
  const signed = { ...rest, since: 3, enrolment: { id: 'id', token: 'token' } };

  it('comes back as it was', () => {
    expect(decodeCredential(encodeCredential(credential))).toEqual(credential);
    expect(decodeSigned(encodeSigned(signed))).toEqual(signed);
  });

  it('is refused if it is something else', () => {
    const text = encodeCredential(credential);
    const seed = `"seed":"${String(credential.seed)}"`;
    const others = [
      '',
      '{}',
      'null',
      text.replace(seed, '"seed":"-1"'),
      text.replace(seed, '"seed":5'),
      encodeSigned(signed),
    ];
    for (const other of others) {
      expect(() => decodeCredential(other)).toThrow(expect.objectContaining({ code: 'stored_invalid' }));
    }
    expect(() => decodeSigned(text)).toThrow(expect.objectContaining({ code: 'stored_invalid' }));
  });
});

describe('vault', () => {
  const records = new Map<string, Uint8Array>();
  const store: VaultStore = {
    read: (name) => Promise.resolve(records.get(name)),
    write: (name, sealed) => Promise.resolve(void records.set(name, sealed)),
    remove: (name) => Promise.resolve(void records.delete(name)),
  };
  let key: CryptoKey;
  let vault: Vault;

  beforeEach(async () => {
    records.clear();
    key = await createVaultKey();
    vault = openVault(store, key, random);
  });

  it('keeps texts by name', async () => {
    const text = encodeCredential(credential);
    await vault.put('credential', text);
    expect(await vault.get('credential')).toBe(text);
    expect(await vault.get('other')).toBeUndefined();
    await vault.remove('credential');
    expect(await vault.get('credential')).toBeUndefined();
  });

  it('writes nothing in clear, and never the same bytes twice', async () => {
    const text = encodeCredential(credential);
    await vault.put('credential', text);
    const first = records.get('credential') ?? new Uint8Array();
    await vault.put('credential', text);
    const second = records.get('credential') ?? new Uint8Array();
    expect(first.slice(0, 12)).not.toEqual(second.slice(0, 12));
    expect(first).not.toEqual(second);
    const clear = Buffer.from(text);
    for (const sealed of [first, second].map((bytes) => Buffer.from(bytes))) {
      expect(sealed.length).toBe(12 + clear.length + 16);
      for (let i = 0; i + 8 <= clear.length; i += 8) {
        expect(sealed.includes(clear.subarray(i, i + 8))).toBe(false);
      }
    }
  });

  it('notices a changed, swapped, or foreign record', async () => {
    await vault.put('a', 'one');
    await vault.put('b', 'two');
    const unreadable = { code: 'vault_unreadable' };
    const sealed = records.get('a') ?? new Uint8Array();
    for (const i of sealed.keys()) {
      records.set(
        'a',
        Uint8Array.from(sealed, (byte, j) => (i === j ? byte ^ 1 : byte)),
      );
      await expect(vault.get('a')).rejects.toMatchObject(unreadable);
    }
    records.set('b', sealed);
    await expect(vault.get('b')).rejects.toMatchObject(unreadable);
    records.set('a', sealed.slice(0, 5));
    await expect(vault.get('a')).rejects.toMatchObject(unreadable);
    records.set('a', sealed);
    await expect(openVault(store, await createVaultKey(), random).get('a')).rejects.toMatchObject(unreadable);
  });

  it('has a key that no script can read, and takes no other', async () => {
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
    const generate = (name: string, length: number, extractable: boolean): Promise<CryptoKey> =>
      crypto.subtle.generateKey({ name, length }, extractable, ['encrypt', 'decrypt']);
    for (const other of [
      generate('AES-GCM', 256, true),
      generate('AES-GCM', 128, false),
      generate('AES-CBC', 256, false),
    ]) {
      const wrong = await other;
      expect(() => openVault(store, wrong, random)).toThrow(expect.objectContaining({ code: 'vault_key_invalid' }));
    }
  });
});
