// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Locks the wallet when nobody has touched it for a while, and later where something is under way that the
 * holder has begun and waits for.
 *
 * @module
 */

/** How long an unlocked wallet may lie untouched, milliseconds. */
export const LOCK_AFTER_MS = 5 * 60_000;
/** How long while something is under way: a queue is waited in, a chip is read, another device is looked for. */
export const LOCK_BUSY_AFTER_MS = 15 * 60_000;
/** How often it looks. Timers of hidden pages are slow, so it looks again when the page is shown. */
const LOOK_MS = 5_000;
const TOUCHES = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

// Two clocks: one may stand still while a device sleeps, the other may be set back.
const now = (): readonly [number, number] => [Date.now(), performance.now()];

let busy = 0;
let last = now();

function touch(): void {
  last = now();
}

/**
 * Keeps the wallet unlocked for {@link LOCK_BUSY_AFTER_MS} while something runs that takes longer than a
 * person's patience. Not for ever: whoever turns away from it may not come back.
 *
 * @returns Ends it; the time of inactivity begins then.
 */
export function holdUnlocked(): () => void {
  let held = true;
  busy += 1;
  return () => {
    if (!held) return;
    held = false;
    busy -= 1;
    touch();
  };
}

/**
 * Watches for inactivity.
 *
 * @param onIdle - Called once it has lasted {@link LOCK_AFTER_MS}, or {@link LOCK_BUSY_AFTER_MS}.
 * @returns Ends the watch.
 */
export function watchInactivity(onIdle: () => void): () => void {
  touch();
  const look = (): void => {
    const [wall, steady] = now();
    const limit = busy > 0 ? LOCK_BUSY_AFTER_MS : LOCK_AFTER_MS;
    if (Math.max(wall - last[0], steady - last[1]) >= limit) {
      touch();
      onIdle();
    }
  };
  // Before the touch itself counts: whoever wakes a device must not find the wallet open.
  const touched = (): void => {
    look();
    touch();
  };
  const timer = setInterval(look, LOOK_MS);
  TOUCHES.forEach((name) => window.addEventListener(name, touched, { capture: true, passive: true }));
  document.addEventListener('visibilitychange', look);
  return () => {
    clearInterval(timer);
    TOUCHES.forEach((name) => window.removeEventListener(name, touched, { capture: true }));
    document.removeEventListener('visibilitychange', look);
  };
}
