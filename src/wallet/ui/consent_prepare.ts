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
import { dropOutdated, keep, openKept } from '../kept.ts';
import { type ArmedPresentation, armPresentation, discard, type PendingRequest } from '../present.ts';
import type { ArmedHandle } from '../prover.ts';
import { positionAt } from '../sync.ts';
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

/** Loads, syncs and arms; tells how far it is. */
export async function prepare(
  wallet: WalletContext,
  credential: Credential,
  pending: PendingRequest,
  signal: AbortSignal,
  tell: OnPreparation,
): Promise<Ready> {
  const prover = sharedProver();
  const { store, config } = wallet;
  // Progress comes by another way than results, and may come after them.
  let stage = 0;
  const during = (state: 'downloading' | 'preparing'): ((fraction: number) => void) => {
    const mine = ++stage;
    return (fraction) => {
      if (mine === stage && fraction < 1) tell({ state, fraction });
    };
  };
  const loading = prover.load('show', during('downloading'), signal);
  const syncing = freshSynced(syncDeps(wallet, credential, signal), () => tell({ state: 'syncing' }));
  const [synced, list] = await Promise.all([syncing, store.kept(), loading]);
  tell(LOADING);
  const kept = dropOutdated(list, synced, dateInZone(clock(), config.register.timeZone));
  const open = async (statement: ShowStatement): Promise<ArmedHandle | undefined> => {
    const handle = await openKept(kept, statement, prover, signal);
    if (handle !== undefined) performance.mark('bauta:kept');
    return handle;
  };
  const armed = await armPresentation(
    pending,
    credential,
    synced,
    { prover, poseidon, clock, signal, openKept: open },
    during('preparing'),
  );
  stage++;
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
