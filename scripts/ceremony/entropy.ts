// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Randomness of a contribution: the system's generator mixed with keys struck on the terminal and the
 * moments of striking. Either alone suffices when it is good. Never from a flag or the environment,
 * which shells and process lists keep.
 *
 *     secret(circuit) = SHA-512(tag || circuit || 0 || 64 bytes of the system || SHA-512(keys and times))
 *
 * snarkjs hashes the secret with 64 more bytes of the system into the seed of the contribution.
 *
 * @module
 */
import { sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { CircuitName } from '../../src/protocol/artifacts.ts';
import { CeremonyFault } from './fault.ts';

/** Keys to strike; one that repeats the one before does not count. */
export const KEYSTROKES = 64;

const TAG = 'bauta/ceremony/entropy/v1';
const CONTROL_C = 3;

/** Where randomness comes from. */
export interface EntropySources {
  readonly random: (length: number) => Uint8Array;
  /** Keys as they are struck; undefined to use the system's generator alone. */
  readonly keystrokes: AsyncIterable<Uint8Array> | undefined;
  /** Monotonic time in nanoseconds. */
  readonly now: () => bigint;
  /** Told how many keys are still wanted. */
  readonly onKeysLeft: (left: number) => void;
}

/** Secret of each circuit, to be used once and let go. */
export type Entropy = (circuit: CircuitName) => string;

/**
 * Gathers randomness.
 *
 * @throws {@link CeremonyFault} when the keyboard ends early or Control-C is struck.
 */
export async function gatherEntropy({ random, keystrokes, now, onKeysLeft }: EntropySources): Promise<Entropy> {
  const keyboard = sha512.create();
  if (keystrokes !== undefined) {
    let left = KEYSTROKES;
    let last = '';
    onKeysLeft(left);
    for await (const key of keystrokes) {
      if (key[0] === CONTROL_C) throw new CeremonyFault('interrupted; nothing was written');
      const time = new Uint8Array(new BigUint64Array([now()]).buffer);
      keyboard.update(concatBytes(time, key));
      const struck = bytesToHex(key);
      if (struck !== last) onKeysLeft(--left);
      last = struck;
      if (left === 0) break;
    }
    if (left > 0) throw new CeremonyFault('the keyboard ended before enough keys were struck; nothing was written');
  }
  const typed = keyboard.digest();
  return (circuit) => bytesToHex(sha512(concatBytes(utf8ToBytes(`${TAG}/${circuit}\0`), random(64), typed)));
}
