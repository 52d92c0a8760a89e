// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import {
  encodeEvent,
  MAX_APPROVALS,
  MAX_DELAY,
  MAX_FILES,
  parseEvent,
  REVOCATION_REASONS,
  type RevocationReason,
} from '../../src/log/events.ts';
import {
  isSignedBy,
  keyIdOf,
  leafMessage,
  NO_EVENT,
  replacementMessage,
  requestMessage,
  resetsMessage,
  reversalMessage,
  revocationMessage,
  sign,
  turnMessage,
  urgentMessage,
} from '../../src/log/signatures.ts';
import { MESSAGE_TAG } from '../../src/protocol/domains.ts';
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

  const refused = (event: object): void => {
    expect(() => parseEvent(event), JSON.stringify(event)).toThrow(
      expect.objectContaining({ code: 'event_invalid' }) as Error,
    );
  };
  const { leaf, index, issuer, signature } = ADDED;
  const approval = (n: number) => ({ approver: keyIdOf(Uint8Array.of(n)), signature });
  const announced = {
    kind: 'revocation_announced',
    leaf,
    index,
    reason: 'fraud',
    approvals: [approval(1), approval(2)],
  };
  const revoked = { kind: 'leaf_revoked', leaf, index };

  it('name a reason class that is in the table', () => {
    expect(parseEvent(announced)).toEqual(announced);
    for (const reason of ['whim', '', 'toString', 'constructor']) {
      expect(Object.hasOwn(REVOCATION_REASONS, reason)).toBe(false);
      refused({ ...announced, reason });
    }
  });

  it('carry 1 to 16 approvals by distinct approvers', () => {
    const many = Array.from({ length: MAX_APPROVALS + 1 }, (_, i) => approval(i));
    for (const kind of [announced, { kind: 'revocation_reversed', leaf, index }]) {
      expect(parseEvent({ ...kind, approvals: many.slice(1) })).toMatchObject({ leaf });
      refused({ ...kind, approvals: many });
      refused({ ...kind, approvals: [] });
      refused({ ...kind, approvals: [approval(1), approval(1)] });
      refused({ ...kind, approvals: [{ ...approval(1), more: 1 }] });
    }
  });

  it('revoke as announced, urgently, or on request, and say which', () => {
    const byAnnouncement = { ...revoked, reason: 'fraud', announced: 7 };
    const urgent = { ...revoked, reason: 'document_lost', urgent: true, approvals: [approval(1)] };
    const requested = { ...revoked, reason: 'holder_request', requested: true, issuer, signature };
    for (const event of [byAnnouncement, urgent, requested]) {
      expect(parseEvent(event)).toEqual(event);
    }
    refused({ ...revoked, reason: 'fraud' });
    refused({ ...byAnnouncement, announced: -1 });
    refused({ ...byAnnouncement, urgent: true });
    refused({ ...urgent, urgent: false });
    refused({ ...urgent, announced: 7 });
    refused({ ...requested, approvals: [approval(1)] });
  });

  it('are urgent for two reasons only, and leave a request to the holder', () => {
    for (const reason of Object.keys(REVOCATION_REASONS) as RevocationReason[]) {
      const urgent = { ...revoked, reason, urgent: true, approvals: [approval(1)] };
      if (reason === 'document_lost' || reason === 'issuer_key_compromised') {
        expect(parseEvent(urgent)).toEqual(urgent);
      } else {
        refused(urgent);
      }
      if (reason !== 'holder_request') {
        refused({ ...revoked, reason, requested: true, issuer, signature });
      }
    }
    refused({ ...announced, reason: 'holder_request' });
    refused({ ...revoked, reason: 'holder_request', announced: 7 });
  });

  it('replace one leaf by another, both field elements other than 0', () => {
    const replaced = { ...ADDED, kind: 'leaf_replaced', replaced: '12344' };
    expect(parseEvent(replaced)).toEqual(replaced);
    for (const wrong of ['0', FIELD_ORDER.toString(), '-1', 12344, undefined])
      refused({ ...replaced, replaced: wrong });
    refused({ ...replaced, leaf: '0' });
    refused({ ...ADDED, replaced: '12344' });
  });

  it('set rules within their limits', () => {
    const rules = { kind: 'rules_set', approvals: 2, delay: 1_209_600 };
    for (const change of [{}, { approvals: 1 }, { approvals: MAX_APPROVALS }, { delay: 1 }, { delay: MAX_DELAY }]) {
      expect(parseEvent({ ...rules, ...change })).toEqual({ ...rules, ...change });
    }
    for (const change of [
      { approvals: 0 },
      { approvals: MAX_APPROVALS + 1 },
      { approvals: 1.5 },
      { delay: 0 },
      { delay: MAX_DELAY + 1 },
      { delay: undefined },
    ]) {
      refused({ ...rules, ...change });
    }
  });

  it('know issuers and approvers, and no operator', () => {
    const added = { kind: 'key_added', id: issuer, key: toBase64Url(PUBLIC) };
    expect(parseEvent({ ...added, role: 'approver' })).toMatchObject({ role: 'approver' });
    refused({ ...added, role: 'operator' });
    refused({ kind: 'key_removed', role: 'operator', id: issuer });
  });

  it('name files by their SHA-256, and count resets from 1', () => {
    const hash = 'ab'.repeat(32);
    const files = { 'show.wasm': hash, 'assets/index-1.js': hash };
    expect(parseEvent({ kind: 'artifacts_published', files })).toEqual({ kind: 'artifacts_published', files });
    for (const wrong of [
      { 'show.wasm': hash.toUpperCase() },
      { 'show.wasm': 'ab' },
      { '../x': hash },
      { 'a b': hash },
    ]) {
      refused({ kind: 'artifacts_published', files: wrong });
    }
    const many = Object.fromEntries(Array.from({ length: MAX_FILES + 1 }, (_, i) => [`f${String(i)}`, hash]));
    refused({ kind: 'artifacts_published', files: many });
    expect(parseEvent({ kind: 'resets_counted', issuer, count: 1, signature })).toMatchObject({ count: 1 });
    refused({ kind: 'resets_counted', issuer, count: 0, signature });
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
    const messages = [
      leafMessage(LEAF),
      replacementMessage(LEAF, toField(1n)),
      replacementMessage(toField(1n), LEAF),
      revocationMessage(LEAF, 'fraud'),
      revocationMessage(LEAF, 'fraud', 7),
      revocationMessage(LEAF, 'death'),
      revocationMessage(toField(1n), 'fraud'),
      reversalMessage(LEAF, 7),
      reversalMessage(LEAF, 8),
      urgentMessage(LEAF, 'document_lost'),
      urgentMessage(LEAF, 'issuer_key_compromised'),
      requestMessage(LEAF),
      resetsMessage(1, 11),
      resetsMessage(11, 1),
      resetsMessage(1, NO_EVENT),
      turnMessage(1),
    ];
    expect(new Set(messages.map((message) => toBase64Url(message))).size).toBe(messages.length);
    const tags = Object.values(MESSAGE_TAG);
    expect(tags.filter((tag) => tags.some((other) => other !== tag && tag.startsWith(other)))).toEqual([]);
  });

  it('name keys by eleven characters', () => {
    expect(keyIdOf(PUBLIC)).toMatch(/^[A-Za-z0-9_-]{11}$/);
  });
});
