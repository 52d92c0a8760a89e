// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Commands to a chip and its answers (ISO/IEC 7816-4 section 5):
 *
 *     command  CLA INS P1 P2 [Lc data] [Le]      answer  [data] SW1 SW2
 *
 * Lc and Le have one byte, or two where more than 255 bytes go or more than 256 come back. Whatever
 * carries them, a reader in a socket or a companion at the other end of a network, is an
 * {@link ApduTransport}. docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { readTlvs, type Tlv } from '../tlv.ts';

/** Carries one command at a time to a chip. */
export interface ApduTransport {
  /**
   * Sends a command and waits for the answer.
   *
   * The transport keeps the time limit of the card and of the connection: a promise that never
   * settles would hang the reader. It rejects when the document is gone.
   */
  transmit(command: Uint8Array): Promise<Uint8Array>;
}

/** A command before it is encoded. */
export interface Command {
  /** 0 unless given. */
  readonly cla?: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  /** At most 65,535 bytes. */
  readonly data?: Uint8Array;
  /** Bytes expected at most, 1 to 65,536; absent where none are. */
  readonly le?: number;
}

/** An answer. */
export interface Answer {
  readonly data: Uint8Array;
  /** SW1 SW2 as a number: `0x9000`. */
  readonly status: number;
}

/** A chip to which commands can be sent, in the clear or through secure messaging. */
export interface Card {
  send(command: Command): Promise<Answer>;
}

/** Success. */
export const OK = 0x9000;
/** Longest answer: 65,536 bytes and the status. */
export const MAX_ANSWER_BYTES = 65_538;
/** Most GET RESPONSE commands after one command. */
const MAX_GET_RESPONSE = 256;

/** A status word as people write it, `6A82`. */
export function statusText(status: number): string {
  return status.toString(16).toUpperCase().padStart(4, '0');
}

/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** One data object with a tag of one or two bytes and the length in its shortest form. */
export function tlv(tag: number, ...value: readonly Uint8Array[]): Uint8Array {
  const contents = concat(...value);
  const { length } = contents;
  const header = tag > 0xff ? [tag >> 8, tag & 0xff] : [tag];
  if (length < 0x80) header.push(length);
  else if (length < 0x100) header.push(0x81, length);
  else if (length < 0x10000) header.push(0x82, length >> 8, length & 0xff);
  else header.push(0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
  return concat(Uint8Array.from(header), contents);
}

/**
 * Data objects that a chip sent.
 *
 * @param what - Names the structure in errors.
 * @throws {@link ProtocolError} `chip_response_invalid`.
 */
export function readChipTlvs(bytes: Uint8Array, what: string): readonly Tlv[] {
  try {
    return readTlvs(bytes, what);
  } catch (cause) {
    throw new ProtocolError('chip_response_invalid', `${what} is malformed`, { cause });
  }
}

/** The bytes of a command; lengths of two bytes only where one does not do. */
export function encodeCommand({ cla = 0, ins, p1, p2, data, le }: Command): Uint8Array {
  const size = data?.length ?? 0;
  if (size > 0xffff || (le !== undefined && (le < 1 || le > 0x10000))) {
    throw new ProtocolError('chip_unsupported', 'a command does not fit an APDU');
  }
  const extended = size > 0xff || (le ?? 0) > 0x100;
  const u16 = (value: number): readonly number[] => [(value >> 8) & 0xff, value & 0xff];
  const lc = size === 0 ? [] : extended ? [0, ...u16(size)] : [size];
  const expected = le === undefined ? [] : !extended ? [le & 0xff] : size === 0 ? [0, ...u16(le)] : u16(le);
  return concat(Uint8Array.from([cla, ins, p1, p2, ...lc]), data ?? new Uint8Array(), Uint8Array.from(expected));
}

/**
 * Reads the bytes of a command; the inverse of {@link encodeCommand}.
 *
 * @throws {@link ProtocolError} `chip_response_invalid`.
 */
export function decodeCommand(bytes: Uint8Array): Command {
  const fault = (): ProtocolError => new ProtocolError('chip_response_invalid', 'these bytes are not a command');
  const [cla, ins, p1, p2] = bytes;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) throw fault();
  const body = bytes.subarray(4);
  const u16 = (offset: number): number => (body[offset] ?? 0) * 256 + (body[offset + 1] ?? 0);
  const head = { cla, ins, p1, p2 };
  if (body.length === 0) return head;
  if (body.length === 1) return { ...head, le: (body[0] ?? 0) || 0x100 };
  if (body[0] === 0 && body.length === 3) return { ...head, le: u16(1) || 0x10000 };
  const wide = body[0] === 0;
  const start = wide ? 3 : 1;
  const size = wide ? u16(1) : (body[0] ?? 0);
  const data = body.subarray(start, start + size);
  const rest = body.length - start - size;
  if (size === 0 || rest < 0) throw fault();
  if (rest === 0) return { ...head, data };
  if (rest !== (wide ? 2 : 1)) throw fault();
  const le = wide ? u16(start + size) || 0x10000 : (body[start + size] ?? 0) || 0x100;
  return { ...head, data, le };
}

/**
 * Reads the bytes of an answer.
 *
 * @throws {@link ProtocolError} `chip_response_invalid`.
 */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const { length } = bytes;
  if (length < 2 || length > MAX_ANSWER_BYTES) {
    throw new ProtocolError('chip_response_invalid', 'the chip answered with too few or too many bytes');
  }
  const status = (bytes[length - 2] ?? 0) * 256 + (bytes[length - 1] ?? 0);
  return { data: bytes.subarray(0, length - 2), status };
}

async function exchange(transport: ApduTransport, command: Uint8Array): Promise<Answer> {
  let bytes: Uint8Array;
  try {
    bytes = await transport.transmit(command);
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError('chip_transport_failed', 'the connection to the chip failed; place the document again', {
      cause,
    });
  }
  return decodeAnswer(bytes);
}

/**
 * Sends encoded bytes and gathers the whole answer: `61XX` is followed by GET RESPONSE, `6CXX` by the
 * same command with the length that the chip names (ISO 7816-4 section 5.3.4).
 *
 * @param corrected - The command for another Le; absent where the length is protected and must stay.
 * @throws {@link ProtocolError} `chip_transport_failed` | `chip_response_invalid`.
 */
export async function transmit(
  transport: ApduTransport,
  command: Uint8Array,
  corrected?: (le: number) => Uint8Array,
): Promise<Answer> {
  let answer = await exchange(transport, command);
  if (answer.status >> 8 === 0x6c && corrected !== undefined) {
    answer = await exchange(transport, corrected(answer.status & 0xff || 0x100));
  }
  const parts = [answer.data];
  for (let count = 0; answer.status >> 8 === 0x61; count++) {
    if (count === MAX_GET_RESPONSE) throw new ProtocolError('chip_response_invalid', 'the chip never ends its answer');
    const le = answer.status & 0xff || 0x100;
    answer = await exchange(transport, encodeCommand({ ins: 0xc0, p1: 0, p2: 0, le }));
    parts.push(answer.data);
  }
  return { data: concat(...parts), status: answer.status };
}

/** A card in the clear. */
export function plainCard(transport: ApduTransport): Card {
  return {
    send: (command) => transmit(transport, encodeCommand(command), (le) => encodeCommand({ ...command, le })),
  };
}

/**
 * Sends a command that must succeed.
 *
 * @param what - Names the step in errors.
 * @returns The data of the answer.
 * @throws {@link ProtocolError} `chip_refused` with the status word.
 */
export async function demand(card: Card, command: Command, what: string): Promise<Uint8Array> {
  const { data, status } = await card.send(command);
  if (status !== OK) throw new ProtocolError('chip_refused', `the chip refused ${what} with ${statusText(status)}`);
  return data;
}
