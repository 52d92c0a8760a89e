// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePeople, type SamplePerson } from '../../src/demo/people.ts';
import { createFaceComparer, FACE_LIMITS } from '../../src/issuer/faces.ts';
import { decodeImage } from '../../src/issuer/images.ts';
import { toDate } from '../../src/protocol/dates.ts';
import { encodeCodestream, wrapJp2 } from './jp2.ts';

const SLOW = 120_000;

function person(people: readonly SamplePerson[], id: string): SamplePerson {
  const found = people.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no sample person ${id}`);
  return found;
}

describe('compareFaces', () => {
  const faces = createFaceComparer();
  let people: readonly SamplePerson[] = [];
  let empty = new Uint8Array();

  beforeAll(async () => {
    people = await samplePeople({ today: toDate(20260615) });
    empty = new Uint8Array(
      await sharp({ create: { width: 300, height: 400, channels: 3, background: '#8899aa' } })
        .png()
        .toBuffer(),
    );
    await faces.warm();
  }, 240_000);
  afterAll(() => faces.close());

  it(
    'accepts the same face, also as JPEG 2000, while this thread goes on',
    async () => {
      const { portrait, live } = person(people, 'wei');
      const pixels = await decodeImage(portrait);
      const jp2 = wrapJp2(await encodeCodestream(pixels), pixels);
      let ticks = 0;
      const timer = setInterval(() => ticks++, 10);
      const { match, distances, ms } = await faces.compareFaces(jp2, live);
      clearInterval(timer);
      expect(match).toBe(true);
      expect(Object.keys(distances)).toEqual(['human', 'face_api']);
      expect(ms).toBeGreaterThan(0);
      expect(ticks).toBeGreaterThan(ms / 10 / 4);
      expect(portrait.length).toBeGreaterThan(0); // handed over as a copy
    },
    SLOW,
  );

  it(
    "refuses another person's picture by both distances",
    async () => {
      const { match, distances } = await faces.compareFaces(
        person(people, 'wei').portrait,
        person(people, 'noor').live,
      );
      expect(match).toBe(false);
      expect(Math.min(...Object.values(distances))).toBeGreaterThan(0.5);
    },
    SLOW,
  );

  it(
    'says in which picture there is no face, or more than one',
    async () => {
      const { portrait, live } = person(people, 'wei');
      const folder = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));
      const crowd = new Uint8Array(await readFile(join(folder, 'demo', 'sample6.jpg')));
      await expect(faces.compareFaces(empty, live)).rejects.toMatchObject({
        code: 'face_missing',
        message: expect.stringContaining('portrait') as string,
      });
      await expect(faces.compareFaces(portrait, crowd)).rejects.toMatchObject({
        code: 'face_multiple',
        message: expect.stringContaining('live picture') as string,
      });
    },
    SLOW,
  );

  it(
    'answers hostile files with a code and goes on',
    async () => {
      const { portrait } = person(people, 'wei');
      const hostile = [new Uint8Array(), portrait.subarray(0, 500), new TextEncoder().encode('GIF89a')];
      for (const bytes of hostile) {
        await expect(faces.compareFaces(portrait, bytes)).rejects.toMatchObject({ code: 'image_malformed' });
      }
      await expect(faces.compareFaces(new Uint8Array(9_000_000), portrait)).rejects.toMatchObject({
        code: 'image_too_large',
      });
      await expect(faces.compareFaces(empty, portrait)).rejects.toMatchObject({ code: 'face_missing' });
    },
    SLOW,
  );
});

describe('createFaceComparer', () => {
  const bytes = Uint8Array.of(1);

  it('refuses what exceeds the queue', async () => {
    const faces = createFaceComparer({ ...FACE_LIMITS, queue: { ...FACE_LIMITS.queue, tasks: 1 } });
    const first = faces.compareFaces(bytes, bytes).catch((error: unknown) => error);
    await expect(faces.compareFaces(bytes, bytes)).rejects.toMatchObject({ code: 'face_busy' });
    await faces.close();
    await expect(first).resolves.toMatchObject({ code: 'face_unavailable' });
    await expect(faces.compareFaces(bytes, bytes)).rejects.toMatchObject({ code: 'face_unavailable' });
  });

  it('ends a thread that takes too long, and starts another', async () => {
    const faces = createFaceComparer({ ...FACE_LIMITS, load: 50 });
    const answers = await Promise.allSettled([faces.compareFaces(bytes, bytes), faces.compareFaces(bytes, bytes)]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'face_unavailable' } });
      const reason: unknown = answer.status === 'rejected' ? answer.reason : undefined;
      expect(reason instanceof Error && String(reason.cause)).toContain('load took too long');
    }
  });

  it(
    'blames the picture if decoding never ends',
    async () => {
      const faces = createFaceComparer({ ...FACE_LIMITS, decode: 0 });
      const noise = await sharp({
        create: {
          width: 4000,
          height: 4000,
          channels: 3,
          background: '#888',
          noise: { type: 'gaussian', mean: 128, sigma: 9 },
        },
      })
        .jpeg({ quality: 60 })
        .toBuffer();
      await expect(faces.compareFaces(noise, noise)).rejects.toMatchObject({ code: 'image_malformed' });
    },
    SLOW,
  );
});

describe('npm run face', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const run = (...args: string[]) =>
    new Promise<{ status: number; out: string; err: string }>((resolve) => {
      const command = [join(root, 'node_modules/tsx/dist/cli.mjs'), join(root, 'scripts/face.ts'), ...args];
      const child = execFile(process.execPath, command, (_error, out, err) => {
        resolve({ status: child.exitCode ?? -1, out, err });
      });
    });

  it(
    'prints one line of JSON and nothing else',
    async () => {
      const { portrait, live } = person(await samplePeople({ today: toDate(20260615) }), 'robin');
      const folder = await mkdtemp(join(tmpdir(), 'bauta-face-'));
      try {
        await writeFile(join(folder, 'a.jpg'), portrait);
        await writeFile(join(folder, 'b.jpg'), live);
        const { status, out, err } = await run('compare', join(folder, 'a.jpg'), join(folder, 'b.jpg'));
        expect([status, err]).toEqual([0, '']);
        expect(out.trim().split('\n')).toHaveLength(1);
        expect(JSON.parse(out)).toEqual({
          match: true,
          distances: { human: expect.any(Number) as number, face_api: expect.any(Number) as number },
          ms: expect.any(Number) as number,
        });
        const refused = await run('compare', join(folder, 'a.jpg'), join(root, 'package.json'));
        expect(refused.status).toBe(1);
        expect(JSON.parse(refused.out)).toMatchObject({ error: { code: 'image_malformed' } });
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    SLOW,
  );

  it(
    'tells wrong usage and unreadable files apart from a verdict',
    async () => {
      expect((await run('--help')).out).toContain('Exit status');
      for (const args of [
        ['compare', 'one'],
        ['compare', '/nowhere/a.jpg', '/nowhere/b.jpg'],
      ]) {
        const { status, out, err } = await run(...args);
        expect([status, out]).toEqual([2, '']);
        expect(err).toContain('Usage:');
      }
    },
    SLOW,
  );
});
