// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the story is told on, and the steps that its parts share.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Poseidon } from '../commitment/poseidon.ts';
import { keyIdOf, sign, urgentMessage } from '../log/signatures.ts';
import { createPlatformClient, type PlatformClient } from '../platform/client/client.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { Credential, SignedCredential } from '../wallet/credential.ts';
import {
  type DocumentFiles,
  type EnrolDeps,
  type FacePicture,
  openEnrolment,
  requestCredential,
  sendDocument,
} from '../wallet/enrol.ts';
import type { Prover } from '../wallet/prover.ts';
import { type PendingRequest, readRequest } from '../wallet/request.ts';
import type { Synced } from '../wallet/sync.ts';
import { type MakeFrames, showFace } from './show_face.ts';

/** A document with a live picture. */
export interface Evidence {
  readonly document: DocumentFiles;
  readonly face: FacePicture;
}

/** Names of the sample platforms. */
export type PlatformName = 'photo' | 'market';

/** What the story is told on. */
export interface StoryStage {
  /** Origins. */
  readonly urls: Readonly<Record<'issuer' | 'register' | PlatformName, string>>;
  readonly apiKeys: Readonly<Record<PlatformName, string>>;
  readonly issuerKey: Uint8Array;
  readonly register: EnrolDeps['register'];
  /** Ed25519 secret keys of the register's approvers, as many as a revocation needs at least. */
  readonly approvers: readonly Uint8Array[];
  /** Cuts a checkpoint if one is due. */
  readonly turn: () => Promise<boolean>;
  /** Unix time in milliseconds, the same for all programs. */
  readonly clock: () => number;
  /** Moves every program's clock forward, by milliseconds. */
  readonly skip: (milliseconds: number) => void;
  readonly random: (length: number) => Uint8Array;
  readonly fetch: typeof fetch;
  readonly poseidon: Poseidon;
  readonly prover: Prover;
  /** A prover whose key another party made. */
  readonly foreignProver: () => Promise<Prover>;
  /** What a camera would see. */
  readonly frames: MakeFrames;
  readonly people: {
    /** Over 18. */
    readonly adult: Evidence;
    /** 17 years old. */
    readonly minor: Evidence;
    /** Another person's live picture. */
    readonly stranger: FacePicture;
    /** The adult's document, made by an authority that nobody trusts. */
    readonly untrusted: DocumentFiles;
  };
  /** Tells a line. */
  readonly say: (line: string) => void;
}

/** What each platform asks. */
const ASKS = { photo: { age_over: 18 }, market: {} } as const;

/** A holder with a synced credential. */
export interface StoryHolder {
  readonly credential: Credential;
  readonly synced: Synced;
}

/** A begun verification, seen from both sides. */
export interface Begun {
  readonly pending: PendingRequest;
  readonly id: string;
  readonly browserToken: string;
}

/** Dependencies of enrolment on a stage. */
export function enrolDeps(stage: StoryStage): EnrolDeps {
  return { ...stage, issuer: { url: stage.urls.issuer, key: stage.issuerKey } };
}

/** The platform's backend. */
export function clientOf({ urls, apiKeys, fetch }: StoryStage, platform: PlatformName): PlatformClient {
  return createPlatformClient({ url: urls[platform], apiKey: apiKeys[platform], fetch });
}

/** Begins a verification at a platform and reads the request as the wallet does. */
export async function begin(stage: StoryStage, platform: PlatformName): Promise<Begun> {
  const { clock, fetch, prover, register } = stage;
  const created = await clientOf(stage, platform).create({
    ask: ASKS[platform],
    redirect_uri: `${stage.urls[platform]}/return`,
  });
  const { version } = await prover.info();
  const pending = await readRequest(new URL(created.request_url).hash, {
    fetch,
    clock,
    timeZone: register.timeZone,
    version,
  });
  return { pending, id: created.id, browserToken: created.browser_token };
}

/** Documents and face accepted, leaf signed; not published yet. */
export async function enrolUntilSigned(stage: StoryStage, evidence: Evidence): Promise<SignedCredential> {
  const deps = enrolDeps(stage);
  const enrolment = await openEnrolment(deps);
  await sendDocument(deps, enrolment, evidence.document);
  await showFace(deps, enrolment, evidence.face, stage.frames);
  return requestCredential(deps, enrolment);
}

/** Revokes a leaf at once, as approvers do when a document is reported stolen. */
export async function revoke(stage: StoryStage, { leaf }: Credential): Promise<void> {
  const reason = 'document_lost';
  const message = urgentMessage(leaf, reason);
  const approvals = stage.approvers.map((key) => ({
    approver: keyIdOf(ed25519.getPublicKey(key)),
    signature: toBase64Url(sign(message, key)),
  }));
  const answer = await stage.fetch(`${stage.urls.register}/v1/revocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ leaf: leaf.toString(), reason, approvals }),
  });
  if (!answer.ok) throw new ProtocolError('story_broken', `the register answered ${String(answer.status)}`);
}
