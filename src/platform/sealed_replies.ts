// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Replies that must be given again to whoever asks again, kept so that the database alone does not tell them:
 * they hold tokens and codes of which it otherwise has hashes.
 *
 * ```text
 * key    = HKDF-SHA-256(secret, info PURPOSE)
 * sealed = base64url(IV (12) || AES-256-GCM(key, IV, reply, AAD = PURPOSE) with its tag (16))
 * ```
 *
 * The secret comes with the request that is repeated, and is kept nowhere.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { Random } from './secrets.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';

/** What a reply answers; keeps the keys apart. */
export type ReplyPurpose = 'idempotency' | 'retry';

/** Seals a reply under a secret. */
export function sealReply(secret: string, purpose: ReplyPurpose, reply: unknown, random: Random): string {
  const iv = random(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, keyOf(secret, purpose), iv).setAAD(labelOf(purpose));
  const sealed = Buffer.concat([iv, cipher.update(JSON.stringify(reply), 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return toBase64Url(sealed);
}

/**
 * Opens a reply.
 *
 * @returns The reply, or undefined if it was sealed under another secret.
 */
export function openReply(secret: string, purpose: ReplyPurpose, sealed: string): unknown {
  const bytes = fromBase64Url(sealed);
  const [iv, body, tag] = [bytes.slice(0, IV_BYTES), bytes.slice(IV_BYTES, -TAG_BYTES), bytes.slice(-TAG_BYTES)];
  const decipher = createDecipheriv(ALGORITHM, keyOf(secret, purpose), iv).setAAD(labelOf(purpose)).setAuthTag(tag);
  try {
    return JSON.parse(Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function labelOf(purpose: ReplyPurpose): Buffer {
  return Buffer.from(`bauta/sealed-reply/v1/${purpose}`);
}

function keyOf(secret: string, purpose: ReplyPurpose): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', Buffer.from(secret), Buffer.alloc(0), labelOf(purpose), 32));
}
