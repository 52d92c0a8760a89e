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
import { utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { TREE_LEAVES } from '../commitment/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { MAX_ENTRY_BYTES } from './tiles.ts';

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

/** The reasons for which a revocation may take effect without a delay: somebody else may hold the credential now. */
export const URGENT_REASONS = [
  'document_lost',
  'issuer_key_compromised',
] as const satisfies readonly RevocationReason[];

/** Most approvals that an event carries, and most that the rules may ask for. */
export const MAX_APPROVALS = 16;
/** Longest delay that the rules may set, seconds: 366 days. */
export const MAX_DELAY = 366 * 86_400;
/** Most files that one event names. */
export const MAX_FILES = 128;

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
const role = z.enum(['issuer', 'approver']);
const keyId = bytesSchema(8);
const position = z.number().int().nonnegative();

/** Approvals by distinct approvers, in any order. */
export const approvalsSchema = z
  .array(z.strictObject({ approver: keyId, signature: bytesSchema(64) }))
  .min(1)
  .max(MAX_APPROVALS)
  .refine((approvals) => new Set(approvals.map(({ approver }) => approver)).size === approvals.length);

/** An approver's signature, in wire form. */
export type Approval = z.infer<typeof approvalsSchema>[number];

/** The reasons for which approvers may announce a revocation: a holder's request is not theirs to make. */
export const announcedReasonSchema = reasonSchema.exclude(['holder_request']);
/** The reasons of {@link URGENT_REASONS}. */
export const urgentReasonSchema = z.enum(URGENT_REASONS);

const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/);
/** File names and their SHA-256, hex. */
export const filesSchema = z
  .record(fileName, z.string().regex(/^[0-9a-f]{64}$/))
  .refine((files) => Object.keys(files).length <= MAX_FILES);

/** How revocations are decided from here on. */
export const rulesSchema = z.strictObject({
  approvals: z.number().int().min(1).max(MAX_APPROVALS),
  delay: z.number().int().min(1).max(MAX_DELAY),
});

const revoked = { kind: z.literal('leaf_revoked'), leaf: leafSchema, index };

/** A leaf's position becomes empty for good, in one of three ways. */
const revokedSchema = z.union([
  /** As announced at that log position, not reversed, after the delay that held where it was announced. */
  z.strictObject({ ...revoked, reason: announcedReasonSchema, announced: position }),
  /** Without a delay, for a reason that may be urgent. */
  z.strictObject({ ...revoked, reason: urgentReasonSchema, urgent: z.literal(true), approvals: approvalsSchema }),
  /** Without a delay, because the holder asked; told by the issuer that signed the leaf. */
  z.strictObject({
    ...revoked,
    reason: z.literal('holder_request'),
    requested: z.literal(true),
    issuer: keyId,
    signature: bytesSchema(64),
  }),
]);

const otherSchema = z.discriminatedUnion('kind', [
  /** Entry 0: whose log this is. */
  z.strictObject({ kind: z.literal('log_created'), origin: z.string().min(1), version: z.literal(1) }),
  /** From here on, a revocation needs so many approvals, and waits so many seconds once announced. */
  z.strictObject({ kind: z.literal('rules_set'), ...rulesSchema.shape }),
  /** From here on, this key may submit leaves (issuer) or approve revocations (approver). */
  z.strictObject({ kind: z.literal('key_added'), role, id: keyId, key: bytesSchema(32) }),
  /** From here on, it may not. */
  z.strictObject({ kind: z.literal('key_removed'), role, id: keyId }),
  /** Hashes of what wallets run: circuit artifacts, the wallet's files. */
  z.strictObject({ kind: z.literal('artifacts_published'), files: filesSchema }),
  /** A leaf takes a position that was empty. */
  z.strictObject({
    kind: z.literal('leaf_added'),
    leaf: leafSchema,
    index,
    issuer: keyId,
    signature: bytesSchema(64),
  }),
  /** A leaf takes the position of another, which loses it for good: a credential is renewed. */
  z.strictObject({
    kind: z.literal('leaf_replaced'),
    replaced: leafSchema,
    leaf: leafSchema,
    index,
    issuer: keyId,
    signature: bytesSchema(64),
  }),
  /** A leaf will be revoked once the delay has passed; until then this can be appealed and reversed. */
  z.strictObject({
    kind: z.literal('revocation_announced'),
    leaf: leafSchema,
    index,
    reason: announcedReasonSchema,
    approvals: approvalsSchema,
  }),
  /** The open announcement of this leaf is void; the leaf stays as it is. */
  z.strictObject({
    kind: z.literal('revocation_reversed'),
    leaf: leafSchema,
    index,
    approvals: approvalsSchema,
  }),
  /** How many people this issuer gave a new seed since its last such event. */
  z.strictObject({
    kind: z.literal('resets_counted'),
    issuer: keyId,
    count: z.number().int().min(1).max(TREE_LEAVES),
    signature: bytesSchema(64),
  }),
]);

const eventSchema = z.union([otherSchema, revokedSchema]);

/** An event of the log, in its wire form: leaves in decimal, keys, ids and signatures in base64url. */
export type LogEvent = z.infer<typeof eventSchema>;

/**
 * The log entry of an event: the bytes that the RFC 6962 tree hashes.
 *
 * @param event - A well-formed event.
 * @throws {@link ProtocolError} `event_invalid` if it takes more than 65,535 bytes, which no tile holds.
 */
export function encodeEvent(event: LogEvent): string {
  const text = canonicalize(event);
  if (text === undefined) {
    throw new ProtocolError('event_invalid', 'a log event must be a JSON object');
  }
  if (utf8ToBytes(text).length > MAX_ENTRY_BYTES) {
    throw new ProtocolError('event_invalid', 'a log event takes at most 65,535 bytes; publish fewer files at a time');
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

/**
 * Reads the bytes of an entry.
 *
 * @param entry - Untrusted.
 * @throws {@link ProtocolError} `event_invalid` unless it is an event in its one canonical form.
 */
export function decodeEntry(entry: Uint8Array): LogEvent {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(entry);
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('event_invalid', 'a log entry is not JSON', { cause });
  }
  const event = parseEvent(value);
  if (encodeEvent(event) !== text) {
    throw new ProtocolError('event_invalid', 'a log entry is not written in its one canonical form');
  }
  return event;
}
