// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadFaceApi } from '../../src/issuer/face_api.ts';
import { humanDistance, loadHuman } from '../../src/issuer/face_human.ts';
import {
  compareDescriptors,
  describeSoleFace,
  type DescribedFace,
  type FaceMatcher,
  MATCHING_SIDE,
  MAX_FACE_DISTANCE,
  MIN_FACE_SIDE,
} from '../../src/issuer/face_matcher.ts';
import { fetchModel, HUMAN_FOLDER, MODEL_URLS } from '../../src/issuer/face_models.ts';
import { decodeImage } from '../../src/issuer/images.ts';
import { readShared, sharedPath } from '../shared.ts';

const BLANK = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };

function fake(name: string, faces: readonly DescribedFace[], distance = 0): FaceMatcher {
  return { name, find: () => Promise.resolve(faces), distance: () => distance };
}

function face(x = 0, width = MIN_FACE_SIDE): DescribedFace {
  return { box: { x, y: 0, width, height: width }, descriptor: [1] };
}

describe('one face in a picture', () => {
  const refused = (matchers: readonly FaceMatcher[], role: 'portrait' | 'live' = 'live') =>
    expect(describeSoleFace(matchers, BLANK, role)).rejects;

  it('is described by each matcher', async () => {
    expect(await describeSoleFace([fake('a', [face()]), fake('b', [face(5)])], BLANK, 'live')).toEqual([[1], [1]]);
  });

  it('is missing if any matcher finds none, or finds it too small', async () => {
    const code = { code: 'face_missing' };
    await refused([fake('a', [face()]), fake('b', [])]).toMatchObject(code);
    await refused([fake('a', []), fake('b', [face()])]).toMatchObject(code);
    await refused([fake('a', [face(0, MIN_FACE_SIDE - 1)])]).toMatchObject(code);
  });

  it('is not alone if any matcher finds two, or the matchers look at different ones', async () => {
    const code = { code: 'face_multiple' };
    await refused([fake('a', [face()]), fake('b', [face(), face(100)])]).toMatchObject(code);
    await refused([fake('a', [face()]), fake('b', [face(MIN_FACE_SIDE)])]).toMatchObject(code);
  });

  it('names the picture that is at fault', async () => {
    await refused([fake('a', [])], 'live').toThrow(/live picture; take it again/);
    await refused([fake('a', [])], 'portrait').toThrow(/document's portrait; read the document again/);
  });
});

describe('compareDescriptors', () => {
  const verdict = (...distances: readonly number[]): boolean => {
    const matchers = distances.map((distance, at) => fake(String(at), [], distance));
    const descriptors = distances.map(() => [1]);
    return compareDescriptors(matchers, descriptors, descriptors).match;
  };

  it('needs every distance within the threshold', () => {
    expect(MAX_FACE_DISTANCE).toBe(0.5);
    expect(verdict(MAX_FACE_DISTANCE, MAX_FACE_DISTANCE)).toBe(true);
    expect(verdict(MAX_FACE_DISTANCE + 1e-9, 0)).toBe(false);
    expect(verdict(0, MAX_FACE_DISTANCE + 1e-9)).toBe(false);
    expect(verdict(0, NaN)).toBe(false);
    expect(verdict()).toBe(false);
  });

  it('refuses descriptors that are empty, missing or of other lengths', () => {
    const matchers = [fake('a', [])];
    for (const [a, b] of [
      [[], []],
      [[[]], [[]]],
      [[[1]], [[1, 2]]],
      [[[1]], []],
    ] satisfies [number[][], number[][]][]) {
      expect(() => compareDescriptors(matchers, a, b)).toThrow(expect.objectContaining({ code: 'face_unavailable' }));
    }
  });
});

describe('humanDistance', () => {
  it('is one minus the similarity of the library, before rounding', () => {
    const { match } = createRequire(import.meta.url)(join(HUMAN_FOLDER, 'human.node-wasm.js')) as {
      match: { similarity: (a: readonly number[], b: readonly number[]) => number };
    };
    for (const length of [0, 3, 6, 9.5, 10, 10.5, 15, 20]) {
      const [a, b] = [new Array<number>(64).fill(0), new Array<number>(64).fill(length / 8)];
      expect(humanDistance(a, b)).toBeCloseTo(1 - match.similarity(a, b), 1.9);
    }
    expect(humanDistance([0], [10])).toBeCloseTo(0.5, 12);
  });
});

describe('fetchModel', () => {
  it('reads the measured weights and nothing else', async () => {
    const bytes = await (await fetchModel(`${MODEL_URLS.human}faceres.bin`)).arrayBuffer();
    expect(createHash('sha256').update(Buffer.from(bytes)).digest('hex')).toMatch(/^2c7d2d62/);
    for (const url of [
      `${MODEL_URLS.human}liveness.json`,
      `${MODEL_URLS.human}../package.json`,
      'https://example.com/faceres.bin',
      'faceres.bin',
    ]) {
      await expect(fetchModel(url)).rejects.toMatchObject({ code: 'face_models_changed' });
    }
  });

  it('refuses weights of which one bit differs', async () => {
    const url = `${MODEL_URLS.human}blazeface.json`;
    const bytes = new Uint8Array(await (await fetchModel(url)).arrayBuffer());
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    const read = () => Promise.resolve(bytes);
    await expect(fetchModel(url, read)).rejects.toMatchObject({ code: 'face_models_changed' });
  });
});

// The closest impostors of the London Set: 067 and 005 pass the 0.6 that face-api has by default.
const PEOPLE = ['005', '067', '030', '034'];

describe.skipIf(sharedPath('faces') === undefined)('the two networks on real pairs', () => {
  const matchers: FaceMatcher[] = [];
  const described = new Map<string, readonly (readonly number[])[]>();
  const describePicture = async (name: string, role: 'portrait' | 'live') =>
    describeSoleFace(matchers, await decodeImage(readShared(`faces/${name}-${role}.jpg`), MATCHING_SIDE), role);
  const compare = (portrait: string, live: string) =>
    compareDescriptors(matchers, described.get(`${portrait}-portrait`) ?? [], described.get(`${live}-live`) ?? []);

  beforeAll(async () => {
    matchers.push(await loadHuman(), await loadFaceApi());
    for (const name of PEOPLE) {
      described.set(`${name}-portrait`, await describePicture(name, 'portrait'));
      described.set(`${name}-live`, await describePicture(name, 'live'));
    }
  }, 240_000);

  it('accept each person by both distances and no other person by either', () => {
    for (const portrait of PEOPLE) {
      for (const live of PEOPLE) {
        const { match, distances } = compare(portrait, live);
        const agreeing = Object.values(distances).filter((distance) => distance <= MAX_FACE_DISTANCE).length;
        expect([portrait, live, match, agreeing]).toEqual([
          portrait,
          live,
          portrait === live,
          portrait === live ? 2 : 0,
        ]);
      }
    }
  });

  it('would take two strangers for one person at the usual threshold of one network', () => {
    const { match, distances } = compare('067', '005');
    expect(distances['face_api']).toBeLessThan(0.6);
    expect(match).toBe(false);
  });

  it('describe a picture the same whatever came before, and give back the memory', async () => {
    const { memory } = createRequire(import.meta.url)('@tensorflow/tfjs-core') as {
      memory: () => { numTensors: number };
    };
    const before = memory().numTensors;
    expect(await describePicture('005', 'portrait')).toEqual(described.get('005-portrait'));
    expect(memory().numTensors).toBe(before);
  }, 60_000);
});
