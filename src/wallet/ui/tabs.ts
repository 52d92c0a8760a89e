// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Several pages of the wallet at once: they tell each other when something has changed or is locked, and
 * only one of them enrols.
 *
 * @module
 */

/** What one page tells the others. */
export type TabMessage = 'changed' | 'lock';

const CHANNEL = 'bauta-wallet';
const ENROLLING = 'bauta-enrolling';

/** Tells the other pages. */
export interface Tabs {
  tell(message: TabMessage): void;
  close(): void;
}

/** Listens to the other pages. */
export function joinTabs(onMessage: (message: TabMessage) => void): Tabs {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === 'changed' || data === 'lock') onMessage(data);
  };
  return { tell: (message) => channel.postMessage(message), close: () => channel.close() };
}

/**
 * Waits for being the one page that enrols.
 *
 * @param signal - Gives up, or lets another page.
 * @param onTurn - Called when it is this page's turn; at once if there is no other.
 */
export function enrolAlone(signal: AbortSignal, onTurn: () => void): void {
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  navigator.locks
    .request(ENROLLING, { signal }, async () => {
      onTurn();
      await ended;
    })
    .catch(() => undefined);
}
