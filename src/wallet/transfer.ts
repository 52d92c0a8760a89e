// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a wallet holds, carried to a second device that lies beside it, by codes on both screens. Nothing
 * passes through a network.
 *
 * ```text
 * taker shows  A = a G                                   P-256, keys made for this transfer
 * giver shows  B = b G
 * both show    code = Argon2id(A || B, salt, 64 MiB, t = 3) mod 10^8
 * giver shows  IV || AES-256-GCM(key, text), in parts, once the holder has said that the codes agree
 * key          = HKDF-SHA-256(a B, salt = SHA-256(tag || A || B), tag)
 * ```
 *
 * Who put a key of their own between the two screens would need two keys under which eight digits agree: some
 * 10^8 evaluations of Argon2id within {@link TRANSFER_MS}. docs/protocol.md section 8.
 *
 * @module
 */
import { argon2id } from 'hash-wasm';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { Random } from './environment.ts';
import { seal, unseal } from './sealing.ts';
import { ARGON2 } from './unlock.ts';

/** How long the keys of a transfer live, milliseconds. */
export const TRANSFER_MS = 5 * 60_000;
/** Digits of the code that both devices show. */
export const CODE_DIGITS = 8;
/** Characters of a part; a screen's code of that size is read by a cheap camera. */
export const PART_LENGTH = 320;
/** Most parts of a transfer. */
export const MAX_PARTS = 64;

/** Uncompressed point of P-256. */
const POINT_BYTES = 65;
const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const;
const PREFIX = { taker: 'BAUTA-A1:', giver: 'BAUTA-B1:', part: 'BAUTA-P1:' } as const;

/** Which side of a transfer someone is. */
export type TransferSide = 'taker' | 'giver';

/** A key pair for one transfer; the private half cannot be read. */
export interface TransferKeys {
  readonly side: TransferSide;
  readonly own: Uint8Array;
  readonly privateKey: CryptoKey;
}

const invalid = (cause?: unknown): ProtocolError =>
  new ProtocolError('transfer_invalid', 'this code does not belong to the transfer; begin again on both devices', {
    cause,
  });

/** Makes the keys of one side. */
export async function createTransferKeys(side: TransferSide): Promise<TransferKeys> {
  const pair = await crypto.subtle.generateKey(CURVE, false, ['deriveBits']);
  const own = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { side, own, privateKey: pair.privateKey };
}

/** Text of the code by which a side shows its key. */
export function keyText({ side, own }: Pick<TransferKeys, 'side' | 'own'>): string {
  return PREFIX[side] + toBase64Url(own);
}

/**
 * Reads the key of the other side.
 *
 * @param side - Whose key it must be.
 * @throws {@link ProtocolError} `transfer_invalid`.
 */
export function readKeyText(text: string, side: TransferSide): Uint8Array {
  const prefix = PREFIX[side];
  if (!text.startsWith(prefix)) throw invalid();
  try {
    const key = fromBase64Url(text.slice(prefix.length));
    if (key.length === POINT_BYTES) return key;
  } catch (cause) {
    throw invalid(cause);
  }
  throw invalid();
}

/** Both keys, the taker's first. */
function bothKeys({ side, own }: TransferKeys, other: Uint8Array): Uint8Array {
  return Uint8Array.from(side === 'taker' ? [...own, ...other] : [...other, ...own]);
}

async function saltOf(keys: Uint8Array): Promise<Uint8Array> {
  const tagged = Uint8Array.from([...new TextEncoder().encode(`${MESSAGE_TAG.transfer}\0`), ...keys]);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', tagged));
}

/**
 * What both devices show for the holder to compare.
 *
 * @returns {@link CODE_DIGITS} digits.
 */
export async function compareCode(keys: TransferKeys, other: Uint8Array): Promise<string> {
  const both = bothKeys(keys, other);
  const stretched = await argon2id({
    password: both,
    salt: (await saltOf(both)).subarray(0, 16),
    memorySize: ARGON2.memoryKib,
    iterations: ARGON2.passes,
    parallelism: ARGON2.lanes,
    hashLength: 8,
    outputType: 'binary',
  });
  const number = new DataView(new Uint8Array(stretched).buffer).getBigUint64(0);
  return String(number % 10n ** BigInt(CODE_DIGITS)).padStart(CODE_DIGITS, '0');
}

async function sealingKey(
  { privateKey, ...keys }: TransferKeys,
  other: Uint8Array,
): Promise<{ readonly secret: Uint8Array; readonly salt: Uint8Array; readonly info: string }> {
  let secret: Uint8Array;
  try {
    // Refuses a point that is not on the curve.
    const point = await crypto.subtle.importKey('raw', new Uint8Array(other), CURVE, false, []);
    secret = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: point }, privateKey, 256));
  } catch (cause) {
    throw invalid(cause);
  }
  return { secret, salt: await saltOf(bothKeys({ privateKey, ...keys }, other)), info: MESSAGE_TAG.transfer };
}

/**
 * Seals a text for the other side, in parts for a screen.
 *
 * @param text - What the wallet holds; nothing but this makes sense of it.
 * @throws {@link ProtocolError} `transfer_invalid` for a key that is none, `transfer_too_large`.
 */
export async function sealTransfer(
  keys: TransferKeys,
  other: Uint8Array,
  text: string,
  random: Random,
): Promise<readonly string[]> {
  const plain = new TextEncoder().encode(text);
  const sealed = toBase64Url(await seal(await sealingKey(keys, other), plain, new Uint8Array(), random(12)));
  const total = Math.ceil(sealed.length / PART_LENGTH);
  if (total > MAX_PARTS) {
    throw new ProtocolError('transfer_too_large', 'there is more in this wallet than a transfer can carry');
  }
  return Array.from({ length: total }, (_, i) => {
    const content = sealed.slice(i * PART_LENGTH, (i + 1) * PART_LENGTH);
    return `${PREFIX.part}${String(i + 1)}/${String(total)}:${content}`;
  });
}

/** Parts that have been read, in any order. */
export interface CollectedParts {
  readonly total: number;
  readonly parts: ReadonlyMap<number, string>;
}

/** None yet. */
export const NO_PARTS: CollectedParts = { total: 0, parts: new Map() };

/**
 * Adds a part that was read.
 *
 * @returns Undefined if the text is no part of this transfer.
 */
export function collectPart(collected: CollectedParts, text: string): CollectedParts | undefined {
  const [, number = '', count = '', content = ''] =
    /^BAUTA-P1:([0-9]{1,2})\/([0-9]{1,2}):([A-Za-z0-9_-]+)$/.exec(text) ?? [];
  const [place, total] = [Number(number), Number(count)];
  const isPart = place >= 1 && place <= total && total <= MAX_PARTS && content.length <= PART_LENGTH;
  if (!isPart || (collected.total !== 0 && collected.total !== total)) return undefined;
  return { total, parts: new Map([...collected.parts, [place, content]]) };
}

/** Whether all parts are there. */
export function isComplete({ total, parts }: CollectedParts): boolean {
  return total > 0 && parts.size === total;
}

/**
 * Opens what was transferred.
 *
 * @throws {@link ProtocolError} `transfer_invalid` if it was sealed for someone else, or changed.
 */
export async function openTransfer(keys: TransferKeys, other: Uint8Array, collected: CollectedParts): Promise<string> {
  if (!isComplete(collected)) throw invalid();
  const joined = Array.from({ length: collected.total }, (_, i) => collected.parts.get(i + 1) ?? '').join('');
  let sealed: Uint8Array;
  try {
    sealed = fromBase64Url(joined);
  } catch (cause) {
    throw invalid(cause);
  }
  const plain = await unseal(await sealingKey(keys, other), sealed, new Uint8Array());
  if (plain === undefined) throw invalid();
  return new TextDecoder('utf-8', { fatal: true }).decode(plain);
}
