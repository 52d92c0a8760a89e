// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Part of the chip simulator: secure messaging as the chip does it (ICAO 9303-11 section 9.8), and the
 * commands that come out of it.
 *
 * @module
 */
import { timingSafeEqual } from 'node:crypto';
import {
  authenticate,
  blockOf,
  type ChipKeys,
  decryptBlocks,
  encryptBlocks,
  padBlocks,
} from './chip_simulator_cipher.ts';
import { type SimulatedCipher, stripPadding } from './chip_simulator_cipher.ts';
import { toBytes } from './chip_simulator_curve.ts';
import { der, join } from './der.ts';

/** A command as the chip sees it. */
export interface ChipCommand {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Uint8Array;
  /** 0 where no answer is expected. */
  readonly le: number;
}

/** An answer of the chip. */
export interface ChipAnswer {
  readonly data: Uint8Array;
  readonly status: number;
}

/** A command from its bytes, or undefined where they are none (ISO/IEC 7816-4 section 5.2). */
export function parseCommand(bytes: Uint8Array): ChipCommand | undefined {
  if (bytes.length < 4) return undefined;
  const [cla = 0, ins = 0, p1 = 0, p2 = 0] = bytes;
  const body = Buffer.from(bytes.subarray(4));
  const make = (data: Uint8Array, le: number): ChipCommand => ({ cla, ins, p1, p2, data: new Uint8Array(data), le });
  const none = new Uint8Array();
  if (body.length === 0) return make(none, 0);
  if (body.length === 1) return make(none, body.readUInt8(0) || 256);
  const wide = body[0] === 0;
  if (wide && body.length === 3) return make(none, body.readUInt16BE(1) || 65_536);
  const start = wide ? 3 : 1;
  if (body.length < start) return undefined;
  const end = start + (wide ? body.readUInt16BE(1) : body.readUInt8(0));
  const data = body.subarray(start, end);
  const rest = body.subarray(end);
  if (end > body.length) return undefined;
  if (rest.length === 0) return make(data, 0);
  if (rest.length === 1 && !wide) return make(data, rest.readUInt8(0) || 256);
  return rest.length === 2 && wide ? make(data, rest.readUInt16BE(0) || 65_536) : undefined;
}

/** Data objects with a tag of one byte, or undefined where the bytes are none. */
export function parseObjects(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  const objects = new Map<number, Uint8Array>();
  for (let offset = 0; offset < bytes.length;) {
    const [tag = 0, first = 0] = bytes.subarray(offset);
    const count = first < 0x80 ? 0 : first - 0x80;
    const length =
      count === 0 ? first : bytes.subarray(offset + 2, offset + 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
    const start = offset + 2 + count;
    if (start + length > bytes.length || bytes.length - offset < 2) return undefined;
    objects.set(tag, bytes.subarray(start, start + length));
    offset = start + length;
  }
  return objects;
}

/** Secure messaging of one session. */
export class ChipMessaging {
  readonly #cipher: SimulatedCipher;
  readonly #keys: ChipKeys;
  #counter: bigint;

  constructor(cipher: SimulatedCipher, keys: ChipKeys, counter = 0n) {
    this.#cipher = cipher;
    this.#keys = keys;
    this.#counter = counter;
  }

  /** The command inside a protected one, or undefined where its code or its form is wrong. */
  unwrap(outer: ChipCommand): ChipCommand | undefined {
    this.#counter += 1n;
    const objects = parseObjects(outer.data);
    const code = objects?.get(0x8e);
    if (objects === undefined || code?.length !== 8) return undefined;
    const covered = outer.data.subarray(0, outer.data.length - 10);
    const header = Uint8Array.of(outer.cla, outer.ins, outer.p1, outer.p2);
    if (!timingSafeEqual(code, this.#code(join([padBlocks(header, blockOf(this.#cipher)), covered])))) return undefined;
    const cryptogram = outer.ins % 2 === 1 ? objects.get(0x85) : objects.get(0x87)?.subarray(1);
    const data =
      cryptogram === undefined
        ? new Uint8Array()
        : stripPadding(decryptBlocks(this.#cipher, this.#keys.encryption, cryptogram, this.#iv()));
    if (data === undefined) return undefined;
    const le = Buffer.from(objects.get(0x97) ?? []);
    const expected = le.length === 0 ? 0 : le.readUIntBE(0, le.length) || (le.length === 1 ? 256 : 65_536);
    return { ...outer, cla: outer.cla & 0xf3, data, le: expected };
  }

  /** The protected answer. */
  wrap(ins: number, { data, status }: ChipAnswer): ChipAnswer {
    this.#counter += 1n;
    const padded = padBlocks(data, blockOf(this.#cipher));
    const encrypted = encryptBlocks(this.#cipher, this.#keys.encryption, padded, this.#iv());
    const cryptogram = ins % 2 === 1 ? der(0x85, encrypted) : der(0x87, Uint8Array.of(1), encrypted);
    const covered = join([
      data.length === 0 ? new Uint8Array() : cryptogram,
      der(0x99, Uint8Array.of(status >> 8, status & 0xff)),
    ]);
    return { data: join([covered, der(0x8e, this.#code(covered))]), status };
  }

  #code(message: Uint8Array): Uint8Array {
    const block = blockOf(this.#cipher);
    const covered = join([toBytes(this.#counter, block), message]);
    return authenticate(this.#cipher, this.#keys.authentication, padBlocks(covered, block));
  }

  #iv(): Uint8Array {
    const block = blockOf(this.#cipher);
    if (block === 8) return new Uint8Array(8);
    return encryptBlocks(this.#cipher, this.#keys.encryption, toBytes(this.#counter, block));
  }
}
