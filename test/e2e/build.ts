// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Builds the wallet's pages before the first test drives a browser: files that run at the same time share them.
 *
 * @module
 */
import { buildPages } from '../../src/server/pages.ts';

/** Called by vitest. */
export async function setup(): Promise<void> {
  await buildPages();
}
