// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Active Authentication (ICAO 9303-11 section 6.1): the chip signs a challenge with a key that never
 * leaves it, whose public half is DG15.
 *
 *     RSA     ISO/IEC 9796-2 scheme 1: s^e = 6A || M1 || H(M1 || challenge) || BC, or hash number and CC
 *     ECDSA   r || s over the challenge, hash function named by DG14
 *
 * It proves something only to whoever chose the challenge, used it once, and has found DG15 (and DG14)
 * among what the state signed. SHA-1 is taken under RSA: a forger would need a second preimage, since
 * the chip chooses M1. Keys of 1024 bits are taken, as 9303-12 allows them: breaking one copies one
 * document. docs/protocol.md section 8.
 *
 * @module
 */
import { constants, createHash, type KeyObject, publicEncrypt, verify } from 'node:crypto';
import { ProtocolError } from '../../protocol/errors.ts';
import { sameBytes } from '../asn1.ts';
import { readFile } from '../tlv.ts';
import type { Command } from './apdu.ts';
import { curveOfKey, openKey } from './keys.ts';
import { readDg14 } from './security_infos.ts';

/** Bytes of a challenge. */
export const CHALLENGE_BYTES = 8;
/** Largest DG15, in bytes. */
const MAX_DG15_BYTES = 4096;
const MIN_RSA_BITS = 1024;
const MAX_RSA_BITS = 4096;
/** A chip's signing key over a smaller field could be computed. */
const MIN_CURVE_BYTES = 28;

/** Hash functions of ISO/IEC 10118-3 by their number in the trailer. */
const TRAILER_HASHES: Readonly<Record<number, string>> = {
  0x33: 'sha1',
  0x34: 'sha256',
  0x35: 'sha512',
  0x36: 'sha384',
  0x38: 'sha224',
};
/** ecdsa-plain of BSI TR-03111; SHA-1 and RIPEMD-160 shall not be used, 9303-11 section 6.1.2.3. */
const PLAIN_ECDSA: Readonly<Record<string, string>> = {
  '0.4.0.127.0.7.1.1.4.1.2': 'sha224',
  '0.4.0.127.0.7.1.1.4.1.3': 'sha256',
  '0.4.0.127.0.7.1.1.4.1.4': 'sha384',
  '0.4.0.127.0.7.1.1.4.1.5': 'sha512',
};

/** The verdict on a chip's answer. */
export type ChipVerdict =
  | {
      readonly ok: true;
      /** For people: `AA RSA-2048 SHA-256`. */
      readonly algorithm: string;
    }
  | { readonly ok: false; readonly reason: string; readonly message: string };

function unsupported(what: string): ProtocolError {
  return new ProtocolError('algorithm_unsupported', `${what}; this chip cannot be challenged here`);
}

function failed(): ProtocolError {
  return new ProtocolError('chip_authentication_failed', 'the chip did not sign the challenge of this enrolment');
}

/** The public key in DG15. */
function readDg15(dg15: Uint8Array): KeyObject {
  if (dg15.length > MAX_DG15_BYTES) throw new ProtocolError('document_malformed', 'DG15 is too large; read it again');
  const key = openKey(readFile(dg15, 0x6f, 'DG15'));
  if (key === undefined) throw new ProtocolError('document_malformed', 'DG15 holds no readable key; read it again');
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  const curve = curveOfKey(key);
  const fits =
    key.asymmetricKeyType === 'rsa'
      ? bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS && bits % 8 === 0
      : curve !== undefined && curve.bytes >= MIN_CURVE_BYTES;
  if (!fits) throw unsupported('DG15 holds a key of an unsupported kind or length');
  return key;
}

/**
 * Bytes of the answer that a key gives, for the length of the command.
 *
 * @throws {@link ProtocolError} `document_malformed` | `algorithm_unsupported`.
 */
export function activeAuthenticationBytes(dg15: Uint8Array): number {
  const key = readDg15(dg15);
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return bits === undefined ? 2 * (curveOfKey(key)?.bytes ?? 0) : bits / 8;
}

/** s^e mod n, or what is left of n: ISO/IEC 9796-2 lets the signer send the smaller of s and n - s. */
function recover(key: KeyObject, signature: Uint8Array): Uint8Array {
  const opened = new Uint8Array(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, signature));
  if (((opened.at(-1) ?? 0) & 0x0f) === 0x0c) return opened;
  const modulus = BigInt(`0x${Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`);
  const rest = modulus - BigInt(`0x${Buffer.from(opened).toString('hex')}`);
  return new Uint8Array(Buffer.from(rest.toString(16).padStart(2 * opened.length, '0'), 'hex'));
}

function checkRsa(key: KeyObject, challenge: Uint8Array, signature: Uint8Array): string {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (signature.length !== bits / 8) throw failed();
  let message: Uint8Array;
  try {
    message = recover(key, signature);
  } catch {
    throw failed(); // not below the modulus
  }
  const isShort = message.at(-1) === 0xbc;
  const hash = isShort ? 'sha1' : TRAILER_HASHES[message.at(-2) ?? 0];
  if (message[0] !== 0x6a || (!isShort && message.at(-1) !== 0xcc) || hash === undefined) throw failed();
  const trailer = isShort ? 1 : 2;
  const size = createHash(hash).digest().length;
  const end = message.length - trailer - size;
  if (end < 1) throw failed();
  const digest = createHash(hash).update(message.subarray(1, end)).update(challenge).digest();
  if (!sameBytes(new Uint8Array(digest), message.subarray(end, message.length - trailer))) throw failed();
  return `AA RSA-${String(bits)} ${nameOf(hash)}`;
}

function checkEcdsa(
  key: KeyObject,
  challenge: Uint8Array,
  signature: Uint8Array,
  dg14: Uint8Array | undefined,
): string {
  const named = dg14 === undefined ? undefined : readDg14(dg14).activeAuthentication;
  const hash = named === undefined ? undefined : PLAIN_ECDSA[named];
  if (hash === undefined) throw unsupported('DG14 names no usable hash function for the key in DG15');
  if (!verify(hash, challenge, { key, dsaEncoding: 'ieee-p1363' }, signature)) throw failed();
  return `AA ECDSA ${key.asymmetricKeyDetails?.namedCurve ?? ''} ${nameOf(hash)}`;
}

function nameOf(hash: string): string {
  return `SHA-${hash.slice(3)}`;
}

/**
 * Judges the answer of a chip to a challenge.
 *
 * @param dg15 - As on the chip; the caller has checked it against EF.SOD, or the answer says nothing.
 * @param challenge - Eight bytes that the caller chose at random for this one answer.
 * @param response - The chip's answer to INTERNAL AUTHENTICATE.
 * @param dg14 - As on the chip and checked like DG15; needed for ECDSA.
 * @returns The verdict; malformed input is a refusal as well and never throws.
 */
export function verifyActiveAuthentication(
  dg15: Uint8Array,
  challenge: Uint8Array,
  response: Uint8Array,
  dg14?: Uint8Array,
): ChipVerdict {
  try {
    if (challenge.length !== CHALLENGE_BYTES) throw failed();
    const key = readDg15(dg15);
    const isRsa = key.asymmetricKeyType === 'rsa';
    return {
      ok: true,
      algorithm: isRsa ? checkRsa(key, challenge, response) : checkEcdsa(key, challenge, response, dg14),
    };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { ok: false, reason: error.code, message: error.message };
  }
}

/** INTERNAL AUTHENTICATE; the answer is as long as the key, which may need lengths of two bytes. */
export function internalAuthenticate(challenge: Uint8Array, dg15: Uint8Array): Command {
  const isLong = activeAuthenticationBytes(dg15) > 223;
  return { ins: 0x88, p1: 0, p2: 0, data: challenge, le: isLong ? 0x10000 : 0x100 };
}
