// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Asks the browser to wake the wallet now and then while none of its pages is open (Periodic Background
 * Sync: so far Chromium's, for installed apps). Elsewhere the wallet syncs when it is opened.
 *
 * @module
 */
import type { RegisterConfig } from '../environment.ts';

/** Name of the wish, for the browser. */
const TAG = 'bauta-sync';

interface PeriodicRegistration {
  readonly periodicSync?: { register(tag: string, options: { readonly minInterval: number }): Promise<void> };
}

/**
 * Arranges to be woken, if the browser allows it without asking.
 *
 * @returns Whether it does.
 */
export async function wakeNowAndThen({ epochSeconds }: Pick<RegisterConfig, 'epochSeconds'>): Promise<boolean> {
  try {
    const name = 'periodic-background-sync' as PermissionName;
    if ((await navigator.permissions.query({ name })).state !== 'granted') return false;
    const registration = await navigator.serviceWorker.ready;
    // Twice an epoch at most; the plan decides.
    const minInterval = (epochSeconds * 1000) / 2;
    await (registration as PeriodicRegistration).periodicSync?.register(TAG, { minInterval });
    return true;
  } catch {
    return false;
  }
}
