// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { DOCUMENT_KINDS } from '../../src/protocol/attributes.ts';
import { dateInZone, toDate } from '../../src/protocol/dates.ts';
import { toField } from '../../src/protocol/field.ts';
import { type Ask, NATIONALITY_GROUPS, packPolicy, parseAsk, policyOf } from '../../src/protocol/policy.ts';
import { deriveContext, deriveScope } from '../../src/protocol/scope.ts';
import { type Asked, consentOf } from '../../src/wallet/consent.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import {
  chooseCredential,
  decodeCredentials,
  encodeCredentials,
  MAX_CREDENTIALS,
  withCredential,
} from '../../src/wallet/credentials.ts';
import { ATTRIBUTES, NOW } from '../proving/sample.ts';

const TODAY = dateInZone(NOW, 'Asia/Shanghai');
const ACCOUNT = { kind: 'account' } as const;
let count = 0n;

function credential(attributes: Partial<typeof ATTRIBUTES> = {}, seed = 7n): Credential {
  count += 1n;
  return {
    seed: toField(seed),
    blinding: toField(count),
    attributes: { ...ATTRIBUTES, ...attributes },
    leaf: toField(1000n + count),
    issuer: 'https://issuer.example',
    signature: new Uint8Array(64),
    index: Number(count),
    published: 1,
  };
}

function asked(ask: Partial<Ask> = {}, today = TODAY): Asked {
  const full = parseAsk(ask);
  return {
    origin: 'https://forum.example',
    ask: full,
    inputs: {
      scope: deriveScope('https://forum.example'),
      context: deriveContext(ACCOUNT),
      policy: packPolicy(policyOf(full, today, ACCOUNT)),
      nationalityMask: toField(NATIONALITY_GROUPS[full.nationality_group]),
      binding: toField(1n),
    },
  };
}

const passport = credential({ document: DOCUMENT_KINDS.passport, expiry: 20300101, assurance: 1 });
const card = credential({ document: DOCUMENT_KINDS.resident_identity_card, expiry: 20280101, assurance: 3 });

describe('two documents of one person', () => {
  it('show one pseudonym, whichever answers: nobody counts twice', () => {
    const request = asked();
    const subs = [passport, card].map((each) => consentOf(request, each, poseidon).sub);
    expect(subs[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(subs[1]).toBe(subs[0]);
    const stranger = credential({ document: DOCUMENT_KINDS.passport }, 8n);
    expect(consentOf(request, stranger, poseidon).sub).not.toBe(subs[0]);
  });

  it('answer what they can: by assurance, by kind, by the day', () => {
    const choose = (request: Asked, from = [passport, card]) => chooseCredential(request, from, poseidon);
    expect(choose(asked())).toBe(passport);
    expect(choose(asked({ min_assurance: 3 }))).toBe(card);
    const expired = asked({}, toDate(20290101));
    expect(choose(expired)).toBe(passport);
    expect(choose(asked({ min_assurance: 3 }, toDate(20290101)))).toBeDefined();
    expect(choose(asked(), [])).toBeUndefined();
  });

  it('are chosen alike in any order, so that a second request sees no other answer', () => {
    const twin = credential({ document: DOCUMENT_KINDS.travel_permit_taiwan, expiry: 20300101, assurance: 2 });
    const list = [passport, card, twin];
    const orders = [list, [...list].reverse(), [card, twin, passport]];
    expect(new Set(orders.map((order) => chooseCredential(asked(), order, poseidon)))).toEqual(new Set([twin]));
  });
});

describe('a wallet’s credentials', () => {
  it('can be kept and read again', () => {
    const list = [passport, card];
    expect(decodeCredentials(encodeCredentials(list))).toEqual(list);
    expect(decodeCredentials(encodeCredentials([]))).toEqual([]);
  });

  it('are of one seed, one of each kind', () => {
    const stranger = credential({ document: DOCUMENT_KINDS.travel_permit_taiwan }, 8n);
    const same = credential({ document: DOCUMENT_KINDS.passport });
    for (const wrong of [
      [passport, stranger],
      [passport, same],
    ]) {
      expect(() => encodeCredentials(wrong)).toThrow(expect.objectContaining({ code: 'stored_invalid' }));
    }
    const kinds = Object.values(DOCUMENT_KINDS).map((document) => credential({ document }));
    expect(kinds).toHaveLength(MAX_CREDENTIALS);
    expect(decodeCredentials(encodeCredentials(kinds))).toEqual(kinds);
    for (const text of ['', '{}', '[1]', '["{}"]', 'null']) {
      expect(() => decodeCredentials(text)).toThrow(expect.objectContaining({ code: 'stored_invalid' }));
    }
  });

  it('take in a renewal in place of the one of its kind, a second document beside it, and a reset alone', () => {
    const renewed = credential({ document: DOCUMENT_KINDS.passport });
    expect(withCredential([passport, card], renewed)).toEqual([renewed, card]);
    const other = credential({ document: DOCUMENT_KINDS.travel_permit_taiwan });
    expect(withCredential([passport, card], other)).toEqual([other, passport, card]);
    expect(withCredential([passport, card], renewed, true)).toEqual([renewed]);
    const reset = credential({ document: DOCUMENT_KINDS.travel_permit_taiwan }, 9n);
    expect(withCredential([passport, card], reset)).toEqual([reset]);
  });
});
