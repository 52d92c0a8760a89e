// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Locks the wallet when nobody has touched it for a while, unless something is under way that the holder
 * has begun and waits for.
 *
 * @module
 */

/** How long an unlocked wallet may lie untouched, milliseconds. */
export const LOCK_AFTER_MS = 5 * 60_000;
/** How often it looks. Timers of hidden pages are slow, so it looks again when the page is shown. */
const LOOK_MS = 5_000;
const TOUCHES = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

let busy = 0;

/**
 * Keeps the wallet unlocked while something runs that takes longer than a person's patience.
 *
 * @returns Ends it; the time of inactivity begins then.
 */
export function holdUnlocked(): () => void {
  let held = true;
  busy += 1;
  return () => {
    if (held) busy -= 1;
    held = false;
  };
}

/**
 * Watches for inactivity.
 *
 * @param onIdle - Called once it has lasted {@link LOCK_AFTER_MS}.
 * @returns Ends the watch.
 */
export function watchInactivity(onIdle: () => void): () => void {
  // Two clocks: one may stand still while a device sleeps, the other may be set back.
  const now = (): readonly [number, number] => [Date.now(), performance.now()];
  let last = now();
  const touch = (): void => {
    last = now();
  };
  const look = (): void => {
    if (busy > 0) touch();
    const [wall, steady] = now();
    if (Math.max(wall - last[0], steady - last[1]) >= LOCK_AFTER_MS) {
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
