// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What both access protocols, BAC and PACE, need and give.
 *
 * @module
 */
import type { CipherName, SessionKeys } from './ciphers.ts';
import { type Curve, randomScalar } from './curves.ts';
import type { SecureSession } from './secure_messaging.ts';

/** Where the reader's secrets come from; a replayed transcript brings its own. */
export interface AccessSecrets {
  /** Random bytes. */
  bytes(length: number): Uint8Array;
  /** A secret scalar of a curve, big-endian. */
  scalar(curve: Curve): Uint8Array;
}

/** A chip that was opened. */
export interface Access {
  /** `BAC`, or the name of PACE's object identifier. */
  readonly protocol: string;
  readonly cipher: CipherName;
  readonly keys: SessionKeys;
  readonly session: SecureSession;
  /** After PACE with chip authentication mapping: what the chip's static key must explain. */
  readonly mapping?: ChipMapping;
}

/** Evidence of chip authentication mapping, good for whoever ran PACE and for nobody else. */
export interface ChipMapping {
  readonly curve: Curve;
  /** The scalar that the chip sent encrypted, big-endian. */
  readonly scalar: Uint8Array;
  /** The chip's mapping key, 04 || X || Y. */
  readonly point: Uint8Array;
}

/** Fresh secrets. */
export function freshSecrets(random: (length: number) => Uint8Array): AccessSecrets {
  return { bytes: random, scalar: (curve) => randomScalar(curve, random) };
}
