// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The register's public log: an append-only sequence of events. Whoever replays it gets the tree of
 * active credentials; nothing in it says who a leaf belongs to, or when within its epoch it came.
 *
 *     entry = RFC 8785 JSON of the event, UTF-8        (a leaf of the RFC 6962 tree)
 *
 * docs/protocol.md section 7.
 *
 * @module
 */
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { TREE_LEAVES } from '../commitment/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';

/** Why a leaf can be revoked: the reason classes, public in the log, with what each means. */
export const REVOCATION_REASONS = {
  holder_request: 'The holder asked for it.',
  document_lost: 'The document or the device was reported lost or stolen.',
  document_withdrawn: 'The authority withdrew the document.',
  issued_in_error: 'The issuer should not have issued it.',
  fraud: 'It was obtained by deception.',
  death: 'The holder has died.',
  issuer_key_compromised: 'The key that signed it was in other hands.',
} as const;

/** A reason class. */
export type RevocationReason = keyof typeof REVOCATION_REASONS;

/** The reason classes in the form that schemas take. */
export const reasonSchema = z.enum(Object.keys(REVOCATION_REASONS) as [RevocationReason, ...RevocationReason[]]);

/** A canonical field element other than 0, in decimal. */
export const leafSchema = z.string().refine((text) => isField(text) && text !== '0');

function isField(text: string): boolean {
  try {
    parseField(text);
    return true;
  } catch {
    return false;
  }
}

/** Base64url, without padding, of exactly so many bytes. */
export function bytesSchema(length: number): z.ZodType<string, string> {
  return z.string().refine((text) => {
    try {
      const bytes = fromBase64Url(text);
      return bytes.length === length && toBase64Url(bytes) === text;
    } catch {
      return false;
    }
  });
}

const index = z
  .number()
  .int()
  .min(0)
  .max(TREE_LEAVES - 1);
const role = z.enum(['issuer', 'operator']);
const keyId = bytesSchema(8);

const eventSchema = z.discriminatedUnion('kind', [
  /** Entry 0: whose log this is. */
  z.strictObject({ kind: z.literal('log_created'), origin: z.string().min(1), version: z.literal(1) }),
  /** From here on, this key may submit leaves (issuer) or revoke them (operator). */
  z.strictObject({ kind: z.literal('key_added'), role, id: keyId, key: bytesSchema(32) }),
  /** From here on, it may not. */
  z.strictObject({ kind: z.literal('key_removed'), role, id: keyId }),
  /** A leaf takes a position that was empty. */
  z.strictObject({
    kind: z.literal('leaf_added'),
    leaf: leafSchema,
    index,
    issuer: keyId,
    signature: bytesSchema(64),
  }),
  /** A leaf's position becomes empty for good. */
  z.strictObject({
    kind: z.literal('leaf_revoked'),
    leaf: leafSchema,
    index,
    reason: reasonSchema,
    operator: keyId,
    signature: bytesSchema(64),
  }),
]);

/**
 * An event of the log, in its wire form: leaves in decimal, keys, ids and signatures in base64url.
 * A replacement of one leaf by another in a single event is left for the renewal of credentials.
 */
export type LogEvent = z.infer<typeof eventSchema>;

/**
 * The log entry of an event: the bytes that the RFC 6962 tree hashes.
 *
 * @param event - A well-formed event.
 */
export function encodeEvent(event: LogEvent): string {
  const text = canonicalize(event);
  if (text === undefined) {
    throw new ProtocolError('event_invalid', 'a log event must be a JSON object');
  }
  return text;
}

/**
 * Reads an entry of the log.
 *
 * @param value - Parsed JSON, untrusted.
 * @throws {@link ProtocolError} `event_invalid`.
 */
export function parseEvent(value: unknown): LogEvent {
  const parsed = eventSchema.safeParse(value);
  if (!parsed.success) {
    throw new ProtocolError('event_invalid', 'a log entry does not have the form of an event', {
      cause: parsed.error,
    });
  }
  return parsed.data;
}
