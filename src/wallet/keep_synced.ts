// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Syncing over time: by plan while the wallet is open, from a service worker where the browser has one,
 * and before a presentation only if the wallet is stale. docs/protocol.md section 7.
 *
 * @module
 */
import type { PublishedLeaf } from './credential.ts';
import type { RegisterConfig } from './environment.ts';
import { retryPause, syncDue } from './schedule.ts';
import { isFinal, needsSync, sync, type SyncDeps, type Synced } from './sync.ts';

/** Where the last sync is kept, with the plan of the next. */
export interface SyncStore {
  /** The last verified sync, if it belongs to the credential. */
  synced(credential: PublishedLeaf, register: RegisterConfig): Promise<Synced | undefined>;
  saveSynced(synced: Synced, credential: PublishedLeaf): Promise<void>;
}

/** Whose path is kept, and with what. */
export interface KeepDeps extends SyncDeps {
  readonly credential: PublishedLeaf;
  readonly register: RegisterConfig;
  readonly store: SyncStore;
}

/** What {@link keepSynced} does and finds. */
export type SyncEvent =
  | { readonly kind: 'syncing' }
  | { readonly kind: 'synced'; readonly synced: Synced }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Longest sleep between two looks at the clock: timers stand still while a device sleeps. */
const LONGEST_SLEEP = 10 * 60_000;

/**
 * Syncs now and keeps the result.
 *
 * @throws {@link ProtocolError} as `sync`.
 */
export async function syncNow(deps: KeepDeps): Promise<Synced> {
  const { store, credential, register } = deps;
  const synced = await sync(credential, register, deps, await store.synced(credential, register));
  deps.signal?.throwIfAborted();
  await store.saveSynced(synced, credential);
  return synced;
}

/**
 * What to present on. Asks nobody while the last sync is fresh: otherwise the register would see when its
 * holders log in.
 *
 * @param onSync - Called if the wallet is stale and must sync, to say so.
 * @throws {@link ProtocolError} as `sync`.
 */
export async function freshSynced(deps: KeepDeps, onSync: () => void): Promise<Synced> {
  const { store, credential, register, clock } = deps;
  const stored = await store.synced(credential, register);
  if (stored !== undefined && !needsSync(stored, register, clock())) return stored;
  onSync();
  return syncNow(deps);
}

/** Syncs if it is time, for whatever wakes the wallet now and then. */
export async function syncIfDue(deps: KeepDeps): Promise<void> {
  const { store, credential, register, clock } = deps;
  if (syncDue(await store.synced(credential, register), register, clock()) <= clock()) await syncNow(deps);
}

/**
 * Keeps the path fresh for as long as the wallet is open: at once if it is time, then by plan. After a
 * failure it tries again, ever less often.
 *
 * @param deps - `signal` ends it.
 * @param sleep - Waits; rejects if the signal is aborted.
 * @param tell - Told what happens; of the stored state first.
 * @returns When the signal is aborted, or there is nothing more to sync.
 */
export async function keepSynced(
  deps: KeepDeps & { readonly signal: AbortSignal },
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>,
  tell: (event: SyncEvent) => void,
): Promise<void> {
  const { store, credential, register, clock, random, signal } = deps;
  let failures = 0;
  let told: Synced | undefined;
  let own: number | undefined;
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      const synced = await store.synced(credential, register);
      if (synced !== undefined && synced.at !== told?.at) tell({ kind: 'synced', synced });
      told = synced;
      // After a sync of its own it waits for the plan: a register may have nothing new, and stale stays stale.
      const due = synced !== undefined && synced.at === own ? synced.next : syncDue(synced, register, clock());
      const pause = due - clock();
      if (pause > 0) {
        await sleep(Math.min(pause, LONGEST_SLEEP), signal);
        continue;
      }
      tell({ kind: 'syncing' });
      told = await syncNow(deps);
      own = told.at;
      tell({ kind: 'synced', synced: told });
      failures = 0;
    } catch (error) {
      if (isOver()) return;
      tell({ kind: 'failed', error });
      if (isFinal(error)) return;
      failures += 1;
      await sleep(retryPause(failures, random), signal).catch(() => undefined);
    }
  }
}
