// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What issuers and operators sign for the register, with Ed25519 (RFC 8032, strict verification).
 *
 *     leaf        "bauta/leaf/v1" || leaf
 *     revocation  "bauta/revocation/v1" || leaf || reason
 *     turn        "bauta/turn/v1" || epoch in decimal
 *     key id      base64url(SHA-256(public key)[:8])
 *
 * A leaf is 32 bytes, big-endian; the tags are of different lengths and no tag is a prefix of another.
 * docs/protocol.md section 7.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { type FieldElement, fieldToBytes } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { RevocationReason } from './events.ts';

/** Short name of a public key: 11 characters. It finds a key in a list and proves nothing. */
export function keyIdOf(publicKey: Uint8Array): string {
  return toBase64Url(sha256(publicKey).subarray(0, 8));
}

/** What an issuer signs to put a leaf into the register. */
export function leafMessage(leaf: FieldElement): Uint8Array {
  return concatBytes(utf8ToBytes(MESSAGE_TAG.leaf), fieldToBytes(leaf));
}

/** What an operator signs to revoke a leaf. */
export function revocationMessage(leaf: FieldElement, reason: RevocationReason): Uint8Array {
  return concatBytes(utf8ToBytes(MESSAGE_TAG.revocation), fieldToBytes(leaf), utf8ToBytes(reason));
}

/**
 * What an operator signs to have a checkpoint cut that is due.
 *
 * @param epoch - The epoch to be cut: the signature is worth nothing once it has been.
 */
export function turnMessage(epoch: number): Uint8Array {
  return concatBytes(utf8ToBytes(MESSAGE_TAG.turn), utf8ToBytes(String(epoch)));
}

/**
 * Signs a message.
 *
 * @param message - One of the messages of this module.
 * @param secretKey - 32 bytes.
 * @returns 64 bytes.
 */
export function sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  return ed25519.sign(message, secretKey);
}

/**
 * Verifies a signature: canonical encodings only, no keys of small order.
 *
 * @returns False for any signature that does not hold, malformed ones included.
 */
export function isSignedBy(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return signature.length === 64 && ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
