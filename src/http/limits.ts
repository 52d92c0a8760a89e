// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a service reads of a request: at most so many bytes, of the right content type, of the right
 * form. A body that is too large is refused by its declared length, or else as soon as it exceeds the
 * limit; the rest is never read.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono';
import type { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { readAtMost } from './streams.ts';

/**
 * Limits the body of every request under a path.
 *
 * @param limit - Largest body, bytes.
 * @returns Middleware that answers `body_too_large` (413).
 */
export function bodyLimit(limit: number): MiddlewareHandler {
  return async (c, next) => {
    const { raw } = c.req;
    if (raw.body !== null) {
      // Whatever length is declared, the bytes are counted.
      if (Number(c.req.header('content-length') ?? '0') > limit) {
        throw tooLarge(limit);
      }
      const body = await readAtMost(raw.body, limit);
      if (body === undefined) {
        throw tooLarge(limit);
      }
      c.req.raw = new Request(raw.url, { method: raw.method, headers: raw.headers, body, signal: raw.signal });
    }
    await next();
  };
}

function tooLarge(limit: number): ProtocolError {
  return new ProtocolError('body_too_large', `send at most ${String(limit)} bytes here`);
}

/**
 * Requires one of the content types; parameters such as `charset` are ignored.
 *
 * @param accepted - Lower-case media types, e.g. `application/json`.
 * @returns Middleware that answers `content_type_unsupported` (415).
 */
export function requireContentType(...accepted: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    if (!accepted.includes(type)) {
      throw new ProtocolError('content_type_unsupported', `send ${accepted.join(' or ')} here`);
    }
    await next();
  };
}

/**
 * Reads a JSON body.
 *
 * @param c - Context of a request that passed {@link bodyLimit} and {@link requireContentType}.
 * @param schema - Its form.
 * @throws {@link ProtocolError} `body_invalid`, naming the first member that is wrong but never its value.
 */
export async function readJson<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError('body_invalid', 'the body is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
    throw new ProtocolError(
      'body_invalid',
      where === '' ? 'the body does not have the expected members' : `the member ${where} is missing or malformed`,
    );
  }
  return parsed.data;
}
