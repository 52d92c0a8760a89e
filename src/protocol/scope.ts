// SPDX-License-Identifier: Apache-2.0
/**
 * Scopes and contexts: the public values that tie a pseudonym to one platform and one occasion.
 *
 * ```text
 * scope   = SHA-256("bauta/scope/v1" || u16 len || origin) >> 8
 * context = 0 for an account,
 *           SHA-256("bauta/context/v1" || length-prefixed kind, name, period) >> 8 otherwise
 * ```
 *
 * The length prefix keeps concatenations apart; dropping 8 bits keeps the result below the BN254
 * order without a modular reduction. docs/protocol.md section 4; test/vectors/scope.json.
 *
 * @module
 */
import { z } from 'zod';
import { ProtocolError } from './errors.ts';
import { type FieldElement, fieldFromBytes, fieldToBytes, hashToField, lengthPrefixed, toField } from './field.ts';
import { HASH_TAG } from './domains.ts';

declare const scope: unique symbol;
declare const nullifier: unique symbol;
/** Public input `scope` of the circuit. */
export type Scope = FieldElement & { readonly [scope]: true };
/** Public output `nullifier` of the circuit. */
export type Nullifier = FieldElement & { readonly [nullifier]: true };

/** Value of `scope` where a policy asks for no pseudonym. */
export const NO_SCOPE = toField(0n) as Scope;

/**
 * Derives the scope within which a holder appears under one pseudonym.
 *
 * @param origin - Serialized web origin of the platform, e.g. `https://forum.example`; plain http
 * only on localhost.
 * @returns Canonical field element; the circuit's public input `scope`.
 * @throws {@link ProtocolError} `scope_invalid` if `origin` is not such an origin.
 */
export function deriveScope(origin: string): Scope {
  if (!isOrigin(origin)) {
    throw new ProtocolError('scope_invalid', 'a scope comes from a serialized https origin, or http on localhost');
  }
  return hashToField(HASH_TAG.scope, lengthPrefixed(origin)) as Scope;
}

/** Whether the text is a serialized https origin, or an http one on localhost. */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) {
    return false;
  }
  const url = new URL(text);
  return url.origin === text && isAllowedUrl(url);
}

/** Whether a URL may carry the protocol: https anywhere, http on localhost, no credentials inside. */
export function isAllowedUrl(url: URL): boolean {
  const local = url.hostname === 'localhost' || url.hostname === '127.0.0.1' || url.hostname === '[::1]';
  return (
    (url.protocol === 'https:' || (url.protocol === 'http:' && local)) && url.username === '' && url.password === ''
  );
}

/** What a pseudonym is for, within a scope. */
export type Context =
  | { readonly kind: 'account' }
  /** Something a person may do once; `opens` is the date from which a reset seed no longer counts. */
  | { readonly kind: 'action'; readonly name: string; readonly opens: number }
  /** Something a person may do `limit` times in each period, under a pseudonym for each time. */
  | {
      readonly kind: 'epoch';
      readonly name: string;
      /** Length of a period, one of {@link PERIODS}. */
      readonly seconds: Period;
      /** Which period since 1970: Unix seconds divided by the length, rounded down. */
      readonly number: number;
      /** Times in a period; not part of the context, so that it may be changed within one. */
      readonly limit: number;
    };

/** Lengths of a period in seconds: an hour, a day, a week. Few, since a length of one's own would be a tag. */
export const PERIODS = [3600, 86_400, 604_800] as const;
/** One of {@link PERIODS}. */
export type Period = (typeof PERIODS)[number];
/** Most times in a period that a platform may allow. */
export const MAX_LIMIT = 100;

/**
 * The number of the period that a time is in.
 *
 * @param now - Unix seconds.
 * @param seconds - Length of a period.
 */
export function periodNumber(now: number, seconds: number): number {
  return Math.floor(now / seconds);
}

/** {@link Context} as a request carries it. */
export const contextSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('account') }),
  z.strictObject({ kind: z.literal('action'), name: z.string().min(1).max(200), opens: z.number().int() }),
  z.strictObject({
    kind: z.literal('epoch'),
    name: z.string().min(1).max(200),
    // The generator of OpenAPI shows one value of a literal of many; these are all.
    seconds: z.literal(PERIODS).meta({ type: 'integer', enum: [...PERIODS] }),
    number: z.number().int().nonnegative(),
    limit: z.number().int().min(1).max(MAX_LIMIT),
  }),
]);

/**
 * Derives the circuit's public input `context`.
 *
 * @throws {@link ProtocolError} `context_invalid` if a name is empty or longer than 200 characters.
 */
export function deriveContext(context: Context): FieldElement {
  if (context.kind === 'account') {
    return toField(0n);
  }
  if (context.name.length === 0 || context.name.length > 200) {
    throw new ProtocolError('context_invalid', 'an action or a limit has a name of 1 to 200 characters');
  }
  const period = context.kind === 'action' ? [context.opens] : [context.seconds, context.number];
  return hashToField(
    HASH_TAG.context,
    lengthPrefixed(context.kind),
    lengthPrefixed(context.name),
    ...period.map((part) => lengthPrefixed(String(part))),
  );
}

/** The `sub` claim of a pseudonym: base64url of the nullifier's 32 bytes, 43 characters. */
export function subOf(value: Nullifier): string {
  return toBase64Url(fieldToBytes(value));
}

/**
 * Reads a `sub` back.
 *
 * @throws {@link ProtocolError} `sub_invalid`.
 */
export function nullifierOf(sub: string): Nullifier {
  try {
    const value = fieldFromBytes(fromBase64Url(sub)) as Nullifier;
    if (subOf(value) === sub) {
      return value;
    }
  } catch {
    // told below
  }
  throw new ProtocolError('sub_invalid', 'a sub is the base64url form of a nullifier, 43 characters');
}

/** Base64url without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/**
 * Reads base64url without padding.
 *
 * @throws {@link ProtocolError} `base64url_invalid`.
 */
export function fromBase64Url(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    throw new ProtocolError('base64url_invalid', 'expected base64url without padding');
  }
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
}
