// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Armed records as bytes, for encrypted storage: opened again, a record fires at once, without witness or
 * credential. It is a bearer capability for its platform, policy and day; whoever stores it encrypts it.
 *
 *     "bautaar1" | SHA-256 of the key file (32) | public signals (32 each, big-endian)
 *     | points A, B (G1), C, linear part, B (G2), affine, as in the key file
 *
 * @module
 */
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from '../protocol/errors.ts';
import { bytesToInteger, type FieldElement, toField } from '../protocol/field.ts';
import { type Armed, type ArmedPoints, withTables } from './arm.ts';
import { FIELD_BYTES } from './curve.ts';
import { secretsOf } from './fire.ts';
import { SIGNALS_OF } from './inputs.ts';
import type { ProvingKey } from './load.ts';

const MAGIC = 'bautaar1';
const POINTS: readonly (readonly [name: keyof ArmedPoints, bytes: number])[] = [
  ['a', 2 * FIELD_BYTES],
  ['b1', 2 * FIELD_BYTES],
  ['c', 2 * FIELD_BYTES],
  ['linear', 2 * FIELD_BYTES],
  ['b2', 4 * FIELD_BYTES],
];

const toBytes = (value: FieldElement): Uint8Array => hexToBytes(value.toString(16).padStart(2 * FIELD_BYTES, '0'));

function refuse(what: string): never {
  throw new ProtocolError('sealed_invalid', `this armed record can not be opened: ${what}; arm it again`);
}

/**
 * Writes an armed record: 8 + 32 + 32 times the public signals + 384 bytes.
 *
 * @throws {@link ProtocolError} `armed_unknown` after `disarm`.
 */
export function seal(armed: Armed): Uint8Array {
  const { points } = secretsOf(armed);
  return concatBytes(
    utf8ToBytes(MAGIC),
    hexToBytes(armed.key.hash),
    ...armed.publicSignals.map(toBytes),
    ...POINTS.map(([name]) => points[name]),
  );
}

/**
 * Opens a sealed record. It can be fired, and `arm` starts afresh from it.
 *
 * @throws {@link ProtocolError} `sealed_invalid` for another format or length, or a record of another key;
 * `field_not_canonical` for a signal outside the field.
 */
export function openSealed(key: ProvingKey, bytes: Uint8Array): Armed {
  const signals = SIGNALS_OF[key.circuit].length;
  const length = MAGIC.length + FIELD_BYTES * (1 + signals) + POINTS.reduce((sum, [, size]) => sum + size, 0);
  let offset = 0;
  const take = (size: number): Uint8Array => bytes.slice(offset, (offset += size));
  if (bytes.length !== length || new TextDecoder().decode(take(MAGIC.length)) !== MAGIC) refuse('another format');
  if (bytesToHex(take(FIELD_BYTES)) !== key.hash) refuse('it was armed with another key');
  const publicSignals = Array.from({ length: signals }, () => toField(bytesToInteger(take(FIELD_BYTES))));
  const points = Object.fromEntries(POINTS.map(([name, size]) => [name, take(size)])) as unknown as ArmedPoints;
  return withTables(key, publicSignals, points, undefined);
}
