// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawCurve } from '../../scripts/face/curve.ts';
import { decisive, evaluate, measureFolder, type PairDistances, upperBound } from '../../scripts/face/evaluate.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';

const pair = (human: number, face_api = human): PairDistances => ({ human, face_api });

describe('rates', () => {
  it('count what both networks say at the threshold', () => {
    const measured = {
      genuine: [pair(0.5), pair(0.2, 0.51), pair(0.1), pair(NaN)],
      impostor: [pair(0.5, 0.5), pair(0.4, 0.6), pair(0.6, 0.4), pair(0.9), pair(0.51)],
      unusable: 1,
    };
    expect(evaluate(measured)).toMatchObject({
      genuine: 4,
      impostor: 5,
      threshold: 0.5,
      fmr: 1 / 5,
      fnmr: 2 / 4,
      matchers: { human: { fmr: 2 / 5, fnmr: 1 / 4 }, face_api: { fmr: 2 / 5, fnmr: 2 / 4 } },
      unusable: 1,
    });
    expect(decisive(pair(0.2, 0.7))).toBe(0.7);
    expect(decisive(pair(0.7, 0.2))).toBe(0.7);
  });

  it('have upper bounds: three in n for none, Wilson for some', () => {
    expect(upperBound(0, 240)).toBe(3 / 240);
    expect(upperBound(0, 2)).toBe(1);
    // Newcombe 1998, table I: 15 of 148 has [0.0624, 0.1605] by Wilson's score.
    expect(upperBound(15, 148)).toBeCloseTo(0.1605, 4);
    expect(upperBound(81, 263)).toBeCloseTo(0.3662, 4);
  });

  it('are drawn as steps that end where all pairs are within the threshold', () => {
    const svg = drawCurve({ genuine: [pair(0.2)], impostor: [pair(0.8)], unusable: 0 });
    expect(svg).toMatch(/^<svg xmlns/);
    // At 0.2 of 632 pixels the genuine pair is recognised, at 0.8 the other is taken for it.
    expect(svg).toContain('M64 24H190.4V344H696');
    expect(svg).toContain('M64 344H569.6V24H696');
  });
});

describe('a folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bauta-pairs-'));
    for (const name of [
      '001-portrait',
      '001-live',
      '002-portrait',
      '002-live',
      '003-portrait',
      '004-portrait',
      '004-live',
    ]) {
      await writeFile(join(folder, `${name}.jpg`), name);
    }
    await writeFile(join(folder, 'notes.txt'), '');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is described once a picture, and people without a usable pair are left out', async () => {
    const described: string[] = [];
    const said: string[] = [];
    const measured = await measureFolder(
      {
        describeFace: (bytes, role) => {
          const name = new TextDecoder().decode(bytes);
          described.push(name);
          expect(name.endsWith(role)).toBe(true);
          if (name === '004-live') return Promise.reject(new ProtocolError('face_missing', 'no face'));
          const person = Number(name.slice(0, 3));
          return Promise.resolve([[person * 10], [person]]);
        },
      },
      folder,
      (line) => said.push(line),
    );
    expect(described).toEqual(['001-portrait', '001-live', '002-portrait', '002-live', '004-portrait', '004-live']);
    // Ten apart is 0.5 for the one network, one apart is one for the other.
    expect(measured).toEqual({
      genuine: [pair(0, 0), pair(0, 0)],
      impostor: [pair(0.5, 1), pair(0.5, 1)],
      unusable: 1,
    });
    expect(said).toContain('004 is left out: face_missing');
  });

  it('stops where the networks themselves fail', async () => {
    const failing = { describeFace: () => Promise.reject(new ProtocolError('face_unavailable', 'ended')) };
    await expect(measureFolder(failing, folder, () => undefined)).rejects.toMatchObject({ code: 'face_unavailable' });
  });
});
