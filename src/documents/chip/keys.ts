// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Public keys that stand in data groups, as SubjectPublicKeyInfo. Explicit curve parameters, which
 * ICAO demands, are taken only where OpenSSL recognises all of them as those of a named curve: a
 * curve of the document's own making would let its maker answer every challenge.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Curve, CURVES } from './curves.ts';

/** A public key, or undefined where the bytes hold none that OpenSSL can read. */
export function openKey(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** The curve of a key, or undefined where it has none of ours. */
export function curveOfKey(key: KeyObject): Curve | undefined {
  const name = key.asymmetricKeyDetails?.namedCurve;
  return CURVES.find((curve) => curve.name === name);
}

/**
 * The curve of an elliptic curve public key, or undefined where it is none of ours.
 *
 * @throws {@link ProtocolError} `chip_response_invalid` where there is no readable key.
 */
export function curveOfSpki(spki: Uint8Array): Curve | undefined {
  const key = openKey(spki);
  if (key === undefined) throw new ProtocolError('chip_response_invalid', 'the chip’s public key cannot be read');
  return key.asymmetricKeyType === 'ec' ? curveOfKey(key) : undefined;
}
