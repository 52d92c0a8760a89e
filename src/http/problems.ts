// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Problem details (RFC 9457): the one place where an error becomes an HTTP response.
 *
 * ```json
 * { "type": "urn:bauta:problem:CODE", "title": …, "status": …, "detail": …, "code": "CODE" }
 * ```
 *
 * A {@link ProtocolError} shows its code and message. Anything else is `internal_error` and shows
 * nothing: neither message nor stack. docs/protocol.md section 9 lists the codes.
 *
 * @module
 */
import type { Context, Env, Hono, Schema } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ProtocolError } from '../protocol/errors.ts';
import { RETRY_AFTER, STATUS_OF } from './statuses.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Body too large',
  415: 'Content type not supported',
  422: 'Refused',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
};

/** Codes for errors that hono itself raises, by status. */
const HONO_CODES: Readonly<Record<number, Lowercase<string>>> = {
  400: 'body_invalid',
  401: 'token_invalid',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'content_type_unsupported',
};

/** A problem document. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: ContentfulStatusCode;
  readonly detail: string;
  readonly code: string;
}

/** Describes an error without telling more than its author meant to tell. */
export function describeProblem(error: unknown): Problem {
  const known = asProtocolError(error);
  const status = STATUS_OF[known.code] ?? 400;
  return {
    type: `urn:bauta:problem:${known.code}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail: known.message,
    code: known.code,
  };
}

function asProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) {
    return error;
  }
  if (error instanceof HTTPException) {
    const code = HONO_CODES[error.status];
    if (code !== undefined) {
      return new ProtocolError(code, 'the request does not have the form that this address expects');
    }
  }
  return new ProtocolError('internal_error', 'the service failed; the fault is not in the request');
}

/**
 * Answers with the problem document of an error.
 *
 * @param c - Context of the request.
 * @param error - Anything thrown.
 * @param extra - Further members, e.g. the `error` of OAuth.
 */
export function problem(c: Context, error: unknown, extra: Readonly<Record<string, unknown>> = {}): Response {
  const body = describeProblem(error);
  const retryAfter = RETRY_AFTER[body.code];
  return c.body(JSON.stringify({ ...extra, ...body }), body.status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    ...(body.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  });
}

/**
 * Makes an app answer every error, and every unknown address, with a problem document.
 *
 * @param app - The app.
 * @param onUnexpected - Told of errors that answer `internal_error`; see `logs.ts` for what may be logged.
 * @param translate - Recognises what drivers and libraries throw.
 */
export function installProblems<E extends Env, S extends Schema, Path extends string>(
  app: Hono<E, S, Path>,
  onUnexpected?: (error: unknown) => void,
  translate: (error: unknown) => unknown = (error) => error,
): void {
  app.onError((thrown, c) => {
    const error = translate(thrown);
    if (describeProblem(error).status === 500) {
      onUnexpected?.(error);
    }
    return problem(c, error);
  });
  app.notFound((c) => problem(c, new ProtocolError('not_found', 'there is nothing at this address')));
}
