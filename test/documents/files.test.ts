// SPDX-License-Identifier: GPL-3.0-or-later
/** The chip's unsigned structures: TLV, EF.COM, DG1, DG2, and the table of issuing states. */
import { states } from 'mrz';
import { describe, expect, it } from 'vitest';
import { writeCom, writeDg1, writeDg2, writeMrz } from '../../src/demo/chip_files.ts';
import { der, join, text } from '../../src/demo/der.ts';
import { readCom, readDg1 } from '../../src/documents/lds.ts';
import { readDg2 } from '../../src/documents/portrait.ts';
import { countriesOf, issuingStateOf } from '../../src/documents/states.ts';
import { findTlv, MAX_OBJECTS, readTlvs } from '../../src/documents/tlv.ts';
import { NATIONALITIES } from '../../src/protocol/nationality.ts';
import { jpeg, PERSON } from './samples.ts';

const malformed = expect.objectContaining({ code: 'document_malformed' }) as Error;

describe('data objects', () => {
  it('have tags of one or two bytes and lengths in short and long form', () => {
    const long = new Uint8Array(300);
    const objects = readTlvs(join([der(0x61), der(0x5f1f, long), Uint8Array.of(0x04, 0x82, 0, 1, 7)]), 'x');
    expect(objects.map(({ tag, value }) => [tag, value.length])).toEqual([
      [0x61, 0],
      [0x5f1f, 300],
      [0x04, 1],
    ]);
    expect(findTlv(objects, 0x04, 'x')).toEqual(Uint8Array.of(7));
    expect(() => findTlv(objects, 0x05, 'x')).toThrow(malformed);
  });

  it.each([
    ['an indefinite length', [0x30, 0x80, 0, 0]],
    ['a length of five bytes', [0x30, 0x85, 0, 0, 0, 0, 0]],
    ['a tag of three bytes', [0x5f, 0x81, 0x01, 0]],
  ])('are refused with %s', (_, bytes) => {
    expect(() => readTlvs(Uint8Array.from(bytes), 'x')).toThrow(malformed);
  });

  // Told apart from `too many parts`, to which a reader would come that goes on where nothing is left.
  it.each([
    ['after one byte of a tag of two', [0x5f]],
    ['after the tag', [0x30]],
    ['in the length', [0x30, 0x82, 1]],
    ['in the value', [0x30, 2, 1]],
    ['in the second object', [0x04, 1, 7, 0x30, 1]],
  ])('are refused when they end %s', (_, bytes) => {
    expect(() => readTlvs(Uint8Array.from(bytes), 'x')).toThrow(malformed);
    expect(() => readTlvs(Uint8Array.from(bytes), 'x')).toThrow('x is cut short');
  });

  it('are at most so many', () => {
    expect(readTlvs(new Uint8Array(2 * MAX_OBJECTS), 'x')).toHaveLength(MAX_OBJECTS);
    expect(() => readTlvs(new Uint8Array(2 * MAX_OBJECTS + 2), 'x')).toThrow('x has too many parts');
  });
});

describe('EF.COM and DG1', () => {
  it('read what the simulator writes', () => {
    expect(readCom(writeCom())).toEqual({ ldsVersion: '0107', dataGroups: [1, 2] });
    expect(readDg1(writeDg1(PERSON))).toBe(writeMrz(PERSON));
  });

  it.each([
    ['a zone of 87 characters', der(0x61, text(0x5f1f, 'A'.repeat(87)))],
    ['small letters', der(0x61, text(0x5f1f, 'a'.repeat(88)))],
    ['another tag', der(0x62, text(0x5f1f, 'A'.repeat(88)))],
    ['two zones', der(0x61, text(0x5f1f, 'A'.repeat(88)), text(0x5f1f, 'A'.repeat(88)))],
  ])('refuse %s', (_, file) => {
    expect(() => readDg1(file)).toThrow(malformed);
  });

  it('refuse a table of contents with an unknown tag', () => {
    const file = der(0x60, text(0x5f01, '0107'), der(0x5c, Uint8Array.of(0x61, 0x99)));
    expect(() => readCom(file)).toThrow(malformed);
  });
});

describe('DG2', () => {
  const jp2 = Uint8Array.from([
    ...[0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a],
    ...[0xff, 0x4f, 0xff, 0x51, 0, 47, 0, 0, 0, 0, 1, 0x9d, 0, 0, 2, 0x13, ...new Array<number>(20).fill(0)],
  ]);

  it('gives the portrait byte for byte, with the type of its own first bytes', async () => {
    const picture = await jpeg();
    expect(readDg2(writeDg2(picture))).toEqual({ type: 'image/jpeg', bytes: picture });
    expect(readDg2(writeDg2(jp2))).toEqual({ type: 'image/jp2', bytes: jp2 });
    expect(readDg2(writeDg2(jp2.subarray(12)))).toEqual({ type: 'image/jp2', bytes: jp2.subarray(12) });
  });

  it('records the size of the picture', async () => {
    const file = writeDg2(await jpeg());
    const information = Buffer.from(file).indexOf('FAC') + 14 + 20;
    expect([...file.subarray(information + 2, information + 6)]).toEqual([0, 24, 0, 32]);
  });

  it('skips feature points', async () => {
    const picture = await jpeg();
    const file = writeDg2(picture);
    const record = file.slice(Buffer.from(file).indexOf('FAC'));
    const withPoint = join([record.subarray(0, 34), new Uint8Array(8), record.subarray(34)]);
    const view = new DataView(withPoint.buffer);
    view.setUint32(8, withPoint.length);
    view.setUint32(14, withPoint.length - 14);
    view.setUint16(18, 1);
    const wrapped = der(0x75, der(0x7f61, der(0x02, Uint8Array.of(1)), der(0x7f60, der(0x5f2e, withPoint))));
    expect(readDg2(wrapped).bytes).toEqual(picture);
    view.setUint16(18, 60_000);
    expect(() => readDg2(wrapRecord(withPoint))).toThrow(malformed);
  });

  it.each([
    ['a record longer than it is', 8, 0xffffffff, 'document_malformed'],
    ['an image longer than its record', 14, 0xffffffff, 'document_malformed'],
    ['an empty image', 14, 32, 'document_malformed'],
    ['another format', 0, 0x46414300 + 1, 'portrait_unsupported'],
    ['a picture of another kind', 14 + 32, 0x89504e47, 'portrait_unsupported'],
  ])('refuses %s', async (_, offset, value, code) => {
    const file = writeDg2(await jpeg());
    const record = file.slice(Buffer.from(file).indexOf('FAC'));
    new DataView(record.buffer).setUint32(offset, value);
    expect(() => readDg2(wrapRecord(record))).toThrow(expect.objectContaining({ code }));
  });

  it.each([new Uint8Array(), Uint8Array.of(0x46, 0x41, 0x43, 0, 0x30, 0x31, 0x30, 0)])(
    'refuses a record that is cut short',
    (record) => {
      expect(() => readDg2(wrapRecord(record))).toThrow();
    },
  );
});

function wrapRecord(record: Uint8Array): Uint8Array {
  return der(0x75, der(0x7f61, der(0x02, Uint8Array.of(1)), der(0x7f60, der(0x5f2e, record))));
}

describe('issuing states', () => {
  it('have a country for every nationality but those of nobody', () => {
    const without = NATIONALITIES.filter((state) => countriesOf(state).length === 0);
    expect(without).toEqual(['XXA', 'XXB', 'XXC']);
  });

  it('agree with the names that two other tables give them', () => {
    const names = new Intl.DisplayNames('en', { type: 'region' });
    const known: Readonly<Record<string, string>> = states;
    const words = (name: string): readonly string[] => name.toLowerCase().match(/\p{L}{4,}/gu) ?? [];
    const differing = NATIONALITIES.filter((state) => {
      const ours = words(names.of(countriesOf(state)[0] ?? 'ZZ') ?? '');
      return !words(known[state] ?? '').some((word) => ours.includes(word));
    });
    // Named in other words: Bonaire, Cabo Verde, Kosovo (no region of ISO), Laos, Swaziland, Türkiye, the Holy See …
    expect(differing.length).toBeLessThan(14);
    expect(new Set(NATIONALITIES.flatMap(countriesOf)).size).toBe(251);
  });

  it('take the short and special forms of ICAO', () => {
    expect(countriesOf(issuingStateOf('D'))).toEqual(['DE']);
    expect(countriesOf(issuingStateOf('CHN'))).toEqual(['CN', 'HK', 'MO']);
    expect(countriesOf('XOM')).toEqual([]);
    expect(countriesOf('toString')).toEqual([]);
  });
});
