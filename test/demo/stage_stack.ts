// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A stack with sample people on which faces are taken for granted: comparing them takes seconds, and stories are about
 * something else.
 *
 * @module
 */
import { createAuthoritySimulator } from '../../src/demo/authority_simulator.ts';
import { createCardAuthority } from '../../src/demo/card_simulator.ts';
import { createPassportAuthority } from '../../src/demo/chip.ts';
import { SAMPLE_STATE, samplePeople } from '../../src/demo/people.ts';
import { SAMPLE_COVERAGE, sampleRegistry } from '../../src/demo/people_documents.ts';
import { createSampleDocuments } from '../../src/demo/sample_documents.ts';
import { dateInZone } from '../../src/protocol/dates.ts';
import { createSamples } from '../../src/server/samples.ts';
import { type Stack, type StackOptions, startStack } from '../../src/server/stack.ts';
import { random } from '../wallet/world.ts';

/** Starts it. */
export async function startStage(options: Pick<StackOptions, 'config' | 'clock' | 'timers'>): Promise<Stack> {
  const clock = options.clock ?? (() => Date.now());
  const today = dateInZone(clock(), options.config.timeZone);
  const authority = createPassportAuthority({ country: SAMPLE_STATE.alpha2, algorithm: 'ecdsa-p256', at: clock() });
  const people = await samplePeople({ today });
  const cards = createCardAuthority(random);
  const documents = createSampleDocuments({ authority, cards, random });
  const frames = { frames: () => Promise.reject(new Error('liveness is off')) };
  return startStack({
    ...options,
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
}
