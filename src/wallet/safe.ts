// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's safe: two encrypted compartments in one store.
 *
 * ```text
 * open    under a key that the browser keeps and scripts cannot read: what syncing needs while the wallet is
 *         locked, and an enrolment before its holder has set a PIN
 * locked  under a key that only the holder's PIN or passkey opens (unlock.ts); in memory while unlocked
 * ```
 *
 * Protecting moves every secret from the open compartment to the locked one, in one transaction with the
 * first lock: a wallet that is killed meanwhile is either still open or locked with everything in it.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import type { Random } from './environment.ts';
import type * as unlock from './unlock.ts';
import type { LockKind, UnlockSecret } from './unlock.ts';
import { createVaultKey, openVault, type Vault } from './vault.ts';

/** A way to unlock, as it is kept. */
export interface StoredLock {
  readonly lock: Uint8Array;
  /** Which passkey opens it, for kind `passkey`. */
  readonly passkey?: Uint8Array;
}

/** A change of the store that happens as a whole or not at all. */
export interface Change {
  readonly write?: ReadonlyMap<string, Uint8Array>;
  readonly remove?: readonly string[];
  readonly locks?: Readonly<Partial<Record<LockKind, StoredLock>>>;
  readonly dropLock?: LockKind;
}

/** Where keys, locks and ciphertexts lie. */
export interface SafeFiles {
  key(name: string): Promise<CryptoKey | undefined>;
  /** Keeps a key unless there is one of that name; gives the one that is kept. */
  keepKey(name: string, key: CryptoKey): Promise<CryptoKey>;
  locks(): Promise<Readonly<Partial<Record<LockKind, StoredLock>>>>;
  read(name: string): Promise<Uint8Array | undefined>;
  /** Names of all records. */
  names(): Promise<readonly string[]>;
  /** Durable when it resolves. */
  commit(change: Change): Promise<void>;
  /** Deletes everything, the keys included. */
  clear(): Promise<void>;
}

/** What a holder unlocks with; the device key is the safe's own. */
export type Unlocking =
  { readonly kind: 'pin'; readonly pin: string } | { readonly kind: 'passkey'; readonly prf: Uint8Array };

/** Another way to unlock. */
export type NewWay =
  | { readonly kind: 'pin'; readonly pin: string }
  | { readonly kind: 'passkey'; readonly prf: Uint8Array; readonly id: Uint8Array };

/** `none`: no PIN has been set yet. */
export type SafeState = 'none' | 'locked' | 'unlocked';

/** See the module's description. */
export interface Safe {
  state(): Promise<SafeState>;
  /** Which locks there are. */
  locks(): Promise<Readonly<Partial<Record<LockKind, StoredLock>>>>;
  /** What may be read while the wallet is locked. */
  readonly open: Vault;
  /**
   * For secrets: the locked compartment, or the open one as long as there is no lock.
   *
   * @throws {@link ProtocolError} `wallet_locked`.
   */
  secrets(): Promise<Vault>;
  /**
   * Sets the first lock and moves the secrets behind it; the safe is unlocked then.
   *
   * @throws {@link ProtocolError} `wallet_locked` if there is a lock already, of another tab.
   */
  protect(pin: string): Promise<void>;
  /** @throws {@link ProtocolError} as `openLock`; `lock_missing` if there is no such way. */
  unlock(secret: Unlocking): Promise<void>;
  /** Forgets the key. */
  lock(): void;
  /**
   * Adds a way to unlock, or replaces the one of its kind.
   *
   * @param current - A way that opens the safe now.
   * @throws {@link ProtocolError} as {@link unlock}.
   */
  addWay(current: Unlocking, added: NewWay): Promise<void>;
  /** Takes the passkey away; the PIN stays. */
  dropPasskey(): Promise<void>;
  clear(): Promise<void>;
}

/** Argon2id is large, and a wallet without a lock does not need it. */
type Locksmith = Pick<typeof unlock, 'addLock' | 'createDeviceKey' | 'createLock' | 'openLock'>;
const locksmith = (): Promise<Locksmith> => import('./unlock.ts');

const OPEN_KEY = 'open';
const DEVICE_KEY = 'device';
const OPEN = 'open/';
const LOCKED = 'locked/';

/** The part of a store that a vault sees. */
function compartment(files: SafeFiles, key: CryptoKey, prefix: string, random: Random): Vault {
  const store = {
    read: (name: string) => files.read(prefix + name),
    write: (name: string, sealed: Uint8Array) => files.commit({ write: new Map([[prefix + name, sealed]]) }),
    remove: (name: string) => files.commit({ remove: [prefix + name] }),
  };
  return openVault(store, key, random);
}

/**
 * A compartment whose key is looked up for each operation: another page, or the service worker, may have
 * deleted everything meanwhile, and what is written under a key that is gone can never be read again.
 */
function compartmentUnder(files: SafeFiles, key: () => Promise<CryptoKey>, prefix: string, random: Random): Vault {
  const now = async (): Promise<Vault> => compartment(files, await key(), prefix, random);
  return {
    get: async (name) => (await now()).get(name),
    put: async (name, text) => (await now()).put(name, text),
    remove: async (name) => (await now()).remove(name),
  };
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Seals texts without storing them. */
async function sealAll(
  texts: ReadonlyMap<string, string>,
  key: CryptoKey,
  random: Random,
): Promise<Map<string, Uint8Array>> {
  const sealed = new Map<string, Uint8Array>();
  const store = {
    read: () => Promise.resolve(undefined),
    write: (name: string, bytes: Uint8Array) => {
      sealed.set(LOCKED + name, bytes);
      return Promise.resolve();
    },
    remove: () => Promise.resolve(),
  };
  const vault = openVault(store, key, random);
  for (const [name, text] of texts) await vault.put(name, text);
  return sealed;
}

/**
 * Opens the safe; makes its keys the first time.
 *
 * @param files - The store.
 * @param random - For keys, salts and IVs.
 * @param stays - Names of the records that stay open when the safe is protected: nothing secret.
 */
export async function openSafe(files: SafeFiles, random: Random, stays: readonly string[]): Promise<Safe> {
  const keyNamed = async (name: string, make: () => Promise<CryptoKey>): Promise<CryptoKey> =>
    (await files.key(name)) ?? files.keepKey(name, await make());
  const openKey = (): Promise<CryptoKey> => keyNamed(OPEN_KEY, createVaultKey);
  await openKey();

  const open = compartmentUnder(files, openKey, OPEN, random);
  let locked: Vault | undefined;
  /** Locks of the PIN, now and as it is being changed, behind which the key of {@link locked} lies. */
  let ours: readonly Uint8Array[] = [];
  /** The compartment of a lock that is being set: the store may have it a moment before {@link Safe.protect} ends. */
  let next: Vault | undefined;

  async function secretOf(secret: Unlocking): Promise<UnlockSecret> {
    if (secret.kind === 'passkey') return secret;
    const { createDeviceKey } = await locksmith();
    return { ...secret, deviceKey: await keyNamed(DEVICE_KEY, createDeviceKey) };
  }

  function lockOf({ kind }: Unlocking, locks: Awaited<ReturnType<SafeFiles['locks']>>): Uint8Array {
    const stored = locks[kind];
    if (stored === undefined) {
      throw new ProtocolError('lock_missing', 'this wallet does not unlock in this way; use another');
    }
    return stored.lock;
  }

  /**
   * Where another tab has deleted everything, the key that is still here opens nothing; nor does it where a new
   * wallet has been set up since. Another tab that changed the PIN looks the same: then this one locks.
   */
  async function hasLock(): Promise<boolean> {
    const locks = await files.locks();
    const has = Object.keys(locks).length > 0;
    const { pin } = locks;
    if (!has || (pin !== undefined && !ours.some((lock) => same(lock, pin.lock)))) locked = undefined;
    return has;
  }

  return {
    async state() {
      if (!(await hasLock())) return 'none';
      return (locked ?? next) === undefined ? 'locked' : 'unlocked';
    },
    locks: () => files.locks(),
    open,
    async secrets() {
      if (!(await hasLock())) return open;
      const vault = locked ?? next;
      if (vault === undefined) throw new ProtocolError('wallet_locked', 'unlock the wallet first');
      return vault;
    },
    async protect(pin) {
      if (await hasLock()) throw new ProtocolError('wallet_locked', 'the wallet has a PIN already; unlock it');
      const { createLock } = await locksmith();
      const { key, lock } = await createLock(await secretOf({ kind: 'pin', pin }), random);
      const all = await files.names();
      const names = all.filter((name) => name.startsWith(OPEN)).map((name) => name.slice(OPEN.length));
      // Without a lock nothing can be behind one: another page wrote it late, of a wallet that is deleted.
      const late = all.filter((name) => name.startsWith(LOCKED));
      const moving = names.filter((name) => !stays.includes(name));
      const texts = new Map<string, string>();
      for (const name of moving) texts.set(name, (await open.get(name)) ?? '');
      const write = await sealAll(texts, key, random);
      const remove = [...moving.map((name) => OPEN + name), ...late.filter((name) => !write.has(name))];
      next = compartment(files, key, LOCKED, random);
      ours = [lock];
      try {
        await files.commit({ write, remove, locks: { pin: { lock } } });
        locked = next;
      } finally {
        next = undefined;
      }
    },
    async unlock(secret) {
      const { openLock } = await locksmith();
      const locks = await files.locks();
      const key = await openLock(lockOf(secret, locks), await secretOf(secret));
      ours = locks.pin === undefined ? [] : [locks.pin.lock];
      locked = compartment(files, key, LOCKED, random);
    },
    lock() {
      locked = undefined;
    },
    async addWay(current, added) {
      const { addLock } = await locksmith();
      const opener = lockOf(current, await files.locks());
      const lock = await addLock(opener, await secretOf(current), await secretOf(added), random);
      if (added.kind === 'pin') ours = [...ours, lock];
      const stored = added.kind === 'passkey' ? { lock, passkey: added.id } : { lock };
      await files.commit({ locks: { [added.kind]: stored } });
    },
    dropPasskey: () => files.commit({ dropLock: 'passkey' }),
    async clear() {
      locked = undefined;
      await files.clear();
    },
  };
}
