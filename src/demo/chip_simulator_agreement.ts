// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Part of the chip simulator: chip authentication as the chip does it (ICAO 9303-11 section 6.2).
 *
 * @module
 */
import { chipAuthenticationOid, type StaticKey } from './chip_features.ts';
import { deriveKeys } from './chip_simulator_cipher.ts';
import { multiplyPoint, parsePoint, simulatedCurve, toBytes } from './chip_simulator_curve.ts';
import { ChipMessaging } from './chip_simulator_messaging.ts';
import { oid } from './der.ts';

/** One agreement over the static key. */
export class ChipAgreement {
  readonly #key: StaticKey;

  constructor(key: StaticKey) {
    this.#key = key;
  }

  /** Whether MSE:Set AT names the key's protocol. */
  isFor(contents: Uint8Array | undefined): boolean {
    const own = oid(chipAuthenticationOid(this.#key.cipher)).subarray(2);
    return contents !== undefined && Buffer.compare(own, contents) === 0;
  }

  /** The session under the new keys, or undefined for a point that is not on the curve. */
  agree(encoded: Uint8Array): ChipMessaging | undefined {
    const curve = simulatedCurve(this.#key.curve);
    const point = parsePoint(curve, encoded);
    const shared = point && multiplyPoint(curve, point, this.#key.scalar);
    if (shared === undefined) return undefined;
    return new ChipMessaging(this.#key.cipher, deriveKeys(this.#key.cipher, toBytes(shared[0], curve.bytes)));
  }
}
