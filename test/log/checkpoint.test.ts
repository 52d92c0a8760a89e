// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { type Checkpoint, openCheckpoint, reasonCounts, signCheckpoint } from '../../src/log/checkpoint.ts';
import { entryHash } from '../../src/log/merkle.ts';
import { signNote } from '../../src/log/note.ts';
import { FIELD_ORDER, toField } from '../../src/protocol/field.ts';

const SECRET = new Uint8Array(32).fill(3);
const NAME = 'register.test/v1';
const KEY = { name: NAME, publicKey: ed25519.getPublicKey(SECRET) };
const CHECKPOINT: Checkpoint = {
  origin: NAME,
  size: 4711,
  rootHash: entryHash('x'),
  epoch: 12,
  activeFrom: 1_790_000_000,
  presentationRoot: toField(FIELD_ORDER - 1n),
  counts: { issued: 4000, revoked: 9, active: 3991, announced: 2, resets: 1, replaced: 0 },
  reasons: reasonCounts({ holder_request: 4, fraud: 5 }),
};
const TEXT = `register.test/v1
4711
nZA5A6nZAMuFsQkMPTrfzSqi9iRlGC/xUZhuZWn67/Y=
epoch 12
active-from 1790000000
presentation-root 21888242871839275222246405745257275088548364400416034343698204186575808495616
counts issued=4000 revoked=9 active=3991 announced=2 resets=1 replaced=0
reasons holder_request=4 document_lost=0 document_withdrawn=0 issued_in_error=0 fraud=5 death=0 issuer_key_compromised=0
`.replace(/^nZ.*$/m, Buffer.from(CHECKPOINT.rootHash).toString('base64'));

const invalid = expect.objectContaining({ code: 'checkpoint_invalid' }) as Error;

describe('a checkpoint', () => {
  it('is written as C2SP tlog-checkpoint and read back', () => {
    const note = signCheckpoint(CHECKPOINT, SECRET, NAME);
    expect(note.startsWith(`${TEXT}\n— ${NAME} `)).toBe(true);
    expect(openCheckpoint(note, KEY)).toEqual(CHECKPOINT);
  });

  it('may be of an empty log', () => {
    const counts = { issued: 0, revoked: 0, active: 0, announced: 0, resets: 0, replaced: 0 };
    const empty = { ...CHECKPOINT, size: 0, epoch: 0, counts, reasons: reasonCounts() };
    expect(openCheckpoint(signCheckpoint(empty, SECRET, NAME), KEY)).toEqual(empty);
  });

  it('is not signed when it contradicts itself', () => {
    const counts = { issued: 9, revoked: 9, active: 0, announced: 0, resets: 0, replaced: 0 };
    expect(() => signCheckpoint({ ...CHECKPOINT, counts }, SECRET, NAME)).not.toThrow();
    for (const wrong of [
      { counts: { ...counts, active: 1 } },
      { counts: { ...counts, issued: 8, active: -1 } },
      { counts: { ...counts, issued: 2 ** 33 + 1, active: 2 ** 33 - 8 } },
      { counts: { ...counts, announced: 1 } },
      { counts: { ...counts, resets: -1 } },
      { reasons: reasonCounts({ fraud: 10 }) },
      { reasons: reasonCounts({ fraud: 10, death: -1 }) },
      { size: -1 },
      { size: 1.5 },
      { epoch: Number.NaN },
      { activeFrom: 2 ** 53 },
      { rootHash: new Uint8Array(31) },
      { origin: 'two\nlines' },
      { origin: 'other.test/v1' },
    ]) {
      expect(() => signCheckpoint({ ...CHECKPOINT, ...wrong }, SECRET, NAME), JSON.stringify(wrong)).toThrow();
    }
  });

  it('is of the key and the log that are expected, or refused', () => {
    const note = signCheckpoint(CHECKPOINT, SECRET, NAME);
    expect(() => openCheckpoint(note, { ...KEY, publicKey: ed25519.getPublicKey(new Uint8Array(32)) })).toThrow(
      invalid,
    );
    expect(() => openCheckpoint(note, { ...KEY, name: 'register.test/v2' })).toThrow(invalid);
    // The right key, signing for another log.
    const foreign = signNote(TEXT.replace(NAME, 'other.test/v1'), NAME, SECRET);
    expect(() => openCheckpoint(foreign, KEY)).toThrow(invalid);
  });

  // Signed by the right key: the form alone makes these fail.
  it.each([
    ['a leading zero in the size', TEXT.replace('\n4711\n', '\n04711\n')],
    ['a negative size', TEXT.replace('\n4711\n', '\n-4711\n')],
    ['a size beyond 2^53', TEXT.replace('\n4711\n', '\n9007199254740993\n')],
    ['a root of p', TEXT.replace('8495616', '8495617')],
    ['a root of p + 1', TEXT.replace('8495616', '8495618')],
    ['a hexadecimal root', TEXT.replace(/presentation-root \d+/, 'presentation-root 0x10')],
    ['a root with a leading zero', TEXT.replace('presentation-root ', 'presentation-root 0')],
    ['a short hash', TEXT.replace(/^.*=$/m, 'AAAA')],
    ['stray bits in the hash', TEXT.replace(/.=$/m, '9=')],
    ['counts that do not add up', TEXT.replace('active=3991', 'active=3992')],
    ['more announced than are active', TEXT.replace('announced=2', 'announced=3992')],
    ['reasons that do not add up', TEXT.replace('fraud=5', 'fraud=6')],
    ['reasons in another order', TEXT.replace('fraud=5 death=0', 'death=0 fraud=5')],
    ['a reason too few', TEXT.replace(' death=0', '')],
    ['a reason that is in no table', TEXT.replace(' death=0', ' death=0 whim=0')],
    ['no reasons', TEXT.replace(/reasons.*\n/, '')],
    ['no counts', TEXT.replace(/counts.*\n/, '')],
    ['no epoch', TEXT.replace(/epoch.*\n/, '')],
    ['extensions in another order', TEXT.replace(/(epoch.*\n)(active.*\n)/, '$2$1')],
    ['a second epoch line', TEXT.replace(/(epoch.*\n)/, '$1$1')],
    ['a further line', `${TEXT}more\n`],
    ['a fraction of a second', TEXT.replace('1790000000', '1790000000.5')],
    ['a space at the end of a line', TEXT.replace('epoch 12', 'epoch 12 ')],
    ['other digits', TEXT.replace('epoch 12', 'epoch １２')],
  ])('is refused with %s', (_, text) => {
    expect(text).not.toBe(TEXT);
    expect(() => openCheckpoint(signNote(text, NAME, SECRET), KEY)).toThrow(invalid);
  });
});
