// SPDX-License-Identifier: GPL-3.0-or-later
/** The reader against the chip simulator: every protocol, and chips or connections that misbehave. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChipFeatures, PaceFeature } from '../../../src/demo/chip_features.ts';
import type { IssuedChip } from '../../../src/demo/chip.ts';
import { SIMULATED_CURVES } from '../../../src/demo/chip_simulator_curve.ts';
import type { ApduTransport } from '../../../src/documents/chip/apdu.ts';
import { MAX_FILE_BYTES } from '../../../src/documents/chip/files.ts';
import { readChip, type ReadChip, type ReadingProgress } from '../../../src/documents/chip/reader.ts';
import { verifyPassive } from '../../../src/documents/passive.ts';
import { ProtocolError } from '../../../src/protocol/errors.ts';
import { authorityOf, SIGNED_AT } from '../samples.ts';
import { CAN, issue, PASSWORD, place, seeded, through } from './chips.ts';

const WRONG = { documentNumber: 'E12345678', birthDate: '900227', expiryDate: '330630' };
const CIPHERS = ['3des', 'aes-128', 'aes-192', 'aes-256'] as const;
const GM: PaceFeature = { mapping: 'GM', cipher: 'aes-128', curve: 'prime256v1' };
const CAM: PaceFeature = { mapping: 'CAM', cipher: 'aes-128', curve: 'prime256v1' };

const read = (transport: ApduTransport, password: Parameters<typeof readChip>[1] = PASSWORD): Promise<ReadChip> =>
  readChip(transport, password, { random: seeded('reader') });

function expectWhole({ files }: ReadChip, issued: IssuedChip): void {
  for (const [number, bytes] of files.dataGroups) {
    expect(Buffer.compare(bytes, issued.plan.application.get(0x100 + number) ?? new Uint8Array())).toBe(0);
  }
  const { anchors } = authorityOf('ecdsa-p256');
  const verdict = verifyPassive({ sod: files.sod, dataGroups: files.dataGroups, anchors, at: SIGNED_AT });
  expect(verdict).toMatchObject({ ok: true, dataGroups: [...files.dataGroups.keys()] });
}

const everyPace: readonly PaceFeature[] = [
  ...CIPHERS.map((cipher): PaceFeature => ({ mapping: 'GM', cipher, curve: 'brainpoolP256r1' })),
  ...CIPHERS.slice(1).map((cipher): PaceFeature => ({ mapping: 'CAM', cipher, curve: 'prime256v1' })),
  ...Object.keys(SIMULATED_CURVES).map((curve): PaceFeature => ({ mapping: 'CAM', cipher: 'aes-256', curve })),
];

describe('opens and reads', () => {
  it.each(everyPace)('$mapping $cipher $curve', async (pace) => {
    const issued = await issue({ pace: [pace] });
    const chip = await read(place(issued));
    const suffix = pace.cipher === '3des' ? '3DES-CBC-CBC' : `AES-CBC-CMAC-${pace.cipher.slice(4)}`;
    expect(chip.protocol).toBe(`id-PACE-ECDH-${pace.mapping}-${suffix}`);
    expectWhole(chip, issued);
  });

  it('by BAC, with all data groups that EF.SOD lists', async () => {
    const features: ChipFeatures = {
      activeAuthentication: { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha256' },
      personalDetails: { name: 'NÚÑEZ, MARÍA', personalNumber: '110101X900228' },
    };
    const issued = await issue(features);
    const chip = await read(place(issued));
    expect(chip.protocol).toBe('BAC');
    expect([...chip.files.dataGroups.keys()]).toEqual([1, 2, 11, 14, 15]);
    expectWhole(chip, issued);
  });

  it('by a card access number', async () => {
    const issued = await issue({ pace: [GM] });
    expectWhole(await read(place(issued), { can: CAN }), issued);
  });

  it('what EF.SOD lists, though EF.COM leaves it out', async () => {
    const issued = await issue({ activeAuthentication: { kind: 'rsa', bits: 1024, hash: 'sha1' } });
    const poor = new Map([[0x011e, (await issue({})).files.com]]);
    const chip = await read(place(issued, {}, poor));
    expect([...chip.files.dataGroups.keys()]).toEqual([1, 2, 15]);
  });

  it('the strongest of several, naming its curve', async () => {
    const pace: readonly PaceFeature[] = [GM, CAM, { ...GM, curve: 'secp384r1' }, { ...GM, cipher: '3des' }];
    expect((await read(place(await issue({ pace })))).protocol).toBe('id-PACE-ECDH-CAM-AES-CBC-CMAC-128');
    const generic = pace.filter(({ mapping }) => mapping === 'GM');
    expect((await read(place(await issue({ pace: generic })))).protocol).toBe('id-PACE-ECDH-GM-AES-CBC-CMAC-128');
  });

  it('and tells how far it is', async () => {
    const seen: ReadingProgress[] = [];
    const onProgress = (progress: ReadingProgress): void => void seen.push(progress);
    await readChip(place(await issue({})), PASSWORD, { random: seeded('reader'), onProgress });
    expect(seen[0]).toEqual({ step: 'access', file: '', read: 0, total: 0 });
    expect([...new Set(seen.slice(1).map(({ file }) => file))]).toEqual(['EF.COM', 'EF.SOD', 'DG1', 'DG2']);
    const ofSod = seen.filter(({ file }) => file === 'EF.SOD').map((progress) => progress.read);
    expect(ofSod).toEqual([...ofSod].sort((a, b) => a - b));
    expect(seen.at(-1)?.read).toBe(seen.at(-1)?.total);
  });
});

describe('refuses a wrong password', () => {
  it.each([
    ['BAC', {}],
    ['PACE', { pace: [GM] }],
    ['PACE with chip authentication mapping', { pace: [CAM] }],
  ])('%s', async (_, features) => {
    const chip = read(place(await issue(features)), WRONG);
    await expect(chip).rejects.toMatchObject({ code: 'chip_access_denied' });
  });

  it.each([
    { documentNumber: 'E1234/678', birthDate: '900228', expiryDate: '330630' },
    { documentNumber: 'E12345678', birthDate: '1990-02', expiryDate: '330630' },
    { documentNumber: 'E12345678', birthDate: '900228', expiryDate: '33063' },
    { documentNumber: 'E'.repeat(23), birthDate: '900228', expiryDate: '330630' },
    { can: '12' },
  ])('that no document bears: %o', async (password) => {
    await expect(read(place(await issue({ pace: [GM] })), password)).rejects.toMatchObject({
      code: 'chip_password_invalid',
    });
  });

  it('a card access number where the chip has BAC only', async () => {
    await expect(read(place(await issue({})), { can: CAN })).rejects.toMatchObject({ code: 'chip_unsupported' });
  });
});

describe('a chip that proves its static key in PACE', () => {
  it('is refused with another key in EF.CardSecurity, or none', async () => {
    const issued = await issue({ pace: [CAM] });
    const other = await issue({ pace: [CAM] });
    const foreign = place(issued, { masterFile: new Map([...issued.plan.masterFile, ...other.plan.masterFile]) });
    await expect(read(foreign)).rejects.toMatchObject({ code: 'chip_authentication_failed' });
    const masterFile = new Map([...issued.plan.masterFile].filter(([id]) => id === 0x011c));
    await expect(read(place(issued, { masterFile }))).rejects.toMatchObject({ code: 'chip_authentication_failed' });
  });
});

describe('an answer changed on its way', () => {
  const FEATURES: readonly [string, ChipFeatures][] = [
    ['BAC', {}],
    ['PACE', { pace: [GM] }],
    ['CAM', { pace: [CAM] }],
  ];

  it.each(FEATURES)('is refused anywhere: %s', async (_, features) => {
    const issued = await issue(features);
    let commands = 0;
    await read(through(place(issued), (answer, count) => ((commands = count + 1), answer)));
    await fc.assert(
      fc.asyncProperty(fc.nat(commands - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, where, mask) => {
        const changed = through(place(issued), (answer, count) => {
          if (count !== at) return answer;
          const copy = Uint8Array.from(answer);
          copy[where % copy.length] = (copy[where % copy.length] ?? 0) ^ mask;
          return copy;
        });
        await expectSoundOrRefused(changed, issued);
      }),
      { numRuns: 40 },
    );
  });

  it.each(FEATURES)('cut, lengthened, empty or replaced never hangs or crashes: %s', async (_, features) => {
    const issued = await issue(features);
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom('', '90', '6700', '6982', '6a82', '6c00', '6c10', '61ff', '9000', '7c009000', '30849000')
        .map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(24), hostile, async (at, bytes) => {
        await expectSoundOrRefused(
          through(place(issued), (answer, count) => (count === at ? bytes : answer)),
          issued,
        );
        await expectSoundOrRefused(
          through(place(issued), (answer, count) => (count === at ? answer.subarray(0, answer.length - 3) : answer)),
          issued,
        );
      }),
      { numRuns: 25 },
    );
  });

  /** Before the session, an answer may choose another protocol; what is read is the chip's all the same. */
  async function expectSoundOrRefused(transport: ApduTransport, issued: IssuedChip): Promise<void> {
    let chip: ReadChip;
    try {
      chip = await read(transport);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
      return;
    }
    expectWhole(chip, issued);
  }

  it('is refused in the middle of a file: a wrong code, an answer of before, an answer in the clear', async () => {
    const issued = await issue({});
    const earlier = new Map<number, Uint8Array>();
    const SOME = 12;
    const wrongCode = through(place(issued), (answer, count) => {
      const copy = Uint8Array.from(answer);
      if (count === SOME) copy[copy.length - 3] = (copy[copy.length - 3] ?? 0) ^ 1;
      return copy;
    });
    const repeated = through(place(issued), (answer, count) => {
      earlier.set(count, answer);
      return count === SOME ? (earlier.get(SOME - 1) ?? answer) : answer;
    });
    const plain = through(place(issued), (answer, count) => (count === SOME ? Uint8Array.of(1, 2, 0x90, 0) : answer));
    const bare = through(place(issued), (answer, count) => (count === SOME ? Uint8Array.of(0x90, 0) : answer));
    for (const transport of [wrongCode, repeated, plain]) {
      await expect(read(transport)).rejects.toMatchObject({ code: 'chip_response_invalid' });
    }
    await expect(read(bare)).rejects.toMatchObject({ code: 'chip_refused' });
  });
});

describe('a connection', () => {
  it('that breaks is told as such, with its cause', async () => {
    const broken = through(place(await issue({})), (answer, count) =>
      count === 9 ? Promise.reject(new Error('gone')) : answer,
    );
    await expect(read(broken)).rejects.toMatchObject({ code: 'chip_transport_failed', cause: { message: 'gone' } });
  });

  it('through which a chip asks for GET RESPONSE for ever is left', async () => {
    const endless = { transmit: () => Promise.resolve(Uint8Array.of(0, 0x61, 0)) };
    await expect(read(endless)).rejects.toMatchObject({ code: 'chip_response_invalid' });
  });
});

describe('files', () => {
  const LARGE = 0x0102;
  /** DG2's identifier with other contents; EF.SOD is not checked by the reader. */
  const large = (length: number): Uint8Array =>
    Buffer.concat([
      Buffer.from([0x75, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]),
      seeded('file')(length),
    ]);

  it.each([222, 32_763, 32_767, 32_800, 65_600, 70_000])('of %i bytes come whole', async (length) => {
    const file = large(length);
    const chip = await read(place(await issue({ pace: [GM] }), {}, new Map([[LARGE, file]])));
    expect(Buffer.compare(chip.files.dataGroups.get(2) ?? new Uint8Array(), file)).toBe(0);
  });

  it.each([
    ['AES', { pace: [GM] }],
    ['3DES', {}],
  ])('are asked for in pieces whose answers need no second command, near and far: %s', async (_, features) => {
    const chip = place(await issue(features), {}, new Map([[LARGE, large(66_500)]]));
    const [commands, statuses] = [new Set<number>(), new Set<number>()];
    const watched = through(chip, (answer, count, command) => {
      commands.add(command[1] ?? 0);
      statuses.add(answer.at(-2) ?? 0);
      return answer;
    });
    await read(watched);
    expect([commands.has(0xb1), commands.has(0xc0), statuses.has(0x61)]).toEqual([true, false, false]);
  });

  it('come whole from a chip that gives little at once', async () => {
    const issued = await issue({});
    expectWhole(await read(place(issued, { largestPiece: 50 })), issued);
  });

  it('are given up where a chip gives hardly anything at once', async () => {
    const slow = place(await issue({}), { largestPiece: 2 }, new Map([[LARGE, large(20_000)]]));
    await expect(read(slow)).rejects.toMatchObject({ code: 'chip_response_invalid' });
  });

  it.each([
    ['a larger one than any', `7583${(MAX_FILE_BYTES - 4).toString(16).padStart(6, '0')}00`],
    ['four gigabytes', '7584ffffffff00'],
    ['a length of nine bytes', '758901020304050607080900'],
    ['an indefinite length', '75800000'],
    ['more bytes than there are', '7540aabbcc'],
    ['no length', '75'],
    ['nothing', ''],
  ])('that claim %s are refused', async (_, hex) => {
    const file = Uint8Array.from(Buffer.from(hex, 'hex'));
    const chip = place(await issue({}), {}, new Map([[LARGE, file]]));
    const code: unknown = expect.stringMatching(/^chip_(response_invalid|refused)$/);
    await expect(read(chip)).rejects.toMatchObject({ code });
  });

  it('that are missing are told', async () => {
    const issued = await issue({});
    const application = new Map([...issued.plan.application].filter(([id]) => id !== LARGE));
    await expect(read(place({ ...issued, plan: { ...issued.plan, application } }))).rejects.toMatchObject({
      code: 'chip_response_invalid',
      message: 'the chip has no DG2',
    });
  });
});
