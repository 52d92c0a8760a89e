// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From a PIN to the passwords that guards check, and from their export keys to the tokens that erase.
 *
 * ```text
 * y_i        = VOPRF(k_i, "bauta/pin/v1" || 0 || PIN)                      RFC 9497, ristretto255-SHA512
 * password_i = HKDF-SHA-512(PIN || y_1 || … || y_n, "bauta/guard-password/v1" || 0 || guard i's key), 32 bytes
 * erase_i    = SHA-256("bauta/guard-erase/v1" || 0 || export_i)
 * ```
 *
 * docs/protocol.md section 8.
 *
 * @module
 */
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { GuardConfig, Random } from './environment.ts';

const { voprf } = ristretto255_oprf;

/** Bytes from which a blind is reduced: 128 bits more than the order has, so that nothing is favoured. */
const BLIND_BYTES = 48;

/** A PIN's blinded form at one guard. */
export interface Blinded {
  readonly input: Uint8Array;
  readonly blind: Uint8Array;
  readonly blinded: Uint8Array;
}

/** Blinds a PIN; the blinded element tells nothing of it. */
export function blindPin(pin: string, random: Random): Blinded {
  const input = new TextEncoder().encode(`${MESSAGE_TAG.pin}\0${pin}`);
  return { input, ...voprf.blind(input, (length = BLIND_BYTES) => random(length)) };
}

/**
 * Takes the blinding off a guard's evaluation.
 *
 * @returns `y`, 64 bytes.
 * @throws {@link ProtocolError} `guard_answer_invalid` if another key was used.
 */
export function unblind(
  { input, blind, blinded }: Blinded,
  answer: { readonly evaluated: string; readonly proof: string },
  evaluationKey: Uint8Array,
): Uint8Array {
  try {
    const [evaluated, proof] = [fromBase64Url(answer.evaluated), fromBase64Url(answer.proof)];
    return voprf.finalize(input, blind, evaluated, blinded, evaluationKey, proof);
  } catch (cause) {
    throw new ProtocolError('guard_answer_invalid', 'a guard did not answer with the key of this record', { cause });
  }
}

/** Token that erases a record: `SHA-256("bauta/guard-erase/v1" || 0 || export key)`. */
export function eraseToken(exportKey: Uint8Array): Uint8Array {
  return sha256(Uint8Array.from([...new TextEncoder().encode(`${MESSAGE_TAG.guardErase}\0`), ...exportKey]));
}

/** The password at one guard, base64url. */
export function passwordAt(guard: GuardConfig, pin: string, outputs: readonly Uint8Array[]): string {
  const secret = Uint8Array.from([...new TextEncoder().encode(pin), ...outputs.flatMap((output) => [...output])]);
  const info = Uint8Array.from([...new TextEncoder().encode(`${MESSAGE_TAG.guardPassword}\0`), ...guard.key]);
  return toBase64Url(hkdf(sha512, secret, undefined, info, 32));
}
