// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Waits for the publication of a signed credential while any page of the wallet is open and unlocked, and
 * syncs right after, while nobody can tell that sync from the issue itself.
 *
 * @module
 */
import { useEffect, useState } from 'preact/hooks';
import { codeOf } from './problems.ts';
import type { WalletContext } from './wallet_context.ts';

/** How long to wait after a first failure, and after others. */
const FIRST_PAUSE_MS = 2_000;
const PAUSE_MS = 15_000;

async function publish(wallet: WalletContext, signal: AbortSignal): Promise<void> {
  const { store, config } = wallet;
  const { signed, credentials } = await store.held();
  if (signed === undefined) return;
  // None of this is needed on most visits.
  const [{ awaitPublication }, { withCredential }, { syncNow }, { syncDeps }, { enrolDeps }] = await Promise.all([
    import('../enrol.ts'),
    import('../credentials.ts'),
    import('../keep_synced.ts'),
    import('./syncing.ts'),
    import('./enrol_flow.ts'),
  ]);
  const credential = await awaitPublication(enrolDeps(wallet, signal), signed);
  signal.throwIfAborted();
  await store.saveCredentials(withCredential(credentials, credential));
  // A failure is made good later.
  await syncNow(syncDeps({ config, store }, credential, signal)).catch(() => undefined);
  await wallet.refresh();
}

/**
 * Waits while there is something to wait for.
 *
 * @returns The code of what hinders it, if anything does.
 */
export function usePublication(wallet: WalletContext | undefined): string | undefined {
  const [problem, setProblem] = useState<string>();
  const waiting = wallet?.held.signed?.leaf;
  useEffect(() => {
    if (wallet === undefined || waiting === undefined) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    let failures = 0;
    const run = async (): Promise<void> => {
      try {
        await publish(wallet, signal);
        setProblem(undefined);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        // One failure is soon made good, and nobody's concern.
        if (failures > 1) setProblem(codeOf(error));
        const timer = setTimeout(() => void run(), failures === 1 ? FIRST_PAUSE_MS : PAUSE_MS);
        signal.addEventListener('abort', () => clearTimeout(timer));
      }
    };
    void run();
    return () => leaving.abort();
    // The wallet's context changes with every refresh; what is waited for does not.
  }, [waiting]);
  return problem;
}
