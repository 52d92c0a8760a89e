// SPDX-License-Identifier: Apache-2.0
/**
 * A platform's move to another origin: what its two verifiers, at the old origin and at the new one, ask
 * the holder to show together. Both requests carry the same move, and with it the same nonce, as
 * transaction data, so that both proofs are bound to it:
 *
 * ```text
 * base64url(JSON of { type: "bauta_move_v1", credential_ids: ["bauta"], from, to, nonce })
 * ```
 *
 * Each pseudonym still follows from the origin that asks for it: without a verifier at the old origin there
 * is no proof of the old pseudonym. docs/protocol.md section 6.
 *
 * @module
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { ProtocolError } from './errors.ts';
import { QUERY_ID } from './request.ts';
import { fromBase64Url, isOrigin, toBase64Url } from './scope.ts';

/** Type of the transaction data. */
export const MOVE_TYPE = 'bauta_move_v1';

const origin = z.string().max(300).refine(isOrigin);

/** Who moves where. */
export const moveSchema = z.strictObject({
  /** Serialized origins. */
  from: origin,
  to: origin,
  /** 256 random bits, base64url, single use: one for both requests. */
  nonce: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
/** See {@link moveSchema}. */
export type Move = z.infer<typeof moveSchema>;

const wireSchema = moveSchema.extend({
  type: z.literal(MOVE_TYPE),
  credential_ids: z.tuple([z.literal(QUERY_ID)]),
});

/** A move as a request carries it. */
export function encodeMove({ from, to, nonce }: Move): string {
  return toBase64Url(utf8ToBytes(JSON.stringify({ type: MOVE_TYPE, credential_ids: [QUERY_ID], from, to, nonce })));
}

/**
 * Reads the move of a request.
 *
 * @param data - Member `transaction_data`: the move and nothing else.
 * @throws {@link ProtocolError} `move_invalid`.
 */
export function moveOf(data: readonly string[] | undefined): Move {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(data?.[0] ?? '')));
  } catch (cause) {
    throw invalid(cause);
  }
  const parsed = wireSchema.safeParse(value);
  if (data?.length !== 1 || !parsed.success || parsed.data.from === parsed.data.to) throw invalid(parsed.error);
  const { from, to, nonce } = parsed.data;
  return { from, to, nonce };
}

function invalid(cause?: unknown): ProtocolError {
  return new ProtocolError('move_invalid', 'the two addresses do not ask for the same move; go back and start again', {
    cause,
  });
}
