// SPDX-License-Identifier: GPL-3.0-or-later
/** Attributes, policy and revealed values as words: vectors, limits, and the published list. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ATTRIBUTE_LAYOUT,
  type Attributes,
  checkAttributes,
  packAttributes,
  unpackAttributes,
} from '../../src/protocol/attributes.ts';
import { layoutBits } from '../../src/protocol/bits.ts';
import { toDate } from '../../src/protocol/dates.ts';
import { parseField, toField } from '../../src/protocol/field.ts';
import { NATIONALITIES, nationalityCode, nationalityNumber } from '../../src/protocol/nationality.ts';
import {
  type Ask,
  type Disclosed,
  NATIONALITY_GROUPS,
  packPolicy,
  packRevealed,
  parseAsk,
  type Policy,
  POLICY_LAYOUT,
  policyOf,
  REVEAL_LAYOUT,
  unpackPolicy,
  unpackRevealed,
} from '../../src/protocol/policy.ts';
import type { Context } from '../../src/protocol/scope.ts';

const vectors = <T>(name: string): T[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', `${name}.json`), 'utf8')) as T[];
const code = (value: string): unknown => expect.objectContaining({ code: value });

const GOOD: Attributes = {
  version: 1,
  document: 2,
  nationality: nationalityNumber('CHN'),
  region: 0,
  assurance: 1,
  phone: 0,
  birth: 20000229,
  expiry: 20300101,
  issued: 20261101,
  secretSince: 20261201,
  generation: 0,
  issuer: 1,
};
const TODAY = toDate(20261122);

describe('attributes', () => {
  it('have 158 bits, and the vectors say where each field lies', () => {
    expect(layoutBits(ATTRIBUTE_LAYOUT)).toBe(158);
    for (const { attributes, word } of vectors<{ attributes: Attributes; word: string }>('attributes')) {
      expect(packAttributes(attributes).toString()).toBe(word);
      expect(unpackAttributes(parseField(word))).toEqual(attributes);
    }
  });

  it('refuse a value that does not fit, and a word with bits beyond', () => {
    for (const [name, width] of ATTRIBUTE_LAYOUT) {
      for (const value of [2 ** width, -1, 0.5, NaN]) {
        expect(() => packAttributes({ ...GOOD, [name]: value })).toThrow(code('value_out_of_range'));
      }
    }
    expect(() => unpackAttributes(toField(packAttributes(GOOD) + (1n << 158n)))).toThrow(code('value_out_of_range'));
  });

  it('are accepted as an issuer should show them, and a day around', () => {
    checkAttributes(GOOD, TODAY);
    checkAttributes(GOOD, toDate(20261130));
    checkAttributes({ ...GOOD, issued: 20261201 }, toDate(20261130));
    checkAttributes({ ...GOOD, secretSince: 20200301 }, TODAY, toDate(20200301));
  });

  it.each([
    ['version', { version: 2 }],
    ['document', { document: 0 }],
    ['document', { document: 6 }],
    ['nationality', { nationality: 253 }],
    ['assurance', { assurance: 0 }],
    ['assurance', { assurance: 4 }],
    ['birth', { birth: 20261123 }],
    ['birth', { birth: 20010229 }],
    ['expiry, a tag', { expiry: 20300102 }],
    ['expiry, past', { expiry: 20261101 }],
    ['issued, a tag', { issued: 20261122 }],
    ['issued, another month', { issued: 20261001 }],
    ['secretSince, rounded down: it could vote again', { secretSince: 20261101 }],
    ['secretSince, of an older seed', { secretSince: 20200301 }],
  ])('refuse an odd %s', (_, changes) => {
    expect(() => {
      checkAttributes({ ...GOOD, ...changes }, TODAY);
    }).toThrow(code('attributes_refused'));
  });
});

describe('nationalities', () => {
  it('are 253 codes, each once, in a frozen order', () => {
    expect(NATIONALITIES).toHaveLength(253);
    expect(new Set(NATIONALITIES).size).toBe(253);
    expect(NATIONALITIES.every((name) => /^[A-Z]{3}$/.test(name))).toBe(true);
    const iso = NATIONALITIES.slice(0, 249);
    expect(iso).toEqual([...iso].sort());
    expect(['ABW', 'CHN', 'ZWE', 'XXC'].map(nationalityNumber)).toEqual([0, 43, 248, 252]);
    expect([nationalityNumber('D'), nationalityNumber('GBN')]).toEqual(['DEU', 'GBR'].map(nationalityNumber));
  });
  it.each(['UTO', 'UNO', 'XXX', 'EUE', 'chn', '', '__proto__', 'constructor'])('refuse %j', (name) => {
    expect(() => nationalityNumber(name)).toThrow(code('nationality_unsupported'));
  });
  it('refuse numbers outside the table', () => {
    for (const number of [253, -1, 1.5]) expect(() => nationalityCode(number)).toThrow(code('nationality_unsupported'));
  });
});

describe('policies', () => {
  it('have 189 bits, and the vectors say what an ask means', () => {
    expect(layoutBits(POLICY_LAYOUT)).toBe(189);
    const all = vectors<{ ask: unknown; today: number; context: Context; policy: Policy; word: string; mask: string }>(
      'policy',
    );
    for (const { ask, today, context, policy, word, mask } of all) {
      const parsed = parseAsk(ask);
      expect(policyOf(parsed, toDate(today), context)).toEqual(policy);
      expect(packPolicy(policy).toString()).toBe(word);
      expect(unpackPolicy(parseField(word))).toEqual(policy);
      expect(NATIONALITY_GROUPS[parsed.nationality_group].toString()).toBe(mask);
    }
  });

  // One-day birth windows, singleton masks and disclosed birth dates identify: not on the list.
  it.each([
    [{ age_over: 17 }],
    [{ age_over: '18' }],
    [{ age_under: 18 }],
    [{ birth_min: 20000101 }],
    [{ document_group: 'passport' }],
    [{ nationality_group: 'CHN' }],
    [{ nationality_mask: '1' }],
    [{ min_assurance: 4 }],
    [{ reveal: ['birth'] }],
    [{ reveal: ['expiry'] }],
    [{ reveal: ['region'] }],
    [{ reveal: ['generation'] }],
    [{ reveal: ['issuer'] }],
    [{ reveal: ['document', 'document'] }],
    [{ pseudonym: 1 }],
    [null],
    ['over 18'],
    [[]],
  ])('refuse what is off the list: %j', (ask) => {
    expect(() => parseAsk(ask)).toThrow(code('ask_refused'));
  });
});

describe('what is revealed', () => {
  const ask = (reveal: readonly string[]): Ask => parseAsk({ reveal });
  const all = ask(['document', 'nationality', 'assurance', 'phone']);

  it('survives the way through the word', () => {
    const disclosed = fc.record({
      document: fc.constantFrom('passport' as const, 'resident_identity_card' as const),
      nationality: fc.constantFrom(...NATIONALITIES),
      assurance: fc.integer({ min: 0, max: 7 }),
      phone: fc.boolean(),
    });
    fc.assert(
      fc.property(disclosed, (values) => {
        expect(unpackRevealed(packRevealed(values, all), all)).toEqual(values);
      }),
    );
  });

  it('is exactly what was asked', () => {
    const passport: Disclosed = { document: 'passport' };
    expect(() => packRevealed(passport, ask([]))).toThrow(code('claims_mismatch'));
    expect(() => packRevealed({}, ask(['document']))).toThrow(code('claims_mismatch'));
    expect(() => unpackRevealed(packRevealed(passport, ask(['document'])), ask([]))).toThrow(code('claims_mismatch'));
    // Bits of attributes that the list never reveals.
    for (const offset of [13, 24, 51, 78, 84]) {
      expect(() => unpackRevealed(toField(1n << BigInt(offset)), all)).toThrow(code('claims_mismatch'));
    }
    expect(layoutBits(REVEAL_LAYOUT)).toBe(96);
  });
});
