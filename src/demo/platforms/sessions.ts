// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a sample platform remembers: sessions, how often each pseudonym came, and marks of the browsers in
 * which it did. In memory: a restart forgets everybody.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Result } from '../../platform/client/messages.ts';
import { toBase64Url } from '../../protocol/scope.ts';

/** Someone who logged in with Bauta. */
export interface Member {
  readonly kind: 'member';
  readonly sub: string;
  readonly claims: Result['claims'];
  /** Unix time in milliseconds. */
  readonly since: number;
  readonly visits: number;
  /** Whether the account had been seen, and never in this browser. A step-up ends it. */
  unusual: boolean;
  /** Browsers in which the account was seen. */
  readonly browsers: number;
}

/** A visitor's state. */
export type Visitor = Member | { readonly kind: 'guest' } | { readonly kind: 'account'; readonly name: string };

/** Life of a session, in milliseconds. */
const SESSION_LIFE = 60 * 60 * 1000;
/** Sessions kept at most; the oldest go first. */
const MOST_SESSIONS = 10_000;

/** Sessions by random cookie value. */
export class Sessions {
  readonly #sessions = new Map<string, { readonly visitor: Visitor; readonly ends: number }>();
  readonly #visits = new Map<string, number>();
  readonly #browsers = new Map<string, Set<string>>();
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

  /** Begins a session as a guest, or with a password; returns its cookie value. */
  begin(visitor: Exclude<Visitor, Member>): string {
    return this.#begin(visitor);
  }

  /**
   * Begins a session for a pseudonym; returns its cookie value.
   *
   * @param mark - Random value that the platform left in this browser; undefined where it leaves none.
   */
  member(sub: string, claims: Result['claims'], mark?: string): string {
    const visits = (this.#visits.get(sub) ?? 0) + 1;
    this.#visits.set(sub, visits);
    const known = this.#browsers.get(sub) ?? new Set();
    const unusual = mark !== undefined && visits > 1 && !known.has(hashOf(mark));
    if (mark !== undefined && !unusual) this.#know(sub, mark);
    const browsers = this.#browsers.get(sub)?.size ?? 0;
    return this.#begin({ kind: 'member', sub, claims, since: this.#clock(), visits, unusual, browsers });
  }

  /** The holder of a session has proved possession again: from now on its browser is known. */
  confirm(cookie: string | undefined, mark: string | undefined): void {
    const visitor = this.find(cookie);
    if (visitor?.kind !== 'member') return;
    visitor.unusual = false;
    if (mark !== undefined) this.#know(visitor.sub, mark);
    Object.assign(visitor, { browsers: this.#browsers.get(visitor.sub)?.size ?? 0 });
  }

  /** Ends a session. */
  end(cookie: string | undefined): void {
    this.#sessions.delete(cookie ?? '');
  }

  #know(sub: string, mark: string): void {
    const known = this.#browsers.get(sub) ?? new Set();
    this.#browsers.set(sub, known.add(hashOf(mark)));
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

function hashOf(mark: string): string {
  return createHash('sha256').update(mark).digest('base64url');
}
