// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The file of a guard's key: one line that only its owner may read, made once and never overwritten.
 *
 * @module
 */
import { open, readFile, stat } from 'node:fs/promises';
import { createGuardKey, type GuardKeys, openGuardKey } from '../guard/keys.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { random } from './programs.ts';

/**
 * Makes a key file.
 *
 * @throws {@link ProtocolError} `guard_key_exists`: a key is never overwritten, its records would be lost.
 */
export async function makeGuardKey(path: string): Promise<GuardKeys> {
  const text = await createGuardKey(random);
  let file;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (cause) {
    throw new ProtocolError('guard_key_exists', `${path} exists already or cannot be written`, { cause });
  }
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return openGuardKey(text);
}

/**
 * Reads a key file.
 *
 * @throws {@link ProtocolError} `guard_key_unreadable` if there is none or others may read it,
 * `guard_key_invalid`.
 */
export async function readGuardKey(path: string): Promise<GuardKeys> {
  let text: string;
  try {
    if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) {
      throw new ProtocolError('guard_key_unreadable', `others may read ${path}; run: chmod 600 ${path}`);
    }
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError('guard_key_unreadable', `${path} cannot be read`, { cause });
  }
  return openGuardKey(text);
}

/** Reads a key file of a development stack, or makes it if there is none; without a path in memory only. */
export async function loadGuardKey(path: string | undefined): Promise<GuardKeys> {
  if (path === undefined) return openGuardKey(await createGuardKey(random));
  const missing = await stat(path).then(
    () => false,
    (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT',
  );
  return missing ? makeGuardKey(path) : readGuardKey(path);
}
