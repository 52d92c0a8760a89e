// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files of the register's command line: secret keys that only their owner may read, and approvals.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { keyIdOf } from '../log/signatures.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { parseSignedAct, type SignedAct } from './approver.ts';

/** A command line that is wrong. */
export class UsageError extends Error {}

/**
 * Reads a secret key.
 *
 * @param path - A file of {@link makeKey}, or the `keys.json` of a development stack.
 * @param name - Which key of `keys.json`.
 * @returns 32 bytes.
 * @throws UsageError if it cannot be read, is no key, or others may read it.
 */
export function readKey(path: string, name: string): Uint8Array {
  let text: string;
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      throw new UsageError(`others may read ${path}; run: chmod 600 ${path}`);
    }
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${path} cannot be read`);
  }
  try {
    const keys = text.startsWith('{') ? (JSON.parse(text) as Record<string, string>) : { [name]: text };
    const secret = fromBase64Url(keys[name] ?? '');
    if (secret.length === 32) {
      return secret;
    }
  } catch {
    // told below
  }
  throw new UsageError(`${path} does not hold a key ${name}`);
}

/**
 * Makes a key.
 *
 * @param path - File to make; one that exists is never overwritten.
 * @returns Its public part, for the register's configuration.
 */
export function makeKey(path: string): { readonly id: string; readonly public_key: string } {
  const secret = new Uint8Array(randomBytes(32));
  try {
    writeFileSync(path, `${toBase64Url(secret)}\n`, { mode: 0o600, flag: 'wx' });
  } catch {
    throw new UsageError(`${path} exists already or cannot be written`);
  }
  const publicKey = ed25519.getPublicKey(secret);
  return { id: keyIdOf(publicKey), public_key: toBase64Url(publicKey) };
}

/** Reads an approval; throws UsageError if the file is not JSON, ProtocolError `approval_invalid` if it is no approval. */
export function readApproval(path: string): SignedAct {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`${path} cannot be read as JSON`);
  }
  return parseSignedAct(value);
}
