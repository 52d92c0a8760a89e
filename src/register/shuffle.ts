// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A fair shuffle (Fisher–Yates with rejection sampling): within an epoch, neither the order of the log
 * nor a leaf's index says when it was issued.
 *
 * @module
 */

/**
 * Shuffles.
 *
 * @param items - Not changed; fewer than 2^32.
 * @param random - Cryptographically secure bytes.
 * @returns A permutation, all equally likely.
 */
export function shuffle<Item>(items: readonly Item[], random: (length: number) => Uint8Array): readonly Item[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = below(last + 1, random);
    const [a, b] = [shuffled[last], shuffled[other]] as [Item, Item];
    shuffled[last] = b;
    shuffled[other] = a;
  }
  return shuffled;
}

/** A uniform integer in `[0, bound)`. */
function below(bound: number, random: (length: number) => Uint8Array): number {
  const range = 2 ** 32;
  // The numbers above the last multiple of the bound would favour small results.
  const usable = range - (range % bound);
  for (;;) {
    const value = random(4).reduce((sum, byte) => sum * 256 + byte, 0);
    if (value < usable) {
      return value % bound;
    }
  }
}
