// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Challenging a document's chip: what the issuer chooses, keeps, and judges. Copied files cannot answer,
 * since the key is in the chip; a client cannot answer in its place, since the issuer chose the challenge
 * and holds the keys. What it does not show is that the chip is where the client is: a challenge can be
 * relayed to a genuine document elsewhere. docs/protocol.md section 8.
 *
 * @module
 */
import {
  CHALLENGE_BYTES,
  type ChipVerdict,
  verifyActiveAuthentication,
} from '../documents/chip/active_authentication.ts';
import { ChipAuthentication, type ChipAuthenticationRequest } from '../documents/chip/chip_authentication.ts';
import { ASSURANCE_LEVELS } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { countAttempt, type Evidence, evidenceOf, type Session } from './session.ts';

/** Challenges that a chip may be sent in one session. */
export const MAX_CHIP_CHALLENGES = 10;

/** What the chip answered; at least one. */
export interface ChipAnswer {
  /** Data of the answer to INTERNAL AUTHENTICATE. */
  readonly signature?: Uint8Array | undefined;
  /** Data and status of the answer to the protected command. */
  readonly relayed?: Uint8Array | undefined;
}

/** One challenge, for one answer. */
export class ChipChallenge {
  readonly #dg14: Uint8Array | undefined;
  readonly #dg15: Uint8Array | undefined;
  readonly #agreement: ChipAuthentication | undefined;
  /** For the chip to sign; absent without DG15. */
  readonly signing: Uint8Array | undefined;

  /**
   * @param chip - Files that passive authentication has checked.
   * @param random - Cryptographically secure source.
   * @throws {@link ProtocolError} `chip_unsupported` if there is nothing to challenge the chip by.
   */
  constructor({ dg14, dg15 }: Evidence['chip'], random: (length: number) => Uint8Array) {
    this.#dg14 = dg14;
    this.#dg15 = dg15;
    this.signing = dg15 && random(CHALLENGE_BYTES);
    this.#agreement = dg14 && agreementOf(dg14, random);
    if (this.signing === undefined && this.#agreement === undefined) {
      throw new ProtocolError('chip_unsupported', 'this document’s chip has no key to be challenged by; go on without');
    }
  }

  /** For the client to relay; absent without a usable key in DG14. */
  get relaying(): ChipAuthenticationRequest | undefined {
    return this.#agreement?.request;
  }

  /**
   * Judges the answer: every part that is given must be right.
   *
   * @throws {@link ProtocolError} `chip_authentication_failed` | `algorithm_unsupported`, also for an
   * answer to what was not asked.
   */
  judge({ signature, relayed }: ChipAnswer): void {
    const verdicts: (ChipVerdict | undefined)[] = [];
    if (signature !== undefined) {
      const { signing } = this;
      const isAsked = signing !== undefined && this.#dg15 !== undefined;
      verdicts.push(isAsked ? verifyActiveAuthentication(this.#dg15, signing, signature, this.#dg14) : undefined);
    }
    if (relayed !== undefined) verdicts.push(this.#agreement?.verify(relayed));
    if (verdicts.length === 0) throw failed();
    for (const verdict of verdicts) {
      if (verdict === undefined) throw failed();
      if (!verdict.ok) throw new ProtocolError(verdict.reason as Lowercase<string>, verdict.message);
    }
  }
}

function failed(): ProtocolError {
  return new ProtocolError('chip_authentication_failed', 'the chip did not answer what it was asked');
}

/** DG14 may hold other things than a usable key, which is no fault of the document. */
function agreementOf(dg14: Uint8Array, random: (length: number) => Uint8Array): ChipAuthentication | undefined {
  try {
    return new ChipAuthentication(dg14, random);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Challenges the chip of a session's document; an earlier challenge is void. */
export function beginChallenge(session: Session, random: (length: number) => Uint8Array): ChipChallenge {
  countAttempt(++session.challenges, MAX_CHIP_CHALLENGES);
  session.challenge = new ChipChallenge(evidenceOf(session).chip, random);
  return session.challenge;
}

/** Uses up a session's challenge and, if the chip answered it, raises the assurance. */
export function endChallenge(session: Session, answer: ChipAnswer): void {
  const { challenge } = session;
  session.challenge = undefined;
  if (challenge === undefined) {
    throw new ProtocolError('challenge_missing', 'the chip has not been challenged, or has answered; ask again');
  }
  challenge.judge(answer);
  const evidence = evidenceOf(session);
  const attributes = { ...evidence.attributes, assurance: ASSURANCE_LEVELS.challenged_chip };
  session.evidence = { ...evidence, attributes };
}
