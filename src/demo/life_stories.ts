// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Stories of a credential's life, each told over HTTP from enrolment to the end, with a login at a sample
 * platform before and after. Every value in the result is an answer of the programs.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { keyIdOf, revocationMessage, sign } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { appeal, findAnnouncement } from '../wallet/announcements.ts';
import type { SignedCredential } from '../wallet/credential.ts';
import { type Enrolment, openEnrolment, proveSeed, callSession, requestCredential } from '../wallet/enrol.ts';
import { accepted } from '../wallet/http.ts';
import { issueAgain, openWithPin, RESET, restore } from '../wallet/life.ts';
import { sync } from '../wallet/sync.ts';
import { type Enrolled, enrolPerson, SAMPLE_PIN } from './enrolment_run.ts';
import { codeOf, identify, kindName, type LifeStage, patiently, publish, withSomeone } from './life_stage.ts';
import { logInAt } from './site_login.ts';
import type { SamplePerson } from './sample_client.ts';
import type { StoryHolder } from './stage.ts';

/** Names of the stories. */
export const LIFE_STORIES = ['renewal', 'second-document', 'lost-phone', 'lost-everything', 'revoked'] as const;

/** See {@link LIFE_STORIES}. */
export type LifeStory = (typeof LIFE_STORIES)[number];

/** What came of a story. */
export interface LifeResult {
  readonly ok: boolean;
  /** Pseudonym at the platform at first. */
  readonly subBefore: string;
  /** In the end; null if nobody gets in any more. */
  readonly subAfter: string | null;
  /** Why not. */
  readonly code?: string;
}

const SECOND = 'resident_identity_card';

/** The platform of the stories asks for it. */
const isAdult = ({ age }: SamplePerson): boolean => age >= 18;

/**
 * Tells a story.
 *
 * @throws ProtocolError the code of the first step that should have gone well and did not.
 */
export async function tellLife(stage: LifeStage, story: LifeStory): Promise<LifeResult> {
  const kinds = {
    renewal: ['passport', 'passport'],
    'second-document': ['passport', SECOND],
    'lost-phone': ['passport'],
    'lost-everything': ['passport'],
    revoked: ['passport'],
  } as const satisfies Record<LifeStory, readonly string[]>;
  const cast = { kinds: kinds[story], fits: isAdult };
  const { person, made } = await withSomeone(stage, cast, (each) =>
    enrolPerson(stage, { person: each, kind: 'passport' }),
  );
  const enrolled = { ...made, person };
  stage.say(`${person.names.en} is enrolled with a passport`);
  const subBefore = await logIn(stage, enrolled);
  return {
    renewal,
    'second-document': secondDocument,
    'lost-phone': lostPhone,
    'lost-everything': lostEverything,
    revoked,
  }[story](stage, enrolled, subBefore);
}

async function logIn(stage: LifeStage, holder: StoryHolder): Promise<string> {
  const [platform] = stage.platforms;
  if (platform === undefined)
    throw new ProtocolError('samples_missing', 'this stack has no sample platform, or was still starting');
  const timeZone = stage.deps.register.timeZone;
  const sub = await logInAt(platform, holder, { ...stage.deps, fetch: stage.fetch, timeZone });
  stage.say(`logged in at ${platform} as ${sub.slice(0, 8)}…`);
  return sub;
}

/** Shows a document of the person, for the steps of an enrolment that need one. */
function showing(
  stage: LifeStage,
  { person }: Enrolled,
  kind: string,
  which = 0,
): (enrolment: Enrolment) => Promise<void> {
  const document = person.documents.filter((each) => each.kind === kind)[which];
  if (document === undefined) throw new ProtocolError('samples_missing', `${person.id} has no such document`);
  return (enrolment) => identify(stage, enrolment, { person, document });
}

/**
 * Whether the store of before is dead: its wallet sees that at the next sync, and a thief who does not sync
 * is refused once the roots of before are out of use.
 */
async function isDead(stage: LifeStage, old: StoryHolder): Promise<boolean> {
  const seen = await endOf(stage, old);
  stage.say(`the old store, when it syncs: ${seen ?? 'alive'}`);
  if (seen !== 'credential_replaced' && seen !== 'credential_revoked') return false;
  if (stage.pass === undefined) return true;
  await stage.pass();
  const refused = await codeOf(() => logIn(stage, old));
  stage.say(`the old store, when a thief uses it as it is: ${refused ?? 'accepted'}`);
  return refused === 'checkpoint_not_accepted';
}

async function renewal(stage: LifeStage, old: Enrolled, subBefore: string): Promise<LifeResult> {
  const signed = await issueAgain(stage.deps, old.credential, showing(stage, old, 'passport', 1));
  stage.say('the new passport is shown; its leaf takes the place of the old one');
  const fresh = await publish(stage, signed);
  const dead = await isDead(stage, old);
  const subAfter = await logIn(stage, await synced(stage, fresh));
  return { ok: dead && subAfter === subBefore, subBefore, subAfter };
}

async function secondDocument(stage: LifeStage, first: Enrolled, subBefore: string): Promise<LifeResult> {
  const signed = await issueAgain(stage.deps, first.credential, showing(stage, first, SECOND));
  const second = await publish(stage, signed);
  stage.say(`a second leaf stands beside the first: ${kindName(second.credential.attributes.document)}`);
  const subAfter = await logIn(stage, second);
  // The first still works, as the same account.
  const again = await logIn(stage, await synced(stage, first));
  return { ok: subAfter === subBefore && again === subBefore, subBefore, subAfter };
}

async function lostPhone(stage: LifeStage, old: Enrolled, subBefore: string): Promise<LifeResult> {
  const { deps, guards } = stage;
  const signed = await restore(deps, showing(stage, old, 'passport'), async (backups) => {
    const opened = await openWithPin(deps, guards, backups, SAMPLE_PIN);
    if (opened.outcome !== 'opened') throw new ProtocolError('story_broken', `the guards say ${opened.outcome}`);
    stage.say('on a new phone: document, face, the sealed backup from the issuer, the PIN at both guards');
    return opened.seed;
  });
  const fresh = await publish(stage, signed);
  const dead = await isDead(stage, old);
  const subAfter = await logIn(stage, await synced(stage, fresh));
  return { ok: dead && subAfter === subBefore, subBefore, subAfter };
}

async function lostEverything(stage: LifeStage, old: Enrolled, subBefore: string): Promise<LifeResult> {
  const { deps } = stage;
  const enrolment = await openEnrolment(deps);
  await showing(stage, old, 'passport')(enrolment);
  const refused = await codeOf(() => requestCredential(deps, enrolment));
  stage.say(`with a new seed, as if nothing had been: ${refused ?? 'accepted'}`);
  const signed: SignedCredential = await requestCredential(deps, enrolment, RESET);
  stage.say(`the old seed is given up: generation ${String(signed.attributes.generation)}`);
  const fresh = await publish(stage, signed);
  const dead = await isDead(stage, old);
  const subAfter = await logIn(stage, await synced(stage, fresh));
  const isReset = refused === 'person_already_enrolled' && signed.attributes.generation === 1;
  return { ok: dead && isReset && subAfter !== subBefore, subBefore, subAfter };
}

async function revoked(stage: LifeStage, holder: Enrolled, subBefore: string): Promise<LifeResult> {
  const told = stage.approvers === undefined ? await asHolder(stage, holder) : await asApprovers(stage, holder);
  const code = await endOf(stage, holder);
  const dead = await isDead(stage, holder);
  const ok = told && dead && code !== undefined;
  return { ok, subBefore, subAfter: null, ...(code === undefined ? {} : { code }) };
}

/** The approvers announce it; the holder reads why and until when, and appeals; in the end it is carried out. */
async function asApprovers(stage: LifeStage, { credential }: StoryHolder): Promise<boolean> {
  const { deps, approvers = [] } = stage;
  const reason = 'fraud';
  const message = revocationMessage(credential.leaf, reason);
  const approvals = approvers.map((key) => ({
    approver: keyIdOf(ed25519.getPublicKey(key)),
    signature: toBase64Url(sign(message, key)),
  }));
  await post(stage, `${deps.register.url}/v1/announcements`, {
    leaf: credential.leaf.toString(),
    reason,
    after: -1,
    approvals,
  });
  await stage.turn?.();
  const notice = await findAnnouncement(credential, deps.register, deps);
  stage.say(`the holder reads that a revocation is announced, for ${notice?.reason ?? 'no reason'}`);
  await appeal(deps, credential, 'I deceived nobody. Please look again.');
  stage.say('and appeals; this time it is carried out all the same');
  stage.skip?.(Math.max(0, (notice?.effective ?? 0) * 1000 - deps.clock()));
  await stage.turn?.();
  return notice?.reason === reason;
}

/** The holder asks for it. */
async function asHolder({ deps, turn, say }: LifeStage, { credential }: StoryHolder): Promise<boolean> {
  const session = await openEnrolment(deps, { seed: credential.seed });
  const { form } = await proveSeed(deps, session);
  const body = JSON.stringify(form);
  accepted(
    await callSession(deps, session, '/revocation', { method: 'POST', type: 'application/json', body }),
    'the issuer',
  );
  say('the holder has it revoked');
  await turn?.();
  return true;
}

/** The code with which a sync ends a credential, once what was decided is public; undefined if it never is. */
function endOf(stage: LifeStage, { credential, synced: last }: StoryHolder): Promise<string | undefined> {
  return patiently(stage, () => codeOf(() => sync(credential, stage.deps.register, stage.deps, last)));
}

/** Brings a holder up to date. */
async function synced(stage: LifeStage, { credential, synced: last }: StoryHolder): Promise<StoryHolder> {
  return { credential, synced: await sync(credential, stage.deps.register, stage.deps, last) };
}

async function post({ fetch }: LifeStage, url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new ProtocolError('story_broken', `the register answered ${String(answer.status)}`);
}
