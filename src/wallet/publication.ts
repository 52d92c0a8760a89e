// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Finding one's own leaf in the public log, and why it was revoked, without telling the register which leaf it is: the
 * wallet reads every event since, in whole bundles of the log's tiles. docs/protocol.md section 7.
 *
 * @module
 */
import { decodeEntry, type LogEvent, type RevocationReason } from '../log/events.ts';
import { TileLog } from '../log/tile_log.ts';
import { MAX_TILE_BYTES } from '../log/tiles.ts';
import type { FieldElement } from '../protocol/field.ts';
import { fetchCheckpoints, newestSize } from './checkpoints.ts';
import type { PublishedLeaf } from './credential.ts';
import type { RegisterConfig } from './environment.ts';
import { accepted, send } from './http.ts';
import type { SyncDeps } from './sync.ts';

/** Where a leaf stands. */
export interface Published {
  /** Position in the tree. */
  readonly index: number;
  /** Every checkpoint of at least this log size holds the leaf. */
  readonly published: number;
}

/** What a wallet needs to read the log. */
export type LogDeps = Pick<SyncDeps, 'fetch' | 'clock' | 'signal'>;

/**
 * Looks for a leaf in the log. What it finds is a hint, proven by the next sync.
 *
 * @param since - Number of the first event that can hold it.
 * @returns Undefined if the log does not hold it yet.
 * @throws {@link ProtocolError} as the register answers; `tile_unknown`, `tile_invalid`, `event_invalid`.
 */
export async function findInLog(
  leaf: FieldElement,
  since: number,
  register: RegisterConfig,
  deps: LogDeps,
): Promise<Published | undefined> {
  for await (const { position, event } of readLog(since, register, deps)) {
    if ((event.kind === 'leaf_added' || event.kind === 'leaf_replaced') && event.leaf === String(leaf)) {
      return { index: event.index, published: position + 1 };
    }
  }
  return undefined;
}

/** That a leaf was revoked, as the log says it. */
export interface LoggedRevocation {
  readonly reason: RevocationReason;
  /** Log position. */
  readonly position: number;
  /** Without the delay in which it could have been appealed against. */
  readonly urgent: boolean;
}

/**
 * Looks for the revocation of a leaf in the log. The tiles are not verified: that the leaf is gone, the sync has
 * shown; why, is what the register says.
 *
 * @param leaf - A published one.
 * @returns Undefined if the log holds none.
 * @throws {@link ProtocolError} as {@link findInLog}.
 */
export async function findRevocation(
  { leaf, published }: Pick<PublishedLeaf, 'leaf' | 'published'>,
  register: RegisterConfig,
  deps: LogDeps,
): Promise<LoggedRevocation | undefined> {
  for await (const { position, event } of readLog(published, register, deps)) {
    if (event.kind === 'leaf_revoked' && event.leaf === String(leaf)) {
      return { reason: event.reason, position, urgent: 'urgent' in event };
    }
  }
  return undefined;
}

async function* readLog(
  since: number,
  register: RegisterConfig,
  deps: LogDeps,
): AsyncGenerator<{ readonly position: number; readonly event: LogEvent }> {
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    const answer = await send(deps.fetch, {
      url: register.url + path,
      maxBytes: MAX_TILE_BYTES,
      signal: deps.signal,
    });
    return answer.status === 404 ? undefined : accepted(answer, 'the register').bytes;
  };
  const log = new TileLog(read, newestSize(await fetchCheckpoints(register, deps)));
  for await (const { position, entries } of log.entries(since)) {
    for (const [i, entry] of entries.entries()) yield { position: position + i, event: decodeEntry(entry) };
  }
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
