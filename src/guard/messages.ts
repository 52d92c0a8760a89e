// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reads what wallets send to a guard, before anything is counted or evaluated.
 *
 * @module
 */
import { ristretto255 } from '@noble/curves/ed25519.js';
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url } from '../protocol/scope.ts';

const base64url = (length: number): z.ZodString =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${String(length)}}$`), `expected ${String(length)} characters`);

const handle = base64url(22);

/** Bodies by call. A registration never names an id: the guard chooses it, see `registrations.ts`. */
export const bodies = {
  registerBegin: z.strictObject({ blinded: base64url(43) }),
  registerRequest: z.strictObject({ id: handle, registration_request: base64url(43) }),
  registerFinish: z.strictObject({ id: handle, registration_record: base64url(256), erase_hash: base64url(43) }),
  status: z.strictObject({ id: handle }),
  evaluate: z.strictObject({ id: handle, blinded: base64url(43) }),
  loginBegin: z.strictObject({ login: handle, start_login_request: base64url(128) }),
  loginFinish: z.strictObject({ login: handle, finish_login_request: base64url(86) }),
  erase: z.strictObject({ id: handle, erase: base64url(43) }),
} as const;

const malformed = (cause: unknown): ProtocolError =>
  new ProtocolError('guard_message_invalid', 'this is not a message of the protocol; nothing was counted', { cause });

/**
 * Reads a blinded element.
 *
 * @returns The 32 bytes of a point of ristretto255 other than the identity.
 * @throws {@link ProtocolError} `guard_message_invalid`.
 */
export function readBlinded(text: string): Uint8Array {
  try {
    const bytes = fromBase64Url(text);
    if (!ristretto255.Point.fromBytes(bytes).is0()) return bytes;
  } catch (cause) {
    throw malformed(cause);
  }
  throw malformed(undefined);
}

/**
 * Calls OPAQUE with a wallet's message.
 *
 * @throws {@link ProtocolError} `guard_message_invalid` if the library cannot read it.
 */
export function readingMessage<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw malformed(cause);
  }
}
