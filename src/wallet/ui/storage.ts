// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Whether the browser keeps what the wallet stores.
 *
 * @module
 */

/** Asks the browser not to evict what is stored; it decides, and some ask the person. */
export async function askToStay(): Promise<boolean> {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    return false;
  }
}

/** Whether the app runs from a home screen. */
export function isInstalled(): boolean {
  return (
    matchMedia('(display-mode: standalone)').matches || ('standalone' in navigator && navigator.standalone === true)
  );
}

/**
 * Whether the browser may delete what is stored after some days without a visit: WebKit does so after seven,
 * unless the page is on the home screen.
 */
export function mayBeEvicted(): boolean {
  const { userAgent } = navigator;
  const isWebKit = /AppleWebKit\//.test(userAgent) && !/(Chrome|Chromium|Edg|OPR|Android)\//.test(userAgent);
  return isWebKit && !isInstalled();
}

/** Whether the store has been promised to stay; undefined where the browser does not say. */
export async function staysStored(): Promise<boolean | undefined> {
  try {
    return await navigator.storage.persisted();
  } catch {
    return undefined;
  }
}
