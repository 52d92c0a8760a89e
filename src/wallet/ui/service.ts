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
 * @param onUpdate - Called when a new version is ready and waits.
 */
export async function startService(onUpdate: () => void): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  try {
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

/** Has the new version take over, and loads the page again under it. */
export async function applyUpdate(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  registration?.waiting?.postMessage('update');
}
