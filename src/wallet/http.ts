// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * HTTP as the wallet speaks it: no cookies, no referrer, no cache, no redirects, bounded answers. A
 * refusal arrives as the `code` of the other side's problem details (RFC 9457).
 *
 * @module
 */
import { z } from 'zod';
import { type ErrorCode, ProtocolError } from '../protocol/errors.ts';
import type { Fetch } from './environment.ts';

/** How long the wallet waits for an answer. */
const TIMEOUT_MS = 60_000;
/** Largest answer unless the call allows more. */
const MAX_BYTES = 256 * 1024;

/** A call to another party. */
export interface Call {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Largest answer in bytes. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  /** Media type without parameters. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

const problem = z.object({ code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/) });

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) break;
    length += part.value.length;
    if (length > maxBytes) {
      await reader?.cancel();
      throw new ProtocolError('response_too_large', 'the answer is larger than this call allows');
    }
    chunks.push(part.value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/**
 * Sends a call and reads its answer, whatever its status.
 *
 * @throws {@link ProtocolError} `network_failed`, `response_too_large`; the signal's reason if aborted.
 */
export async function send(fetch: Fetch, call: Call): Promise<Answer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(call.url, {
      method: call.method ?? 'GET',
      headers: { ...call.headers },
      ...(call.body === undefined
        ? {}
        : { body: typeof call.body === 'string' ? call.body : new Uint8Array(call.body) }),
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
      redirect: 'error',
      signal: call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]),
    });
    const type = (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    return { status: response.status, type, bytes: await readBody(response, call.maxBytes ?? MAX_BYTES) };
  } catch (cause) {
    call.signal?.throwIfAborted();
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError('network_failed', 'there was no answer; check the connection and try again', { cause });
  }
}

/** The text of an answer. */
export function textOf(answer: Answer): string {
  return new TextDecoder().decode(answer.bytes);
}

function parseJson(answer: Answer): unknown {
  try {
    return JSON.parse(textOf(answer)) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Passes a success on and turns anything else into an error.
 *
 * @param who - The other side, for the message: `the issuer`.
 * @throws {@link ProtocolError} with the other side's code, or `response_invalid`.
 */
export function accepted(answer: Answer, who: string): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const parsed = problem.safeParse(parseJson(answer));
  const code: ErrorCode = parsed.success ? (parsed.data.code as ErrorCode) : 'response_invalid';
  throw new ProtocolError(code, `${who} answered ${String(answer.status)}${parsed.success ? `: ${code}` : ''}`);
}

/**
 * Reads a JSON success.
 *
 * @throws {@link ProtocolError} with the other side's code, or `response_invalid`.
 */
export function jsonOf<Schema extends z.ZodType>(answer: Answer, schema: Schema, who: string): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(accepted(answer, who)));
  if (!parsed.success) {
    throw new ProtocolError('response_invalid', `${who} answered in an unexpected form`, { cause: parsed.error });
  }
  return parsed.data;
}
