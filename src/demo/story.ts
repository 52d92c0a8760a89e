// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The whole story over HTTP, without a browser: enrol, log in at two platforms, come back to the
 * first, and try what must fail. Every value in the result is an answer of the programs.
 *
 * @module
 */
import type { Result } from '../platform/client/messages.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { SignedCredential } from '../wallet/credential.ts';
import { awaitPublication } from '../wallet/enrol.ts';
import { present } from '../wallet/present.ts';
import { sync } from '../wallet/sync.ts';
import { type Refusals, tryWhatMustFail } from './refusals.ts';
import {
  begin,
  clientOf,
  enrolDeps,
  enrolUntilSigned,
  type PlatformName,
  type StoryHolder,
  type StoryStage,
} from './stage.ts';

/** One login. */
interface Login {
  /** Origin of the platform. */
  readonly platform: string;
  readonly sub: string;
  readonly claims: Result['claims'];
  /** From the request to the result, milliseconds. */
  readonly ms: number;
}

/** The story's outcome; what must fail is described in `refusals.ts`. */
export interface StoryResult {
  readonly ok: boolean;
  readonly enrolled: boolean;
  readonly logins: readonly Login[];
  readonly sameSubOnReturn: boolean;
  readonly subsDifferAcrossPlatforms: boolean;
  readonly refused: Refusals;
  /** Median CPU time of a verification, as the platforms report it in `Server-Timing`, milliseconds. */
  readonly verifyCpuMs: number;
}

/** Refusals with the code that each must get. */
const EXPECTED: Refusals = {
  replay: 'nonce_used',
  wrongOrigin: 'proof_invalid',
  underage: 'proof_invalid',
  revoked: 'checkpoint_not_accepted',
  secondEnrolment: 'person_already_enrolled',
  tamperedDocument: 'document_tampered',
  wrongFace: 'face_mismatch',
  unknownCsca: 'csca_unknown',
  foreignProof: 'proof_invalid',
};

async function logIn(stage: StoryStage, holder: StoryHolder, platform: PlatformName): Promise<Login> {
  const start = performance.now();
  const { pending, id, browserToken } = await begin(stage, platform);
  const { redirectUri } = await present(pending, holder.credential, holder.synced, stage);
  const responseCode = new URLSearchParams(new URL(redirectUri ?? '').hash.slice(1)).get('response_code') ?? '';
  const { status, result } = await clientOf(stage, platform).result(id, { browserToken, responseCode });
  if (status !== 'verified' || result?.sub === undefined) {
    throw new ProtocolError('story_broken', `the platform answered "${status}"`);
  }
  return {
    platform: stage.urls[platform],
    sub: result.sub,
    claims: result.claims,
    ms: Math.round(performance.now() - start),
  };
}

/**
 * Tells the story.
 *
 * @param bare - The stage.
 * @returns Its outcome; `ok` only if every part went as it must.
 * @throws {@link ProtocolError} the code of the first step that should have gone well and did not.
 */
export async function tellStory(bare: StoryStage): Promise<StoryResult> {
  const cpu: number[] = [];
  const stage = { ...bare, fetch: timingFetch(bare.fetch, cpu) };
  const { say } = stage;
  const { adult, minor } = stage.people;
  const since = stopwatch();

  const signed = await enrolUntilSigned(stage, adult);
  say(`enrolled an adult: document, face, credential signed (${since()})`);
  const signedMinor = await enrolUntilSigned(stage, minor);
  say(`enrolled a 17-year-old (${since()})`);
  await stage.turn();
  const holder = await publish(stage, signed);
  const minorHolder = await publish(stage, signedMinor);
  say(`both leaves are public, both wallets have synced their block of the tree (${since()})`);

  const logins: Login[] = [];
  for (const platform of ['photo', 'market', 'photo'] as const) {
    const login = await logIn(stage, holder, platform);
    logins.push(login);
    say(`logged in at ${login.platform} as ${login.sub.slice(0, 8)}… in ${String(login.ms)} ms`);
  }
  const [first, second, third] = logins.map(({ sub }) => sub);
  const sameSubOnReturn = first === third;
  const subsDifferAcrossPlatforms = first !== second;
  say(
    `the same pseudonym on return: ${yes(sameSubOnReturn)}; another at each platform: ${yes(subsDifferAcrossPlatforms)}`,
  );

  const refused = await tryWhatMustFail(stage, holder, minorHolder);
  const names = Object.keys(EXPECTED) as (keyof Refusals)[];
  return {
    ok: sameSubOnReturn && subsDifferAcrossPlatforms && names.every((name) => refused[name] === EXPECTED[name]),
    enrolled: true,
    logins,
    sameSubOnReturn,
    subsDifferAcrossPlatforms,
    refused,
    verifyCpuMs: median(cpu),
  };
}

async function publish(stage: StoryStage, signed: SignedCredential): Promise<StoryHolder> {
  const credential = await awaitPublication(enrolDeps(stage), signed);
  return { credential, synced: await sync(credential, stage.register, stage) };
}

/** Notes what verifiers report of their CPU time. */
function timingFetch(inner: typeof fetch, cpu: number[]): typeof fetch {
  return async (input, init) => {
    const answer = await inner(input, init);
    const duration = /verify;dur=([0-9.]+)/.exec(answer.headers.get('server-timing') ?? '')?.[1];
    if (duration !== undefined) cpu.push(Number(duration));
    return answer;
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Seconds since the last question, for people. */
function stopwatch(): () => string {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const text = `${((now - last) / 1000).toFixed(1)} s`;
    last = now;
    return text;
  };
}

function yes(value: boolean): string {
  return value ? 'yes' : 'NO';
}
