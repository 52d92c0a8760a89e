// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Telling a platform that its request cannot be answered: the error response of OpenID4VP 1.0 section 8.5, so
 * that its page does not wait in vain.
 *
 * Sent to the origin that the request was fetched from and to no other; it says what is wrong with the request
 * and nothing about the holder. Of who declines, or cannot meet what is asked, the platform hears nothing.
 * docs/protocol.md section 6.
 *
 * @module
 */
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { FORMAT } from '../protocol/request.ts';
import { fromBase64Url, isAllowedUrl } from '../protocol/scope.ts';
import type { Fetch } from './environment.ts';
import { send } from './http.ts';

/** OpenID4VP's error by code, for what a platform can repair. */
const ERRORS: Readonly<Record<string, string>> = {
  request_invalid: 'invalid_request',
  ask_refused: 'invalid_request',
  policy_mismatch: 'invalid_request',
  scope_invalid: 'invalid_request',
  date_invalid: 'invalid_request',
  context_invalid: 'invalid_request',
  transaction_data_invalid: 'invalid_transaction_data',
  transaction_data_unsupported: 'invalid_transaction_data',
};

/** The few members that an error response needs, of a request that is otherwise refused. */
const addressSchema = z.object({
  client_id: z.string().max(2048),
  response_uri: z.string().max(2048),
  state: z.string().min(1).max(128),
  dcql_query: z.unknown().optional(),
});
const formatsSchema = z.object({ credentials: z.array(z.object({ format: z.string() })).min(1) });

/**
 * Reports why a request is refused, if the platform can repair it and the request says where to.
 *
 * @param jwt - The request object as it was fetched.
 * @param link - What the link named.
 * @param error - Why the request is refused.
 * @param deps - `fetch`, and a signal.
 * @returns Whether something was sent; that it does not arrive is nobody's error.
 */
export async function reportRefusal(
  jwt: string,
  link: { readonly clientId: string; readonly requestUri: string },
  error: unknown,
  deps: { readonly fetch: Fetch; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  const known = error instanceof ProtocolError ? ERRORS[error.code] : undefined;
  const address = addressSchema.safeParse(payloadOf(jwt));
  if (known === undefined || !address.success) return false;
  const { client_id, response_uri, state, dcql_query } = address.data;
  const url = URL.canParse(response_uri) ? new URL(response_uri) : undefined;
  if (url === undefined || !isAllowedUrl(url) || url.origin !== new URL(link.requestUri).origin) return false;
  const formats = formatsSchema.safeParse(dcql_query);
  const foreign = formats.success && formats.data.credentials.every(({ format }) => format !== FORMAT);
  const value = foreign ? 'vp_formats_not_supported' : client_id === link.clientId ? known : 'invalid_client';
  const body = new URLSearchParams({ error: value, state }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  try {
    await send(deps.fetch, { url: response_uri, method: 'POST', headers, body, signal: deps.signal });
  } catch {
    // The holder is told of the refusal itself, which matters more.
  }
  return true;
}

function payloadOf(jwt: string): unknown {
  try {
    const part = jwt.trim().split('.')[1] ?? '';
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(part))) as unknown;
  } catch {
    return undefined;
  }
}
