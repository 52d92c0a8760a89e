// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The one error of the ceremony's command: something in the folder or the options is not as it must be.
 *
 * @module
 */

/** Says what is wrong and in which file or step; the command prints it and exits 1. */
export class CeremonyFault extends Error {}

/** Throws unless the condition holds. */
export function must(condition: boolean, fault: string): asserts condition {
  if (!condition) throw new CeremonyFault(fault);
}
