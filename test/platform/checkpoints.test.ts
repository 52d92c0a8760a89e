// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Checkpoint, signCheckpoint } from '../../src/log/checkpoint.ts';
import { createCheckpointSource } from '../../src/platform/checkpoints.ts';
import type { CheckpointSource } from '../../src/platform/deps.ts';
import { toField } from '../../src/protocol/field.ts';
import { cosigned, POLICY } from '../register/witnesses.ts';
import { NOON } from './fixtures.ts';
import { checkpointOf } from './harness.ts';

const NAME = 'register.example/v1';
const SECRET = new Uint8Array(32).fill(1);
const publicKey = ed25519.getPublicKey(SECRET);

const one = checkpointOf(toField(11n));
const two = checkpointOf(toField(22n), { size: 9, epoch: 4, activeFrom: NOON / 1000 + 3600 });

let now: number;
let asked: number;
let register: () => Response | Promise<Response>;
let refused: unknown[];
let source: CheckpointSource;

/** A note with the cosignatures of two witnesses of three, or of others. */
const sign = (checkpoint: Checkpoint, secret = SECRET, by: readonly number[] = [1, 2]): string =>
  cosigned(signCheckpoint(checkpoint, secret, checkpoint.origin), Math.floor(now / 1000), by);
const notes = (...signed: string[]): Response => Response.json({ checkpoints: signed });
/** Asks, and lets the question that was begun beside the answer come to its end. */
const settled = async (size?: number): ReturnType<CheckpointSource> => {
  await source(size);
  await new Promise((resolve) => setTimeout(resolve, 5));
  return source(size);
};
const sizes = async (size?: number): Promise<number[]> => (await settled(size)).map((checkpoint) => checkpoint.size);

beforeEach(() => {
  now = NOON;
  asked = 0;
  refused = [];
  register = () => notes(sign(one));
  source = createCheckpointSource({
    register: 'https://register.example',
    name: NAME,
    publicKey,
    witnesses: POLICY,
    epochs: { epochSeconds: 3600, turn: 'on_demand' },
    fetch: async (input) => {
      asked++;
      expect(input).toBe('https://register.example/v1/checkpoints');
      return register();
    },
    clock: () => now,
    refreshSeconds: 30,
    maxStaleSeconds: 600,
    onRefused: (error) => refused.push(error),
  });
});

describe('the checkpoint source', () => {
  it('asks the register once for everyone, and again when it is time', async () => {
    expect(await Promise.all([sizes(), sizes(), sizes()])).toEqual([[7], [7], [7]]);
    now += 29_999;
    await source();
    expect(asked).toBe(1);
    now += 1;
    register = () => notes(sign(one), sign(two));
    expect(await sizes()).toEqual([7, 9]);
    expect(asked).toBe(2);
  });

  it('lets nobody wait for a silent register who can be served with what is known', async () => {
    await source();
    register = () => new Promise<Response>(() => undefined);
    now += 60_000;
    expect(await source()).toMatchObject([{ size: 7 }]);
    // Somebody names a size that does not exist, and waits for the register.
    void source(99);
    expect(await source(7)).toMatchObject([{ size: 7 }]);
    expect(asked).toBe(2);
  });

  it('asks one mirror after the other', async () => {
    const urls: unknown[] = [];
    const mirrored = createCheckpointSource({
      register: ['https://away.example', 'https://mirror.example'],
      name: NAME,
      publicKey,
      witnesses: POLICY,
      epochs: { epochSeconds: 3600, turn: 'on_demand' },
      fetch: (input) => {
        urls.push(input);
        return urls.length === 1 ? Promise.reject(new TypeError('fetch failed')) : Promise.resolve(notes(sign(one)));
      },
      clock: () => now,
    });
    expect(await mirrored()).toMatchObject([{ size: 7 }]);
    expect(urls).toEqual(['https://away.example/v1/checkpoints', 'https://mirror.example/v1/checkpoints']);
  });

  it('asks for a size that it does not know, at most once a second', async () => {
    await source();
    register = () => notes(sign(one), sign(two));
    now += 999;
    expect(await sizes(9)).toEqual([7]);
    now += 1;
    expect(await sizes(9)).toEqual([7, 9]);
    for (let size = 100; size < 200; size++) await source(size);
    expect(asked).toBe(2);
  });

  it.each([
    ['is away', () => Promise.reject(new TypeError('fetch failed'))],
    ['fails', () => new Response('oops', { status: 500 })],
    ['answers no JSON', () => new Response('<html>')],
    ['answers another form', () => Response.json({ checkpoints: [] })],
    ['answers at great length', () => new Response('x'.repeat(100_000))],
    ['is signed by another key', () => notes(sign(two, new Uint8Array(32).fill(2)))],
    ['speaks for another log', () => notes(sign({ ...two, origin: 'other.example/v1' }))],
    ['is not a note', () => notes('x')],
  ])('keeps what it knows for a while when the register %s, then stops', async (_, answer) => {
    await source();
    register = answer;
    now += 600_000;
    expect(await sizes()).toEqual([7]);
    expect(refused).toHaveLength(1);
    now += 1;
    await expect(source()).rejects.toMatchObject({ code: 'checkpoints_unavailable' });
    register = () => notes(sign(one), sign(two));
    now += 30_000;
    expect(await sizes()).toEqual([7, 9]);
  });

  it('has nothing to give when the register has never been heard, or has nothing active', async () => {
    register = () => Promise.reject(new TypeError('fetch failed'));
    await expect(source()).rejects.toMatchObject({ code: 'checkpoints_unavailable' });
  });

  it('takes no step back', async () => {
    register = () => notes(sign(one), sign(two));
    await source();
    register = () => notes(sign(one));
    now += 30_000;
    expect(await sizes()).toEqual([7, 9]);
    expect(refused).toMatchObject([{ code: 'checkpoint_rolled_back' }]);
  });

  it.each([
    ['another root in an epoch', { presentationRoot: toField(33n) }],
    ['another time for an epoch', { activeFrom: NOON / 1000 - 3601 }],
    ['another root for a size', { epoch: 5, activeFrom: NOON / 1000 + 7200, presentationRoot: toField(33n) }],
  ])('takes no second story: %s', async (_, change) => {
    await source();
    register = () => notes(sign({ ...one, ...change }));
    now += 30_000;
    expect(await settled()).toMatchObject([{ presentationRoot: 11n, epoch: 3 }]);
    expect(refused).toMatchObject([{ code: 'checkpoint_second_root' }]);
  });

  it('goes on with what two of three witnesses cosigned, for two epochs after its successor should have come', async () => {
    await source();
    // The next one, with one cosignature: it is not used, and the last one is.
    register = () => notes(sign(one), sign(two, SECRET, [3]));
    now = NOON + 3600_000;
    expect(await sizes()).toEqual([7]);
    expect(await sizes(9)).toEqual([7]);
    const end = two.activeFrom * 1000 + 2 * 3600_000;
    for (now = end - 60_000; now < end; now += 30_000) expect(await sizes()).toEqual([7]);
    now = end;
    await expect(source()).rejects.toMatchObject({ code: 'checkpoints_unavailable' });
    // A witness comes back.
    register = () => notes(sign(one), sign(two, SECRET, [3, 1]));
    now += 30_000;
    expect(await sizes()).toEqual([7, 9]);
  });

  it('starts with nothing that too few witnesses cosigned', async () => {
    register = () => notes(sign(one, SECRET, [2]));
    await expect(source()).rejects.toMatchObject({ code: 'checkpoints_unavailable' });
    expect(refused).toMatchObject([{ code: 'checkpoint_not_witnessed' }]);
  });

  it('is not moved by unwitnessed checkpoints that contradict what it knows', async () => {
    await source();
    register = () => notes(sign(one), sign({ ...one, presentationRoot: toField(33n) }, SECRET, [2]));
    now += 30_000;
    expect(await settled()).toMatchObject([{ presentationRoot: 11n }]);
    expect(refused).toEqual([]);
  });
});
