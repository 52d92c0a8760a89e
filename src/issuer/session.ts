// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Enrolment sessions: what a person hands over lives in this process's memory only, and is dropped at the
 * decision or when the session expires. Each step of an enrolment is a module of its own, which runs
 * inside {@link Sessions.run}: one at a time, and only where the session stands at the right place.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Attributes } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { ChipChallenge } from './chip_challenge.ts';
import type { Ticket } from './face_queue.ts';
import type { LivenessChallenge } from './liveness_challenge.ts';
import type { SignedCredential } from './issue.ts';
import type { PhoneCode } from './phone.ts';

/** How long a session lives, in milliseconds. */
export const SESSION_MILLISECONDS = 30 * 60 * 1000;
/** Sessions open at once; one more is refused rather than let memory grow. */
export const MAX_SESSIONS = 500;

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
  /** Sequences of actions that were drawn. */
  livenessChallenges: number;
  proofs: number;
  challenges: number;
  wishes: number;
  codes: number;
  /** When the next code may be sent to a phone, Unix milliseconds. */
  nextCode: number;
  busy: boolean;
  evidence?: Evidence | undefined;
  /** Waits for the chip's answer, and for one only. */
  challenge?: ChipChallenge | undefined;
  /** Waits for a capture, and for one only. */
  liveness?: LivenessChallenge | undefined;
  /** The capture that waits or is being examined. */
  capture?: Pick<Ticket<unknown>, 'place' | 'cancel'> | undefined;
  /** Code of the refusal of the latest capture. */
  faceProblem?: string | undefined;
  /** The latest code that was sent to a phone. */
  phone?: PhoneCode | undefined;
  decision?: { readonly wish: string; readonly signed: SignedCredential };
}

/** A session in which nothing else runs until `leave` is called. */
export interface Turn {
  readonly session: Session;
  readonly leave: () => void;
}

/** Open enrolment sessions of one issuer process. */
export class Sessions {
  readonly #open = new Map<string, Session>();
  readonly #clock: () => number;
  readonly #random: (length: number) => Uint8Array;

  /**
   * @param deps - `clock` in Unix milliseconds; `random` must be cryptographically secure.
   */
  constructor({ clock, random }: { readonly clock: () => number; readonly random: (length: number) => Uint8Array }) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Opens a session.
   *
   * @returns Its public identifier and the secret bearer token, both random.
   * @throws {@link ProtocolError} `enrolments_full`.
   */
  open(): { readonly id: string; readonly token: string; readonly expiresAt: number } {
    this.dropExpired();
    if (this.#open.size >= MAX_SESSIONS) {
      throw new ProtocolError(
        'enrolments_full',
        'too many people are enrolling at this moment; try again in a few minutes',
      );
    }
    const id = toBase64Url(this.#random(16));
    const token = toBase64Url(this.#random(32));
    const expiresAt = this.#clock() + SESSION_MILLISECONDS;
    this.#open.set(id, {
      id,
      tokenHash: hashToken(token),
      expiresAt,
      status: 'open',
      documents: 0,
      faces: 0,
      livenessChallenges: 0,
      proofs: 0,
      challenges: 0,
      wishes: 0,
      codes: 0,
      nextCode: 0,
      busy: false,
    });
    return { id, token, expiresAt };
  }

  /**
   * The state of a session.
   *
   * @returns `face` as a wallet is told: the place of a capture in the queue, or the refusal of the latest.
   * @throws {@link ProtocolError} `enrolment_unknown` for a wrong id or token alike, or after expiry.
   */
  status(
    id: string,
    token: string,
  ): { readonly status: EnrolmentStatus; readonly leaf?: string; readonly face: Readonly<Record<string, object>> } {
    const session = this.#find(id, token);
    const leaf = session.decision?.signed.leaf;
    return { status: session.status, face: faceState(session), ...(leaf === undefined ? {} : { leaf }) };
  }

  /**
   * Begins a step in a session, one at a time and only in the given states; for steps that outlast their answer.
   * All others use {@link Sessions.run}.
   *
   * @throws {@link ProtocolError} `enrolment_unknown`, `enrolment_busy`, `enrolment_out_of_order`.
   */
  enter(id: string, token: string, states: readonly EnrolmentStatus[]): Turn {
    const session = this.#find(id, token);
    if (session.busy) {
      throw new ProtocolError('enrolment_busy', 'the previous step of this enrolment is still running');
    }
    if (!states.includes(session.status)) {
      throw new ProtocolError('enrolment_out_of_order', `this enrolment stands at "${session.status}"`);
    }
    session.busy = true;
    return {
      session,
      leave: () => {
        session.busy = false;
      },
    };
  }

  /**
   * Runs one step at a time in a session, only in the given states.
   *
   * @throws {@link ProtocolError} as {@link Sessions.enter}, and what `step` throws.
   */
  async run<T>(
    id: string,
    token: string,
    states: readonly EnrolmentStatus[],
    step: (session: Session) => T | Promise<T>,
  ): Promise<T> {
    const { session, leave } = this.enter(id, token, states);
    try {
      return await step(session);
    } finally {
      leave();
    }
  }

  /** Forgets a session with everything in it, and what it has waiting elsewhere. */
  end(session: Session): void {
    session.capture?.cancel();
    session.capture = undefined;
    session.evidence = undefined;
    session.phone = undefined;
    this.#open.delete(session.id);
  }

  /** Forgets the sessions whose time is over; call it often. */
  dropExpired(): void {
    const now = this.#clock();
    for (const session of this.#open.values()) {
      if (session.expiresAt <= now) this.end(session);
    }
  }

  #find(id: string, token: string): Session {
    this.dropExpired();
    const session = this.#open.get(id);
    if (session === undefined || session.tokenHash !== hashToken(token)) {
      throw new ProtocolError('enrolment_unknown', 'there is no such enrolment, or it has expired; start again');
    }
    return session;
  }
}

function faceState({ capture, faceProblem }: Session): Readonly<Record<string, object>> {
  const place = capture?.place();
  if (place !== undefined) {
    return { queue: { position: place.position, wait_seconds: Math.ceil(place.waitMs / 1000) } };
  }
  return faceProblem === undefined ? {} : { face: { code: faceProblem } };
}

/** Throws `attempts_exhausted` beyond the limit. */
export function countAttempt(attempts: number, limit: number): void {
  if (attempts > limit) {
    throw new ProtocolError('attempts_exhausted', 'too many attempts in this enrolment; start again');
  }
}

/** Services that did not answer. A fault that pictures or cards can provoke is none of these. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'decoder_unreachable',
  'registry_unreachable',
  'register_unreachable',
]);

/**
 * Whether a step that failed counts as an attempt: it does not where a service was away, which nobody in front
 * of the issuer can help.
 *
 * @param error - What was thrown.
 */
export function isAttempt(error: unknown): boolean {
  return !(error instanceof ProtocolError && UNREACHABLE.has(error.code));
}

/** What the session's document has shown; throws `enrolment_out_of_order` if there is nothing. */
export function evidenceOf(session: Session): Evidence {
  if (session.evidence === undefined) {
    throw new ProtocolError('enrolment_out_of_order', 'this enrolment has no accepted document, or is decided');
  }
  return session.evidence;
}

/** Tokens are compared by hash, so that timing tells nothing of them. */
function hashToken(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}
