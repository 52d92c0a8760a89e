// SPDX-License-Identifier: GPL-3.0-or-later
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { bytesToInteger, toField } from '../../src/protocol/field.ts';
import {
  type BackupSecret,
  type GuardRecord,
  MAX_GUARDS,
  openBackup,
  readBackup,
  sealBackup,
} from '../../src/wallet/backup.ts';
import { createHolder } from '../../src/wallet/holder.ts';
import { createPhrase, phraseWords, readPhrase } from '../../src/wallet/phrase.ts';
import { random } from './world.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const record = (): GuardRecord => ({ id: random(16), guard: random(32), evaluationKey: random(32) });
const guards = (n: number): BackupSecret & { kind: 'guards' } => ({
  kind: 'guards',
  records: Array.from({ length: n }, record),
  exportKeys: Array.from({ length: n }, () => random(64)),
});
const SECRETS: readonly BackupSecret[] = [
  guards(1),
  guards(2),
  guards(MAX_GUARDS),
  { kind: 'phrase', entropy: random(16) },
  { kind: 'passkey', prf: random(32) },
];

describe('a backup', () => {
  it.each(SECRETS)('comes back under its secret: $kind', async (secret) => {
    const { seed } = createHolder(random);
    const backup = await sealBackup(seed, secret, random);
    expect(await openBackup(backup, secret)).toBe(seed);
    expect(readBackup(backup)).toEqual({ kind: secret.kind, records: secret.kind === 'guards' ? secret.records : [] });
  });

  it('holds the seed and nothing else: no blinding fits into it', async () => {
    const { seed } = createHolder(random);
    const sizes = await Promise.all(SECRETS.map(async (secret) => (await sealBackup(seed, secret, random)).length));
    expect(sizes).toEqual([1, 2, MAX_GUARDS].map((n) => 34 + 1 + 80 * n + 12 + 31 + 16).concat(93, 93));
  });

  it('of one seed under one secret is different each time', async () => {
    const { seed } = createHolder(random);
    const secret = guards(2);
    const [one, two] = [await sealBackup(seed, secret, random), await sealBackup(seed, secret, random)];
    expect(Buffer.from(one.slice(-59)).equals(Buffer.from(two.slice(-59)))).toBe(false);
  });

  it('needs every guard: with one export key wrong, missing or in another place there is one clear error', async () => {
    const secret = guards(2);
    const backup = await sealBackup(createHolder(random).seed, secret, random);
    const [first, second] = secret.exportKeys as [Uint8Array, Uint8Array];
    for (const exportKeys of [[first, random(64)], [random(64), second], [second, first], [first], [second]]) {
      await expect(openBackup(backup, { ...secret, exportKeys })).rejects.toMatchObject({ code: 'backup_wrong_key' });
    }
  });

  it('is opened by no secret of another kind, even of the same bytes', async () => {
    const bytes = random(32);
    const backup = await sealBackup(toField(5n), { kind: 'passkey', prf: bytes }, random);
    await expect(openBackup(backup, { kind: 'phrase', entropy: bytes.slice(16) })).rejects.toMatchObject({
      code: 'backup_wrong_key',
    });
    const renamed = Uint8Array.from(backup);
    renamed[1] = 2;
    await expect(openBackup(renamed, { kind: 'passkey', prf: bytes })).rejects.toMatchObject({
      code: 'backup_wrong_key',
    });
  });

  it('is refused when any byte of it was changed', async () => {
    const secret = guards(1);
    const backup = await sealBackup(createHolder(random).seed, secret, random);
    for (let i = 0; i < backup.length; i++) {
      const changed = Uint8Array.from(backup);
      changed[i] = (changed[i] ?? 0) ^ 1;
      await expect(openBackup(changed, secret)).rejects.toMatchObject({
        code:
          i === 0
            ? 'backup_version_unsupported'
            : i === 1 || i === 34
              ? (expect.any(String) as string)
              : 'backup_wrong_key',
      });
    }
  });

  it('is malformed when it is shorter, longer, empty, or names no guard or too many', async () => {
    const backup = await sealBackup(toField(7n), guards(2), random);
    const count = (n: number): Uint8Array => Uint8Array.from(backup, (byte, i) => (i === 34 ? n : byte));
    for (const bytes of [
      new Uint8Array(),
      backup.slice(0, -1),
      Uint8Array.from([...backup, 0]),
      count(0),
      count(1),
      count(9),
      count(255),
    ]) {
      expect(() => readBackup(bytes)).toThrow(expect.objectContaining({ code: 'backup_malformed' }));
    }
  });

  it('is not made with a secret that is none', async () => {
    const two = guards(2);
    const bad: BackupSecret[] = [
      { kind: 'guards', records: [], exportKeys: [] },
      { ...two, exportKeys: two.exportKeys.slice(1) },
      { ...two, exportKeys: [random(32), random(32)] },
      { ...two, records: [record(), { ...record(), id: random(15) }] },
      guards(MAX_GUARDS + 1),
      { kind: 'phrase', entropy: random(15) },
      { kind: 'passkey', prf: new Uint8Array() },
    ];
    for (const secret of bad) {
      await expect(sealBackup(toField(7n), secret, random)).rejects.toMatchObject({ code: 'backup_secret_invalid' });
    }
  });
});

interface Vectors {
  readonly opens: readonly {
    name: string;
    backup: string;
    kind: BackupSecret['kind'];
    secret: string[];
    seed: string;
  }[];
  readonly fails: readonly {
    name: string;
    backup: string;
    kind: BackupSecret['kind'];
    secret: string[];
    code: string;
  }[];
}
const vectors = JSON.parse(await readFile('test/vectors/backup.json', 'utf8')) as Vectors;

function secretOf(kind: BackupSecret['kind'], secret: readonly string[]): BackupSecret {
  const parts = secret.map(hex);
  if (kind === 'guards') return { kind, records: [], exportKeys: parts };
  const only = parts[0] ?? new Uint8Array();
  return kind === 'phrase' ? { kind, entropy: only } : { kind, prf: only };
}

describe('vectors of backups', () => {
  it.each(vectors.opens)('open: $name', async ({ backup, kind, secret, seed }) => {
    expect(await openBackup(hex(backup), secretOf(kind, secret))).toBe(BigInt(seed));
    // The same by another implementation, from the formula.
    const bytes = hex(backup);
    const headerEnd = bytes.length - 59;
    const info = `bauta/backup/v1/${kind}`;
    const key = new Uint8Array(hkdfSync('sha256', hex(secret.join('')), bytes.slice(2, 34), info, 32));
    const cipher = createDecipheriv('aes-256-gcm', key, bytes.slice(headerEnd, headerEnd + 12));
    cipher.setAAD(bytes.slice(0, headerEnd));
    cipher.setAuthTag(bytes.slice(-16));
    const plain = Buffer.concat([cipher.update(bytes.slice(headerEnd + 12, -16)), cipher.final()]);
    expect(bytesToInteger(new Uint8Array(plain))).toBe(BigInt(seed));
  });

  it.each(vectors.fails)('fail: $name', async ({ backup, kind, secret, code }) => {
    await expect(openBackup(hex(backup), secretOf(kind, secret))).rejects.toMatchObject({ code });
  });
});

describe('a phrase', () => {
  it('comes back from its words, in both languages and however they are written', () => {
    const entropy = createPhrase(random);
    const en = phraseWords(entropy, 'en');
    const zh = phraseWords(entropy, 'zh');
    expect([en.length, zh.length]).toEqual([12, 12]);
    const written = [en.join(' '), ` ${en.join('\n  ').toUpperCase()} `, zh.join(' '), zh.join(''), zh.join('\u3000')];
    for (const text of written) expect(readPhrase(text)).toEqual(entropy);
  });

  it('is that of BIP-39', () => {
    expect(phraseWords(new Uint8Array(16), 'en').join(' ')).toBe(`${'abandon '.repeat(11)}about`);
  });

  it('is refused with the place of what is wrong, never with a word of it', () => {
    const words = [...phraseWords(new Uint8Array(16).fill(3), 'en')];
    const bad: readonly [string, string, RegExp][] = [
      [words.slice(1).join(' '), 'phrase_length', /12/],
      ['', 'phrase_length', /12/],
      [words.with(4, 'bauta').join(' '), 'phrase_word_unknown', /word 5/],
      [words.with(4, '的').join(' '), 'phrase_word_unknown', /word 5/],
      [
        words
          .with(0, words[11] ?? '')
          .with(11, words[0] ?? '')
          .join(' '),
        'phrase_checksum',
        /./,
      ],
      ['鬱'.repeat(12), 'phrase_word_unknown', /word 1/],
    ];
    for (const [text, code, message] of bad) {
      expect(() => readPhrase(text)).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
      );
      expect(() => readPhrase(text)).not.toThrow(
        expect.objectContaining({ message: expect.stringContaining('bauta') as string }),
      );
    }
  });
});
