// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Asking an authority's service over HTTP, and believing only what it signed for this question:
 *
 * ```text
 * question  POST, JSON { …, nonce }                               nonce: 16 random bytes, base64url
 * answer    { payload, key, signature }                           base64url, key id, base64url
 * payload   JSON { request, time, … }
 * signature Ed25519 over tag || payload                           as bytes, before any parsing
 * ```
 *
 * `request` is the SHA-256 of the question's body, so that an answer to another question, another nonce or
 * another card is none to this one, whoever stands between. `time` is Unix seconds. The keys are those that
 * the operator was given by the authority: several while one replaces another. docs/protocol.md section 8.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { readAtMost } from '../http/streams.ts';
import { isSignedBy, keyIdOf } from '../log/signatures.ts';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import type { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';

/** How long the issuer waits for an authority, milliseconds. */
export const AUTHORITY_TIMEOUT_MS = 10_000;
/** How old a signed answer may be, seconds. */
export const MAX_ANSWER_AGE_SECONDS = 120;
/** How far an authority's clock may be ahead of the issuer's, seconds. */
export const MAX_CLOCK_LEAD_SECONDS = 60;
const NONCE_BYTES = 16;

/** Where an authority's service answers, and by which keys it signs. */
export interface AuthorityService {
  /** Base URL: https, or http on localhost. */
  readonly url: string;
  /** Ed25519 public keys, 32 bytes each. */
  readonly keys: readonly Uint8Array[];
  /** Bearer key by which the service knows this issuer. */
  readonly apiKey?: string | undefined;
  /** Milliseconds to wait; {@link AUTHORITY_TIMEOUT_MS} by default. */
  readonly timeout?: number | undefined;
}

/** What asking needs from outside. */
export interface AuthorityDeps {
  readonly fetch: typeof fetch;
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  /** Cryptographically secure. */
  readonly random: (length: number) => Uint8Array;
}

/** The errors of one service, which have its own codes. */
export interface AuthorityErrors {
  /** No answer, or none that says anything. */
  readonly unreachable: (cause?: unknown) => ProtocolError;
  /** The service refused the question: 422. */
  readonly refused: () => ProtocolError;
  /** An answer that must not be believed. */
  readonly invalid: (what: string) => ProtocolError;
}

/** A question with all that is needed to judge the answer. */
export interface Question<Schema extends z.ZodType> {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly tag: keyof typeof MESSAGE_TAG;
  /** Form of the payload; what it does not name is dropped. */
  readonly schema: Schema;
  /** Largest answer, bytes. */
  readonly maxBytes: number;
  readonly errors: AuthorityErrors;
}

const base64url = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .transform(fromBase64Url);
const envelope = z.object({ payload: base64url, key: z.string(), signature: base64url });
const head = z.object({ request: z.string(), time: z.number() });

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

/** Sends the question and reads a bounded answer. */
async function send(
  { url, apiKey, timeout = AUTHORITY_TIMEOUT_MS }: AuthorityService,
  { path, errors, maxBytes }: Pick<Question<z.ZodType>, 'path' | 'errors' | 'maxBytes'>,
  body: string,
  fetch: AuthorityDeps['fetch'],
): Promise<Uint8Array> {
  let status: number;
  let bytes: Uint8Array | undefined;
  try {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeout),
    });
    ({ status } = response);
    bytes = await readAtMost(response.body, maxBytes);
  } catch (cause) {
    throw errors.unreachable(cause);
  }
  if (status === 422) throw errors.refused();
  if (status !== 200) throw errors.unreachable();
  if (bytes === undefined) throw errors.invalid('it is too large');
  return bytes;
}

/**
 * Asks, and checks that the answer is the authority's, to this question, and of now.
 *
 * @returns The payload's members that the schema names.
 * @throws ProtocolError one of the question's {@link AuthorityErrors}.
 */
export async function askAuthority<Schema extends z.ZodType>(
  service: AuthorityService,
  question: Question<Schema>,
  { fetch, clock, random }: AuthorityDeps,
): Promise<z.output<Schema>> {
  const { errors, tag, schema } = question;
  const body = JSON.stringify({ ...question.body, nonce: toBase64Url(random(NONCE_BYTES)) });
  const answer = envelope.safeParse(parse(await send(service, question, body, fetch)));
  if (!answer.success) throw errors.invalid('it does not have the expected form');
  const { payload, key, signature } = answer.data;
  const publicKey = service.keys.find((known) => keyIdOf(known) === key);
  if (publicKey === undefined) throw errors.invalid('it is signed by a key that this issuer does not know');
  if (!isSignedBy(concatBytes(utf8ToBytes(MESSAGE_TAG[tag]), payload), signature, publicKey)) {
    throw errors.invalid('its signature is wrong');
  }
  const content = parse(payload);
  const about = head.safeParse(content);
  if (!about.success) throw errors.invalid('it does not have the expected form');
  if (about.data.request !== toBase64Url(sha256(utf8ToBytes(body)))) {
    throw errors.invalid('it answers another question');
  }
  const age = clock() / 1000 - about.data.time;
  if (!(age <= MAX_ANSWER_AGE_SECONDS && age >= -MAX_CLOCK_LEAD_SECONDS)) {
    throw errors.invalid('it is not of now');
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw errors.invalid('it does not have the expected form');
  return parsed.data;
}
