// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the wallet keeps in this browser, by subject, on top of the safe. Syncing works while the wallet is
 * locked: where its leaves stand, and their tree paths, lie in the open compartment, encrypted under a key of
 * this browser; everything else is behind PIN or passkey. docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { type Activity, decodeActivity, encodeActivity, NO_ACTIVITY } from '../activity.ts';
import {
  type Credential,
  decodeSigned,
  encodeSigned,
  type PublishedLeaf,
  type SignedCredential,
} from '../credential.ts';
import { decodeCredentials, encodeCredentials } from '../credentials.ts';
import type { RegisterConfig } from '../environment.ts';
import { decodeKept, encodeKept, type Kept } from '../kept.ts';
import { decodePending, encodePending, type PendingEnrolment } from '../pending.ts';
import { type BackupNotes, decodeBackupNotes, decodePlaces, encodeBackupNotes, encodePlaces } from '../stored.ts';
import { openSafe, type Safe, type SafeFiles, type SafeState } from '../safe.ts';
import type { Synced } from '../sync.ts';
import { random } from './browser.ts';
import { openFiles } from './database.ts';

const PENDING = 'pending';
const SIGNED = 'signed';
const CREDENTIALS = 'credentials';
const KEPT = 'kept';
const ACTIVITY = 'activity';
const BACKUPS = 'backups';
/** In the open compartment. */
const PLACES = 'places';
const SYNCED = 'synced';
/** Serialises changes of one record by several tabs. */
const CHANGING = 'bauta-store';

/** What the wallet holds; nothing of it is known while it is locked. */
export interface Held {
  readonly state: SafeState;
  /** Which passkey unlocks, if one does. */
  readonly passkey: Uint8Array | undefined;
  readonly pending: PendingEnrolment | undefined;
  /** Signed and not published yet. */
  readonly signed: SignedCredential | undefined;
  /** Published, of one seed. */
  readonly credentials: readonly Credential[];
  readonly backups: BackupNotes;
}

/** The wallet's storage. */
export interface Store {
  readonly safe: Safe;
  held(): Promise<Held>;
  /** Sets the PIN, behind which everything secret lies from then on. */
  protect(pin: string): Promise<void>;
  savePending(pending: PendingEnrolment): Promise<void>;
  dropPending(): Promise<void>;
  /** Keeps a signed credential in place of the enrolment that led to it. */
  saveSigned(signed: SignedCredential): Promise<void>;
  /** Keeps the published credentials in place of the signed one. */
  saveCredentials(credentials: readonly Credential[]): Promise<void>;
  /** Where published leaves stand; also while locked. */
  places(): Promise<readonly PublishedLeaf[]>;
  /** The last verified position in the tree, if it belongs to the leaf; also while locked. */
  synced(leaf: PublishedLeaf, register: RegisterConfig): Promise<Synced | undefined>;
  saveSynced(synced: Synced, leaf: PublishedLeaf): Promise<void>;
  /** Platforms that were logged in to, with their armed records. */
  kept(): Promise<readonly Kept[]>;
  saveKept(list: readonly Kept[]): Promise<void>;
  activity(): Promise<Activity>;
  changeActivity(change: (activity: Activity) => Activity): Promise<void>;
  changeBackups(change: (notes: BackupNotes) => BackupNotes): Promise<void>;
  /** Deletes everything, the keys included. */
  clear(): Promise<void>;
}

/**
 * Opens the storage; makes its keys the first time.
 *
 * @param files - Where everything lies; by default this browser's database.
 */
export async function openStore(files?: SafeFiles): Promise<Store> {
  const safe = await openSafe(files ?? (await openFiles()), random, [PLACES, SYNCED]);
  const get = async (name: string): Promise<string | undefined> => (await safe.secrets()).get(name);
  const put = async (name: string, text: string): Promise<void> => (await safe.secrets()).put(name, text);
  const remove = async (name: string): Promise<void> => (await safe.secrets()).remove(name);
  const read = async <T>(name: string, decode: (text: string) => T, none: T): Promise<T> => {
    const text = await get(name);
    return text === undefined ? none : decode(text);
  };
  const alone = <T>(work: () => Promise<T>): Promise<T> => navigator.locks.request(CHANGING, work);
  /** What syncing keeps can be had again: where another key wrote it, it is as good as missing. */
  const readOpen = async (name: string): Promise<string | undefined> => {
    try {
      return await safe.open.get(name);
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'vault_unreadable') return undefined;
      throw error;
    }
  };
  const paths = async (): Promise<Record<string, string>> =>
    JSON.parse((await readOpen(SYNCED)) ?? '{}') as Record<string, string>;
  const places = async (): Promise<readonly PublishedLeaf[]> => decodePlaces((await readOpen(PLACES)) ?? '[]');
  const credentials = (): Promise<readonly Credential[]> => read(CREDENTIALS, decodeCredentials, []);
  /** Writes again where the leaves stand, if that is missing; without it nothing is synced while locked. */
  const mendPlaces = (): Promise<void> =>
    alone(async () => {
      const known = await credentials();
      if (known.length > 0) await safe.open.put(PLACES, encodePlaces(known));
    }).catch(() => undefined);
  const activity = (): Promise<Activity> => read(ACTIVITY, decodeActivity, NO_ACTIVITY);
  const backups = (): Promise<BackupNotes> => read(BACKUPS, decodeBackupNotes, {});

  return {
    safe,
    async held() {
      const state = await safe.state();
      const passkey = (await safe.locks()).passkey?.passkey;
      if (state === 'locked') {
        return { state, passkey, pending: undefined, signed: undefined, credentials: [], backups: {} };
      }
      const known = await credentials();
      if (known.length > 0 && (await places()).length === 0) await mendPlaces();
      return {
        state,
        passkey,
        pending: await read(PENDING, decodePending, undefined),
        signed: await read(SIGNED, decodeSigned, undefined),
        credentials: known,
        backups: await backups(),
      };
    },
    protect: (pin) => alone(() => safe.protect(pin)),
    savePending: (pending) => alone(() => put(PENDING, encodePending(pending))),
    dropPending: () => alone(() => remove(PENDING)),
    saveSigned: (signed) =>
      alone(async () => {
        await put(SIGNED, encodeSigned(signed));
        await remove(PENDING);
      }),
    saveCredentials: (credentials) =>
      alone(async () => {
        await put(CREDENTIALS, encodeCredentials(credentials));
        await remove(SIGNED);
        await safe.open.put(PLACES, encodePlaces(credentials));
        await remove(KEPT);
      }),
    places,
    async synced(leaf, register) {
      const text = (await paths())[String(leaf.leaf)];
      if (text === undefined) return undefined;
      // Poseidon's constants are large, and not every page needs them.
      const [{ decodeSynced }, { poseidon }] = await Promise.all([
        import('../synced.ts'),
        import('../../commitment/poseidon.ts'),
      ]);
      try {
        return decodeSynced(text, leaf, register, poseidon);
      } catch {
        // Of an earlier version or configuration; it is only ever a copy of what can be downloaded again.
        return undefined;
      }
    },
    async saveSynced(synced, leaf) {
      const { encodeSynced } = await import('../synced.ts');
      await alone(async () => {
        const current = (await places()).map((place) => String(place.leaf));
        // Everything was deleted while this was under way: nothing of it comes back.
        if (!current.includes(String(leaf.leaf))) return;
        // Paths of leaves that were replaced are not needed any more.
        const still = Object.entries(await paths()).filter(([name]) => current.includes(name));
        const all = { ...Object.fromEntries(still), [String(leaf.leaf)]: encodeSynced(synced) };
        await safe.open.put(SYNCED, JSON.stringify(all));
      });
    },
    kept: () => read(KEPT, decodeKept, []),
    saveKept: (list) => alone(() => (list.length === 0 ? remove(KEPT) : put(KEPT, encodeKept(list)))),
    activity,
    changeActivity: (change) => alone(async () => put(ACTIVITY, encodeActivity(change(await activity())))),
    changeBackups: (change) => alone(async () => put(BACKUPS, encodeBackupNotes(change(await backups())))),
    // Alone: whoever has looked up a key writes before it is deleted, not after.
    clear: () => alone(() => safe.clear()),
  };
}
