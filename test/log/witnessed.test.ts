// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { cosign } from '../../src/log/cosignature.ts';
import { CLOCK_TOLERANCE_SECONDS, type EpochRule, openNotes, requireFresh } from '../../src/log/witnessed.ts';
import { cosigned, POLICY } from '../register/witnesses.ts';
import { witnessKeys } from '../register/witness_world.ts';
import { EPOCH, FIRST_ACTIVE, LOG_KEY, buildLog, goodEpochs } from './log_builder.ts';
import { toyHash } from './reference.ts';

const CUTS = buildLog(toyHash(), goodEpochs());
const noteOf = (epoch: number): string => CUTS[epoch]?.note ?? '';
const NOW = FIRST_ACTIVE;
const open = (...notes: string[]) => openNotes(notes, LOG_KEY, POLICY, NOW * 1000);
const witnessed = (...notes: string[]): readonly boolean[] => notes.map((note) => open(note).witnessed.length === 1);
const line = (note: string, number: number, time = NOW): string => {
  const { secret, key } = witnessKeys(number);
  return cosign(note, key.name, secret, time);
};

describe('a checkpoint is accepted with the cosignatures of two witnesses of three', () => {
  it('and not with fewer', () => {
    const note = noteOf(1);
    expect(witnessed(note, cosigned(note, NOW, [1]), cosigned(note, NOW, [3]))).toEqual([false, false, false]);
    expect(witnessed(cosigned(note, NOW, [1, 2]), cosigned(note, NOW, [3, 1]), cosigned(note, NOW, [1, 2, 3]))).toEqual(
      [true, true, true],
    );
  });

  it('and a witness counts once, however often it cosigned, and under its own name', () => {
    const note = noteOf(1);
    expect(witnessed(note + line(note, 1) + line(note, 1))).toEqual([false]);
    expect(witnessed(note + line(note, 1) + line(note, 1, NOW + 1))).toEqual([false]);
    const { secret } = witnessKeys(1);
    expect(witnessed(note + line(note, 1) + cosign(note, witnessKeys(2).key.name, secret, NOW))).toEqual([false]);
  });

  it('and strangers do not count', () => {
    const note = noteOf(1);
    expect(witnessed(note + line(note, 1) + line(note, 7) + line(note, 8))).toEqual([false]);
    // The register's own signature is none, however often it stands there.
    expect(witnessed(note + line(note, 1) + (noteOf(1).split('\n\n')[1] ?? ''))).toEqual([false]);
  });

  it('and a cosignature for another checkpoint, or a damaged one, spoils the note', () => {
    const note = noteOf(1);
    const invalid = expect.objectContaining({ code: 'checkpoint_invalid' }) as Error;
    expect(() => open(note + line(note, 1) + line(noteOf(2), 2))).toThrow(invalid);
    expect(() => open(note + line(note, 1) + line(note, 2).replace(/.{6}\n$/, 'AAAAAA\n'))).toThrow(invalid);
    expect(() => open(`${note}${line(note, 1)}— ${witnessKeys(2).key.name} AAAA\n`)).toThrow(invalid);
    expect(() => open(`${note}${line(note, 1)}no line\n`)).toThrow(invalid);
    // The time is signed.
    const bytes = Buffer.from(line(note, 2).split(' ')[2] ?? '', 'base64');
    bytes.writeBigUInt64BE(BigInt(NOW + 1), 4);
    expect(() => open(`${note}${line(note, 1)}— ${witnessKeys(2).key.name} ${bytes.toString('base64')}\n`)).toThrow(
      invalid,
    );
  });

  it('and one from the future does not count beyond ten minutes', () => {
    const note = noteOf(1);
    expect(CLOCK_TOLERANCE_SECONDS).toBe(600);
    expect(witnessed(note + line(note, 1) + line(note, 2, NOW + 600))).toEqual([true]);
    expect(witnessed(note + line(note, 1) + line(note, 2, NOW + 601))).toEqual([false]);
  });

  it('and a policy that two checkpoints could meet at once is refused', () => {
    for (const [keys, threshold] of [
      [POLICY.keys, 1],
      [POLICY.keys.slice(0, 2), 1],
      [[], 0],
    ] as const) {
      expect(() => openNotes([noteOf(0)], LOG_KEY, { keys, threshold }, NOW)).toThrow(
        expect.objectContaining({ code: 'witness_policy_invalid' }),
      );
    }
  });
});

describe('the last accepted checkpoint', () => {
  const onDemand: EpochRule = { epochSeconds: EPOCH, turn: 'on_demand' };
  const onSchedule: EpochRule = { epochSeconds: EPOCH, turn: 'schedule' };
  const at = (epoch: number): number => (FIRST_ACTIVE + epoch * EPOCH) * 1000;
  const stale = expect.objectContaining({ code: 'checkpoints_stale' }) as Error;
  const good = cosigned(noteOf(2), NOW);

  it('stays for two epochs after the time of the next, which too few have cosigned', () => {
    const opened = open(good, cosigned(noteOf(3), NOW, [1]), noteOf(4));
    for (const rule of [onDemand, onSchedule]) {
      expect(() => requireFresh(opened, rule, at(5) - 1)).not.toThrow();
      expect(() => requireFresh(opened, rule, at(5))).toThrow(stale);
    }
    // When a witness is back, time counts from there.
    expect(() => requireFresh(open(good, cosigned(noteOf(3), NOW, [1, 3]), noteOf(4)), onDemand, at(5))).not.toThrow();
  });

  it('stays as long as nothing newer is shown only where epochs do not turn by themselves', () => {
    expect(() => requireFresh(open(good), onSchedule, at(5) - 1)).not.toThrow();
    expect(() => requireFresh(open(good), onSchedule, at(5))).toThrow(stale);
    expect(() => requireFresh(open(good), onDemand, at(1000))).not.toThrow();
  });

  it('does not suffer from older ones that too few cosigned', () => {
    expect(() => requireFresh(open(noteOf(1), good), onDemand, at(1000))).not.toThrow();
  });

  it('is missing where none is accepted', () => {
    expect(() => requireFresh(open(noteOf(1)), onDemand, at(1))).toThrow(
      expect.objectContaining({ code: 'checkpoint_not_witnessed' }),
    );
  });
});
