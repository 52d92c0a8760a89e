// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, concatBytes, hexToBytes, numberToBytesLE } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSignedBy } from '../../src/log/signatures.ts';
import { isSignedByNode } from '../../src/register/signatures_node.ts';

const SECRET = new Uint8Array(32).fill(9);
const KEY = ed25519.getPublicKey(SECRET);
const MESSAGE = new TextEncoder().encode('bauta');
const SIGNATURE = ed25519.sign(MESSAGE, SECRET);

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const scalar = (value: bigint): Uint8Array => numberToBytesLE(value, 32);
/** A point of order 8. */
const SMALL = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', true);

/** A signature whose R or key is off by a point of small order: it passes with the cofactor, and not without. */
function shifted(): { readonly signature: Uint8Array; readonly key: Uint8Array } {
  const secret = 12345n;
  const nonce = 67890n;
  const key = Point.BASE.multiply(secret).toBytes();
  const r = Point.BASE.multiply(nonce).add(SMALL).toBytes();
  const k = hashOf(r, key);
  return { key, signature: concatBytes(r, scalar((nonce + k * secret) % ORDER)) };
}

function hashOf(r: Uint8Array, key: Uint8Array): bigint {
  return bytesToNumberLE(sha512(concatBytes(r, key, MESSAGE))) % ORDER;
}

it('accepts what was signed, and nothing else', () => {
  expect(isSignedByNode(MESSAGE, SIGNATURE, KEY)).toBe(true);
  expect(isSignedByNode(MESSAGE.subarray(1), SIGNATURE, KEY)).toBe(false);
  expect(isSignedByNode(MESSAGE, SIGNATURE.subarray(1), KEY)).toBe(false);
  expect(isSignedByNode(MESSAGE, SIGNATURE, KEY.subarray(1))).toBe(false);
  for (let bit = 0; bit < 512; bit += 3) {
    const flipped = Uint8Array.from(SIGNATURE, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    expect(isSignedByNode(MESSAGE, flipped, KEY)).toBe(false);
  }
});

it('has the verdicts of the strict rules where implementations differ', () => {
  const s = bytesToNumberLE(SIGNATURE.subarray(32));
  const { signature, key } = shifted();
  const identity = scalar(1n);
  const cases: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
    ['S beyond the order', concatBytes(SIGNATURE.subarray(0, 32), scalar(s + ORDER)), KEY],
    ['R off by a point of small order', signature, key],
    ['the identity as key', concatBytes(identity, scalar(0n)), identity],
    ['a key of small order', concatBytes(identity, scalar(0n)), SMALL.toBytes()],
    ['another encoding of the identity', concatBytes(identity, scalar(0n)), scalar(2n ** 255n - 18n)],
    ['a key that is no point', SIGNATURE, hexToBytes('02'.padEnd(64, '0'))],
    ['zeros', new Uint8Array(64), new Uint8Array(32)],
  ];
  const verdicts = cases.map(([name, sig, pub]) => [name, isSignedByNode(MESSAGE, sig, pub)]);
  expect(verdicts).toEqual(cases.map(([name, sig, pub]) => [name, isSignedBy(MESSAGE, sig, pub)]));
  // The cofactor matters for one of them, and the strict rules of ours take it.
  expect(Object.fromEntries(verdicts)).toMatchObject({
    'R off by a point of small order': true,
    'a key of small order': false,
  });
});

it('has the same verdict on any bytes', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(bytes(8), bytes(64), bytes(32), (message, signature, key) => {
      expect(isSignedByNode(message, signature, key)).toBe(isSignedBy(message, signature, key));
    }),
    { numRuns: 60 },
  );
});

it('keeps few keys, and is right about all', () => {
  for (let i = 0; i < 260; i++) {
    const key = Point.BASE.multiply(BigInt(i + 1)).toBytes();
    // Not signed by any of them: told by the fallback, which is slow, for a few only.
    if (i % 64 === 0) expect(isSignedByNode(MESSAGE, SIGNATURE, key)).toBe(false);
    else isSignedByNode(MESSAGE, new Uint8Array(64).fill(255), key);
  }
  expect(isSignedByNode(MESSAGE, SIGNATURE, KEY)).toBe(true);
});
