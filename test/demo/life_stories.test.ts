// SPDX-License-Identifier: GPL-3.0-or-later
/** Every story of a credential's life on one stack, over real sockets; faces alone are taken for granted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { createAuthoritySimulator } from '../../src/demo/authority_simulator.ts';
import { createCardAuthority } from '../../src/demo/card_simulator.ts';
import { createPassportAuthority } from '../../src/demo/chip.ts';
import { runEnrolment } from '../../src/demo/enrolment_run.ts';
import { type LifeStage, openLifeStage } from '../../src/demo/life_stage.ts';
import { LIFE_STORIES, tellLife } from '../../src/demo/life_stories.ts';
import { SAMPLE_STATE, samplePeople } from '../../src/demo/people.ts';
import { SAMPLE_COVERAGE, sampleRegistry } from '../../src/demo/people_documents.ts';
import { createSampleDocuments } from '../../src/demo/sample_documents.ts';
import { dateInZone } from '../../src/protocol/dates.ts';
import { ephemeralConfig } from '../../src/server/config.ts';
import { createSamples } from '../../src/server/samples.ts';
import { type Stack, startStack } from '../../src/server/stack.ts';
import { random, realProver } from '../wallet/world.ts';

const EPOCH_SECONDS = 21_600;
const HOUR = 3_600_000;

let stack: Stack;
let stage: LifeStage;
let skipped = 0;
const told: string[] = [];
const clock = (): number => Date.now() + skipped;

beforeAll(async () => {
  const config = { ...ephemeralConfig(), epochSeconds: EPOCH_SECONDS };
  const today = dateInZone(clock(), config.timeZone);
  const authority = createPassportAuthority({ country: SAMPLE_STATE.alpha2, algorithm: 'ecdsa-p256', at: clock() });
  const people = await samplePeople({ today });
  const cards = createCardAuthority(random);
  const documents = createSampleDocuments({ authority, cards, random });
  const frames = { frames: () => Promise.reject(new Error('liveness is off')) };
  stack = await startStack({
    config,
    clock,
    timers: false,
    anchors: authority.anchors,
    compareFaces: () => Promise.resolve({ match: true, distances: { double: 0.3 } }),
    samples: createSamples({ people, documents, today: () => today, random, frames }),
    authority: createAuthoritySimulator({
      cards,
      people: sampleRegistry(people, today),
      coverage: SAMPLE_COVERAGE,
      clock,
      random,
    }),
  });
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
