// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Secret keys of a development stack: made once, kept in one file that only its owner may read.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';

const NAMES = [
  'register',
  'issuer',
  'operator',
  'approver1',
  'approver2',
  'approver3',
  'witness1',
  'witness2',
  'witness3',
  'dedup',
  'phone',
  'photoApi',
  'marketApi',
  'pollApi',
  'oidc',
] as const;
type Name = (typeof NAMES)[number];
/** Names that came with later versions: a file without them gets them. */
const LATER: ReadonlySet<Name> = new Set<Name>(['phone', 'pollApi', 'oidc']);
const schema = z.partialRecord(z.enum(NAMES), z.string().length(43));

/** Secret keys by use, 32 random bytes each. */
export type Keys = Readonly<Record<Name, Uint8Array>>;

/** Secret keys of the three approvers of a development stack. */
export function approverKeys({ approver1, approver2, approver3 }: Keys): readonly Uint8Array[] {
  return [approver1, approver2, approver3];
}

/** Secret keys of the three witnesses of a development stack. */
export function witnessKeys({ witness1, witness2, witness3 }: Keys): readonly Uint8Array[] {
  return [witness1, witness2, witness3];
}

/** Makes fresh keys. */
export function makeKeys(): Keys {
  return Object.fromEntries(NAMES.map((name) => [name, new Uint8Array(randomBytes(32))])) as Record<Name, Uint8Array>;
}

/**
 * Reads a folder's keys, or makes them if there are none; what an earlier version did not have is added.
 *
 * @param folder - Data folder; made if missing.
 * @throws {@link ProtocolError} `keys_invalid` if the file is there but not readable as keys: no
 * key is ever overwritten.
 */
export async function loadKeys(folder: string): Promise<Keys> {
  const path = join(folder, 'keys.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return storeKeys(folder, path, makeKeys());
  }
  const stored = parseKeys(text, path);
  const missing = NAMES.some((name) => stored[name] === undefined);
  const keys = { ...makeKeys(), ...stored };
  return missing ? storeKeys(folder, path, keys) : keys;
}

function parseKeys(text: string, path: string): Partial<Keys> {
  try {
    const stored = schema.parse(JSON.parse(text));
    const missing = NAMES.find((name) => stored[name] === undefined && !LATER.has(name));
    if (missing !== undefined) throw new Error(`the key ${missing} is missing`);
    return Object.fromEntries(Object.entries(stored).map(([name, key]) => [name, fromBase64Url(key)]));
  } catch (cause) {
    throw new ProtocolError('keys_invalid', `${path} does not hold this version's keys; restore it or move it away`, {
      cause,
    });
  }
}

async function storeKeys(folder: string, path: string, keys: Keys): Promise<Keys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(
      JSON.stringify(Object.fromEntries(NAMES.map((name) => [name, toBase64Url(keys[name])])), null, 1),
    );
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  return keys;
}
