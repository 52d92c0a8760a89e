// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What an issuer knows of a session while it lasts, in memory only.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Attributes } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { ChipChallenge } from './chip_challenge.ts';
import type { SignedCredential } from './issue.ts';

/** What a wallet is told of its session. */
export type EnrolmentStatus = 'open' | 'document_accepted' | 'face_accepted' | 'decided';

/** What a document has shown, without name or document number. */
export interface Evidence {
  readonly dedupTag: string;
  readonly attributes: Attributes;
  readonly portrait: Uint8Array;
  /** Signed by the state, as far as they were handed over: what the chip can be challenged by. */
  readonly chip: { readonly dg14?: Uint8Array | undefined; readonly dg15?: Uint8Array | undefined };
}

/** A session. */
export interface Session {
  readonly id: string;
  readonly tokenHash: string;
  readonly expiresAt: number;
  status: EnrolmentStatus;
  documents: number;
  faces: number;
  proofs: number;
  challenges: number;
  busy: boolean;
  evidence?: Evidence | undefined;
  /** Waits for the chip's answer, and for one only. */
  challenge?: ChipChallenge | undefined;
  decision?: { readonly wish: string; readonly signed: SignedCredential };
}

/** Throws `attempts_exhausted` beyond the limit. */
export function countAttempt(attempts: number, limit: number): void {
  if (attempts > limit) {
    throw new ProtocolError('attempts_exhausted', 'too many attempts in this enrolment; start again');
  }
}

/** What the session's document has shown; throws `enrolment_out_of_order` if there is nothing. */
export function evidenceOf(session: Session): Evidence {
  if (session.evidence === undefined) {
    throw new ProtocolError('enrolment_out_of_order', 'this enrolment has no accepted document, or is decided');
  }
  return session.evidence;
}

/** Tokens are compared by hash, so that timing tells nothing of them. */
export function hashToken(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}
