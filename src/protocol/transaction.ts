// SPDX-License-Identifier: Apache-2.0
/**
 * Transaction data: what a holder confirms with a proof, in words that the wallet shows as they are.
 *
 * In the request it has the form of OpenID4VP 1.0 section 8.4, one base64url text for each transaction:
 *
 * ```text
 * base64url(JSON of { type: "bauta_transaction_v1", credential_ids: ["bauta"], title, lines: [{ label, value }] })
 * ```
 *
 * The proof is bound to it like to everything else in the request, so that the platform can show later what
 * was confirmed under its request. docs/protocol.md section 6.
 *
 * @module
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { ProtocolError } from './errors.ts';
import { MAX_TRANSACTIONS, QUERY_ID } from './request.ts';
import { fromBase64Url, toBase64Url } from './scope.ts';

/** The one type of transaction data. */
export const TRANSACTION_TYPE = 'bauta_transaction_v1';
/** Most lines of a transaction. */
export const MAX_TRANSACTION_LINES = 8;
/** Longest title. */
export const MAX_TRANSACTION_TITLE = 80;
/** Longest label of a line. */
export const MAX_TRANSACTION_LABEL = 40;
/** Longest value of a line. */
export const MAX_TRANSACTION_VALUE = 200;

/**
 * Text that looks like what it says: without control characters, without line breaks, and without the invisible
 * ones that change the order or the place of others.
 */
const shown = (longest: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]*$/u)
    .regex(/\S/u);

/** What a platform asks its visitor to confirm. */
export const transactionSchema = z.strictObject({
  title: shown(MAX_TRANSACTION_TITLE),
  lines: z
    .array(z.strictObject({ label: shown(MAX_TRANSACTION_LABEL), value: shown(MAX_TRANSACTION_VALUE) }))
    .max(MAX_TRANSACTION_LINES),
});
/** See {@link transactionSchema}. */
export type Transaction = z.infer<typeof transactionSchema>;

const wireSchema = transactionSchema.extend({
  type: z.literal(TRANSACTION_TYPE),
  credential_ids: z.tuple([z.literal(QUERY_ID)]),
});

/** A transaction as the request carries it. */
export function encodeTransaction({ title, lines }: Transaction): string {
  const wire = { type: TRANSACTION_TYPE, credential_ids: [QUERY_ID], title, lines };
  return toBase64Url(utf8ToBytes(JSON.stringify(wire)));
}

/**
 * Reads the transactions of a request.
 *
 * @param data - Member `transaction_data`.
 * @throws {@link ProtocolError} `transaction_data_invalid` for another type, or a text that cannot be shown as it is.
 */
export function transactionsOf(data: readonly string[] | undefined): readonly Transaction[] {
  if (data !== undefined && (data.length === 0 || data.length > MAX_TRANSACTIONS)) throw invalid();
  return (data ?? []).map((text) => {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(text)));
    } catch (cause) {
      throw invalid(cause);
    }
    const parsed = wireSchema.safeParse(value);
    if (!parsed.success) throw invalid(parsed.error);
    const { title, lines } = parsed.data;
    return { title, lines };
  });
}

function invalid(cause?: unknown): ProtocolError {
  return new ProtocolError('transaction_data_invalid', 'the transaction to be confirmed cannot be shown as it is', {
    cause,
  });
}
