// SPDX-License-Identifier: GPL-3.0-or-later
/** Whatever a stranger sends: a clear error, in bounded time, never a crash. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { der, join, seq, text } from '../../src/demo/der.ts';
import { MAX_DEPTH, MAX_NODES, parseAsn1 } from '../../src/documents/asn1.ts';
import { MAX_CERTIFICATE_BYTES, readCertificate } from '../../src/documents/certificate.ts';
import { createCardAuthority } from '../../src/demo/card_simulator.ts';
import { MAX_DG1_BYTES, readCom, readDg1, readDg11 } from '../../src/documents/lds.ts';
import { MAX_MASTER_LIST_BYTES, openMasterList } from '../../src/documents/master_list.ts';
import { readMrz } from '../../src/documents/mrz.ts';
import { CARD_KINDS, readCardNumber } from '../../src/documents/numbers.ts';
import { MAX_DG2_BYTES, readDg2 } from '../../src/documents/portrait.ts';
import { MAX_SOD_BYTES, readSod } from '../../src/documents/sod.ts';
import { MAX_OBJECTS, readTlvs } from '../../src/documents/tlv.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { authorityOf, jpeg, PERSON, SIGNED_AT, verifyChip } from './samples.ts';

const authority = authorityOf('ecdsa-p256');
const RUNS = 400;
let sod: Uint8Array;
let dg1: Uint8Array;
let dg2: Uint8Array;
let dg11: Uint8Array;
let list: Uint8Array;

beforeAll(async () => {
  ({ sod, dg1, dg2 } = authority.issue(PERSON, await jpeg()));
  dg11 = der(0x6b, der(0x5c, Uint8Array.of(0x5f, 0x0e, 0x5f, 0x10)), text(0x5f0e, 'NAME'), text(0x5f10, '12-34'));
  list = authority.masterList();
});

/** Runs a reader; true unless it throws anything but a ProtocolError. */
function settles(read: () => unknown): boolean {
  try {
    read();
  } catch (error) {
    return error instanceof ProtocolError && /^[a-z][a-z0-9_]*$/.test(error.code);
  }
  return true;
}

interface Edit {
  /** Share of the file before the edit. */
  readonly at: number;
  readonly kind: 'cut' | 'write' | 'insert' | 'repeat' | 'drop';
  readonly bytes: Uint8Array;
}

/** Cuts, overwrites, inserts and repeats at random places. */
const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    kind: fc.constantFrom('cut' as const, 'write', 'insert', 'repeat', 'drop'),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 6 }),
      fc.constantFrom(Uint8Array.of(0x80), Uint8Array.of(0x84, 0xff, 0xff, 0xff, 0xff), Uint8Array.of(0x30, 0x80)),
    ),
  }),
  { minLength: 1, maxLength: 3 },
);

function edited(file: Uint8Array, changes: readonly Edit[]): Uint8Array {
  return changes.reduce<Uint8Array>((bytes, { at, kind, bytes: extra }) => {
    const offset = Math.floor(at * bytes.length);
    const [head, tail] = [bytes.subarray(0, offset), bytes.subarray(offset)];
    switch (kind) {
      case 'cut':
        return Uint8Array.from(head);
      case 'write':
        return join([head, extra, tail.subarray(extra.length)]);
      case 'insert':
        return join([head, extra, tail]);
      case 'repeat':
        return join([head, tail.subarray(0, 40), tail]);
      case 'drop':
        return join([head, tail.subarray(extra.length)]);
    }
  }, file);
}

describe('edited files', () => {
  it('a security object is refused, or means exactly the same', () => {
    const honest = verifyChip({ sod, dg1, dg2 }, authority.anchors);
    fc.assert(
      fc.property(edits, (changes) => {
        const verdict = verifyChip({ sod: edited(sod, changes), dg1, dg2 }, authority.anchors);
        expect(verdict.ok ? verdict : honest).toEqual(honest);
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    ['DG1', () => dg1, readDg1],
    ['DG2', () => dg2, readDg2],
    ['DG11', () => dg11, readDg11],
    ['a certificate', () => authority.csca, readCertificate],
    ['a master list', () => list, (bytes: Uint8Array) => openMasterList(bytes, authority.csca, SIGNED_AT)],
  ] as const)('%s is read or refused', (_, file, read) => {
    fc.assert(
      fc.property(edits, (changes) => settles(() => read(edited(file(), changes)))),
      { numRuns: RUNS },
    );
  });
});

describe('random bytes', () => {
  it.each([
    ['readSod', (bytes: Uint8Array) => readSod(der(0x77, bytes))],
    ['readCertificate', readCertificate],
    ['readTlvs', (bytes: Uint8Array) => readTlvs(bytes, 'x')],
    ['readCom', readCom],
    ['readDg11', (bytes: Uint8Array) => readDg11(der(0x6b, bytes))],
    ['readDg2', (bytes: Uint8Array) => readDg2(der(0x75, der(0x7f61, bytes)))],
    ['openMasterList', (bytes: Uint8Array) => openMasterList(bytes, authority.csca, SIGNED_AT)],
  ] as const)('%s settles', (_, read) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => settles(() => read(bytes))),
      { numRuns: RUNS },
    );
  });

  it('readCardNumber settles, and its errors repeat nothing', () => {
    const character = fc.constantFrom(...Array.from('0123456789XHMPAK <'), '１', '\u0000');
    const number = fc.array(character, { maxLength: 20 }).map((characters) => characters.join(''));
    fc.assert(
      fc.property(fc.constantFrom(...CARD_KINDS), number, (kind, written) => {
        try {
          readCardNumber(kind, written);
        } catch (error) {
          expect((error as Error).message).not.toMatch(/[\dX]{3}/);
          return error instanceof ProtocolError;
        }
        return true;
      }),
      { numRuns: RUNS },
    );
  });

  it('a simulated card that was edited is refused, or is the same', () => {
    const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
    const cards = createCardAuthority(random);
    const challenge = random(16);
    const person = { kind: 'travel_permit_taiwan', name: 'X', number: '12345678', nationality: 'TWN' } as const;
    const card = cards.issue({ ...person, birth: PERSON.birth, expiry: undefined }, dg2).read(challenge);
    const honest = cards.decode(card, challenge);
    fc.assert(
      fc.property(edits, (changes) =>
        settles(() => {
          // Without its answer a card is a copy of itself.
          expect({ ...cards.decode(edited(card, changes), challenge), answered: true }).toEqual(honest);
        }),
      ),
      { numRuns: RUNS },
    );
  });

  it('readMrz settles, and its errors repeat nothing', () => {
    const character = fc.constantFrom('A', 'B', 'C', 'X', 'Y', 'Z', '0', '1', '8', '9', '<');
    const zone = fc.array(character, { minLength: 70, maxLength: 92 }).map((characters) => characters.join(''));
    fc.assert(
      fc.property(zone, (text) => settles(() => readMrz(text))),
      { numRuns: RUNS },
    );
  });
});

describe('limits', () => {
  const code = 'document_malformed';
  const refused = (read: () => unknown): void => {
    const start = process.cpuUsage();
    expect(read).toThrow(expect.objectContaining({ code }));
    const { user, system } = process.cpuUsage(start);
    expect(user + system, 'microseconds of CPU').toBeLessThan(1_000_000);
  };
  const repeated = (bytes: readonly number[], times: number): Uint8Array =>
    Uint8Array.from({ length: bytes.length * times }, (_, index) => bytes[index % bytes.length] ?? 0);

  it.each([
    ['nesting of indefinite lengths', repeated([0x30, 0x80], 30_000)],
    ['nesting of indefinite octet strings', repeated([0x24, 0x80], 30_000)],
    ['a length beyond the end', Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0)],
    ['a length of 126 bytes', Uint8Array.of(0x30, 0xfe, ...repeated([0xff], 200))],
    ['an empty file', new Uint8Array()],
    ['a tag that never ends', repeated([0xff], 60_000)],
    ['an object identifier of 60 kB', der(0x30, der(0x06, repeated([0x81], 60_000)))],
    ['an integer of 60 kB', der(0x30, der(0x02, repeated([0x7f], 60_000)))],
  ])('%s', (_, bytes) => {
    refused(() => readSod(der(0x77, bytes)));
    refused(() => readCertificate(bytes));
  });

  it('nesting up to the limit is read, deeper is not', () => {
    const nested = (depth: number): Uint8Array =>
      Array.from({ length: depth }).reduce<Uint8Array>((inner) => seq(inner), new Uint8Array());
    expect(settles(() => parseAsn1(nested(MAX_DEPTH), 'x'))).toBe(true);
    expect(() => parseAsn1(nested(MAX_DEPTH), 'x')).not.toThrow();
    refused(() => parseAsn1(nested(MAX_DEPTH + 2), 'x'));
  });

  it('nodes up to the limit are read, one more is not', () => {
    expect(() => parseAsn1(seq(repeated([0x05, 0], MAX_NODES - 1)), 'x')).not.toThrow();
    refused(() => parseAsn1(seq(repeated([0x05, 0], MAX_NODES)), 'x'));
    refused(() => readTlvs(repeated([0x05, 0], MAX_OBJECTS + 1), 'x'));
  });

  it('every file has its largest size', () => {
    refused(() => readSod(new Uint8Array(MAX_SOD_BYTES + 1)));
    refused(() => readCertificate(new Uint8Array(MAX_CERTIFICATE_BYTES + 1)));
    refused(() => readDg1(new Uint8Array(MAX_DG1_BYTES + 1)));
    refused(() => readDg2(new Uint8Array(MAX_DG2_BYTES + 1)));
    refused(() => openMasterList(new Uint8Array(MAX_MASTER_LIST_BYTES + 1), authority.csca, SIGNED_AT));
  });

  it('bytes after the end are refused, since a hash over them covers what nobody reads', () => {
    for (const [read, file] of [
      [readSod, sod],
      [readDg1, dg1],
      [readDg2, dg2],
      [readCertificate, authority.csca],
    ] as const) {
      refused(() => read(join([file, Uint8Array.of(0)])));
      refused(() => read(file.subarray(0, file.length - 1)));
    }
  });
});
