// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The service worker that syncs while no page of the wallet is open, in browsers with Periodic Background
 * Sync. The browser wakes it when it likes; it syncs if the plan says so. It answers no requests of pages.
 *
 * @module
 */
import './no_eval.ts';
import { syncIfDue } from '../keep_synced.ts';
import { loadConfig } from './config.ts';
import { openStore } from './store.ts';
import { syncDeps } from './syncing.ts';

/** The part of a service worker that is used; its types do not go together with those of a page. */
interface WorkerScope {
  readonly registration: { unregister(): Promise<boolean> };
  addEventListener(type: string, listener: (event: { waitUntil(work: Promise<unknown>): void }) => void): void;
}

/** How long one waking may take. */
const LIMIT_MS = 120_000;
const scope = globalThis as unknown as WorkerScope;

async function wake(): Promise<void> {
  const store = await openStore();
  const held = await store.held();
  if (held.kind === 'nothing') await scope.registration.unregister();
  if (held.kind !== 'credential') return;
  const wallet = { config: await loadConfig(), store };
  await syncIfDue(syncDeps(wallet, held.credential, AbortSignal.timeout(LIMIT_MS)));
}

scope.addEventListener('periodicsync', (event) => event.waitUntil(wake()));
