// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The files of the sample platforms.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';

/** A file's bytes. */
export async function assetOf(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(`./assets/${file}`, import.meta.url)));
}
