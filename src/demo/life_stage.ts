// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the stories of a credential's life are told on: a stack with sample people, known by the address of
 * its wallet's host alone, whose configuration names the rest. Everything goes over HTTP.
 *
 * @module
 */
import { z } from 'zod';
import type { Poseidon } from '../commitment/poseidon.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { PHONE_CODE_DIGITS } from '../protocol/phone.ts';
import type { SignedCredential } from '../wallet/credential.ts';
import { awaitPublication, type EnrolDeps, type Enrolment } from '../wallet/enrol.ts';
import { confirmPhone, requestPhoneCode } from '../wallet/enrol_phone.ts';
import type { GuardConfig } from '../wallet/environment.ts';
import type { Prover } from '../wallet/prover.ts';
import { sleep } from '../wallet/publication.ts';
import { sync } from '../wallet/sync.ts';
import { openSamples, type SampleClient, type SamplePerson } from './sample_client.ts';
import type { StoryHolder } from './stage.ts';
import { readWalletConfig } from './wallet_config.ts';

/** What a stage is opened with. */
export interface LifeStageOptions {
  /** Origin of the wallet's host. */
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  readonly random: (length: number) => Uint8Array;
  readonly prover: Prover;
  readonly poseidon: Poseidon;
  /** Lets what waits become public; by default one waits for it. */
  readonly turn?: () => Promise<unknown>;
  /** Lets roots of before go out of use; without it nobody waits for that. */
  readonly pass?: () => Promise<unknown>;
  /** Page on which messages to phones arrive; without it phones are not confirmed. */
  readonly inboxUrl?: string | undefined;
  /** Ed25519 secret keys of the register's approvers, where they are at hand. */
  readonly approvers?: readonly Uint8Array[];
  /** Moves every program's clock forward, by milliseconds, where that can be done. */
  readonly skip?: (milliseconds: number) => void;
  readonly say: (line: string) => void;
}

/** A stage. */
export interface LifeStage extends LifeStageOptions {
  readonly deps: EnrolDeps;
  readonly guards: readonly GuardConfig[];
  readonly samples: SampleClient;
  /** Origins of the sample platforms. */
  readonly platforms: readonly string[];
}

/**
 * Opens a stage.
 *
 * @throws {@link ProtocolError} `network_failed`, `config_invalid`, `samples_missing` if the stack has no
 * sample people.
 */
export async function openLifeStage(options: LifeStageOptions): Promise<LifeStage> {
  const config = await readWalletConfig(options.url, options.fetch);
  if (!config.demo) {
    throw new ProtocolError('samples_missing', 'this stack has no sample people, whom the stories need');
  }
  const { fetch, clock, random, prover, poseidon } = options;
  const { issuer, register } = config;
  return {
    ...options,
    deps: { issuer, register, fetch, clock, random, prover, poseidon },
    guards: config.guards,
    samples: await openSamples(options.url, fetch),
    platforms: config.platforms.map(({ url }) => url),
  };
}

/** Whom a story can be about. */
export interface Cast {
  /** Documents that the person has; one that is named twice, twice. */
  readonly kinds: readonly DocumentKind[];
  readonly fits?: (person: SamplePerson) => boolean;
}

function canPlay(person: SamplePerson, { kinds, fits }: Cast): boolean {
  const count = (list: readonly DocumentKind[], kind: DocumentKind): number =>
    list.filter((each) => each === kind).length;
  const had = person.documents.map(({ kind }) => kind);
  return kinds.every((kind) => count(had, kind) >= count(kinds, kind)) && (fits?.(person) ?? true);
}

/** How often a stack that turns by itself is asked again, and every how many milliseconds. */
const ATTEMPTS = 60;
const INTERVAL = 500;

/**
 * Asks until there is an answer: a stack that turns by itself needs a moment, and its witnesses another.
 *
 * @returns Undefined if there never is; at once where this stage turns the stack.
 */
export async function patiently<T>({ turn }: LifeStage, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answer = await ask();
    if (answer !== undefined || turn !== undefined) return answer;
    await sleep(INTERVAL);
  }
  return undefined;
}

/** Publication, and the first sync. */
export async function publish(stage: LifeStage, signed: SignedCredential): Promise<StoryHolder> {
  await stage.turn?.();
  const credential = await awaitPublication(stage.deps, signed);
  const synced = await patiently(stage, () =>
    sync(credential, stage.deps.register, stage.deps).catch((error: unknown) => {
      // In the log, but not yet cosigned by enough witnesses.
      if (error instanceof ProtocolError && error.code === 'credential_not_published') return undefined;
      throw error;
    }),
  );
  if (synced === undefined) throw new ProtocolError('credential_not_published', 'the witnesses do not cosign the leaf');
  return { credential, synced };
}

/** Refusals of a person, not of the stack: enrolled already, or with a document that no number is known for. */
const PASSED_OVER: ReadonlySet<string> = new Set(['person_already_enrolled', 'person_number_missing']);

/**
 * Runs an enrolment with a sample person who is not known yet: the first with the documents; if that one is
 * enrolled already, somebody new, where a newcomer has the documents; otherwise the next ones.
 *
 * @throws {@link ProtocolError} `samples_missing` if nobody has the documents, the code of the last refusal if
 * everybody is enrolled who has them, and what `enrol` throws.
 */
export async function withSomeone<T>(
  { samples, say }: LifeStage,
  cast: Cast,
  enrol: (person: SamplePerson) => Promise<T>,
): Promise<{ readonly person: SamplePerson; readonly made: T }> {
  let refusal: ProtocolError | undefined;
  const attempt = async (person: SamplePerson): Promise<{ person: SamplePerson; made: T } | undefined> => {
    try {
      return { person, made: await enrol(person) };
    } catch (error) {
      if (!(error instanceof ProtocolError) || !PASSED_OVER.has(error.code)) throw error;
      refusal = error;
      say(`${person.names.en} is passed over: ${error.code}`);
      return undefined;
    }
  };
  const [first, ...others] = samples.people.filter((person) => canPlay(person, cast));
  const candidates = async function* (): AsyncGenerator<SamplePerson> {
    if (first === undefined) return;
    yield first;
    // Who is known is found out at the end of an enrolment: trying everyone would take minutes.
    const newcomer = await samples.newcomer();
    if (canPlay(newcomer, cast)) yield newcomer;
    yield* others;
  };
  for await (const person of candidates()) {
    const done = await attempt(person);
    if (done !== undefined) return done;
  }
  const wanted = cast.kinds.join(' and ');
  if (refusal === undefined) throw new ProtocolError('samples_missing', `no sample person has ${wanted}`);
  throw new ProtocolError(
    refusal.code,
    `every sample person with ${wanted} is enrolled at this stack; start it again with another folder of data`,
    { cause: refusal },
  );
}

/** The code of a refusal; undefined if there was none. */
export async function codeOf(action: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/** Name of a kind by its number. */
export function kindName(document: number): DocumentKind {
  const found = (Object.keys(DOCUMENT_KINDS) as DocumentKind[]).find((kind) => DOCUMENT_KINDS[kind] === document);
  if (found === undefined) throw new ProtocolError('attributes_refused', 'this is no kind of document');
  return found;
}

/** One step of an enrolment, by name. */
export type Measure = <T>(name: string, step: () => Promise<T>) => Promise<T>;

/** Shows a person's document and face, as far as the sample has them. */
export async function identify(
  stage: LifeStage,
  enrolment: Enrolment,
  { person, document }: { readonly person: SamplePerson; readonly document: SamplePerson['documents'][number] },
  measure: Measure = (_, step) => step(),
): Promise<void> {
  const { deps, samples, inboxUrl } = stage;
  await measure('document', () => samples.showDocument(deps, enrolment, person, document));
  if (document.chip) await measure('chip', () => samples.answerChallenge(deps, enrolment, person, document));
  await measure('face', () => samples.showFace(deps, enrolment, person));
  if (inboxUrl !== undefined) await measure('phone', () => confirmNumber(stage, inboxUrl, enrolment));
}

const inbox = z.object({ messages: z.array(z.object({ to: z.string(), text: z.string() })) });

/** Confirms a number that nobody has, by the code that arrives on the page of messages. */
async function confirmNumber({ deps, fetch, random }: LifeStage, url: string, enrolment: Enrolment): Promise<void> {
  const digits = Array.from(random(8), (byte) => String(byte % 10)).join('');
  const number = `+86139${digits}`;
  const asked = await requestPhoneCode(deps, enrolment, number);
  if (asked.outcome !== 'sent') throw new ProtocolError('story_broken', 'the issuer sends no code to phones');
  const { messages } = inbox.parse(await (await fetch(`${url}/messages.json`)).json());
  const text = messages.find(({ to }) => to === number)?.text ?? '';
  const code = new RegExp(`\\d{${String(PHONE_CODE_DIGITS)}}`).exec(text)?.[0] ?? '';
  const { outcome } = await confirmPhone(deps, enrolment, code);
  if (outcome !== 'confirmed') throw new ProtocolError('story_broken', 'the code that arrived is not the one');
}
