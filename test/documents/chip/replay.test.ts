// SPDX-License-Identifier: GPL-3.0-or-later
/** The reader over recorded conversations: the worked examples of ICAO 9303-11, and the simulator's. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTranscripts, replayAll, type ReplayLine } from '../../../scripts/passport_replay.ts';
import { readShared, sharedPath } from '../../shared.ts';
import type { Recorded } from './chips.ts';

const WORKED = 'icao/chip-transcripts.json';
const kept = JSON.parse(
  readFileSync(new URL('../../vectors/chip_transcripts.json', import.meta.url), 'utf8'),
) as readonly Recorded[];

async function run(entry: unknown): Promise<ReplayLine> {
  const [line] = await replayAll(readTranscripts(JSON.stringify([entry])) ?? []);
  if (line === undefined) throw new Error('the transcript was not read');
  return line;
}

/** ICAO 9303-11 appendix D.4: EF.COM read in the session of D.3, as printed there. */
const READING_OF_D4 = [
  {
    command: '0ca4020c158709016375432908c044f68e08bf8b92d635ff24f800',
    response: '990290008e08fa855a5d4c50a8ed9000',
  },
  {
    command: '0cb000000d9701048e08ed6705417e96ba5500',
    response: '8709019ff0ec34f9922651990290008e08ad55cc17140b2ded9000',
  },
  {
    command: '0cb000040d9701128e082ea28a70f3c7b53500',
    response: '871901fb9235f4e4037f2327dcc8964f1f9b8c30f42c8e2fff224a990290008e08c8b2787eaea07d749000',
  },
];

describe.skipIf(sharedPath(WORKED) === undefined)('the worked examples', () => {
  const worked = (): readonly Recorded[] =>
    JSON.parse(Buffer.from(readShared(WORKED)).toString('utf8')) as readonly Recorded[];

  it('come out byte for byte', async () => {
    const lines = await replayAll(readTranscripts(JSON.stringify(worked())) ?? []);
    expect(lines).toEqual(
      worked().map(({ name, cardAccess, expected: { kEnc, kMac } }) => {
        const protocol = cardAccess === undefined ? 'BAC' : 'id-PACE-ECDH-GM-AES-CBC-CMAC-128';
        return { name, ok: true, protocol, kEnc, kMac };
      }),
    );
  });

  it('go on with secure messaging as printed in appendix D.4', async () => {
    const bac = worked().find(({ cardAccess }) => cardAccess === undefined);
    const exchanges = [...(bac?.exchanges ?? []), ...READING_OF_D4];
    expect(await run({ ...bac, exchanges })).toMatchObject({ ok: true, protocol: 'BAC' });
  });

  it('are refused with a byte of any exchange changed', async () => {
    for (const transcript of worked()) await expectEveryChangeRefused(transcript);
  });
});

/** Flips a bit in the middle of each command and answer in turn. */
async function expectEveryChangeRefused(transcript: Recorded): Promise<void> {
  for (const index of transcript.exchanges.keys()) {
    for (const part of ['command', 'response'] as const) {
      const exchanges = transcript.exchanges.map((exchange, position) => {
        if (position !== index) return exchange;
        const bytes = Buffer.from(exchange[part], 'hex');
        const middle = Math.floor(bytes.length / 2);
        bytes[middle] = (bytes[middle] ?? 0) ^ 1;
        return { ...exchange, [part]: bytes.toString('hex') };
      });
      const line = await run({ ...transcript, exchanges });
      // Selecting the application, before any session, carries nothing that binds its answer.
      const isFree = transcript.exchanges[index]?.command.startsWith('00a4') === true;
      expect([line.ok, index, part]).toEqual([isFree, index, part]);
    }
  }
}

describe.each(kept)('$name', (transcript) => {
  it('comes out byte for byte', async () => {
    const { name, expected } = transcript;
    expect(await run(transcript)).toMatchObject({ name, ok: true, kEnc: expected.kEnc, kMac: expected.kMac });
  });

  it('is refused with a byte of any exchange changed', async () => {
    await expectEveryChangeRefused(transcript);
  });

  it('is refused where it expects other keys, a wrong password or lacks a secret', async () => {
    const expected = { ...transcript.expected, kMac: transcript.expected.kEnc };
    expect(await run({ ...transcript, expected })).toMatchObject({ ok: false, reason: 'chip_transcript_mismatch' });
    const mrz = { documentNumber: 'E12345679', birthDate: '900228', expiryDate: '330630' };
    expect(await run({ ...transcript, mrz })).toMatchObject({ ok: false, protocol: null, kEnc: null, kMac: null });
    const poor = { ...transcript, terminalPrivateKeys: [], terminalRandoms: [] };
    expect(await run(poor)).toMatchObject({ ok: false, reason: 'chip_transcript_mismatch' });
  });
});

it('takes the choice of naming the curve from the transcript, and refuses a PACE that the chip does not offer', async () => {
  const pace = kept.find(({ name }) => name.includes('P-521'));
  const [first, ...rest] = pace?.exchanges ?? [];
  const shorter = (first?.command ?? '').replace(/^0022c1a412(.*)840112$/, '0022c1a40f$1');
  expect(shorter).toHaveLength((first?.command.length ?? 0) - 6);
  const exchanges = [{ command: shorter, response: '9000' }, ...rest];
  expect(await run({ ...pace, exchanges })).toMatchObject({ ok: true });
  const other = kept.find(({ name }) => name.includes('brainpoolP256r1'))?.cardAccess;
  expect(await run({ ...pace, cardAccess: other })).toMatchObject({ ok: false, reason: 'chip_unsupported' });
});

it('refuses chip authentication mapping under another static key', async () => {
  const cam = kept.find(({ name }) => name.includes('CAM'));
  const key = Buffer.from(cam?.cardSecurity ?? '', 'hex');
  const other = kept.find(({ name }) => name.includes('CAM'))?.exchanges[2]?.response ?? '';
  // The chip's own mapping key, a point of the same curve, in place of its static one.
  const point = Buffer.from(other, 'hex').subarray(4, 4 + 65);
  const at = key.indexOf(Buffer.from('03420004', 'hex')) + 3;
  expect(at).toBeGreaterThan(3);
  point.copy(key, at);
  expect(await run({ ...cam, cardSecurity: key.toString('hex') })).toMatchObject({
    ok: false,
    reason: 'chip_authentication_failed',
  });
});

it.each([
  '{}',
  '[',
  '[{"name": 1}]',
  '[{"name": "x", "exchanges": []}]',
  '[{"name": "x", "can": "1", "exchanges": [{}]}]',
])('does not take %s for transcripts', (text) => {
  expect(readTranscripts(text)).toBeUndefined();
});
