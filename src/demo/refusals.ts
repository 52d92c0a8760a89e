// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The part of the story in which everything must fail. Each attempt is a hostile party's real one: it
 * goes over HTTP, and what counts is the code with which the other side refuses.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { packPolicy, policyOf, unpackPolicy } from '../protocol/policy.ts';
import { toDate } from '../protocol/dates.ts';
import type { Presentation } from '../protocol/presentation.ts';
import { openEnrolment, sendDocument } from '../wallet/enrol.ts';
import { armPresentation, deliver, firePresentation } from '../wallet/present.ts';
import type { Prover } from '../wallet/prover.ts';
import type { PendingRequest } from '../wallet/request.ts';
import { showFace } from './show_face.ts';
import { begin, enrolDeps, enrolUntilSigned, revoke, type StoryHolder, type StoryStage } from './stage.ts';

/** Code with which each attempt was refused; `accepted` if it was not. */
export interface Refusals {
  /** The same vp_token twice. */
  readonly replay: string;
  /** One platform's proof posted to the other. */
  readonly wrongOrigin: string;
  /** A 17-year-old's proof for an easier policy posted to the over-18 request. */
  readonly underage: string;
  /** A proof on the last root once the epoch has turned after a revocation. */
  readonly revoked: string;
  /** The same person with a new seed. */
  readonly secondEnrolment: string;
  /** One byte of DG1 changed. */
  readonly tamperedDocument: string;
  /** Another person's live picture. */
  readonly wrongFace: string;
  /** A document of an untrusted authority. */
  readonly unknownCsca: string;
  /** A proof that is valid under another proving key. */
  readonly foreignProof: string;
}

const HOUR = 3_600_000;

/**
 * Makes every attempt.
 *
 * @param stage - The stage.
 * @param holder - An adult's credential; revoked at the end.
 * @param minor - A 17-year-old's credential.
 */
export async function tryWhatMustFail(stage: StoryStage, holder: StoryHolder, minor: StoryHolder): Promise<Refusals> {
  const attempt = async (what: string, action: () => Promise<unknown>): Promise<string> => {
    const code = await refusalOf(action);
    stage.say(`refused: ${what} -> ${code}`);
    return code;
  };
  return {
    replay: await attempt('the same answer twice', () => replay(stage, holder)),
    wrongOrigin: await attempt("one platform's proof at the other", () => relay(stage, holder)),
    underage: await attempt("a 17-year-old's proof for an easier policy", () => easierPolicy(stage, minor)),
    foreignProof: await attempt('a proof under another key', () => foreignKey(stage, holder)),
    secondEnrolment: await attempt('the same person with a new seed', () =>
      enrolUntilSigned(stage, stage.people.adult),
    ),
    tamperedDocument: await attempt('a document with one byte changed', () => tampered(stage)),
    unknownCsca: await attempt('a document of an unknown authority', () => send(stage, stage.people.untrusted)),
    wrongFace: await attempt("another person's face", () => wrongFace(stage)),
    revoked: await attempt('a revoked credential after two epochs', () => revoked(stage, holder)),
  };
}

async function refusalOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
    return 'accepted';
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/** Proves as a wallet that checks nothing would: for whatever inputs it is given. */
async function prove(
  stage: StoryStage,
  { credential, synced }: StoryHolder,
  pending: PendingRequest,
  prover: Prover = stage.prover,
): Promise<Presentation> {
  const deps = { ...stage, prover };
  return firePresentation(await armPresentation(pending, credential, synced, deps), deps);
}

async function replay(stage: StoryStage, holder: StoryHolder): Promise<void> {
  const { pending } = await begin(stage, 'photo');
  const presentation = await prove(stage, holder, pending);
  await deliver(pending, presentation, stage);
  await deliver(pending, presentation, stage);
}

/** The photo editor, or who sits in it, answers the marketplace's request with the proof it was given. */
async function relay(stage: StoryStage, holder: StoryHolder): Promise<void> {
  const { pending } = await begin(stage, 'photo');
  const presentation = await prove(stage, holder, pending);
  const { pending: elsewhere } = await begin(stage, 'market');
  await deliver(elsewhere, presentation, stage);
}

async function easierPolicy(stage: StoryStage, minor: StoryHolder): Promise<void> {
  const { pending } = await begin(stage, 'photo');
  const ask = { ...pending.ask, age_over: 16 as const };
  const today = toDate(unpackPolicy(pending.inputs.policy).today);
  const policy = packPolicy(policyOf(ask, today, pending.request.context));
  const presentation = await prove(stage, minor, { ...pending, ask, inputs: { ...pending.inputs, policy } });
  await deliver(pending, presentation, stage);
}

async function foreignKey(stage: StoryStage, holder: StoryHolder): Promise<void> {
  const prover = await stage.foreignProver();
  const { pending } = await begin(stage, 'photo');
  await deliver(pending, await prove(stage, holder, pending, prover), stage);
}

async function send(stage: StoryStage, document: StoryStage['people']['untrusted']): Promise<void> {
  const deps = enrolDeps(stage);
  await sendDocument(deps, await openEnrolment(deps), document);
}

async function tampered(stage: StoryStage): Promise<void> {
  const { document } = stage.people.adult;
  const dg1 = Uint8Array.from(document.dg1);
  // A letter of the name: no check digit covers it, only the signature does.
  const position = 5 + 10;
  dg1[position] = dg1[position] === 0x41 ? 0x42 : 0x41;
  await send(stage, { ...document, dg1 });
}

async function wrongFace(stage: StoryStage): Promise<void> {
  const deps = enrolDeps(stage);
  const enrolment = await openEnrolment(deps);
  await sendDocument(deps, enrolment, stage.people.adult.document);
  await showFace(deps, enrolment, stage.people.stranger, stage.frames);
}

/** The wallet keeps the root of before; a revocation is in force at the latest after two epochs. */
async function revoked(stage: StoryStage, holder: StoryHolder): Promise<void> {
  await revoke(stage, holder.credential);
  const epoch = stage.register.epochSeconds * 1000;
  stage.skip(epoch);
  await stage.turn();
  stage.skip(epoch + HOUR);
  const { pending } = await begin(stage, 'photo');
  await deliver(pending, await prove(stage, holder, pending), stage);
}
