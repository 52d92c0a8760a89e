// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Arms ahead for the platforms used most while the wallet is open and idle, so that logins there wait for
 * nothing. It only works if there is something out of date, and marks `bauta:ahead` on the browser's
 * timeline when it is done.
 *
 * @module
 */
import { poseidon } from '../../commitment/poseidon.ts';
import { dateInZone } from '../../protocol/dates.ts';
import type { Credential } from '../credential.ts';
import { armAhead, dropOutdated } from '../kept.ts';
import { clock } from './browser.ts';
import { holdProver, sharedProver, type WalletContext } from './wallet_context.ts';

/** Where the browser cannot tell when it is idle. */
const PAUSE_MS = 2_000;

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if ('requestIdleCallback' in globalThis) requestIdleCallback(() => resolve());
    else setTimeout(resolve, PAUSE_MS);
  });
}

/**
 * Brings the kept records up to date. What fails here is armed when it is needed.
 *
 * @param signal - Aborted when the holder does something else.
 */
export async function armAheadWhenIdle(
  { store, config }: WalletContext,
  credential: Credential,
  signal: AbortSignal,
): Promise<void> {
  const { register } = config;
  const { timeZone } = register;
  const letGo = holdProver();
  try {
    await idle();
    const synced = await store.synced(credential, register);
    if (synced === undefined) return;
    const list = dropOutdated(await store.kept(), synced, dateInZone(clock(), timeZone));
    await store.saveKept(list);
    signal.throwIfAborted();
    if (list.every(({ record }) => record !== undefined)) return;
    const deps = { prover: sharedProver(), poseidon, clock, signal, timeZone };
    const armed = await armAhead(list, credential, synced, deps);
    signal.throwIfAborted();
    await store.saveKept(armed);
    performance.mark('bauta:ahead');
  } catch {
    // Nobody waits for this, and leaving ends it.
  } finally {
    letGo();
  }
}
