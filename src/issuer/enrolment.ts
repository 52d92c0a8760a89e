// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Enrolment sessions: document, then live face, then credential. Everything that a person hands over
 * lives in this process's memory only, and is dropped at the decision or when the session expires.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { AnchorSet } from '../documents/anchors.ts';
import { type PassportFiles, readPassport } from '../documents/person.ts';
import { ASSURANCE_LEVELS, ATTRIBUTES_VERSION, DOCUMENT_KINDS } from '../protocol/attributes.ts';
import { type CalendarDate, dateInZone, monthStart, monthStartAfter } from '../protocol/dates.ts';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { beginChallenge, type ChipAnswer, type ChipChallenge, endChallenge } from './chip_challenge.ts';
import type { SignedCredential } from './issue.ts';
import { countAttempt, type EnrolmentStatus, type Evidence, evidenceOf, hashToken, type Session } from './session.ts';

/** How long a session lives, in milliseconds. */
export const SESSION_MILLISECONDS = 30 * 60 * 1000;
/** Sessions open at once; one more is refused rather than let memory grow. */
export const MAX_SESSIONS = 500;
/** Faces that may be tried in one session. */
export const MAX_FACE_ATTEMPTS = 5;
/** Documents that may be tried in one session. */
export const MAX_DOCUMENT_ATTEMPTS = 10;
/** Proofs of a seed that may be tried in one session, beside the one for a credential. */
export const MAX_PROOF_ATTEMPTS = 10;

/** Compares a document's portrait with a live picture; both are image files. */
export type CompareFaces = (
  portrait: Uint8Array,
  live: Uint8Array,
) => Promise<{ readonly match: boolean; readonly distances: Readonly<Record<string, number>> }>;

/** What enrolment needs from outside. */
export interface EnrolmentDeps {
  readonly clock: () => number;
  readonly random: (length: number) => Uint8Array;
  readonly timeZone: string;
  /** Key of the person tags, 32 bytes. */
  readonly dedupKey: Uint8Array;
  /** The issuer's number in credentials, 0 to 4095. */
  readonly issuerNumber: number;
  /** Country signing keys that are trusted. */
  readonly anchors: AnchorSet;
  readonly compareFaces: CompareFaces;
}

/** Open enrolment sessions of one issuer process. */
export class Enrolments {
  readonly #sessions = new Map<string, Session>();
  readonly #deps: EnrolmentDeps;

  constructor(deps: EnrolmentDeps) {
    this.#deps = deps;
  }

  /** The register's date now. */
  today(): CalendarDate {
    return dateInZone(this.#deps.clock(), this.#deps.timeZone);
  }

  /**
   * Opens a session.
   *
   * @returns Its public identifier and the secret bearer token, both random.
   * @throws {@link ProtocolError} `enrolments_full`.
   */
  open(): { readonly id: string; readonly token: string; readonly expiresAt: number } {
    const now = this.#deps.clock();
    for (const session of this.#sessions.values()) {
      if (session.expiresAt <= now) this.#sessions.delete(session.id);
    }
    if (this.#sessions.size >= MAX_SESSIONS) {
      throw new ProtocolError(
        'enrolments_full',
        'too many people are enrolling at this moment; try again in a few minutes',
      );
    }
    const id = toBase64Url(this.#deps.random(16));
    const token = toBase64Url(this.#deps.random(32));
    const expiresAt = now + SESSION_MILLISECONDS;
    this.#sessions.set(id, {
      id,
      tokenHash: hashToken(token),
      expiresAt,
      status: 'open',
      documents: 0,
      faces: 0,
      proofs: 0,
      challenges: 0,
      busy: false,
    });
    return { id, token, expiresAt };
  }

  /**
   * The state of a session.
   *
   * @throws {@link ProtocolError} `enrolment_unknown` for a wrong id or token alike, or after expiry.
   */
  status(id: string, token: string): { readonly status: EnrolmentStatus; readonly leaf?: string } {
    const session = this.#find(id, token);
    const leaf = session.decision?.signed.leaf;
    return { status: session.status, ...(leaf === undefined ? {} : { leaf }) };
  }

  /**
   * Checks a passport: passive authentication, dates, number of the person.
   *
   * @throws {@link ProtocolError} the codes of `readPassport`, `document_expires_too_soon`,
   * `attempts_exhausted`.
   */
  async submitPassport(id: string, token: string, files: PassportFiles): Promise<void> {
    await this.#exclusive(id, token, ['open', 'document_accepted'], (session) => {
      countAttempt(++session.documents, MAX_DOCUMENT_ATTEMPTS);
      const today = this.today();
      const passport = readPassport(files, { anchors: this.#deps.anchors, at: this.#deps.clock(), today });
      const expiry = monthStart(passport.expiry);
      if (expiry < today) {
        throw new ProtocolError('document_expires_too_soon', 'the document has expired or expires within this month');
      }
      session.evidence = {
        dedupTag: this.#dedupTag(passport.personNumber),
        portrait: passport.portrait.bytes,
        chip: { dg14: files.dg14, dg15: files.dg15 },
        attributes: {
          version: ATTRIBUTES_VERSION,
          document: DOCUMENT_KINDS.passport,
          nationality: passport.nationality,
          region: 0,
          // The chip is not challenged yet: its files could be a copy.
          assurance: ASSURANCE_LEVELS.copyable_data,
          phone: 0,
          birth: passport.birth,
          expiry,
          issued: monthStart(today),
          secretSince: monthStartAfter(today),
          generation: 0,
          issuer: this.#deps.issuerNumber,
        },
      };
      session.challenge = undefined;
      session.status = 'document_accepted';
    });
  }

  /**
   * Challenges the chip of the accepted document; an earlier challenge of this session is void.
   *
   * @throws {@link ProtocolError} `chip_unsupported` if the document has neither DG14 nor DG15 with a
   * usable key, `attempts_exhausted`, `enrolment_out_of_order`.
   */
  async challengeChip(id: string, token: string): Promise<ChipChallenge> {
    return this.#exclusive(id, token, ['document_accepted', 'face_accepted'], (session) => {
      return beginChallenge(session, this.#deps.random);
    });
  }

  /**
   * Judges the chip's answer to the session's one challenge, which is used up by it, and raises the
   * assurance.
   *
   * @throws {@link ProtocolError} `chip_authentication_failed`, `algorithm_unsupported`, `challenge_missing`.
   */
  async submitChip(id: string, token: string, answer: ChipAnswer): Promise<void> {
    await this.#exclusive(id, token, ['document_accepted', 'face_accepted'], (session) => {
      endChallenge(session, answer);
    });
  }

  /**
   * Compares a live picture with the document's portrait.
   *
   * @returns Distances by matcher, all at most 0.5.
   * @throws {@link ProtocolError} `face_mismatch`, `face_missing`, `face_multiple`, `image_malformed`,
   * `attempts_exhausted`, `document_missing`.
   */
  async submitFace(id: string, token: string, live: Uint8Array): Promise<Readonly<Record<string, number>>> {
    return this.#exclusive(id, token, ['document_accepted', 'face_accepted'], async (session) => {
      countAttempt(++session.faces, MAX_FACE_ATTEMPTS);
      const { match, distances } = await this.#deps.compareFaces(evidenceOf(session).portrait, live);
      if (!match) {
        throw new ProtocolError(
          'face_mismatch',
          "the live picture does not show the person of the document's portrait",
        );
      }
      session.status = 'face_accepted';
      return distances;
    });
  }

  /**
   * Decides a session: hands its evidence to `issue` and forgets it, whether that succeeds or the
   * person or seed is refused. The same wish again gets the same answer until the session expires, so
   * that a lost answer costs nobody their credential.
   *
   * @param wish - What the wallet asks for, as text; another wish is refused once one was granted.
   * @param issue - Makes and stores the credential; returns the leaf among others.
   * @throws {@link ProtocolError} `enrolment_out_of_order` before the face was accepted or for another
   * wish after the decision, and what `issue` throws.
   */
  async decide(
    id: string,
    token: string,
    wish: string,
    issue: (evidence: Pick<Evidence, 'dedupTag' | 'attributes'>) => Promise<SignedCredential>,
  ): Promise<SignedCredential> {
    return this.#exclusive(id, token, ['face_accepted', 'decided'], async (session) => {
      if (session.decision?.wish === wish) return session.decision.signed;
      const { dedupTag, attributes } = evidenceOf(session);
      try {
        const signed = await issue({ dedupTag, attributes });
        session.decision = { wish, signed };
        session.status = 'decided';
        session.evidence = undefined;
        return signed;
      } catch (error) {
        if (error instanceof ProtocolError && REFUSALS.has(error.code)) {
          this.#sessions.delete(session.id);
        }
        throw error;
      }
    });
  }

  /**
   * Ends a session in which document and face were accepted with something else than a credential: what
   * the person handed over is forgotten, whatever comes of it.
   *
   * @param step - Receives the keyed tag of the person, and nothing else.
   * @throws {@link ProtocolError} `enrolment_out_of_order`, and what `step` throws.
   */
  async conclude<T>(id: string, token: string, step: (dedupTag: string) => Promise<T>): Promise<T> {
    return this.#exclusive(id, token, ['face_accepted'], async (session) => {
      const { dedupTag } = evidenceOf(session);
      this.#sessions.delete(session.id);
      return step(dedupTag);
    });
  }

  /**
   * Runs a step that a proof of a seed in this session allows, whatever documents it has seen.
   *
   * @throws {@link ProtocolError} `attempts_exhausted`, and what `step` throws.
   */
  async withProof<T>(id: string, token: string, step: () => Promise<T>): Promise<T> {
    return this.#exclusive(id, token, ['open', 'document_accepted', 'face_accepted', 'decided'], (session) => {
      countAttempt(++session.proofs, MAX_PROOF_ATTEMPTS);
      return step();
    });
  }

  #dedupTag(personNumber: string): string {
    return bytesToHex(
      hmac(sha256, this.#deps.dedupKey, concatBytes(utf8ToBytes(MESSAGE_TAG.dedup), utf8ToBytes(personNumber))),
    );
  }

  #find(id: string, token: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined || session.tokenHash !== hashToken(token) || session.expiresAt <= this.#deps.clock()) {
      if (session !== undefined && session.expiresAt <= this.#deps.clock()) this.#sessions.delete(id);
      throw new ProtocolError('enrolment_unknown', 'there is no such enrolment, or it has expired; start again');
    }
    return session;
  }

  /** Runs one step at a time in a session, only in the given states. */
  async #exclusive<T>(
    id: string,
    token: string,
    states: readonly EnrolmentStatus[],
    step: (session: Session) => T | Promise<T>,
  ): Promise<T> {
    const session = this.#find(id, token);
    if (session.busy) {
      throw new ProtocolError('enrolment_busy', 'the previous step of this enrolment is still running');
    }
    if (!states.includes(session.status)) {
      throw new ProtocolError('enrolment_out_of_order', `this enrolment stands at "${session.status}"`);
    }
    session.busy = true;
    try {
      return await step(session);
    } finally {
      session.busy = false;
    }
  }
}

/** Refusals that end a session: nothing that the person hands over again would change them. */
const REFUSALS: ReadonlySet<string> = new Set(['person_already_enrolled', 'seed_already_enrolled']);
