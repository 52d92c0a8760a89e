// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How many guesses a record allows, and how long it waits between them: three at once, at most six in
 * an afternoon of six hours, all ten in no less than four days. Then the record is gone.
 * docs/protocol.md section 8.
 *
 * @module
 */

/** Failures in a row after which a record is deleted. */
export const ATTEMPTS = 10;

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds to wait after the first, second, … failure in a row. */
export const WAITS: readonly number[] = [
  0,
  0,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  8 * HOUR,
  24 * HOUR,
  24 * HOUR,
  48 * HOUR,
];

/** Seconds within which a login must be finished; one that is not has failed. */
export const LOGIN_SECONDS = 60;

/** Seconds to wait after so many failures in a row. */
export function waitAfter(failures: number): number {
  return WAITS[failures - 1] ?? 0;
}
