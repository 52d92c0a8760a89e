// SPDX-License-Identifier: GPL-3.0-or-later
import { beforeEach, describe, expect, it } from 'vitest';
import { openSafe, type Safe } from '../../src/wallet/safe.ts';
import { type Memory, memoryFiles } from './memory_files.ts';
import { random } from './world.ts';

const PIN = '20471936';
const OTHER = '83619402';
const PRF = Uint8Array.from({ length: 32 }, (_, i) => i);

describe('the safe', () => {
  let files: Memory;
  let safe: Safe;
  const open = (): Promise<Safe> => openSafe(files, random, ['places']);

  beforeEach(async () => {
    files = memoryFiles();
    safe = await open();
    await (await safe.secrets()).put('seed', 'secret text');
    await safe.open.put('places', 'public text');
  });

  const refusal = (code: string): unknown => expect.objectContaining({ code });

  it('keeps ciphertext only, before there is a lock too', async () => {
    expect(await safe.state()).toBe('none');
    expect([...files.sealed.keys()].sort()).toEqual(['open/places', 'open/seed']);
    for (const bytes of files.sealed.values()) expect(new TextDecoder().decode(bytes)).not.toMatch(/text/);
    expect(await (await (await open()).secrets()).get('seed')).toBe('secret text');
  });

  it('moves every secret behind the PIN, and nothing that is to stay open', async () => {
    await safe.protect(PIN);
    expect([...files.sealed.keys()].sort()).toEqual(['locked/seed', 'open/places']);
    expect(await safe.state()).toBe('unlocked');
    expect(await (await safe.secrets()).get('seed')).toBe('secret text');

    const later = await open();
    expect(await later.state()).toBe('locked');
    await expect(later.secrets()).rejects.toEqual(refusal('wallet_locked'));
    expect(await later.open.get('places')).toBe('public text');
    await expect(later.unlock({ kind: 'pin', pin: OTHER })).rejects.toEqual(refusal('unlock_refused'));
    await expect(later.unlock({ kind: 'passkey', prf: PRF })).rejects.toEqual(refusal('lock_missing'));
    await later.unlock({ kind: 'pin', pin: PIN });
    expect(await (await later.secrets()).get('seed')).toBe('secret text');
    later.lock();
    expect(await later.state()).toBe('locked');
    await expect(later.secrets()).rejects.toEqual(refusal('wallet_locked'));
  });

  it('is as it was when it is killed while the PIN is set', async () => {
    files.failNext = true;
    await expect(safe.protect(PIN)).rejects.toThrow('killed');
    const later = await open();
    expect(await later.state()).toBe('none');
    expect(await (await later.secrets()).get('seed')).toBe('secret text');
  });

  it('is never seen locked by whoever sets the first PIN', async () => {
    const seen: string[] = [];
    const commit = files.commit.bind(files);
    files.commit = async (change) => {
      await commit(change);
      seen.push(await safe.state());
      expect(await (await safe.secrets()).get('seed')).toBe('secret text');
    };
    await safe.protect(PIN);
    expect(seen).toEqual(['unlocked']);
  });

  it('takes one first PIN, of whichever tab is first', async () => {
    const tab = await open();
    await safe.protect(PIN);
    await expect(tab.protect(OTHER)).rejects.toEqual(refusal('wallet_locked'));
    await expect(tab.secrets()).rejects.toEqual(refusal('wallet_locked'));
  });

  it('changes the PIN and adds a passkey, each with a way that unlocks now', async () => {
    await safe.protect(PIN);
    const passkey = { kind: 'passkey', prf: PRF, id: Uint8Array.of(1, 2) } as const;
    await expect(safe.addWay({ kind: 'pin', pin: OTHER }, passkey)).rejects.toEqual(refusal('unlock_refused'));
    expect((await safe.locks()).passkey).toBeUndefined();
    await safe.addWay({ kind: 'pin', pin: PIN }, passkey);
    await safe.addWay(passkey, { kind: 'pin', pin: OTHER });

    const later = await open();
    expect((await later.locks()).passkey?.passkey).toEqual(Uint8Array.of(1, 2));
    await expect(later.unlock({ kind: 'pin', pin: PIN })).rejects.toEqual(refusal('unlock_refused'));
    await later.unlock({ kind: 'passkey', prf: PRF });
    expect(await (await later.secrets()).get('seed')).toBe('secret text');
    await later.dropPasskey();
    const last = await open();
    await expect(last.unlock({ kind: 'passkey', prf: PRF })).rejects.toEqual(refusal('lock_missing'));
    await last.unlock({ kind: 'pin', pin: OTHER });
  });

  it('deletes everything, and another tab that was unlocked has nothing left', async () => {
    await safe.protect(PIN);
    const tab = await open();
    await tab.unlock({ kind: 'pin', pin: PIN });
    await safe.clear();
    expect(files.sealed.size).toBe(0);
    expect(await tab.state()).toBe('none');
    // Nor does its old key stand for a lock that is set later.
    await safe.protect(OTHER);
    expect(await tab.state()).toBe('locked');
    await safe.clear();
    expect(await (await safe.secrets()).get('seed')).toBeUndefined();
    await expect(safe.unlock({ kind: 'pin', pin: PIN })).rejects.toEqual(refusal('lock_missing'));
  });

  it('writes under the key that is there, in whichever page, after another has deleted everything', async () => {
    await safe.protect(PIN);
    const tab = await open();
    await safe.clear();
    await (await tab.secrets()).put('seed', 'of the next wallet');
    await tab.open.put('places', 'of the next wallet');
    // Another page, and the one that deleted.
    for (const other of [await open(), safe]) {
      expect(await (await other.secrets()).get('seed')).toBe('of the next wallet');
      expect(await other.open.get('places')).toBe('of the next wallet');
    }
    await tab.protect(OTHER);
    expect(await (await tab.secrets()).get('seed')).toBe('of the next wallet');
  });

  it('locks a page whose key is of a wallet that was deleted while it did not look, and drops what it wrote', async () => {
    await safe.protect(PIN);
    const tab = await open();
    await tab.unlock({ kind: 'pin', pin: PIN });
    const late = await tab.secrets();
    await safe.clear();
    await late.put('kept', 'of the wallet that is deleted');
    await safe.protect(OTHER);
    expect([...files.sealed.keys()]).toEqual([]);
    expect(await tab.state()).toBe('locked');
    await expect(tab.secrets()).rejects.toEqual(refusal('wallet_locked'));
    await tab.unlock({ kind: 'pin', pin: OTHER });
    expect(await tab.state()).toBe('unlocked');
  });

  it('asks the other pages for the new PIN where one has changed it, and none for a passkey', async () => {
    await safe.protect(PIN);
    const tab = await open();
    await tab.unlock({ kind: 'pin', pin: PIN });
    await safe.addWay({ kind: 'pin', pin: PIN }, { kind: 'passkey', prf: PRF, id: Uint8Array.of(1) });
    expect(await tab.state()).toBe('unlocked');
    await safe.addWay({ kind: 'pin', pin: PIN }, { kind: 'pin', pin: OTHER });
    expect([await safe.state(), await tab.state()]).toEqual(['unlocked', 'locked']);
  });
});
