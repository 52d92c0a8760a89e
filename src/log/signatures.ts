// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What issuers, approvers and the operator sign for the register, with Ed25519 (RFC 8032, strict
 * verification).
 *
 *     leaf        "bauta/leaf/v1" || leaf                           issuer
 *     replacement "bauta/replacement/v1" || replaced || leaf        issuer
 *     revocation  "bauta/revocation/v1" || leaf || reason || after  approver
 *     reversal    "bauta/reversal/v1" || leaf || announcement       approver
 *     urgent      "bauta/urgent/v1" || leaf || reason               approver
 *     request     "bauta/request/v1" || leaf                        issuer
 *     resets      "bauta/resets/v1" || count || "/" || previous     issuer
 *     appeals     "bauta/appeals/v1" || issuer || "/" || time       approver
 *     turn        "bauta/turn/v1" || epoch                          operator
 *     key id      base64url(SHA-256(public key)[:8])
 *
 * A leaf is 32 bytes, big-endian; numbers are decimal text; `after`, `announcement` and `previous` are
 * log positions, or -1 for none; `time` is Unix seconds. No tag is a prefix of another.
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
  return message('leaf', fieldToBytes(leaf));
}

/**
 * What an issuer signs to have a leaf replaced by another of the same holder, in one event.
 *
 * @param replaced - The leaf that loses its position for good.
 * @param leaf - The leaf that takes it.
 */
export function replacementMessage(replaced: FieldElement, leaf: FieldElement): Uint8Array {
  return message('replacement', fieldToBytes(replaced), fieldToBytes(leaf));
}

/** Stands for the log position of an event that there has not been. */
export const NO_EVENT = -1;

/**
 * What an approver signs to have a revocation announced.
 *
 * @param after - Log position of the latest announcement of this leaf, reversed since; {@link NO_EVENT}
 * if there was none. Without it anyone could announce a reversed revocation again with the approvals
 * that stand in the public log.
 */
export function revocationMessage(leaf: FieldElement, reason: RevocationReason, after = NO_EVENT): Uint8Array {
  return message('revocation', fieldToBytes(leaf), utf8ToBytes(`${reason}${String(after)}`));
}

/**
 * What an approver signs to have an announcement reversed.
 *
 * @param announcement - Its log position: the signature is worth nothing for a later one.
 */
export function reversalMessage(leaf: FieldElement, announcement: number): Uint8Array {
  return message('reversal', fieldToBytes(leaf), utf8ToBytes(String(announcement)));
}

/** What an approver signs to have a leaf revoked at once. */
export function urgentMessage(leaf: FieldElement, reason: RevocationReason): Uint8Array {
  return message('urgent', fieldToBytes(leaf), utf8ToBytes(reason));
}

/** What an issuer signs when the holder asks it to revoke a leaf. */
export function requestMessage(leaf: FieldElement): Uint8Array {
  return message('request', fieldToBytes(leaf));
}

/**
 * What an issuer signs to have resets counted.
 *
 * @param count - People given a new seed since the event before.
 * @param previous - Log position of this issuer's previous `resets_counted`, or {@link NO_EVENT}.
 */
export function resetsMessage(count: number, previous: number): Uint8Array {
  return message('resets', utf8ToBytes(`${String(count)}/${String(previous)}`));
}

/**
 * What an approver signs to read the appeals at an issuer; no event of the log.
 *
 * @param issuer - Key id of the issuer.
 * @param time - Unix seconds, now.
 */
export function appealsMessage(issuer: string, time: number): Uint8Array {
  return message('appeals', utf8ToBytes(`${issuer}/${String(time)}`));
}

/**
 * What the operator signs to have a checkpoint cut that is due.
 *
 * @param epoch - The epoch to be cut: the signature is worth nothing once it has been.
 */
export function turnMessage(epoch: number): Uint8Array {
  return message('turn', utf8ToBytes(String(epoch)));
}

function message(tag: keyof typeof MESSAGE_TAG, ...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(utf8ToBytes(MESSAGE_TAG[tag]), ...parts);
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
