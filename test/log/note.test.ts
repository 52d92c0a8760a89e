// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { fromBase64, isKeyName, type NoteKey, openNote, signNote } from '../../src/log/note.ts';
import vectors from '../vectors/note.json' with { type: 'json' };

const SECRET = new Uint8Array(32).fill(7);
const KEY: NoteKey = { name: 'register.test/v1', publicKey: ed25519.getPublicKey(SECRET) };
const invalid = expect.objectContaining({ code: 'note_invalid' }) as Error;

/** `name+hash+base64(1 || key)`, as Go prints a verifier's key. */
function readKey(text: string): NoteKey {
  const [name = '', , key = ''] = text.split(/\+(?=[0-9a-f]{8}\+)|(?<=\+[0-9a-f]{8})\+/);
  return { name, publicKey: fromBase64(key).subarray(1) };
}

describe('signed notes of other implementations', () => {
  it.each(vectors.notes)('$verifierKey opens', ({ verifierKey, text, line }) => {
    const key = readKey(verifierKey);
    expect(key.publicKey).toHaveLength(32);
    expect(openNote(`${text}\n${line}\n`, key)).toBe(text);
    expect(() => openNote(`${text.replace('is', 'was')}\n${line}\n`, key)).toThrow(invalid);
  });

  it.each(vectors.notes.filter(({ signerKey }) => signerKey !== undefined))(
    '$verifierKey signs to the same bytes',
    ({ verifierKey, signerKey = '', text, line }) => {
      const secret = fromBase64(signerKey.split('+').slice(4).join('+')).subarray(1);
      expect(signNote(text, readKey(verifierKey).name, secret)).toBe(`${text}\n${line}\n`);
    },
  );

  it('opens with either key of a note that two signed', () => {
    const [, peter, enoch] = vectors.notes;
    if (peter === undefined || enoch === undefined) throw new Error('the vectors are incomplete');
    const note = `${peter.text}\n${peter.line}\n${enoch.line}\n`;
    expect(openNote(note, readKey(peter.verifierKey))).toBe(peter.text);
    expect(openNote(note, readKey(enoch.verifierKey))).toBe(peter.text);
    expect(() => openNote(note, KEY)).toThrow(invalid);
  });
});

describe('a signed note', () => {
  const text = 'first\n\nafter an empty line\n';
  const note = signNote(text, KEY.name, SECRET);
  const line = note.slice(text.length + 1);

  it('may hold empty lines: the last one ends the text', () => {
    expect(openNote(note, KEY)).toBe(text);
  });

  it('opens only for its key and its name', () => {
    expect(() => openNote(note, { ...KEY, publicKey: ed25519.getPublicKey(new Uint8Array(32)) })).toThrow(invalid);
    expect(() => openNote(note, { ...KEY, name: 'register.test/v2' })).toThrow(invalid);
    const renamed = note.replace('— register.test/v1', '— register.test/v2');
    expect(() => openNote(renamed, { ...KEY, name: 'register.test/v2' })).toThrow(invalid);
  });

  it('may carry signatures of keys that are not known, of any kind', () => {
    const unknown = `— witness.test/w1 ${btoa('abcd' + 'x'.repeat(2000))}\n`;
    expect(openNote(`${text}\n${unknown}${line}${unknown}`, KEY)).toBe(text);
    // The name alone does not make a key known: this one has another hash.
    expect(openNote(`${text}\n${line}— ${KEY.name} ${btoa('abcdefgh')}\n`, KEY)).toBe(text);
  });

  it('is refused whole when one signature in the name of the key does not hold', () => {
    const other = signNote('other\n', KEY.name, SECRET).split('\n').at(-2) ?? '';
    expect(() => openNote(`${text}\n${line}${other}\n`, KEY)).toThrow(invalid);
    expect(() => openNote(`${text}\n${other}\n${line}`, KEY)).toThrow(invalid);
  });

  it.each([
    ['nothing', ''],
    ['no signature', text],
    ['no signature line', `${text}\n`],
    ['no final newline', note.slice(0, -1)],
    ['no empty line', `text\n${line}`],
    ['a hyphen for the dash', note.replace('— ', '- ')],
    ['base64url', note.replace(line, line.replace(/[A-Z]/, '_'))],
    ['no padding', note.replace('=\n', '\n')],
    ['padding too much', note.replace('=\n', '==\n')],
    ['stray bits in the last character', note.replace(/.=\n$/, (end) => `${end.startsWith('B') ? 'C' : 'B'}=\n`)],
    ['two spaces', note.replace(`${KEY.name} `, `${KEY.name}  `)],
    ['text behind the signature', note.replace(/\n$/, ' x\n')],
    ['a carriage return', note.replaceAll('\n', '\r\n')],
    ['a control character', note.replace('first', 'fir\u0001st')],
    ['half a surrogate pair', note.replace('first', 'fir\ud800st')],
    ['a signature of three bytes', `${text}\n— ${KEY.name} ${btoa('abc')}\n`],
    ['too many lines', `${text}\n${line.repeat(65)}`],
    ['100 kB', `${'x'.repeat(100_000)}\n\n${line}`],
  ])('is refused with %s', (_, broken) => {
    expect(() => openNote(broken, KEY)).toThrow(invalid);
  });

  it('is refused with any single bit of its bytes flipped', () => {
    const bytes = new TextEncoder().encode(note);
    for (let i = 0; i < bytes.length * 8; i += 5) {
      const flipped = Uint8Array.from(bytes, (byte, at) => (at === i >> 3 ? byte ^ (1 << (i & 7)) : byte));
      expect(() => openNote(new TextDecoder().decode(flipped), KEY), `bit ${String(i)}`).toThrow(invalid);
    }
  });

  it('is not made of text or names that a note cannot hold', () => {
    for (const [body, name] of [
      ['no newline', KEY.name],
      ['tab\tinside\n', KEY.name],
      ['text\n', 'two words'],
      ['text\n', 'a+b'],
      ['text\n', ''],
    ] as const) {
      expect(() => signNote(body, name, SECRET)).toThrow(invalid);
    }
    expect(isKeyName('register.test/v1')).toBe(true);
    expect(isKeyName('a\u2003b')).toBe(false);
  });
});
