// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Chip Authentication (ICAO 9303-11 section 6.2, BSI TR-03110-1 section 3.4), as the terminal that must
 * be convinced: an ephemeral key against the chip's static one in DG14, and secure messaging anew under
 * what both agree on.
 *
 *     K = X coordinate of KA(ephemeral, DG14)       keys KDF(K, 1), KDF(K, 2), counter 0
 *
 * The keys stay here. The client sends the opening commands in the session that it has, then relays one
 * protected command and its answer as bytes that it can neither make nor read. A chip that can answer
 * at all knows the static key: the code over the answer is the proof, whatever its status says.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import type { ChipVerdict } from './active_authentication.ts';
import { concat, decodeAnswer, encodeCommand, tlv } from './apdu.ts';
import { CIPHERS, sessionKeys } from './ciphers.ts';
import { encodePoint, multiply, randomScalar, xOf } from './curves.ts';
import { oidContents } from './pace.ts';
import { SecureSession } from './secure_messaging.ts';
import { type ChipAuthenticationInfo, type ChipPublicKey, readDg14, type SecurityInfos } from './security_infos.ts';

/** A chip's static key over a smaller field could be computed. */
const MIN_CURVE_BYTES = 28;
/** 3DES, which a chip with a public key and no further info means. */
const FALLBACK: ChipAuthenticationInfo = { oid: '0.4.0.127.0.7.2.2.3.2.1', cipher: '3des' };
/** READ BINARY of DG14 by its short identifier, from offset 0. */
const READ_DG14 = { ins: 0xb0, p1: 0x8e, p2: 0, le: 4 } as const;

/** What the client must do. */
export interface ChipAuthenticationRequest {
  /** Plain commands for the client's own session with the chip, in this order; each must succeed. */
  readonly opening: readonly Uint8Array[];
  /** Then this one, directly to the chip, its answer back unchanged. */
  readonly command: Uint8Array;
}

/** Strongest first, each with its key. */
function choose({ chipAuthentication, publicKeys }: SecurityInfos): readonly [ChipAuthenticationInfo, ChipPublicKey] {
  const order = ['aes-256', 'aes-192', 'aes-128', '3des'];
  const infos = [...(chipAuthentication.length > 0 ? chipAuthentication : [FALLBACK])];
  infos.sort((a, b) => order.indexOf(a.cipher) - order.indexOf(b.cipher));
  for (const info of infos) {
    const key = publicKeys.find(
      ({ keyId, curve }) => (info.keyId === undefined || info.keyId === keyId) && curve.bytes >= MIN_CURVE_BYTES,
    );
    if (key !== undefined) return [info, key];
  }
  throw new ProtocolError('algorithm_unsupported', 'DG14 holds no key for chip authentication that is usable here');
}

/** With 3DES MSE:Set KAT carries the key; with AES MSE:Set AT names the protocol and GENERAL AUTHENTICATE carries it. */
function openingCommands(info: ChipAuthenticationInfo, key: ChipPublicKey, point: Uint8Array): readonly Uint8Array[] {
  const reference = key.keyId === undefined ? new Uint8Array() : tlv(0x84, Uint8Array.of(...numberBytes(key.keyId)));
  if (info.cipher === '3des') {
    return [encodeCommand({ ins: 0x22, p1: 0x41, p2: 0xa6, data: concat(tlv(0x91, point), reference) })];
  }
  const protocol = tlv(0x80, oidContents(info.oid));
  return [
    encodeCommand({ ins: 0x22, p1: 0x41, p2: 0xa4, data: concat(protocol, reference) }),
    encodeCommand({ ins: 0x86, p1: 0, p2: 0, data: tlv(0x7c, tlv(0x80, point)), le: 0x100 }),
  ];
}

function numberBytes(value: number): readonly number[] {
  return value < 256 ? [value] : [...numberBytes(Math.floor(value / 256)), value % 256];
}

/** One chip authentication, good for one answer. */
export class ChipAuthentication {
  readonly request: ChipAuthenticationRequest;
  readonly #session: SecureSession;
  readonly #algorithm: string;

  /**
   * @param dg14 - As on the chip; the caller checks it against EF.SOD, or the answer says nothing.
   * @param random - Cryptographically secure source.
   * @throws {@link ProtocolError} `chip_response_invalid` if DG14 is malformed or its key not on its
   * curve, `algorithm_unsupported` if it has no usable key.
   */
  constructor(dg14: Uint8Array, random: (length: number) => Uint8Array) {
    const [info, key] = choose(readDg14(dg14));
    const { curve } = key;
    const scalar = randomScalar(curve, random);
    const cipher = CIPHERS[info.cipher];
    const secret = xOf(curve, multiply(curve, key.point, scalar));
    this.#session = new SecureSession(cipher, sessionKeys(cipher, secret));
    this.#algorithm = `CA ECDH ${curve.name} ${info.cipher.toUpperCase()}`;
    this.request = {
      opening: openingCommands(info, key, encodePoint(multiply(curve, curve.points.BASE, scalar))),
      command: this.#session.protect(READ_DG14),
    };
  }

  /**
   * Judges the answer to the protected command. A second call is refused, whatever the first gave.
   *
   * @param answer - Data and status as the chip sent them.
   * @returns The verdict; malformed input is a refusal as well and never throws.
   */
  verify(answer: Uint8Array): ChipVerdict {
    try {
      this.#session.open(READ_DG14.ins, decodeAnswer(answer));
      return { ok: true, algorithm: this.#algorithm };
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      return {
        ok: false,
        reason: 'chip_authentication_failed',
        message: 'the chip did not answer under the key in DG14',
      };
    }
  }
}
