// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Finding one's own leaf in the public log, without telling the register which leaf it is: the wallet
 * reads every event since the leaf was signed. docs/protocol.md section 7.
 *
 * @module
 */
import { z } from 'zod';
import { parseEvent } from '../log/events.ts';
import type { FieldElement } from '../protocol/field.ts';
import { fetchCheckpoints, newestSize } from './checkpoints.ts';
import type { RegisterConfig } from './environment.ts';
import { jsonOf, send } from './http.ts';
import type { SyncDeps } from './sync.ts';

/** Events in one answer. */
const PAGE = 1000;
/** Largest page: an event takes less than 400 bytes. */
const MAX_PAGE_BYTES = 1024 * 1024;

/** Where a leaf stands. */
export interface Published {
  /** Position in the tree. */
  readonly index: number;
  /** Every checkpoint of at least this log size holds the leaf. */
  readonly published: number;
}

const eventsAnswer = z.object({ events: z.array(z.unknown()).max(PAGE) });

/**
 * Looks for a leaf in the log. What it finds is a hint, proven by the next sync.
 *
 * @param since - Number of the first event that can hold it.
 * @returns Undefined if the log does not hold it yet.
 * @throws {@link ProtocolError} as the register answers; `event_invalid`.
 */
export async function findInLog(
  leaf: FieldElement,
  since: number,
  register: RegisterConfig,
  deps: Pick<SyncDeps, 'fetch' | 'signal'>,
): Promise<Published | undefined> {
  const size = newestSize(await fetchCheckpoints(register, deps));
  for (let from = since; from < size;) {
    const answer = await send(deps.fetch, {
      url: `${register.url}/v1/events?from=${String(from)}&limit=${String(PAGE)}`,
      maxBytes: MAX_PAGE_BYTES,
      signal: deps.signal,
    });
    const { events } = jsonOf(answer, eventsAnswer, 'the register');
    if (events.length === 0) break;
    for (const [i, value] of events.entries()) {
      const event = parseEvent(value);
      if (event.kind === 'leaf_added' && event.leaf === String(leaf)) {
        return { index: event.index, published: from + i + 1 };
      }
    }
    from += events.length;
  }
  return undefined;
}

/**
 * Waits.
 *
 * @param signal - Ends the wait early, by rejecting with its reason.
 */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
