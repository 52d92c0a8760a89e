// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What is prepared for a request while its holder reads: proving key, tree path, everything of the proof but
 * the request itself.
 *
 * @module
 */
import { poseidon } from '../../commitment/poseidon.ts';
import { dateInZone } from '../../protocol/dates.ts';
import type { ShowStatement } from '../../protocol/statement.ts';
import { openAccepted } from '../checkpoints.ts';
import type { Credential } from '../credential.ts';
import { freshSynced } from '../keep_synced.ts';
import { dropOutdated, keep, type Kept, openKept } from '../kept.ts';
import { type ArmedPresentation, armPresentation, discard, type PendingRequest } from '../present.ts';
import type { ArmedHandle } from '../prover.ts';
import { positionAt, type Synced } from '../sync.ts';
import { clock } from './browser.ts';
import type { WorkerProver } from './proving.ts';
import { syncDeps } from './syncing.ts';
import { sharedProver, type WalletContext } from './wallet_context.ts';

/** What happens before the holder agrees. */
export type Preparation =
  | { readonly state: 'syncing' | 'ready' }
  | { readonly state: 'downloading'; readonly fraction: number }
  | { readonly state: 'preparing'; readonly fraction: number | undefined }
  | { readonly state: 'failed'; readonly code: string };

type OnPreparation = (preparation: Preparation) => void;

/** What is there before anything is known. */
export const LOADING: Preparation = { state: 'preparing', fraction: undefined };

/** A presentation that waits for consent, where it is armed, and its record for the next visit. */
export interface Ready {
  readonly prover: WorkerProver;
  readonly armed: ArmedPresentation;
  readonly sealed: Uint8Array;
  /** Active credentials under the root that is presented. */
  readonly active: number;
}

/** Downloads the key and brings the path up to date at the same time; tells of the slower of the two, the download. */
function fetchBoth(
  wallet: WalletContext,
  credential: Credential,
  signal: AbortSignal,
  tell: OnPreparation,
): Promise<readonly [Synced, readonly Kept[]]> {
  let fraction: number | undefined;
  let isSyncing = false;
  let isOver = false;
  const show = (): void => {
    if (isOver) return;
    if (fraction !== undefined && fraction < 1) tell({ state: 'downloading', fraction });
    else tell(isSyncing ? { state: 'syncing' } : LOADING);
  };
  const loading = sharedProver().load(
    'show',
    (part) => {
      fraction = part;
      show();
    },
    signal,
  );
  const syncing = freshSynced(syncDeps(wallet, credential, signal), () => {
    isSyncing = true;
    show();
  }).then((synced) => {
    isSyncing = false;
    show();
    return synced;
  });
  return Promise.all([syncing, wallet.store.kept(), loading])
    .then(([synced, list]) => [synced, list] as const)
    .finally(() => {
      isOver = true;
    });
}

/** Loads, syncs and arms; tells how far it is. */
export async function prepare(
  wallet: WalletContext,
  credential: Credential,
  pending: PendingRequest,
  signal: AbortSignal,
  tell: OnPreparation,
): Promise<Ready> {
  const prover = sharedProver();
  const { config } = wallet;
  const [synced, list] = await fetchBoth(wallet, credential, signal, tell);
  tell(LOADING);
  const kept = dropOutdated(list, synced, dateInZone(clock(), config.register.timeZone));
  const open = async (statement: ShowStatement): Promise<ArmedHandle | undefined> => {
    const handle = await openKept(kept, statement, prover, signal);
    if (handle !== undefined) performance.mark('bauta:kept');
    return handle;
  };
  let isArmed = false;
  const armed = await armPresentation(
    pending,
    credential,
    synced,
    { prover, poseidon, clock, signal, openKept: open },
    // Progress comes by another way than results, and may come after them.
    (fraction) => {
      if (!isArmed && fraction < 1) tell({ state: 'preparing', fraction });
    },
  );
  isArmed = true;
  const sealed = await prover.seal(armed.handle);
  tell({ state: 'ready' });
  const { note } = positionAt(synced, clock());
  const { counts } = openAccepted(note, config.register).checkpoint;
  return { prover, armed, sealed, active: counts.active };
}

/** Keeps the record for the next visit; a login does not fail because of it. */
export async function remember({ store }: WalletContext, { armed, sealed }: Ready): Promise<void> {
  await store.saveKept(keep(await store.kept(), armed, sealed)).catch(() => undefined);
}

/** Wipes what is armed, or will be; the loaded key stays. */
export function forget(ready: Promise<Ready> | undefined): void {
  ready?.then(({ armed, prover }) => discard(armed, { prover })).catch(() => undefined);
}
