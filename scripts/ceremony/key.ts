// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The Ed25519 key with which the author of a step signs: from a file of mode 0600, made when it is not
 * there, or made in memory and forgotten.
 *
 * @module
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { CeremonyFault, must } from './fault.ts';

/**
 * Reads a key, or makes one.
 *
 * @param path - File of 32 bytes in base64url; undefined for a key of this step only.
 * @returns The secret key.
 * @throws {@link CeremonyFault} for a file that others may read or that holds no key.
 */
export async function authorKey(path: string | undefined, random: (length: number) => Uint8Array): Promise<Uint8Array> {
  if (path === undefined) return random(32);
  const made = random(32);
  try {
    await writeFile(path, `${toBase64Url(made)}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  must(((await stat(path)).mode & 0o077) === 0, `${path} may be read by others; run chmod 600 on it`);
  const text = (await readFile(path, 'utf8')).trim();
  if (!/^[\w-]{43}$/.test(text)) throw new CeremonyFault(`${path} does not hold a key of 32 bytes in base64url`);
  return fromBase64Url(text);
}
