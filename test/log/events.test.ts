// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { encodeEvent, parseEvent, REVOCATION_REASONS } from '../../src/log/events.ts';
import { isSignedBy, keyIdOf, leafMessage, revocationMessage, sign, turnMessage } from '../../src/log/signatures.ts';
import { FIELD_ORDER, toField } from '../../src/protocol/field.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';

const SECRET = new Uint8Array(32).fill(9);
const PUBLIC = ed25519.getPublicKey(SECRET);
const LEAF = toField(12345n);
const ADDED = {
  kind: 'leaf_added',
  leaf: '12345',
  index: 3,
  issuer: keyIdOf(PUBLIC),
  signature: toBase64Url(sign(leafMessage(LEAF), SECRET)),
} as const;

describe('log entries', () => {
  it('are RFC 8785 JSON: one event has one entry', () => {
    const { signature, leaf, kind, issuer, index } = ADDED;
    expect(encodeEvent(ADDED)).toBe(JSON.stringify({ index, issuer, kind, leaf, signature }));
    expect(encodeEvent(parseEvent({ signature, leaf, kind, issuer, index }))).toBe(encodeEvent(ADDED));
    expect(parseEvent(JSON.parse(encodeEvent(ADDED)))).toEqual(ADDED);
  });

  it.each([
    ['leaf p', { leaf: FIELD_ORDER.toString() }],
    ['leaf p + 1', { leaf: (FIELD_ORDER + 1n).toString() }],
    ['a negative leaf', { leaf: '-1' }],
    ['a hexadecimal leaf', { leaf: '0x3039' }],
    ['leaf 0', { leaf: '0' }],
    ['a leaf with a leading zero', { leaf: '012345' }],
    ['a number for a leaf', { leaf: 12345 }],
    ['an index outside the tree', { index: 2 ** 33 }],
    ['a negative index', { index: -1 }],
    ['a fraction', { index: 0.5 }],
    ['a short signature', { signature: ADDED.signature.slice(4) }],
    ['a padded signature', { signature: `${ADDED.signature}==` }],
    ['stray bits in a signature', { signature: `${ADDED.signature.slice(0, -1)}_` }],
    ['an unknown member', { more: 1 }],
    ['an unknown kind', { kind: 'leaf_moved' }],
    ['a missing member', { issuer: undefined }],
  ])('are refused with %s', (_, change) => {
    expect(() => parseEvent({ ...ADDED, ...change })).toThrow(
      expect.objectContaining({ code: 'event_invalid' }) as Error,
    );
  });

  it('name a reason class that is in the table', () => {
    const revoked = { ...ADDED, kind: 'leaf_revoked', operator: ADDED.issuer, issuer: undefined, reason: 'fraud' };
    const { issuer: _issuer, ...event } = revoked;
    expect(parseEvent(event)).toMatchObject({ reason: 'fraud' });
    for (const reason of ['whim', '', 'toString', 'constructor']) {
      expect(Object.hasOwn(REVOCATION_REASONS, reason)).toBe(false);
      expect(() => parseEvent({ ...event, reason })).toThrow();
    }
  });
});

describe('signatures', () => {
  it('hold for their message and key, and for no other', () => {
    const message = leafMessage(LEAF);
    const signature = sign(message, SECRET);
    expect(isSignedBy(message, signature, PUBLIC)).toBe(true);
    expect(isSignedBy(leafMessage(toField(12346n)), signature, PUBLIC)).toBe(false);
    expect(isSignedBy(message, signature, ed25519.getPublicKey(new Uint8Array(32)))).toBe(false);
    for (const broken of [new Uint8Array(), signature.subarray(1), new Uint8Array(64), new Uint8Array(65)]) {
      expect(isSignedBy(message, broken, PUBLIC)).toBe(false);
    }
  });

  it('are not malleable: S + L is refused', () => {
    const signature = sign(leafMessage(LEAF), SECRET);
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    let s = [...signature.subarray(32)].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + order;
    const moved = Uint8Array.from(signature);
    for (let i = 32; i < 64; i++, s >>= 8n) moved[i] = Number(s & 0xffn);
    expect(isSignedBy(leafMessage(LEAF), moved, PUBLIC)).toBe(false);
  });

  it('of a key of small order are refused', () => {
    // The identity point as key and as R, S = 0: it would verify for every message under cofactored rules.
    const identity = Uint8Array.of(1, ...new Uint8Array(31));
    expect(isSignedBy(leafMessage(LEAF), Uint8Array.of(...identity, ...new Uint8Array(32)), identity)).toBe(false);
  });

  it('are made over messages that cannot be mistaken for each other', () => {
    const texts = [leafMessage(LEAF), revocationMessage(LEAF, 'fraud'), turnMessage(1)].map((bytes) =>
      new TextDecoder('latin1').decode(bytes),
    );
    expect(texts.map((text) => text.split('/v1')[0])).toEqual(['bauta/leaf', 'bauta/revocation', 'bauta/turn']);
    expect(revocationMessage(LEAF, 'fraud')).not.toEqual(revocationMessage(LEAF, 'death'));
  });

  it('name keys by eleven characters', () => {
    expect(keyIdOf(PUBLIC)).toMatch(/^[A-Za-z0-9_-]{11}$/);
  });
});
