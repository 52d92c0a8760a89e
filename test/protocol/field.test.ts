// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FIELD_ORDER,
  fieldFromBytes,
  fieldToBytes,
  hashToField,
  lengthPrefixed,
  parseField,
  toField,
} from '../../src/protocol/field.ts';

const refused = expect.objectContaining({ code: 'field_not_canonical' }) as unknown;
const outcome = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('field elements', () => {
  it('are read from decimal text, 0 to p - 1', () => {
    expect(parseField('0')).toBe(0n);
    expect(parseField((FIELD_ORDER - 1n).toString())).toBe(FIELD_ORDER - 1n);
  });

  it.each([
    ['p', FIELD_ORDER.toString()],
    ['p + 1', (FIELD_ORDER + 1n).toString()],
    ['n + p', (12345n + FIELD_ORDER).toString()],
    ['a negative', '-1'],
    ['hex', '0x10'],
    ['a leading zero', '01'],
    ['a sign', '+1'],
    ['an exponent', '1e3'],
    ['a fraction', '1.0'],
    ['a space', ' 1'],
    ['a line', '1\n'],
    ['nothing', ''],
    ['other digits', '١'],
    ['a number', 1],
    ['a bigint', 1n],
    ['null', null],
    ['a list', ['1']],
    ['a very long number', '9'.repeat(100_000)],
  ])('refuse %s', (_, value) => {
    expect(outcome(() => parseField(value))).toEqual(refused);
  });

  it('refuse what is not canonical as an integer or as bytes', () => {
    for (const value of [-1n, FIELD_ORDER, FIELD_ORDER + 1n]) expect(outcome(() => toField(value))).toEqual(refused);
    expect(outcome(() => fieldFromBytes(new Uint8Array(31)))).toEqual(refused);
    expect(outcome(() => fieldFromBytes(new Uint8Array(33)))).toEqual(refused);
    expect(outcome(() => fieldFromBytes(new Uint8Array(32).fill(255)))).toEqual(refused);
  });

  it('survive the way through bytes and through text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: FIELD_ORDER - 1n }), (value) => {
        expect(fieldFromBytes(fieldToBytes(toField(value)))).toBe(value);
        expect(parseField(value.toString())).toBe(value);
      }),
    );
  });
});

describe('hashToField', () => {
  it('stays below 2^248, and keeps tags apart', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(hashToField('bauta/scope/v1', bytes) >> 248n).toBe(0n);
        expect(hashToField('bauta/scope/v1', bytes)).not.toBe(hashToField('bauta/context/v1', bytes));
      }),
    );
  });
  it('prefixes lengths, so that neighbours do not run into each other', () => {
    expect([...lengthPrefixed('ab')]).toEqual([0, 2, 97, 98]);
    expect(lengthPrefixed('界')).toHaveLength(2 + 3);
    expect(outcome(() => lengthPrefixed('a'.repeat(65_536)))).toMatchObject({ code: 'text_too_long' });
  });
});
