// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Enrolment as the wallet sees it. Each step is a function, for pages; {@link enrol} runs them all.
 * docs/protocol.md section 7.
 *
 * @module
 */
import type { Poseidon } from '../commitment/poseidon.ts';
import type { FieldElement } from '../protocol/field.ts';
import type { Credential, SignedCredential } from './credential.ts';
import type { Clock, Fetch, IssuerConfig, Random, RegisterConfig } from './environment.ts';
import type { Holder } from './holder.ts';
import type { OnProgress, Prover } from './prover.ts';

/** Files of a document's chip, as ICAO 9303 names them. */
export interface DocumentFiles {
  readonly sod: Uint8Array;
  readonly dg1: Uint8Array;
  readonly dg2: Uint8Array;
}

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

/** What {@link enrol} takes besides. */
export interface EnrolOptions {
  /** For a renewal or a second document: the person's seed. Default: a new one. */
  readonly seed?: FieldElement;
  /** Required with `seed`: what `secretSince` must stay at, YYYYMMDD. */
  readonly secretSince?: number;
  readonly onStep?: (step: EnrolmentStep) => void;
  readonly onProgress?: OnProgress;
  /** Keeps the signed credential before the wait for its publication. */
  readonly save?: (signed: SignedCredential) => Promise<void>;
}

/** Opens a session and makes the holder's secrets. */
export declare function openEnrolment(deps: EnrolDeps, options?: Pick<EnrolOptions, 'seed'>): Promise<Enrolment>;
/** Sends the document; the issuer's refusals arrive with their codes (`document_tampered`, …). */
export declare function sendDocument(deps: EnrolDeps, enrolment: Enrolment, document: DocumentFiles): Promise<void>;
/** Sends the live picture (`face_mismatch`, `face_missing`, `face_multiple`). */
export declare function sendFace(deps: EnrolDeps, enrolment: Enrolment, face: FacePicture): Promise<void>;
/** Proves `issue`, has the leaf signed, and checks all that the issuer shows. */
export declare function requestCredential(
  deps: EnrolDeps,
  enrolment: Enrolment,
  options?: Pick<EnrolOptions, 'secretSince' | 'onProgress'>,
): Promise<SignedCredential>;
/** Waits until the leaf is in a checkpoint; may take two epochs, and may be resumed from the stored form. */
export declare function awaitPublication(deps: EnrolDeps, signed: SignedCredential): Promise<Credential>;
/** All steps in turn. */
export declare function enrol(
  deps: EnrolDeps,
  evidence: DocumentFiles & { readonly face: FacePicture },
  options?: EnrolOptions,
): Promise<Credential>;
