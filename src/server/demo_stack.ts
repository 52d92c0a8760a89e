// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A stack with simulated parts where the real ones cannot exist on a computer: authorities, their passports
 * and cards. Faces are compared for real.
 *
 * @module
 */
import { join } from 'node:path';
import { createAuthoritySimulator } from '../demo/authority_simulator.ts';
import { createCardAuthority } from '../demo/card_simulator.ts';
import { createPassportAuthority, type PassportAuthority } from '../demo/chip.ts';
import { SAMPLE_COVERAGE, sampleRegistry } from '../demo/people_documents.ts';
import { createSampleDocuments, type SampleDocuments } from '../demo/sample_documents.ts';
import { createFrameMaker, type FrameMaker } from '../demo/frame_maker.ts';
import { SAMPLE_STATE, type SamplePerson, samplePeople } from '../demo/people.ts';
import { createFaceComparer } from '../issuer/faces.ts';
import { dateInZone } from '../protocol/dates.ts';
import { ROOT } from './pages.ts';
import { random } from './programs.ts';
import { createSamples } from './samples.ts';
import { type Stack, type StackOptions, startStack } from './stack.ts';

/** Where pictures of consenting people are, if this checkout has them beside it. */
const FACES = join(ROOT, '..', 'shared', 'data', 'faces');

/** A running demonstration. */
export interface DemoStack extends Stack {
  readonly authority: PassportAuthority;
  readonly people: readonly SamplePerson[];
  /** Their documents, in the hand. */
  readonly documents: SampleDocuments;
  /** Makes captures of stills, in place of a camera. */
  readonly frames: FrameMaker;
}

/**
 * Starts a demonstration.
 *
 * @param options - As for {@link startStack}, less what the demonstration brings along.
 * @throws ProtocolError as {@link startStack}.
 */
export async function startDemoStack(
  options: Omit<StackOptions, 'anchors' | 'compareFaces' | 'checkLiveness' | 'samples' | 'authority'>,
): Promise<DemoStack> {
  const clock = options.clock ?? (() => Date.now());
  const { timeZone } = options.config;
  const today = (): ReturnType<typeof dateInZone> => dateInZone(clock(), timeZone);
  const authority = createPassportAuthority({ country: SAMPLE_STATE.alpha2, algorithm: 'ecdsa-p256', at: clock() });
  const people = await samplePeople({ today: today(), faces: FACES });
  const faces = createFaceComparer();
  const frames = createFrameMaker();
  const cards = createCardAuthority(random);
  const documents = createSampleDocuments({ authority, cards, random });
  const samples = createSamples({ people, documents, frames, today, random });
  try {
    const stack = await startStack({
      ...options,
      anchors: authority.anchors,
      compareFaces: faces.compareFaces,
      checkLiveness: faces.checkLiveness,
      samples,
      authority: createAuthoritySimulator({
        cards,
        people: sampleRegistry(people, today()),
        coverage: SAMPLE_COVERAGE,
        clock,
        random,
      }),
    });
    // The networks load while people read the first page; a failure shows at the first comparison.
    faces.warm().catch(() => undefined);
    return {
      ...stack,
      authority,
      people,
      documents,
      frames,
      close: async () => {
        await stack.close();
        await Promise.all([faces.close(), frames.close()]);
      },
    };
  } catch (error) {
    await Promise.all([faces.close(), frames.close()]);
    throw error;
  }
}
