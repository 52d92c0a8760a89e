// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The short form of a pseudonym, for eyes: wallet and sample platforms show the same.
 *
 * @module
 */

/**
 * A pseudonym short enough to compare by eye; never a key.
 *
 * @param sub - 43 characters of base64url.
 */
export function shortSub(sub: string): string {
  return `${sub.slice(0, 4)}·${sub.slice(4, 8)}`;
}
