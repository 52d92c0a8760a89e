// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What waits for a wallet's next message: in memory only, under random handles, for a limited time and
 * in a limited number. A restart forgets it; whatever was counted stays counted.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';

/** Most entries of one kind. */
const CAPACITY = 10_000;
/** Bytes of a handle. */
const HANDLE_BYTES = 16;

/** Entries that expire. */
export class Pending<Entry> {
  readonly #entries = new Map<string, { readonly entry: Entry; readonly expiresAt: number }>();
  readonly #clock: () => number;
  readonly #random: (length: number) => Uint8Array;
  readonly #lifetime: number;
  readonly #capacity: number;

  /**
   * @param deps - Unix milliseconds; cryptographically secure bytes.
   * @param lifetime - Milliseconds.
   * @param capacity - Most entries.
   */
  constructor(
    deps: { readonly clock: () => number; readonly random: (length: number) => Uint8Array },
    lifetime: number,
    capacity = CAPACITY,
  ) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#lifetime = lifetime;
    this.#capacity = capacity;
  }

  /**
   * Keeps an entry.
   *
   * @returns Its handle: 128 random bits, base64url.
   * @throws {@link ProtocolError} `guard_busy` if there is no room.
   */
  add(entry: Entry): string {
    const now = this.#clock();
    // All live equally long, so the oldest stand first.
    for (const [handle, { expiresAt }] of this.#entries) {
      if (expiresAt > now) break;
      this.#entries.delete(handle);
    }
    if (this.#entries.size >= this.#capacity) {
      throw new ProtocolError('guard_busy', 'many people use this guard at this moment; try again in a minute');
    }
    const handle = toBase64Url(this.#random(HANDLE_BYTES));
    this.#entries.set(handle, { entry, expiresAt: now + this.#lifetime });
    return handle;
  }

  /** Finds an entry that has not expired. */
  get(handle: string): Entry | undefined {
    const found = this.#entries.get(handle);
    return found !== undefined && found.expiresAt > this.#clock() ? found.entry : undefined;
  }

  /** Finds an entry and forgets it: whoever comes next with the same handle gets nothing. */
  take(handle: string): Entry | undefined {
    const entry = this.get(handle);
    this.#entries.delete(handle);
    return entry;
  }
}
