// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { parseAsk } from '../../src/protocol/policy.ts';
import {
  type Activity,
  type ActivityEntry,
  decodeActivity,
  encodeActivity,
  MAX_ENTRIES,
  MAX_PLATFORMS,
  NO_ACTIVITY,
  recordActivity,
} from '../../src/wallet/activity.ts';
import { decodeBackupNotes, decodePlaces, encodeBackupNotes, encodePlaces } from '../../src/wallet/stored.ts';
import { toField } from '../../src/protocol/field.ts';
import { random } from './world.ts';

const SUB = 'a'.repeat(43);
const entry = (change: Partial<ActivityEntry> = {}): ActivityEntry => ({
  at: 1,
  origin: 'https://forum.example',
  outcome: 'shared',
  ask: parseAsk({ age_over: 18, reveal: ['document'] }),
  disclosed: { document: 'passport' },
  sub: SUB,
  ...change,
});
const all = (entries: readonly ActivityEntry[]): Activity => entries.reduce(recordActivity, NO_ACTIVITY);

describe('activity', () => {
  it('lists what was shared, newest first, and the platforms with first and last time', () => {
    const { entries, platforms } = all([
      entry({ at: 1 }),
      entry({ at: 2, origin: 'https://shop.example', sub: undefined }),
      entry({ at: 3, crossDevice: true }),
    ]);
    expect(entries.map(({ at }) => at)).toEqual([3, 2, 1]);
    expect(platforms).toEqual([
      { origin: 'https://forum.example', sub: SUB, first: 1, last: 3, times: 2 },
      { origin: 'https://shop.example', first: 2, last: 2, times: 1 },
    ]);
  });

  it('does not count a declined request as a connection', () => {
    const { entries, platforms } = all([entry({ outcome: 'declined', sub: undefined, disclosed: {} })]);
    expect(entries).toHaveLength(1);
    expect(platforms).toEqual([]);
  });

  it('keeps so many entries and platforms, and not more', () => {
    const many = (count: number): Activity =>
      all(Array.from({ length: count }, (_, i) => entry({ at: i, origin: `https://p${String(i)}.example` })));
    expect(many(MAX_ENTRIES).entries).toHaveLength(MAX_ENTRIES);
    const over = many(MAX_PLATFORMS + 1);
    expect(over.entries).toHaveLength(MAX_ENTRIES);
    expect(over.entries.at(-1)?.at).toBe(MAX_PLATFORMS + 1 - MAX_ENTRIES);
    expect(over.platforms).toHaveLength(MAX_PLATFORMS);
    expect(over.platforms.some(({ origin }) => origin === 'https://p0.example')).toBe(false);
  });

  it('comes back as it was, and what cannot be read is left out', () => {
    const activity = all([entry({ at: 5 }), entry({ at: 6, crossDevice: true })]);
    expect(decodeActivity(encodeActivity(activity))).toEqual(activity);
    for (const text of [
      '',
      '{}',
      '{"entries":[{"at":1}],"platforms":[]}',
      encodeActivity(activity).replace(SUB, 'x'),
    ]) {
      expect(decodeActivity(text)).toEqual(NO_ACTIVITY);
    }
  });
});

describe('stored forms', () => {
  it('of places hold leaf and position, and nothing secret', () => {
    const place = { leaf: toField(9n), index: 3, published: 4, seed: toField(77n) };
    expect(encodePlaces([place])).not.toContain('77');
    expect(decodePlaces(encodePlaces([place]))).toEqual([{ leaf: toField(9n), index: 3, published: 4 }]);
    expect(decodePlaces('[{"leaf":"-1","index":0,"published":1}]')).toEqual([]);
  });

  it('of backups come back as they were', () => {
    const records = [{ id: random(16), guard: random(32), evaluationKey: random(32) }];
    const notes = { guards: { records, eraseTokens: [random(32)] }, toErase: [], stored: true, phrase: true };
    expect(decodeBackupNotes(encodeBackupNotes(notes))).toEqual(notes);
    expect(decodeBackupNotes('{"guards":1}')).toEqual({});
  });
});
