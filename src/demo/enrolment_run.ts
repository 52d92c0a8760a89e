// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One whole enrolment of a sample person, with the time that each step takes.
 *
 * @module
 */
import type { DocumentKind } from '../protocol/attributes.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { Credential } from '../wallet/credential.ts';
import { openEnrolment, requestCredential } from '../wallet/enrol.ts';
import { sealWithPin } from '../wallet/life.ts';
import { identify, type LifeStage, type Measure, publish, withSomeone } from './life_stage.ts';
import type { SamplePerson } from './sample_client.ts';
import type { StoryHolder } from './stage.ts';

/** PIN of sample people; nobody's date, run or pattern. */
export const SAMPLE_PIN = '80351746';

/** A step with its time. */
export interface TimedStep {
  readonly name: string;
  readonly ms: number;
}

/** What came of an enrolment. */
export interface EnrolmentRun {
  readonly ok: boolean;
  readonly kind: DocumentKind;
  readonly steps: readonly TimedStep[];
  /** Position in the public tree. */
  readonly leafIndex: number;
}

/** An enrolled sample person. */
export interface Enrolled extends StoryHolder {
  readonly person: SamplePerson;
}

/**
 * Enrols a person with a document, with a backup under a PIN.
 *
 * @param which - Which of the person's documents of that kind.
 */
export async function enrolPerson(
  stage: LifeStage,
  { person, kind, which = 0 }: { readonly person: SamplePerson; readonly kind: DocumentKind; readonly which?: number },
  measure: Measure = (_, step) => step(),
): Promise<StoryHolder> {
  const { deps, guards } = stage;
  const document = person.documents.filter((each) => each.kind === kind)[which];
  if (document === undefined) throw new RangeError('the person has no such document');
  const enrolment = await measure('opened', () => openEnrolment(deps));
  await identify(stage, enrolment, { person, document }, measure);
  const backup =
    guards.length === 0
      ? undefined
      : await measure('pin', () => sealWithPin(deps, guards, enrolment.seed, { pin: SAMPLE_PIN }));
  const backups = backup && { guards: backup.backup };
  const signed = await measure('credential', () =>
    requestCredential(deps, enrolment, backups === undefined ? {} : { backups }),
  );
  return measure('publication', () => publish(stage, signed));
}

/**
 * Enrols the first sample person with a document of a kind who is not enrolled yet; see `withSomeone`.
 *
 * @throws ProtocolError the code of the step that failed; `person_already_enrolled` if all are enrolled.
 */
export async function runEnrolment(stage: LifeStage, kind: DocumentKind): Promise<EnrolmentRun> {
  let steps: TimedStep[] = [];
  const measure: Measure = async (name, step) => {
    const start = performance.now();
    const made = await step();
    const ms = Math.round(performance.now() - start);
    steps.push({ name, ms });
    stage.say(`${name}: ${String(ms)} ms`);
    return made;
  };
  const { made } = await withSomeone(stage, { kinds: [kind] }, (person) => {
    steps = [];
    stage.say(`${person.names.en} enrols with a document of the kind ${kind}`);
    return enrolPerson(stage, { person, kind }, measure);
  });
  const { credential } = made;
  stage.say(`leaf ${shortLeaf(credential)} stands at position ${String(credential.index)} of the public tree`);
  return { ok: true, kind, steps, leafIndex: credential.index };
}

function shortLeaf({ leaf }: Credential): string {
  const bytes = Uint8Array.from({ length: 4 }, (_, i) => Number((leaf >> BigInt(8 * i)) & 255n));
  return `${toBase64Url(bytes)}…`;
}
