// SPDX-License-Identifier: Apache-2.0
/**
 * Client of a platform's verifier, for the platform's own backend.
 *
 * ```ts
 * const bauta = createPlatformClient({ url: 'http://127.0.0.1:4110', apiKey, fetch });
 * const begun = await bauta.create({ ask: { age_over: 18 }, redirect_uri: 'https://forum.example/return' });
 * // set begun.browser_token as a __Host- cookie, send the browser to begun.request_url; on return:
 * const { status, result } = await bauta.result(begun.id, { browserToken, responseCode });
 * ```
 *
 * @module
 */
import type { z } from 'zod';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  type CreatedVerification,
  createdVerificationSchema,
  type CreateVerification,
  problemSchema,
  type Verification,
  type VerificationList,
  verificationListSchema,
  type VerifiedProof,
  verifiedProofSchema,
  verificationSchema,
  type VerifyProof,
} from './messages.ts';

/** How to reach the verifier. */
export interface PlatformClientOptions {
  /** Address of the verifier, without a slash at the end. */
  readonly url: string;
  /** One of the verifier's keys. */
  readonly apiKey: string;
  readonly fetch: typeof globalThis.fetch;
}

/** What a browser brings back. */
export interface BrowserReturn {
  /** From the cookie of the browser that began. */
  readonly browserToken: string;
  /** From the fragment of the page that the wallet returned to, or typed by the visitor. */
  readonly responseCode?: string;
}

/** Client of a platform's verifier. Every call throws a {@link ProtocolError} with the problem's code. */
export interface PlatformClient {
  /**
   * Begins a verification.
   *
   * @param options - `idempotencyKey`, 1 to 128 visible ASCII characters: a request that is repeated under it, because
   * no answer came, begins nothing twice.
   */
  create(body: CreateVerification, options?: { readonly idempotencyKey?: string }): Promise<CreatedVerification>;
  /** State of a verification; with the response code its result, once. */
  result(id: string, from: BrowserReturn): Promise<Verification>;
  /** Lists the verifications that are still kept, newest first; `cursor` is `next_cursor` of the page before. */
  list(page?: { readonly cursor?: string; readonly limit?: number }): Promise<VerificationList>;
  /** Checks a presentation against a request of this platform; the caller owns the nonce. */
  verifyProof(body: VerifyProof): Promise<VerifiedProof>;
}

/** Makes a client. */
export function createPlatformClient({ url, apiKey, fetch }: PlatformClientOptions): PlatformClient {
  const call = async <Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    init: { method: string; headers?: Record<string, string>; body?: string },
  ): Promise<z.output<Schema>> => {
    const headers = { Authorization: `Bearer ${apiKey}`, Accept: 'application/json', ...init.headers };
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(`${url}${path}`, { ...init, headers, redirect: 'error' });
      body = await response.json();
    } catch (cause) {
      throw new ProtocolError('verifier_unreachable', 'the verifier gave no usable answer', { cause });
    }
    if (!response.ok) {
      const problem = problemSchema.safeParse(body);
      throw problem.success
        ? new ProtocolError(problem.data.code.toLowerCase() as Lowercase<string>, problem.data.detail)
        : new ProtocolError('verifier_unreachable', `the verifier answered ${String(response.status)}`);
    }
    const parsed = schema.safeParse(body);
    if (!parsed.success) {
      throw new ProtocolError('verifier_unreachable', 'the verifier answered in an unknown form', {
        cause: parsed.error,
      });
    }
    return parsed.data;
  };
  const post = (body: unknown): { method: string; headers: Record<string, string>; body: string } => ({
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return {
    create: (body, { idempotencyKey } = {}) => {
      const init = post(body);
      const headers = idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey };
      return call(createdVerificationSchema, '/v1/verifications', {
        ...init,
        headers: { ...init.headers, ...headers },
      });
    },
    list: ({ cursor, limit } = {}) => {
      const query = new URLSearchParams();
      if (cursor !== undefined) query.set('cursor', cursor);
      if (limit !== undefined) query.set('limit', String(limit));
      return call(verificationListSchema, `/v1/verifications?${query.toString()}`, { method: 'GET' });
    },
    result: (id, { browserToken, responseCode }) => {
      const query = responseCode === undefined ? '' : `?response_code=${encodeURIComponent(responseCode)}`;
      return call(verificationSchema, `/v1/verifications/${encodeURIComponent(id)}${query}`, {
        method: 'GET',
        headers: { 'Browser-Token': browserToken },
      });
    },
    verifyProof: (body) => call(verifiedProofSchema, '/v1/proofs/verify', post(body)),
  };
}
