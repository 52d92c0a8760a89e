// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's side of the service worker: starts it, learns of new versions, and has it woken now and then.
 *
 * @module
 */
import { ownScript } from './own_worker.ts';

/** Where the build puts it. */
const URL_PATH = '/service_worker.js';

function registered(): Promise<ServiceWorkerRegistration> {
  return navigator.serviceWorker.register(ownScript(URL_PATH), { type: 'module', updateViaCache: 'none' });
}

/**
 * Starts the service worker; without one the wallet needs a connection, and works.
 *
 * @param onUpdate - Called when a new version is ready and waits, or has taken over from another page.
 */
export async function startService(onUpdate: () => void): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  try {
    // The first version takes over nothing; a later one takes away the files of this page that it has not loaded yet.
    if (navigator.serviceWorker.controller !== null) {
      navigator.serviceWorker.addEventListener('controllerchange', onUpdate);
    }
    const registration = await registered();
    // The first version has nobody to wait for.
    const look = (): void => {
      if (registration.waiting !== null && navigator.serviceWorker.controller !== null) onUpdate();
    };
    look();
    registration.addEventListener('updatefound', () => {
      registration.installing?.addEventListener('statechange', look);
    });
  } catch {
    // Forbidden in some private windows.
  }
}

/** Has the new version take over, unless another page has, and loads the page again under it. */
export async function applyUpdate(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  const waiting = registration?.waiting ?? undefined;
  if (waiting === undefined) location.reload();
  else waiting.postMessage('update');
}
