// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An answer that comes line by line while the other side works, as JSON texts (NDJSON).
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import type { Fetch } from './environment.ts';
import { accepted } from './http.ts';

/** Longest silence between two pieces: the companion waits a minute for a document. */
const SILENCE_MS = 90_000;

/** A request whose answer has lines. */
export interface LineRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a request and gives the lines of its answer as they arrive; whoever stops early ends the request.
 *
 * @param maxBytes - Largest answer.
 * @throws {@link ProtocolError} the other side's code; `network_failed` if it does not answer, `companion_lost`
 * if it ends or falls silent in the middle, `response_too_large`; the signal's reason if aborted.
 */
export async function* readLines(fetch: Fetch, request: LineRequest, maxBytes: number): AsyncGenerator<string> {
  const own = new AbortController();
  const { signal } = request;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const waitOn = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      own.abort();
    }, SILENCE_MS);
  };
  waitOn();
  try {
    const response = await open(fetch, request, own.signal);
    const body = response.body?.getReader();
    const decoder = new TextDecoder();
    let [rest, length] = ['', 0];
    for (;;) {
      const part = await body?.read().catch((cause: unknown) => {
        signal?.throwIfAborted();
        throw new ProtocolError('companion_lost', 'the companion fell silent; start it and read again', { cause });
      });
      if (part?.value === undefined) break;
      waitOn();
      length += part.value.length;
      if (length > maxBytes) throw new ProtocolError('response_too_large', 'the answer is larger than it may be');
      const lines = (rest + decoder.decode(part.value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    // A line that was cut short is not a line.
  } finally {
    clearTimeout(silence);
    own.abort();
  }
}

async function open(fetch: Fetch, request: LineRequest, own: AbortSignal): Promise<Response> {
  const { url, headers, body, signal } = request;
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { ...headers },
      body,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
      redirect: 'error',
      signal: signal === undefined ? own : AbortSignal.any([signal, own]),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ProtocolError('network_failed', 'there was no answer; check that the companion runs', { cause });
  }
  const { status } = response;
  if (response.ok) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  accepted({ status, type: '', bytes }, 'the companion');
  return response;
}
