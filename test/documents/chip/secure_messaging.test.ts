// SPDX-License-Identifier: GPL-3.0-or-later
/** Commands, ciphers and secure messaging apart from any protocol. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authenticate } from '../../../src/demo/chip_simulator_cipher.ts';
import { type Command, decodeAnswer, decodeCommand, encodeCommand, tlv } from '../../../src/documents/chip/apdu.ts';
import { CIPHERS, pad, sessionKeys, unpad } from '../../../src/documents/chip/ciphers.ts';
import { passwordSecret } from '../../../src/documents/chip/passwords.ts';
import { SecureSession } from '../../../src/documents/chip/secure_messaging.ts';
import { seeded } from './chips.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('commands', () => {
  const command = fc.record(
    {
      cla: fc.nat(255),
      ins: fc.nat(255),
      p1: fc.nat(255),
      p2: fc.nat(255),
      data: fc.uint8Array({ minLength: 1, maxLength: 600 }),
      le: fc.constantFrom(1, 255, 256, 257, 65_535, 65_536),
    },
    { requiredKeys: ['cla', 'ins', 'p1', 'p2'] },
  );

  it('are read as they were written', () => {
    fc.assert(
      fc.property(command, (written) => {
        expect(decodeCommand(encodeCommand(written as Command))).toEqual(written);
      }),
    );
  });

  it.each([
    [{ ins: 0xb0, p1: 0, p2: 4, le: 256 }, '00b0000400'],
    [{ ins: 0xb0, p1: 0, p2: 4, le: 257 }, '00b00004000101'],
    [{ ins: 0xb0, p1: 0, p2: 4, le: 65_536 }, '00b00004000000'],
    [{ ins: 0x88, p1: 0, p2: 0, data: hex('0102'), le: 65_536 }, '008800000000020102' + '0000'],
  ])('have lengths of two bytes only where they must: %o', (written, bytes) => {
    expect(toHex(encodeCommand(written))).toBe(bytes);
  });

  it.each(['', '00', '00a402', '00a4020c0201', '00a4020c0100ffff', '00a4020c00000501'])('are not %s', (bytes) => {
    expect(() => decodeCommand(hex(bytes))).toThrow(expect.objectContaining({ code: 'chip_response_invalid' }));
  });

  it('do not fit an APDU beyond its lengths', () => {
    const data = new Uint8Array(65_536);
    expect(() => encodeCommand({ ins: 0, p1: 0, p2: 0, data })).toThrow(/APDU/);
    expect(() => encodeCommand({ ins: 0, p1: 0, p2: 0, le: 65_537 })).toThrow(/APDU/);
    expect(() => decodeAnswer(new Uint8Array(65_539))).toThrow(/too many/);
    expect(() => decodeAnswer(new Uint8Array(1))).toThrow(/too few/);
  });
});

describe('ciphers', () => {
  it('derive the keys of ICAO 9303-11 appendix D.1 and D.2', () => {
    const seed = passwordSecret({ documentNumber: 'L898902C', birthDate: '690806', expiryDate: '940623' });
    expect(toHex(seed.subarray(0, 16))).toBe('239ab9cb282daf66231dc5a4df6bfbae');
    const { kEnc, kMac } = sessionKeys(CIPHERS['3des'], seed.subarray(0, 16));
    expect([toHex(kEnc), toHex(kMac)]).toEqual([
      'ab94fdecf2674fdfb9b391f85d7f76f2',
      '7962d9ece03d1acd4c76089dce131543',
    ]);
  });

  it('authenticate as NIST SP 800-38B D.1 does', () => {
    const key = hex('2b7e151628aed2a6abf7158809cf4f3c');
    expect(toHex(CIPHERS['aes-128'].mac(key, hex('6bc1bee22e409f96e93d7e117393172a')))).toBe('070a16b46b4d4144');
  });

  it('authenticate and encrypt as the simulator, written from the standards, does', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(CIPHERS)), fc.uint8Array({ maxLength: 100 }), (cipher, data) => {
        const key = cipher.derive(data, 2);
        const padded = pad(data, cipher.block);
        expect(toHex(cipher.mac(key, padded))).toBe(toHex(authenticate(cipher.name, key, padded)));
        const iv = new Uint8Array(cipher.block).fill(7);
        expect(unpad(cipher.decrypt(key, iv, cipher.encrypt(key, iv, padded)), cipher.block)).toEqual(data);
      }),
    );
  });

  it.each(['00000000', '', '8000000000000000' + '00', '01'])('do not find padding in %s', (bytes) => {
    expect(() => unpad(hex(bytes), 8)).toThrow(expect.objectContaining({ code: 'chip_response_invalid' }));
  });
});

describe('a session', () => {
  const cipher = CIPHERS['aes-128'];
  const make = (): SecureSession => new SecureSession(cipher, sessionKeys(cipher, seeded('keys')(16)));
  const READ = { ins: 0xb0, p1: 0, p2: 0, le: 4 } as const;
  const answerOf = (counter: number, objects: Uint8Array = tlv(0x99, hex('9000'))): Uint8Array => {
    const { kMac } = sessionKeys(cipher, seeded('keys')(16));
    const covered = pad(Buffer.concat([new Uint8Array(15), Uint8Array.of(counter), objects]), 16);
    return Buffer.concat([objects, tlv(0x8e, cipher.mac(kMac, covered))]);
  };
  const opened = (session: SecureSession, data: Uint8Array, status = 0x9000): unknown =>
    session.open(0xb0, { data, status });

  it('takes each counter once: no command before the answer, no answer twice, no answer of before', () => {
    const session = make();
    expect(() => opened(session, answerOf(1))).toThrow(/ended/);
    session.protect(READ);
    expect(() => session.protect(READ)).toThrow(/ended/);
    opened(session, answerOf(2));
    expect(() => opened(session, answerOf(2))).toThrow(/ended/);
    session.protect(READ);
    expect(() => opened(session, answerOf(2))).toThrow(/code is wrong/);
  });

  it('never wraps the same command into the same bytes', () => {
    const session = make();
    const first = session.protect(READ);
    opened(session, answerOf(2));
    expect(toHex(session.protect(READ))).not.toBe(toHex(first));
  });

  it('stays closed after one wrong answer', () => {
    const session = make();
    session.protect(READ);
    expect(() => opened(session, new Uint8Array(20))).toThrow(
      expect.objectContaining({ code: 'chip_response_invalid' }),
    );
    expect(() => opened(session, answerOf(2))).toThrow(/ended/);
    expect(() => session.protect(READ)).toThrow(/ended/);
  });

  it.each([
    ['a status beside the protected one', tlv(0x99, hex('9000')), 0x6282],
    ['no status', tlv(0x87, hex('01' + '00'.repeat(16))), 0x9000],
    ['a status of one byte', tlv(0x99, hex('90')), 0x9000],
    [
      'objects out of order',
      Buffer.concat([tlv(0x99, hex('9000')), tlv(0x99, hex('9000')), tlv(0x99, hex('9000'))]),
      0x9000,
    ],
    [
      'a cryptogram that is not whole blocks',
      Buffer.concat([tlv(0x87, hex('010203')), tlv(0x99, hex('9000'))]),
      0x9000,
    ],
    ['an unknown padding', Buffer.concat([tlv(0x87, hex('02' + '00'.repeat(16))), tlv(0x99, hex('9000'))]), 0x9000],
    ['the form of the odd command', Buffer.concat([tlv(0x85, hex('00'.repeat(16))), tlv(0x99, hex('9000'))]), 0x9000],
    ['no padding inside', Buffer.concat([tlv(0x87, hex('01' + '11'.repeat(16))), tlv(0x99, hex('9000'))]), 0x9000],
  ])('refuses %s, though its code is right', (_, objects, status) => {
    const session = make();
    session.protect(READ);
    expect(() => opened(session, answerOf(2, objects), status)).toThrow(
      expect.objectContaining({ code: 'chip_response_invalid' }),
    );
  });

  it('takes a protected refusal for what it is, and goes on', () => {
    const session = make();
    session.protect(READ);
    expect(opened(session, answerOf(2, tlv(0x99, hex('6a82'))), 0x6a82)).toEqual({
      data: new Uint8Array(),
      status: 0x6a82,
    });
    expect(() => session.protect(READ)).not.toThrow();
  });

  it('reveals to its keeper what it wrapped', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.constantFrom(0xb0, 0xb1), (data, ins) => {
        const command = { cla: 0, ins, p1: 1, p2: 2, data, le: 256 };
        expect(make().reveal(make().protect(command))).toEqual(command);
      }),
    );
  });
});
