// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the wallet's core is given from outside, so that it runs in a page, a worker or a test: time,
 * randomness, fetch, and the parties that the wallet's host has pinned.
 *
 * @module
 */
import type { NoteKey } from '../log/note.ts';

/** Unix time in milliseconds. */
export type Clock = () => number;

/** Cryptographically secure random bytes of the asked length. */
export type Random = (length: number) => Uint8Array;

/** The part of `fetch` that the wallet uses: always an absolute URL as text. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** An issuer as the wallet's configuration pins it. */
export interface IssuerConfig {
  /** Base URL without a trailing slash, e.g. `https://issuer.example`. */
  readonly url: string;
  /** Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
}

/** A register as the wallet's configuration pins it. */
export interface RegisterConfig {
  /** Base URL of the register, without a trailing slash. */
  readonly url: string;
  /** Base URLs of static mirrors, tried first; they need no trust. */
  readonly mirrors?: readonly string[];
  /** Origin line and key name of its checkpoints, e.g. `register.bauta.example/v1`. */
  readonly name: string;
  /** Ed25519 public key of its checkpoints, 32 bytes. */
  readonly key: Uint8Array;
  /** Civil time zone of dates, e.g. `Asia/Shanghai`. */
  readonly timeZone: string;
  /** Length of an epoch. */
  readonly epochSeconds: number;
  /** Whether a checkpoint comes with every epoch, or only when there is something to publish. */
  readonly turn: 'schedule' | 'on_demand';
  /** Who must have cosigned a checkpoint. */
  readonly witnesses: readonly NoteKey[];
  /** How many of them; more than half, so that no two checkpoints can both have them. */
  readonly threshold: number;
}

/** A PIN guard as the wallet's configuration pins it. */
export interface GuardConfig {
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** OPAQUE's static public key of the guard, 32 bytes. */
  readonly key: Uint8Array;
}
