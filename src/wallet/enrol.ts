// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Enrolment as the wallet sees it. Each step is a function, for pages; {@link enrol} runs them all.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { z } from 'zod';
import { holderCommitment, seedTag } from '../commitment/credential.ts';
import type { Poseidon } from '../commitment/poseidon.ts';
import type { BackupKind } from '../protocol/backup_form.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import type { Groth16Proof } from '../protocol/presentation.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { deriveSession } from '../protocol/statement.ts';
import { fetchCheckpoints, newestSize } from './checkpoints.ts';
import type { Credential, SignedCredential } from './credential.ts';
import { type CardFile, type DocumentFiles, documentForm } from './document_form.ts';
import type { Clock, Fetch, IssuerConfig, Random, RegisterConfig } from './environment.ts';
import { createHolder, type Holder, renewHolder } from './holder.ts';
import { accepted, type Answer, type Call, jsonOf, send } from './http.ts';
import { checkIssued, issuedAnswer, type SeedAge } from './issued.ts';
import { findInLog, type Published, sleep } from './publication.ts';
import type { OnProgress, Prover } from './prover.ts';

export type { CardFile, DocumentFiles } from './document_form.ts';

/** The other side, in messages. */
const ISSUER = 'the issuer';
/** First wait between two questions for the publication, and the longest. */
const FIRST_WAIT_MS = 250;
const LAST_WAIT_MS = 30_000;

const field = z.string().transform(parseField);
const openedAnswer = z.object({
  id: z.string().min(16).max(128),
  token: z.string().min(16).max(256),
  session: field,
  expires_at: z.iso.datetime(),
  document_kinds: z.array(z.string()),
  liveness: z.enum(['required', 'off']),
});
const stateAnswer = z.object({
  status: z.string(),
  index: z.number().int().nonnegative().optional(),
  checkpoint: z.number().int().positive().optional(),
});

/** A picture of the person's face, taken now. */
export interface FacePicture {
  readonly type: 'image/jpeg' | 'image/png' | 'image/jp2';
  readonly bytes: Uint8Array;
}

/** How far an enrolment has come. */
export type EnrolmentStep = 'opened' | 'document_accepted' | 'face_accepted' | 'signed' | 'published';

/** An open session at an issuer, with the secrets that its credential will have. */
export interface Enrolment extends Holder {
  readonly id: string;
  /** Bearer token of the session. */
  readonly token: string;
  /** Public input of the `issue` circuit. */
  readonly session: FieldElement;
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
  /** Names of `DOCUMENT_KINDS` that this issuer takes. */
  readonly documentKinds: readonly string[];
  /** Whether the face must be shown in motion (`enrol_face.ts`), or in a single picture ({@link sendFace}). */
  readonly liveness: 'required' | 'off';
}

/** What the steps need. */
export interface EnrolDeps {
  readonly issuer: IssuerConfig;
  readonly register: RegisterConfig;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly prover: Prover;
  readonly poseidon: Poseidon;
  readonly signal?: AbortSignal;
}

/** Sealed backups by what opens them; `null` deletes the one that the issuer keeps. */
export type Backups = Readonly<Partial<Record<BackupKind, Uint8Array | null>>>;

/** What a credential is asked for; `life.ts` has the cases. */
export interface CredentialWish {
  /** How old the seed must be in the issuer's eyes. Default: new. */
  readonly age?: SeedAge;
  /** All leaves of the person go: on a new phone, so that the store of the old one is dead. */
  readonly replaces?: 'all';
  /** The person's earlier seed is lost, and all that hangs on it: the new one takes its place. */
  readonly reset?: true;
  /** For the issuer to keep, with the credential. */
  readonly backups?: Backups;
}

/** What {@link requestCredential} takes besides. */
export interface RequestOptions extends CredentialWish {
  readonly onProgress?: OnProgress;
  /**
   * Keeps seed and blinding before anything is sent: should the answer be lost, the seed is the person's,
   * and is asked for again with `age: 'unknown'`.
   */
  readonly keep?: (enrolment: Enrolment) => Promise<void>;
}

/** What {@link enrol} takes besides. */
export interface EnrolOptions extends RequestOptions {
  /** For a renewal or a second document: the person's seed. Default: a new one. */
  readonly seed?: FieldElement;
  readonly onStep?: (step: EnrolmentStep) => void;
  /** Keeps the signed credential before the wait for its publication. */
  readonly save?: (signed: SignedCredential) => Promise<void>;
}

/** Opens a session and makes the holder's secrets. */
export async function openEnrolment(deps: EnrolDeps, options: Pick<EnrolOptions, 'seed'> = {}): Promise<Enrolment> {
  const answer = await send(deps.fetch, {
    url: `${deps.issuer.url}/v1/enrolments`,
    method: 'POST',
    signal: deps.signal,
  });
  const opened = jsonOf(answer, openedAnswer, ISSUER);
  const { seed } = options;
  return {
    ...(seed === undefined ? createHolder(deps.random) : renewHolder({ seed }, deps.random)),
    id: opened.id,
    token: opened.token,
    session: opened.session,
    expiresAt: Date.parse(opened.expires_at),
    documentKinds: opened.document_kinds,
    liveness: opened.liveness,
  };
}

/** Sends the document; the issuer's refusals arrive with their codes (`document_tampered`, …). */
export async function sendDocument(
  deps: EnrolDeps,
  enrolment: Enrolment,
  document: DocumentFiles | CardFile,
): Promise<void> {
  const body = JSON.stringify(documentForm(document));
  accepted(await callSession(deps, enrolment, '/document', { method: 'PUT', type: 'application/json', body }), ISSUER);
}

/** Sends a single live picture, where liveness is off (`face_mismatch`, `face_missing`, `face_multiple`). */
export async function sendFace(deps: EnrolDeps, enrolment: Enrolment, face: FacePicture): Promise<void> {
  accepted(await callSession(deps, enrolment, '/face', { method: 'PUT', type: face.type, body: face.bytes }), ISSUER);
}

/**
 * Proves `issue` over a session: that this wallet holds the seed.
 *
 * @returns The holder commitment, and the members by which a body says so to the issuer.
 * @throws {@link ProtocolError} `session_mismatch`.
 */
export async function proveSeed(
  deps: Pick<EnrolDeps, 'prover' | 'poseidon'>,
  { id, seed, blinding, session }: Enrolment,
  onProgress?: OnProgress,
): Promise<{
  readonly holder: FieldElement;
  readonly form: { readonly holder: string; readonly seed_tag: string; readonly proof: Groth16Proof };
}> {
  if (session !== deriveSession(id)) {
    throw new ProtocolError('session_mismatch', 'the issuer asks for a proof of another session');
  }
  const statement = {
    holder: holderCommitment(deps.poseidon, seed, blinding),
    seedTag: seedTag(deps.poseidon, seed),
    session,
  };
  // One prover for all of it: the next one knows no handle of this one.
  const { prover } = deps;
  const handle = await prover.arm({ circuit: 'issue', inputs: { session, seed, blinding } }, onProgress);
  const { proof } = await prover.fire(handle, statement).finally(() => prover.release(handle));
  const { holder } = statement;
  return { holder, form: { holder: String(holder), seed_tag: String(statement.seedTag), proof } };
}

/** Wire form of backups. */
export function backupsForm(backups: Backups): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    Object.entries(backups).map(([kind, bytes]) => [kind, bytes === null ? null : toBase64Url(bytes)]),
  );
}

/**
 * Proves `issue`, has the leaf signed, and checks all that the issuer shows: attributes without odd
 * values, a leaf that follows from them and from this wallet's secrets, the issuer's signature.
 *
 * @throws {@link ProtocolError} the issuer's code (`person_already_enrolled`, `seed_already_enrolled`,
 * `revocation_announced`, `reset_too_soon`, …), `attributes_refused`, `leaf_mismatch`, `signature_invalid`,
 * `session_mismatch`.
 */
export async function requestCredential(
  deps: EnrolDeps,
  enrolment: Enrolment,
  options: RequestOptions = {},
): Promise<SignedCredential> {
  const since = newestSize(await fetchCheckpoints(deps.register, deps));
  const { seed, blinding } = enrolment;
  const { age = 'new', replaces, reset, backups } = options;
  const { holder, form } = await proveSeed(deps, enrolment, options.onProgress);
  await options.keep?.(enrolment);
  const body = JSON.stringify({ ...form, replaces, reset, backups: backups && backupsForm(backups) });
  const answer = await callSession(deps, enrolment, '/credential', { method: 'POST', type: 'application/json', body });
  const issued = jsonOf(answer, issuedAnswer, ISSUER);
  checkIssued(issued, holder, age, deps);
  return {
    seed,
    blinding,
    attributes: issued.attributes,
    leaf: issued.leaf,
    issuer: deps.issuer.url,
    signature: issued.signature,
    since,
    enrolment: { id: enrolment.id, token: enrolment.token },
  };
}

/**
 * Waits until the leaf is in a checkpoint; may take two epochs, and may be resumed from the stored form.
 *
 * @throws {@link ProtocolError} as the issuer and the register answer; the signal's reason if aborted.
 */
export async function awaitPublication(deps: EnrolDeps, signed: SignedCredential): Promise<Credential> {
  const { enrolment, since, ...credential } = signed;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 1.5, LAST_WAIT_MS)) {
    const published = await publication(deps, enrolment, { leaf: signed.leaf, since });
    if (published !== undefined) return { ...credential, ...published };
    await sleep(wait, deps.signal);
  }
}

/** Asks the issuer while it remembers the session, and afterwards reads the public log. */
async function publication(
  deps: EnrolDeps,
  enrolment: SignedCredential['enrolment'],
  sought: { readonly leaf: FieldElement; readonly since: number },
): Promise<Published | undefined> {
  const answer = await callSession(deps, enrolment, '', { method: 'GET' });
  if (answer.status === 404 || answer.status === 401 || answer.status === 410) {
    return findInLog(sought.leaf, sought.since, deps.register, deps);
  }
  const state = jsonOf(answer, stateAnswer, ISSUER);
  if (state.status === 'revoked' || state.status === 'withdrawn') {
    throw new ProtocolError('credential_revoked', 'this credential was revoked before it was published');
  }
  if (state.status === 'replaced') {
    throw new ProtocolError('credential_replaced', 'this credential was replaced before the wallet saw it published');
  }
  if (state.index === undefined || state.checkpoint === undefined) return undefined;
  return { index: state.index, published: state.checkpoint };
}

/** All steps in turn. */
export async function enrol(
  deps: EnrolDeps,
  evidence: DocumentFiles & { readonly face: FacePicture },
  options: EnrolOptions = {},
): Promise<Credential> {
  const enrolment = await openEnrolment(deps, options);
  options.onStep?.('opened');
  await sendDocument(deps, enrolment, evidence);
  options.onStep?.('document_accepted');
  await sendFace(deps, enrolment, evidence.face);
  options.onStep?.('face_accepted');
  const signed = await requestCredential(deps, enrolment, options);
  await options.save?.(signed);
  options.onStep?.('signed');
  const credential = await awaitPublication(deps, signed);
  options.onStep?.('published');
  return credential;
}

/** A call within a session. */
export function callSession(
  deps: EnrolDeps,
  { id, token }: SignedCredential['enrolment'],
  path: string,
  { type, ...rest }: Pick<Call, 'method' | 'body'> & { readonly type?: string },
): Promise<Answer> {
  return send(deps.fetch, {
    ...rest,
    url: `${deps.issuer.url}/v1/enrolments/${encodeURIComponent(id)}${path}`,
    headers: { authorization: `Bearer ${token}`, ...(type === undefined ? {} : { 'content-type': type }) },
    signal: deps.signal,
  });
}
