// SPDX-License-Identifier: GPL-3.0-or-later
/** Every story of a credential's life on one stack, over real sockets; faces alone are taken for granted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { runEnrolment } from '../../src/demo/enrolment_run.ts';
import { type LifeStage, openLifeStage } from '../../src/demo/life_stage.ts';
import { LIFE_STORIES, tellLife } from '../../src/demo/life_stories.ts';
import { ephemeralConfig } from '../../src/server/config.ts';
import { type Stack, startStack } from '../../src/server/stack.ts';
import { random, realProver } from '../wallet/world.ts';
import { startStage } from './stage_stack.ts';

const EPOCH_SECONDS = 21_600;
const HOUR = 3_600_000;

let stack: Stack;
let stage: LifeStage;
let skipped = 0;
const told: string[] = [];
const clock = (): number => Date.now() + skipped;

beforeAll(async () => {
  stack = await startStage({ config: { ...ephemeralConfig(), epochSeconds: EPOCH_SECONDS }, clock, timers: false });
  const skip = (milliseconds: number): void => {
    skipped += milliseconds;
  };
  stage = await openLifeStage({
    url: stack.urls.wallet,
    fetch,
    clock,
    random,
    prover: realProver(),
    poseidon,
    skip,
    turn: () => {
      skip(EPOCH_SECONDS * 1000);
      return stack.register.turn();
    },
    pass: () => {
      skip(EPOCH_SECONDS * 1000 + HOUR);
      return Promise.resolve();
    },
    inboxUrl: stack.inboxUrl,
    approvers: stack.approverKeys,
    say: (line) => told.push(line),
  });
}, 120_000);
afterAll(async () => {
  await stack.close();
});

describe('the life of a credential, over HTTP', () => {
  const SUB = /^[A-Za-z0-9_-]{43}$/;

  it.each(LIFE_STORIES)(
    '%s',
    async (story) => {
      told.length = 0;
      const result = await tellLife(stage, story);
      const { subBefore, subAfter } = result;
      expect([told, result.ok]).toEqual([told, true]);
      expect(subBefore).toMatch(SUB);
      if (story === 'revoked') {
        expect(result).toEqual({ ok: true, subBefore, subAfter: null, code: 'credential_revoked' });
        return;
      }
      expect(Object.keys(result).sort()).toEqual(['ok', 'subAfter', 'subBefore']);
      expect(subAfter).toMatch(SUB);
      expect(subAfter === subBefore).toBe(story !== 'lost-everything');
    },
    120_000,
  );

  it('can be told again where everyone with the documents is enrolled: of somebody new', async () => {
    for (const story of ['renewal', 'second-document'] as const) {
      told.length = 0;
      const { ok, subBefore, subAfter } = await tellLife(stage, story);
      expect([told, ok]).toEqual([told, true]);
      expect(subAfter).toBe(subBefore);
      expect(told[0]).toContain('is passed over: person_already_enrolled');
      expect(told[1]).toBe('Sample Visitor is enrolled with a passport');
    }
  }, 120_000);

  it('takes time, step by step, and counts nobody twice', async () => {
    const run = await runEnrolment(stage, 'travel_permit_taiwan');
    expect(run).toMatchObject({ ok: true, kind: 'travel_permit_taiwan' });
    expect(run.steps.map(({ name }) => name)).toEqual([
      'opened',
      'document',
      'face',
      'phone',
      'pin',
      'credential',
      'publication',
    ]);
    expect(run.steps.every(({ ms }) => Number.isInteger(ms) && ms >= 0)).toBe(true);
    expect(Number.isInteger(run.leafIndex)).toBe(true);
    // Nobody is left with that kind of document.
    await expect(runEnrolment(stage, 'travel_permit_taiwan')).rejects.toMatchObject({
      code: 'person_already_enrolled',
      message: expect.stringContaining('start it again with another folder of data') as string,
    });
  }, 120_000);

  it('needs sample people', async () => {
    const plain = await startStack({
      config: ephemeralConfig(),
      anchors: [],
      compareFaces: () => Promise.reject(new Error('not used')),
    });
    try {
      await expect(openLifeStage({ ...stage, url: plain.urls.wallet })).rejects.toMatchObject({
        code: 'samples_missing',
      });
    } finally {
      await plain.close();
    }
    await expect(openLifeStage({ ...stage, url: plain.urls.wallet })).rejects.toMatchObject({
      code: 'network_failed',
    });
  }, 30_000);
});
