// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { type Checkpoint, reasonCounts, signCheckpoint } from '../../src/log/checkpoint.ts';
import {
  checkWitnessPolicy,
  cosign,
  cosignaturesOf,
  openWitnessed,
  openWithCosignatures,
} from '../../src/log/cosignature.ts';
import { entryHash } from '../../src/log/merkle.ts';
import { fromBase64, type NoteKey, parseNote, parseSignatureLines, signaturesOf } from '../../src/log/note.ts';
import { toField } from '../../src/protocol/field.ts';
import vectors from '../vectors/cosignature.json' with { type: 'json' };

const SECRET = new Uint8Array(32).fill(3);
const REGISTER: NoteKey = { name: 'register.test/v1', publicKey: ed25519.getPublicKey(SECRET) };
const CHECKPOINT: Checkpoint = {
  origin: REGISTER.name,
  size: 4711,
  rootHash: entryHash('x'),
  epoch: 12,
  activeFrom: 1_790_000_000,
  presentationRoot: toField(5n),
  counts: { issued: 4000, revoked: 9, active: 3991, announced: 2, resets: 1, replaced: 0 },
  reasons: reasonCounts({ holder_request: 4, fraud: 5 }),
};
const NOTE = signCheckpoint(CHECKPOINT, SECRET, REGISTER.name);
const TIME = 1_790_000_123;

const witnessSecret = (n: number): Uint8Array => new Uint8Array(32).fill(40 + n);
const WITNESSES: readonly NoteKey[] = [1, 2, 3].map((n) => ({
  name: `witness.test/w${String(n)}`,
  publicKey: ed25519.getPublicKey(witnessSecret(n)),
}));
const [W1, W2] = WITNESSES as [NoteKey, NoteKey];
const POLICY = { keys: WITNESSES, threshold: 2 };

function lineOf(n: number, time = TIME, note = NOTE, name = `witness.test/w${String(n)}`): string {
  return cosign(note, name, witnessSecret(n), time);
}

const code = (text: string): Error => expect.objectContaining({ code: text }) as Error;

/** A line with a byte of its content changed. */
function tampered(line: string, at: number): string {
  const [, name = '', content = ''] = line.trimEnd().split(' ');
  const bytes = Uint8Array.from(fromBase64(content), (byte, i) => (i === at ? byte ^ 1 : byte));
  return `— ${name} ${Buffer.from(bytes).toString('base64')}\n`;
}

describe('cosignatures of other implementations', () => {
  const [real, example] = vectors.checkpoints.map(({ text, lines }) => `${text}\n${lines.join('\n')}\n`) as [
    string,
    string,
  ];
  const [name = '', , key = ''] = (vectors.checkpoints[0]?.witness ?? '').split('+').slice(0, 3);
  const remora: NoteKey = { name, publicKey: fromBase64(key).subarray(1) };

  it('hold: the checkpoint of a log as a witness of the public network cosigned it', () => {
    const time = vectors.checkpoints[0]?.time;
    expect(cosignaturesOf(real, [remora])).toEqual([{ witness: remora, time }]);
    expect(() => cosignaturesOf(real.replace('1432088532', '1432088533'), [remora])).toThrow(code('note_invalid'));
  });

  it('are read from the example of the specification, whose keys are not told', () => {
    const [line] = parseNote(example).lines.filter((it) => it.name === 'witness.example.com/w1');
    // 4 bytes of key id, 8 of the time that the specification's text names, 64 of signature.
    expect(line?.bytes).toHaveLength(76);
    expect(Buffer.from(line?.bytes.subarray(4, 12) ?? []).readBigUInt64BE()).toBe(1_679_315_147n);
    expect(cosignaturesOf(example, [remora])).toEqual([]);
  });
});

describe('a cosignature', () => {
  it('has the layout of tlog-cosignature, and is over the text with its time', () => {
    const note = NOTE + lineOf(1);
    const [signature = new Uint8Array()] = signaturesOf(parseNote(note), W1, 'cosignature');
    const message = `cosignature/v1\ntime ${String(TIME)}\n${parseNote(NOTE).text}`;
    expect(Buffer.from(signature.subarray(0, 8)).readBigUInt64BE()).toBe(BigInt(TIME));
    expect(ed25519.verify(signature.subarray(8), new TextEncoder().encode(message), W1.publicKey)).toBe(true);
    // The kind of a key is part of its id: no cosignature passes for a signature of the text.
    expect(signaturesOf(parseNote(note), W1, 'note')).toEqual([]);
    expect(parseSignatureLines(lineOf(1))).toEqual(parseNote(note).lines.slice(1));
  });

  it('of one witness counts once, with its latest time', () => {
    const note = NOTE + lineOf(1, TIME) + lineOf(1, TIME + 9) + lineOf(1, TIME + 3);
    expect(cosignaturesOf(note, WITNESSES)).toEqual([{ witness: W1, time: TIME + 9 }]);
    expect(() => openWitnessed(note, REGISTER, POLICY)).toThrow(code('checkpoint_not_witnessed'));
  });

  it.each([0, 2 ** 53 - 1])('may be made at %d seconds', (time) => {
    expect(cosignaturesOf(NOTE + lineOf(1, time), [W1])).toEqual([{ witness: W1, time }]);
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('is not made at %d seconds', (time) => {
    expect(() => lineOf(1, time)).toThrow(code('note_invalid'));
  });

  it('is not made for what is no note, nor under a name that no key can have', () => {
    expect(() => lineOf(1, TIME, 'text\n')).toThrow(code('note_invalid'));
    expect(() => lineOf(1, TIME, NOTE, 'two words')).toThrow(code('note_invalid'));
  });

  it('whose time is beyond 2^53 - 1 is refused', () => {
    const content = Buffer.concat([Buffer.from(signatureIdOf(W1)), Buffer.alloc(8, 0x7f), Buffer.alloc(64)]);
    const line = `— ${W1.name} ${content.toString('base64')}\n`;
    expect(() => cosignaturesOf(NOTE + line, [W1])).toThrow(code('note_invalid'));
  });

  it('too short to hold a time is refused', () => {
    const line = `— ${W1.name} ${Buffer.concat([Buffer.from(signatureIdOf(W1)), Buffer.alloc(3)]).toString('base64')}\n`;
    expect(() => cosignaturesOf(NOTE + line, [W1])).toThrow(code('note_invalid'));
  });
});

function signatureIdOf(key: NoteKey): Uint8Array {
  const line = parseSignatureLines(lineOf(WITNESSES.indexOf(key) + 1))[0];
  return line?.bytes.subarray(0, 4) ?? new Uint8Array();
}

describe('a witnessed checkpoint', () => {
  it('opens with as many cosignatures as the policy asks for', () => {
    const note = NOTE + lineOf(3, TIME + 1) + lineOf(1);
    expect(openWitnessed(note, REGISTER, POLICY)).toEqual(CHECKPOINT);
    expect(openWithCosignatures(note, REGISTER, POLICY).cosignatures).toEqual([
      { witness: W1, time: TIME },
      { witness: WITNESSES[2], time: TIME + 1 },
    ]);
    expect(openWitnessed(NOTE, REGISTER, { keys: [], threshold: 0 })).toEqual(CHECKPOINT);
  });

  it.each([
    ['none', NOTE],
    ['one', NOTE + lineOf(2)],
    ['one and a stranger', NOTE + lineOf(2) + lineOf(7)],
    ['one, and another under a wrong name', NOTE + lineOf(2) + lineOf(1, TIME, NOTE, 'witness.test/w9')],
    ['one, and another as a signature of the text', `${NOTE}${lineOf(2)}${asNoteSignature(1)}`],
  ])('is refused with %s', (_, note) => {
    expect(() => openWitnessed(note, REGISTER, POLICY)).toThrow(code('checkpoint_not_witnessed'));
  });

  it('is refused whole when a cosignature in the name of a trusted witness does not hold', () => {
    const good = NOTE + lineOf(1) + lineOf(2);
    for (const at of [4, 11, 12, 43, 75]) {
      const note = good + tampered(lineOf(3), at);
      expect(() => openWitnessed(note, REGISTER, POLICY), `byte ${String(at)}`).toThrow(code('checkpoint_invalid'));
    }
    // A cosignature of another checkpoint.
    const other = signCheckpoint({ ...CHECKPOINT, epoch: 13 }, SECRET, REGISTER.name);
    expect(() => openWitnessed(good + lineOf(3, TIME, other), REGISTER, POLICY)).toThrow(code('checkpoint_invalid'));
    // A changed key id makes the line one of an unknown key.
    expect(openWitnessed(good + tampered(lineOf(3), 0), REGISTER, POLICY)).toEqual(CHECKPOINT);
  });

  it('is refused when the register did not sign it, however many witnesses did', () => {
    const forged = signCheckpoint(CHECKPOINT, witnessSecret(1), REGISTER.name);
    const note = forged + lineOf(1, TIME, forged) + lineOf(2, TIME, forged);
    expect(() => openWitnessed(note, REGISTER, POLICY)).toThrow(code('checkpoint_invalid'));
  });
});

function asNoteSignature(n: number): string {
  const note = signCheckpoint(
    { ...CHECKPOINT, origin: `witness.test/w${String(n)}` },
    witnessSecret(n),
    `witness.test/w${String(n)}`,
  );
  return note.slice(note.lastIndexOf('— '));
}

describe('a witness policy', () => {
  it.each([
    ['a threshold above the number of keys', { keys: WITNESSES, threshold: 4 }],
    ['a negative threshold', { keys: WITNESSES, threshold: -1 }],
    ['half a witness', { keys: WITNESSES, threshold: 1.5 }],
    ['one name twice', { keys: [W1, { ...W2, name: W1.name }], threshold: 1 }],
    ['one key under two names', { keys: [W1, { ...W1, name: W2.name }], threshold: 1 }],
    ['a short key', { keys: [{ ...W1, publicKey: new Uint8Array(31) }], threshold: 1 }],
  ])('is refused with %s', (_, policy) => {
    expect(() => {
      checkWitnessPolicy(policy);
    }).toThrow(code('witness_policy_invalid'));
    expect(() => openWitnessed(NOTE, REGISTER, policy)).toThrow(code('witness_policy_invalid'));
  });
});
