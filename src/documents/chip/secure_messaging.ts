// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Secure messaging (ICAO 9303-11 section 9.8): every command and every answer is encrypted and
 * carries a code over its content and a counter that both sides advance before each of them.
 *
 *     command   0C INS P1 P2 Lc [87 01||E(data)] [97 Le] 8E MAC  Le
 *     answer    [87 01||E(data)] 99 SW 8E MAC  SW
 *     MAC       over counter || pad(CLA INS P1 P2) || 87 || 97    and    counter || 87 || 99
 *
 * 85 E(data) stands in for 87 where INS is odd. With AES the IV is the encrypted counter. A channel that saw
 * one wrong answer is closed for good: its counter no longer means anything, and nobody may try again.
 * Who has the keys and the counter holds the session, wherever the transport ends.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import type { Tlv } from '../tlv.ts';
import { type Answer, type ApduTransport, type Card, type Command, concat, decodeAnswer } from './apdu.ts';
import { decodeCommand, encodeCommand, readChipTlvs, tlv, transmit } from './apdu.ts';
import { type Cipher, pad, sameCode, type SessionKeys, unpad } from './ciphers.ts';

const CRYPTOGRAM = 0x87;
const CRYPTOGRAM_ODD = 0x85;
const EXPECTED = 0x97;
const STATUS = 0x99;
const MAC = 0x8e;
const SECURE_CLASS = 0x0c;

function ended(): ProtocolError {
  return new ProtocolError('chip_response_invalid', 'this session with the chip has ended; read it again');
}

/** The keys, the counter and the two directions of one session, without a transport. */
export class SecureSession {
  readonly #cipher: Cipher;
  readonly #keys: SessionKeys;
  #counter: bigint;
  #state: 'ready' | 'sent' | 'closed' = 'ready';

  /**
   * @param counter - What both sides count from: zero, or in BAC halves of both nonces.
   */
  constructor(cipher: Cipher, keys: SessionKeys, counter: Uint8Array = new Uint8Array(cipher.block)) {
    this.#cipher = cipher;
    this.#keys = keys;
    this.#counter = counter.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  }

  /** The send sequence counter now. */
  get counter(): Uint8Array {
    return this.#counterAt(this.#counter);
  }

  /**
   * Wraps a command and advances the counter.
   *
   * @throws {@link ProtocolError} `chip_response_invalid` before the answer to the last one was opened,
   * since a second command would reuse a counter of the chip, and after the session has ended.
   */
  protect(command: Command): Uint8Array {
    if (this.#state !== 'ready') throw ended();
    this.#state = 'sent';
    const { cla = 0, ins, p1, p2, data, le } = command;
    this.#advance();
    const header = Uint8Array.of(cla | SECURE_CLASS, ins, p1, p2);
    const objects = concat(
      data === undefined || data.length === 0 ? new Uint8Array() : this.#cryptogram(ins, data),
      le === undefined ? new Uint8Array() : tlv(EXPECTED, encodeLe(le)),
    );
    const code = this.#mac(pad(header, this.#cipher.block), objects);
    const body = concat(objects, tlv(MAC, code));
    const room = (le ?? 0) > 0x100 || body.length > 0xff ? 0x10000 : 0x100;
    return encodeCommand({ cla: cla | SECURE_CLASS, ins, p1, p2, data: body, le: room });
  }

  /**
   * Unwraps an answer and advances the counter.
   *
   * @param ins - Of the command that it answers.
   * @throws {@link ProtocolError} `chip_response_invalid` for anything but the authentic answer, after
   * which the session stays closed; `chip_refused` where the chip ends the session in the clear.
   */
  open(ins: number, answer: Answer): Answer {
    if (this.#state !== 'sent') throw ended();
    this.#state = 'closed';
    this.#advance();
    const opened = this.#read(ins, answer);
    this.#state = 'ready';
    return opened;
  }

  /**
   * What a wrapped command says, as the next one of this session; changes nothing and checks nothing:
   * whoever replays a transcript wraps the result again and compares.
   *
   * @throws {@link ProtocolError} `chip_response_invalid`.
   */
  reveal(bytes: Uint8Array): Command {
    const { cla = 0, ins, p1, p2, data = new Uint8Array() } = decodeCommand(bytes);
    const objects = readChipTlvs(data, 'a protected command');
    const iv = this.#iv(this.#counterAt(this.#counter + 1n));
    const content = this.#decrypt(objects, ins, iv);
    const expected = objects.find(({ tag }) => tag === EXPECTED)?.value;
    const le = expected?.reduce((sum, byte) => sum * 256 + byte, 0);
    return {
      cla: cla & ~SECURE_CLASS,
      ins,
      p1,
      p2,
      ...(content !== undefined && { data: content }),
      ...(le !== undefined && { le: le || (expected?.length === 1 ? 0x100 : 0x10000) }),
    };
  }

  #read(ins: number, answer: Answer): Answer {
    if (answer.data.length === 0) {
      throw new ProtocolError('chip_refused', 'the chip ended the protected session; read it again');
    }
    const objects = readChipTlvs(answer.data, 'a protected answer');
    const code = objects.at(-1);
    const status = objects.at(-2);
    const known = [CRYPTOGRAM, CRYPTOGRAM_ODD];
    const inOrder = objects.length <= 3 && objects.slice(0, -2).every(({ tag }) => known.includes(tag));
    if (code?.tag !== MAC || status?.tag !== STATUS || status.value.length !== 2 || !inOrder) {
      throw new ProtocolError('chip_response_invalid', 'a protected answer lacks its code or its status');
    }
    const covered = answer.data.subarray(0, answer.data.length - code.raw.length);
    if (!sameCode(this.#mac(new Uint8Array(), covered), code.value)) {
      throw new ProtocolError('chip_response_invalid', 'a protected answer is not the chip’s: its code is wrong');
    }
    const { status: inner } = decodeAnswer(status.value);
    if (inner !== answer.status)
      throw new ProtocolError('chip_response_invalid', 'a protected answer has two statuses');
    return { data: this.#decrypt(objects, ins, this.#iv(this.counter)) ?? new Uint8Array(), status: inner };
  }

  #cryptogram(ins: number, data: Uint8Array): Uint8Array {
    const { block } = this.#cipher;
    const encrypted = this.#cipher.encrypt(this.#keys.kEnc, this.#iv(this.counter), pad(data, block));
    return ins % 2 === 1 ? tlv(CRYPTOGRAM_ODD, encrypted) : tlv(CRYPTOGRAM, Uint8Array.of(1), encrypted);
  }

  #decrypt(objects: readonly Tlv[], ins: number, iv: Uint8Array): Uint8Array | undefined {
    const object = objects.find(({ tag }) => tag === CRYPTOGRAM || tag === CRYPTOGRAM_ODD);
    if (object === undefined) return undefined;
    const isOdd = object.tag === CRYPTOGRAM_ODD;
    if (isOdd && ins % 2 === 0)
      throw new ProtocolError('chip_response_invalid', 'a protected answer has the form of another command');
    if (!isOdd && object.value[0] !== 1)
      throw new ProtocolError('chip_response_invalid', 'a cryptogram has an unknown padding');
    const encrypted = isOdd ? object.value : object.value.subarray(1);
    const { block } = this.#cipher;
    if (encrypted.length === 0 || encrypted.length % block !== 0)
      throw new ProtocolError('chip_response_invalid', 'a cryptogram is not whole blocks');
    return unpad(this.#cipher.decrypt(this.#keys.kEnc, iv, encrypted), block);
  }

  #mac(header: Uint8Array, objects: Uint8Array): Uint8Array {
    return this.#cipher.mac(this.#keys.kMac, pad(concat(this.counter, header, objects), this.#cipher.block));
  }

  #iv(counter: Uint8Array): Uint8Array {
    const zero = new Uint8Array(this.#cipher.block);
    return this.#cipher.block === 8 ? zero : this.#cipher.encrypt(this.#keys.kEnc, zero, counter);
  }

  #advance(): void {
    this.#counter += 1n;
  }

  #counterAt(value: bigint): Uint8Array {
    const { block } = this.#cipher;
    const modulus = 1n << BigInt(8 * block);
    return Uint8Array.from(
      (value % modulus)
        .toString(16)
        .padStart(2 * block, '0')
        .match(/../g) ?? [],
      (byte) => parseInt(byte, 16),
    );
  }
}

function encodeLe(le: number): Uint8Array {
  return le > 0x100 ? Uint8Array.of((le >> 8) & 0xff, le & 0xff) : Uint8Array.of(le & 0xff);
}

/** A card behind secure messaging. */
export function secureCard(transport: ApduTransport, session: SecureSession): Card {
  return {
    async send(command) {
      return session.open(command.ins, await transmit(transport, session.protect(command)));
    },
  };
}
