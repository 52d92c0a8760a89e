// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The compact form of what was verified, for a file beside the imported ones:
 *
 *     key SP SHA-256(rest) LF rest        key = SHA-256 over the inputs and the code that verified them
 *
 * It is taken only under the key that the reader computes from what lies there now. It proves nothing: whoever can
 * write the file decides who is trusted, as with the inputs beside it.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { decodeAnchors, encodeAnchors } from './anchors.ts';
import type { Trust, TrustInput } from './trust.ts';

/** Clocks may be set back a little. */
const DAY = 86_400_000;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const kind = z.enum(['root', 'master_list', 'link', 'crl']);
const time = z.number().int();
const body = z.object({
  anchors: z.string(),
  revocations: z.array(
    z.object({
      country: z.string(),
      issuer: z.string(),
      publicKey: z.string().transform(fromBase64Url),
      thisUpdate: time,
      nextUpdate: time.optional(),
      revoked: z.array(z.tuple([z.string(), time])).transform((entries) => new Map(entries)),
      fingerprint: hash,
    }),
  ),
  masterLists: z.array(
    z.object({
      fingerprint: hash,
      root: hash,
      country: z.string(),
      signedAt: time.optional(),
      validUntil: time,
      certificates: time,
      skipped: time,
      revoked: time,
    }),
  ),
  faults: z.array(z.object({ fingerprint: hash, kind, code: z.string(), message: z.string() })),
  verifiedAt: time,
  validUntil: time,
});

/** The key under which a result is kept: of what it was made from, and by which code. */
export function verifiedKey(inputs: readonly Omit<TrustInput, 'bytes'>[], code: string): string {
  const parts = inputs.map(({ kind, fingerprint, root = '' }) => `${kind} ${fingerprint} ${root}`);
  return sha256(['bauta trust store', code, ...parts.sort()].join('\n'));
}

/** Writes a result down. */
export function encodeVerified(trust: Trust, key: string): string {
  const { anchors, revocations, ...rest } = trust;
  const text = JSON.stringify({
    ...rest,
    anchors: encodeAnchors(anchors),
    revocations: revocations.map((list) => ({
      ...list,
      publicKey: toBase64Url(list.publicKey),
      revoked: [...list.revoked],
    })),
  });
  return `${key} ${sha256(text)}\n${text}`;
}

/**
 * Reads what {@link encodeVerified} wrote.
 *
 * @param at - Unix milliseconds, now.
 * @returns Undefined for anything that must be verified again: of other inputs or code, damaged, or past its day.
 */
export function decodeVerified(text: string, key: string, at: number): Trust | undefined {
  const end = text.indexOf('\n');
  const rest = text.slice(end + 1);
  if (text.slice(0, Math.max(end, 0)) !== `${key} ${sha256(rest)}`) return undefined;
  try {
    const { anchors, ...kept } = body.parse(JSON.parse(rest));
    if (at > kept.validUntil || at < kept.verifiedAt - DAY) return undefined;
    return { ...kept, anchors: decodeAnchors(anchors) };
  } catch {
    return undefined;
  }
}
