// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Basic Access Control (ICAO 9303-11 section 4.3): shows the chip that the reader has seen the data
 * page, and agrees on session keys that whoever guesses that page can find later too.
 *
 *     K      = first 16 bytes of SHA-1(MRZ information)
 *     reader:  E(RND.IFD || RND.IC || K.IFD) || MAC        chip:  E(RND.IC || RND.IFD || K.IC) || MAC
 *     seed   = K.IFD xor K.IC          counter = last 4 of RND.IC || last 4 of RND.IFD
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import type { Access, AccessSecrets } from './access.ts';
import { type Card, concat, demand, OK, statusText } from './apdu.ts';
import { CIPHERS, MAC_BYTES, pad, sameCode, type SessionKeys, sessionKeys } from './ciphers.ts';

import { type ChipPassword, passwordSecret } from './passwords.ts';
import { SecureSession } from './secure_messaging.ts';

const CIPHER = CIPHERS['3des'];
const NONCE_BYTES = 8;
const KEYING_BYTES = 16;
const MESSAGE_BYTES = 2 * NONCE_BYTES + KEYING_BYTES;
const ZERO = new Uint8Array(CIPHER.block);

function codeOf(keys: SessionKeys, message: Uint8Array): Uint8Array {
  return CIPHER.mac(keys.kMac, pad(message, CIPHER.block));
}

/** What the chip said, if it knew the same keys and answered this exchange. */
function openAnswer(keys: SessionKeys, answer: Uint8Array, expected: Uint8Array): Uint8Array {
  const encrypted = answer.subarray(0, MESSAGE_BYTES);
  const isAuthentic =
    answer.length === MESSAGE_BYTES + MAC_BYTES && sameCode(codeOf(keys, encrypted), answer.subarray(MESSAGE_BYTES));
  if (!isAuthentic) throw new ProtocolError('chip_response_invalid', 'the answer to access control is not the chip’s');
  const message = CIPHER.decrypt(keys.kEnc, ZERO, encrypted);
  if (!sameCode(message.subarray(0, 2 * NONCE_BYTES), expected)) {
    throw new ProtocolError('chip_response_invalid', 'the answer to access control belongs to another exchange');
  }
  return message.subarray(2 * NONCE_BYTES);
}

/**
 * Opens a chip by BAC; the passport application must be selected.
 *
 * @param secrets - Gives 8 random bytes, then 16.
 * @throws {@link ProtocolError} `chip_access_denied` if the chip refuses the data page,
 * `chip_password_invalid`, `chip_refused`, `chip_response_invalid`.
 */
export async function runBac(card: Card, password: ChipPassword, secrets: AccessSecrets): Promise<Access> {
  if ('can' in password)
    throw new ProtocolError('chip_unsupported', 'this chip opens by its data page, not by a card access number');
  const keys = sessionKeys(CIPHER, passwordSecret(password).subarray(0, KEYING_BYTES));
  const ofChip = await demand(card, { ins: 0x84, p1: 0, p2: 0, le: NONCE_BYTES }, 'a challenge');
  if (ofChip.length !== NONCE_BYTES)
    throw new ProtocolError('chip_response_invalid', 'the chip’s challenge has a wrong length');
  const ofReader = secrets.bytes(NONCE_BYTES);
  const keying = secrets.bytes(KEYING_BYTES);
  const encrypted = CIPHER.encrypt(keys.kEnc, ZERO, concat(ofReader, ofChip, keying));
  const data = concat(encrypted, codeOf(keys, encrypted));
  const answer = await card.send({ ins: 0x82, p1: 0, p2: 0, data, le: MESSAGE_BYTES + MAC_BYTES });
  if (answer.status !== OK) {
    const status = statusText(answer.status);
    throw new ProtocolError(
      'chip_access_denied',
      `the chip does not open by this data page (${status}); check what was typed`,
    );
  }
  const keyingOfChip = openAnswer(keys, answer.data, concat(ofChip, ofReader));
  const session = sessionKeys(
    CIPHER,
    keying.map((byte, index) => byte ^ (keyingOfChip[index] ?? 0)),
  );
  const counter = concat(ofChip.subarray(-4), ofReader.subarray(-4));
  return { protocol: 'BAC', cipher: '3des', keys: session, session: new SecureSession(CIPHER, session, counter) };
}
