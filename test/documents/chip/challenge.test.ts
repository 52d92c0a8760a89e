// SPDX-License-Identifier: GPL-3.0-or-later
/** Active and Chip Authentication as the issuer runs them, and clients that would rather not have a chip. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChipFeatures } from '../../../src/demo/chip_features.ts';
import type { IssuedChip } from '../../../src/demo/chip.ts';
import { SIMULATED_CURVES } from '../../../src/demo/chip_simulator_curve.ts';
import { verifyActiveAuthentication } from '../../../src/documents/chip/active_authentication.ts';
import { decodeCommand } from '../../../src/documents/chip/apdu.ts';
import { ChipAuthentication } from '../../../src/documents/chip/chip_authentication.ts';
import { readChip, type ReadChip } from '../../../src/documents/chip/reader.ts';
import { verifyPassive } from '../../../src/documents/passive.ts';
import { readShared, sharedPath } from '../../shared.ts';
import { authorityOf, flip, SIGNED_AT } from '../samples.ts';
import { issue, PASSWORD, place, seeded } from './chips.ts';

const random = seeded('issuer');
const CHALLENGE = random(8);
const read = (issued: IssuedChip, files?: ReadonlyMap<number, Uint8Array>): Promise<ReadChip> =>
  readChip(place(issued, {}, files), PASSWORD, { random: seeded('reader') });
const group = ({ files }: ReadChip, number: number): Uint8Array => files.dataGroups.get(number) ?? new Uint8Array();

describe('active authentication', () => {
  type Signing = NonNullable<ChipFeatures['activeAuthentication']>;
  const kinds: readonly Signing[] = [
    { kind: 'rsa', bits: 1024, hash: 'sha1' },
    { kind: 'rsa', bits: 2048, hash: 'sha256' },
    { kind: 'rsa', bits: 1536, hash: 'sha224' },
    { kind: 'rsa', bits: 1280, hash: 'sha384' },
    { kind: 'rsa', bits: 1792, hash: 'sha512' },
    { kind: 'ecdsa', curve: 'secp224r1', hash: 'sha224' },
    { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha256' },
    { kind: 'ecdsa', curve: 'brainpoolP320r1', hash: 'sha384' },
    { kind: 'ecdsa', curve: 'secp521r1', hash: 'sha512' },
  ];

  it.each(kinds)('takes the answer to the challenge alone: %o', async (activeAuthentication) => {
    const chip = await read(await issue({ activeAuthentication }));
    const [dg14, dg15] = [chip.files.dataGroups.get(14), group(chip, 15)];
    const response = await chip.sign(CHALLENGE);
    expect(verifyActiveAuthentication(dg15, CHALLENGE, response, dg14)).toMatchObject({ ok: true });
    const refused = { ok: false, reason: 'chip_authentication_failed' };
    expect(verifyActiveAuthentication(dg15, flip(CHALLENGE, 0), response, dg14)).toMatchObject(refused);
    expect(verifyActiveAuthentication(dg15, CHALLENGE.subarray(0, 7), response, dg14)).toMatchObject(refused);
    for (const changed of [
      response.subarray(1),
      new Uint8Array(),
      flip(response, 3),
      new Uint8Array(response.length),
    ]) {
      expect(verifyActiveAuthentication(dg15, CHALLENGE, changed, dg14)).toMatchObject(refused);
    }
    const highest = new Uint8Array(response.length).fill(0xff);
    expect(verifyActiveAuthentication(dg15, CHALLENGE, highest, dg14)).toMatchObject(refused);
  });

  it('takes the smaller of s and n - s, which ISO/IEC 9796-2 allows', async () => {
    const issued = await issue({ activeAuthentication: { kind: 'rsa', bits: 1024, hash: 'sha256' } });
    const chip = await read(issued);
    const { n = '' } = issued.plan.secrets.signing?.key.export({ format: 'jwk' }) ?? {};
    const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
    const s = BigInt(`0x${Buffer.from(await chip.sign(CHALLENGE)).toString('hex')}`);
    const other = Buffer.from((modulus - s).toString(16).padStart(256, '0'), 'hex');
    expect(verifyActiveAuthentication(group(chip, 15), CHALLENGE, other)).toMatchObject({ ok: true });
  });

  it('does not take the answer of another chip', async () => {
    const activeAuthentication = { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha256' } as const;
    const [chip, other] = [
      await read(await issue({ activeAuthentication })),
      await read(await issue({ activeAuthentication })),
    ];
    const verdict = verifyActiveAuthentication(
      group(chip, 15),
      CHALLENGE,
      await other.sign(CHALLENGE),
      group(chip, 14),
    );
    expect(verdict).toMatchObject({ ok: false, reason: 'chip_authentication_failed' });
  });

  it('refuses ECDSA without DG14, with SHA-1, or over a small field; and short RSA', async () => {
    const strong = await read(
      await issue({ activeAuthentication: { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha256' } }),
    );
    const unsupported = { ok: false, reason: 'algorithm_unsupported' };
    const response = await strong.sign(CHALLENGE);
    expect(verifyActiveAuthentication(group(strong, 15), CHALLENGE, response)).toMatchObject(unsupported);
    const weak: readonly Signing[] = [
      { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha1' },
      { kind: 'ecdsa', curve: 'prime192v1', hash: 'sha256' },
      { kind: 'rsa', bits: 1016, hash: 'sha1' },
    ];
    for (const activeAuthentication of weak) {
      const { dg14, dg15 } = (await issue({ activeAuthentication })).files;
      const verdict = verifyActiveAuthentication(dg15 ?? new Uint8Array(), CHALLENGE, response, dg14);
      expect(verdict).toMatchObject(unsupported);
    }
  });

  it('is of no use to a chip that swapped DG15: its hash is not in EF.SOD', async () => {
    const activeAuthentication = { kind: 'rsa', bits: 1024, hash: 'sha256' } as const;
    const genuine = await issue({ activeAuthentication });
    const clone = await issue({ activeAuthentication });
    const chip = await readChip(
      place(genuine, { secrets: clone.plan.secrets }, new Map([[0x010f, clone.files.dg15 ?? new Uint8Array()]])),
      PASSWORD,
      { random: seeded('reader') },
    );
    const { sod, dataGroups } = chip.files;
    // The clone signs well; what it signs with is not what the state signed.
    expect(verifyActiveAuthentication(group(chip, 15), CHALLENGE, await chip.sign(CHALLENGE))).toMatchObject({
      ok: true,
    });
    const { anchors } = authorityOf('ecdsa-p256');
    expect(verifyPassive({ sod, dataGroups, anchors, at: SIGNED_AT })).toMatchObject({
      ok: false,
      reason: 'document_tampered',
    });
  });

  it('never throws, whatever DG15, DG14 and the answer are', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, bytes, bytes, (dg15, response, dg14) => {
        expect(verifyActiveAuthentication(dg15, CHALLENGE, response, dg14).ok).toBe(false);
      }),
    );
  });

  it.skipIf(sharedPath('icao/specimen') === undefined)('reads the key of a specimen, and its DG14', () => {
    const dg15 = readShared('icao/specimen/EF_DG15.bin');
    const verdict = verifyActiveAuthentication(dg15, CHALLENGE, new Uint8Array(128));
    expect(verdict).toMatchObject({ ok: false, reason: 'chip_authentication_failed' });
    const { request } = new ChipAuthentication(readShared('icao/specimen/EF_DG14.bin'), random);
    expect(request.opening).toHaveLength(1);
  });
});

describe('chip authentication', () => {
  const features: ChipFeatures = { chipAuthentication: { cipher: 'aes-128', curve: 'brainpoolP256r1' } };
  let issued: IssuedChip;
  let chip: ReadChip;
  const failed = { ok: false, reason: 'chip_authentication_failed' };

  beforeAll(async () => {
    issued = await issue(features);
    chip = await read(issued);
  });

  const strong = Object.keys(SIMULATED_CURVES).filter((curve) => !curve.includes('192'));
  it.each([
    ...strong.map((curve) => ({ curve, cipher: 'aes-256' as const })),
    ...(['3des', 'aes-128', 'aes-192'] as const).map((cipher) => ({ curve: 'prime256v1', cipher })),
  ])('with $curve and $cipher, through BAC and PACE', async (chipAuthentication) => {
    const pace = [{ mapping: 'GM', cipher: 'aes-128', curve: 'prime256v1' }] as const;
    for (const more of [{}, { pace }]) {
      const opened = await read(await issue({ chipAuthentication, ...more }));
      const terminal = new ChipAuthentication(group(opened, 14), random);
      const answer = await opened.relay(terminal.request);
      const algorithm = `CA ECDH ${chipAuthentication.curve} ${chipAuthentication.cipher.toUpperCase()}`;
      expect(terminal.verify(answer)).toEqual({ ok: true, algorithm });
      expect(terminal.verify(answer)).toMatchObject(failed);
    }
  });

  it('ends the session of whoever relayed it', async () => {
    const activeAuthentication = { kind: 'rsa', bits: 1024, hash: 'sha256' } as const;
    const opened = await read(await issue({ ...features, activeAuthentication }));
    await opened.relay(new ChipAuthentication(group(opened, 14), random).request);
    await expect(opened.sign(CHALLENGE)).rejects.toMatchObject({ code: 'chip_refused' });
    await expect(chip.sign(CHALLENGE)).rejects.toMatchObject({ code: 'chip_unsupported' });
  });

  it('refuses a chip that holds another key than DG14', async () => {
    const { secrets } = (await issue(features)).plan;
    const clone = await readChip(place(issued, { secrets }), PASSWORD, { random: seeded('reader') });
    const terminal = new ChipAuthentication(group(clone, 14), random);
    expect(terminal.verify(await clone.relay(terminal.request))).toMatchObject(failed);
  });

  it('refuses an answer to another run, and what a client makes up', async () => {
    const first = new ChipAuthentication(group(chip, 14), random);
    const answer = await (await read(issued)).relay(first.request);
    expect(new ChipAuthentication(group(chip, 14), random).verify(answer)).toMatchObject(failed);
    for (const made of [
      new Uint8Array(),
      Uint8Array.of(0x90, 0),
      flip(answer, answer.length - 4),
      first.request.command,
    ]) {
      const terminal = new ChipAuthentication(group(chip, 14), random);
      expect(terminal.verify(made)).toMatchObject(failed);
    }
    expect(first.verify(answer)).toMatchObject({ ok: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(new ChipAuthentication(group(chip, 14), random).verify(bytes)).toMatchObject(failed);
      }),
      { numRuns: 10 },
    );
  });

  it('uses a fresh key and other protected bytes every time', () => {
    const keys = Array.from({ length: 3 }, () => new ChipAuthentication(group(chip, 14), random).request);
    expect(new Set(keys.map(({ opening }) => Buffer.from(opening.at(-1) ?? []).toString('hex'))).size).toBe(3);
    expect(new Set(keys.map(({ command }) => Buffer.from(command).toString('hex'))).size).toBe(3);
    expect(keys.map(({ opening }) => opening.map((bytes) => decodeCommand(bytes).ins))).toContainEqual([0x22, 0x86]);
  });

  it('refuses a key that is not on its curve, over a small field, or missing', async () => {
    const point = Buffer.from(group(chip, 14));
    const at = point.indexOf(Buffer.from('03420004', 'hex')) + 10;
    expect(() => new ChipAuthentication(flip(point, at), random)).toThrow(
      expect.objectContaining({ code: 'chip_response_invalid' }),
    );
    const small = await issue({ chipAuthentication: { cipher: 'aes-128', curve: 'prime192v1' } });
    const none = await issue({ activeAuthentication: { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha256' } });
    for (const { files } of [small, none]) {
      expect(() => new ChipAuthentication(files.dg14 ?? new Uint8Array(), random)).toThrow(
        expect.objectContaining({ code: 'algorithm_unsupported' }),
      );
    }
  });

  it('refuses any malformed DG14 with a code', () => {
    fc.assert(
      fc.property(fc.nat(group(chip, 14).length - 1), fc.integer({ min: 1, max: 255 }), (where, mask) => {
        const changed = Uint8Array.from(group(chip, 14), (byte, index) => (index === where ? byte ^ mask : byte));
        let terminal: ChipAuthentication;
        try {
          terminal = new ChipAuthentication(changed, random);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ProtocolError' });
          return;
        }
        expect(terminal.request.opening.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });
});
