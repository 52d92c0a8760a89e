// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What syncing needs in a browser.
 *
 * @module
 */
import { poseidon } from '../../commitment/poseidon.ts';
import type { PublishedLeaf } from '../credential.ts';
import type { KeepDeps } from '../keep_synced.ts';
import { anonymousFetch, clock, random } from './browser.ts';
import type { WalletConfig } from './config.ts';
import type { Store } from './store.ts';

/** Dependencies of `keep_synced.ts`. */
export function syncDeps<Signal extends AbortSignal>(
  { config, store }: { readonly config: Pick<WalletConfig, 'register'>; readonly store: Store },
  credential: PublishedLeaf,
  signal: Signal,
): KeepDeps & { readonly signal: Signal } {
  return { store, credential, register: config.register, fetch: anonymousFetch, clock, random, poseidon, signal };
}
