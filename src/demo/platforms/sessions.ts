// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a sample platform remembers: sessions, and how often each pseudonym came. In memory: a restart
 * forgets everybody.
 *
 * @module
 */
import type { Result } from '../../platform/client/messages.ts';
import { toBase64Url } from '../../protocol/scope.ts';

/** Someone who logged in. */
export interface Member {
  readonly kind: 'member';
  readonly sub: string;
  readonly claims: Result['claims'];
  /** Unix time in milliseconds. */
  readonly since: number;
  readonly visits: number;
}

/** A visitor's state. */
export type Visitor = Member | { readonly kind: 'guest' };

/** Life of a session, in milliseconds. */
const SESSION_LIFE = 60 * 60 * 1000;
/** Sessions kept at most; the oldest go first. */
const MOST_SESSIONS = 10_000;

/** Sessions by random cookie value. */
export class Sessions {
  readonly #sessions = new Map<string, { readonly visitor: Visitor; readonly ends: number }>();
  readonly #visits = new Map<string, number>();
  readonly #clock: () => number;
  readonly #random: (length: number) => Uint8Array;

  constructor(clock: () => number, random: (length: number) => Uint8Array) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The visitor of a cookie, if the session lives. */
  find(cookie: string | undefined): Visitor | undefined {
    const session = this.#sessions.get(cookie ?? '');
    return session !== undefined && session.ends > this.#clock() ? session.visitor : undefined;
  }

  /** Begins a session as a guest; returns its cookie value. */
  guest(): string {
    return this.#begin({ kind: 'guest' });
  }

  /** Begins a session for a pseudonym; returns its cookie value. */
  member(sub: string, claims: Result['claims']): string {
    const visits = (this.#visits.get(sub) ?? 0) + 1;
    this.#visits.set(sub, visits);
    return this.#begin({ kind: 'member', sub, claims, since: this.#clock(), visits });
  }

  /** Ends a session. */
  end(cookie: string | undefined): void {
    this.#sessions.delete(cookie ?? '');
  }

  #begin(visitor: Visitor): string {
    const oldest = this.#sessions.keys().next().value;
    if (this.#sessions.size >= MOST_SESSIONS && oldest !== undefined) {
      this.#sessions.delete(oldest);
    }
    const cookie = toBase64Url(this.#random(32));
    this.#sessions.set(cookie, { visitor, ends: this.#clock() + SESSION_LIFE });
    return cookie;
  }
}
