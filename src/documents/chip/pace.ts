// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Password Authenticated Connection Establishment over elliptic curves (ICAO 9303-11 section 4.4):
 * a weak password, seen on the document, agrees on strong keys that no eavesdropper can search.
 *
 *     s   = D(K_pi, z)                        K_pi = KDF(password, 3), z from the chip
 *     H   = KA of two fresh keys over G       generic mapping:  G' = s G + H
 *     K   = X coordinate of KA of two fresh keys over G'
 *     T   = MAC(K_MAC, 7F49 of oid and, in 86, the other side's key)
 *
 * Chip authentication mapping is the same, and after it the chip sends, encrypted, the scalar by which
 * its static key becomes its mapping key; {@link checkMapping} judges it.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { ObjectIdentifier } from 'asn1js';
import { findTlv } from '../tlv.ts';
import type { Access, AccessSecrets, ChipMapping } from './access.ts';
import { type Card, concat, OK, readChipTlvs, statusText, tlv } from './apdu.ts';
import { type Cipher, CIPHERS, pad, sameCode, type SessionKeys, sessionKeys, unpad } from './ciphers.ts';
import { type Curve, decodePoint, encodePoint, multiply, type Point, xOf } from './curves.ts';
import { type ChipPassword, PASSWORD_REFERENCE, passwordKind, passwordSecret } from './passwords.ts';
import { SecureSession } from './secure_messaging.ts';
import type { ChipPublicKey, PaceOffer, PaceProtocol } from './security_infos.ts';

const DYNAMIC = 0x7c;
const MAX_NONCE_BYTES = 64;

/** The contents of an OBJECT IDENTIFIER. */
export function oidContents(value: string): Uint8Array {
  return new Uint8Array(new ObjectIdentifier({ value }).toBER()).subarray(2);
}

/** One GENERAL AUTHENTICATE; all but the last are chained. */
async function authenticate(card: Card, objects: readonly Uint8Array[], isLast: boolean): Promise<Uint8Array> {
  const command = { cla: isLast ? 0 : 0x10, ins: 0x86, p1: 0, p2: 0, data: tlv(DYNAMIC, ...objects), le: 0x100 };
  const { data, status } = await card.send(command);
  if (status === OK) return data;
  const text = statusText(status);
  // 63XX: authentication failed, with or without the number of tries left.
  if (status >> 8 === 0x63 || isLast) {
    throw new ProtocolError(
      'chip_access_denied',
      `the chip does not open by this password (${text}); check what was typed`,
    );
  }
  throw new ProtocolError('chip_refused', `the chip refused a step of PACE with ${text}`);
}

function answered(data: Uint8Array, tag: number): Uint8Array {
  const what = 'an answer of PACE';
  const [dynamic, ...more] = readChipTlvs(data, what);
  const objects = dynamic?.tag === DYNAMIC && more.length === 0 ? readChipTlvs(dynamic.value, what) : [];
  if (!objects.some((object) => object.tag === tag))
    throw new ProtocolError('chip_response_invalid', `${what} lacks its part`);
  return findTlv(objects, tag, what);
}

async function readNonce(card: Card, cipher: Cipher, password: ChipPassword): Promise<Uint8Array> {
  const encrypted = answered(await authenticate(card, [], false), 0x80);
  if (encrypted.length === 0 || encrypted.length > MAX_NONCE_BYTES || encrypted.length % cipher.block !== 0) {
    throw new ProtocolError('chip_response_invalid', 'the chip’s nonce has a wrong length');
  }
  const key = cipher.derive(passwordSecret(password), 3);
  return cipher.decrypt(key, new Uint8Array(cipher.block), encrypted);
}

/** G' = s G + H, with the chip's key of the mapping. */
async function mapGenerator(
  card: Card,
  curve: Curve,
  nonce: Uint8Array,
  scalar: Uint8Array,
): Promise<{ readonly generator: Point; readonly ofChip: Uint8Array }> {
  const { points } = curve;
  const own = encodePoint(multiply(curve, points.BASE, scalar));
  const ofChip = answered(await authenticate(card, [tlv(0x81, own)], false), 0x82);
  const shared = multiply(curve, decodePoint(curve, ofChip, 'the chip’s mapping key'), scalar);
  const s = points.Fn.create(nonce.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
  const generator = s === 0n ? shared : points.BASE.multiply(s).add(shared);
  if (generator.is0())
    throw new ProtocolError('chip_response_invalid', 'the mapped generator is the point at infinity');
  return { generator, ofChip };
}

function tokenOf({ oid }: PaceProtocol, cipher: Cipher, keys: SessionKeys, key: Uint8Array): Uint8Array {
  const message = tlv(0x7f49, tlv(0x06, oidContents(oid)), tlv(0x86, key));
  return cipher.mac(keys.kMac, cipher.block === 8 ? pad(message, 8) : message);
}

/** Exchanges and checks the tokens. */
async function confirm(
  card: Card,
  tokens: { readonly own: Uint8Array; readonly expected: Uint8Array },
): Promise<Uint8Array> {
  const answer = await authenticate(card, [tlv(0x85, tokens.own)], true);
  if (!sameCode(tokens.expected, answered(answer, 0x86))) {
    throw new ProtocolError('chip_response_invalid', 'the chip’s token of PACE is wrong');
  }
  return answer;
}

function decryptMapping(cipher: Cipher, keys: SessionKeys, encrypted: Uint8Array): Uint8Array {
  if (encrypted.length === 0 || encrypted.length % cipher.block !== 0) {
    throw new ProtocolError('chip_response_invalid', 'the chip’s authentication data has a wrong length');
  }
  const iv = cipher.encrypt(keys.kEnc, new Uint8Array(cipher.block), new Uint8Array(cipher.block).fill(0xff));
  return unpad(cipher.decrypt(keys.kEnc, iv, encrypted), cipher.block);
}

/** What a terminal may choose. */
export interface PaceChoice {
  /** Whether MSE:Set AT names the curve, which it must where a protocol is offered over several; true unless given. */
  readonly namesCurve?: boolean;
}

/**
 * Opens a chip by PACE, in its master file.
 *
 * @param offer - One of those in EF.CardAccess.
 * @param secrets - Gives the scalar of the mapping, then that of the agreement.
 * @throws {@link ProtocolError} `chip_access_denied` if the chip refuses the password,
 * `chip_password_invalid`, `chip_refused`, `chip_response_invalid`.
 */
export async function runPace(
  card: Card,
  { protocol, curve }: PaceOffer,
  password: ChipPassword,
  secrets: AccessSecrets,
  { namesCurve = true }: PaceChoice = {},
): Promise<Access> {
  const cipher = CIPHERS[protocol.cipher];
  const selection = concat(
    tlv(0x80, oidContents(protocol.oid)),
    tlv(0x83, Uint8Array.of(PASSWORD_REFERENCE[passwordKind(password)])),
    namesCurve ? tlv(0x84, Uint8Array.of(curve.id)) : new Uint8Array(),
  );
  const { status } = await card.send({ ins: 0x22, p1: 0xc1, p2: 0xa4, data: selection });
  // 63CX: the password works, and fewer tries than usual are left.
  if (status !== OK && status >> 4 !== 0x63c) {
    throw new ProtocolError('chip_refused', `the chip refused to begin PACE with ${statusText(status)}`);
  }
  const nonce = await readNonce(card, cipher, password);
  const { generator, ofChip: mappingKey } = await mapGenerator(card, curve, nonce, secrets.scalar(curve));
  const scalar = secrets.scalar(curve);
  const own = encodePoint(multiply(curve, generator, scalar));
  const ofChip = answered(await authenticate(card, [tlv(0x83, own)], false), 0x84);
  if (sameCode(own, ofChip))
    throw new ProtocolError('chip_response_invalid', 'the chip sent the reader’s own key back');
  const secret = multiply(curve, decodePoint(curve, ofChip, 'the chip’s key'), scalar);
  const keys = sessionKeys(cipher, xOf(curve, secret));
  const answer = await confirm(card, {
    own: tokenOf(protocol, cipher, keys, ofChip),
    expected: tokenOf(protocol, cipher, keys, own),
  });
  const mapping =
    protocol.mapping === 'CAM' &&
    ({ curve, scalar: decryptMapping(cipher, keys, answered(answer, 0x8a)), point: mappingKey } satisfies ChipMapping);
  return {
    protocol: protocol.name,
    cipher: protocol.cipher,
    keys,
    session: new SecureSession(cipher, keys),
    ...(mapping !== false && { mapping }),
  };
}

/**
 * Judges chip authentication mapping (9303-11 section 4.4.3.5.2): the chip's mapping key is its static
 * key times the scalar that it sent.
 *
 * @param key - From EF.CardSecurity or DG14, whose signature the caller checks.
 * @throws {@link ProtocolError} `chip_authentication_failed`.
 */
export function checkMapping(mapping: ChipMapping, key: ChipPublicKey): void {
  const { curve, scalar, point } = mapping;
  const isExplained = key.curve.id === curve.id && sameCode(encodePoint(multiply(curve, key.point, scalar)), point);
  if (!isExplained)
    throw new ProtocolError('chip_authentication_failed', 'the chip’s static key does not explain its mapping key');
}
