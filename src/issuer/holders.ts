// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What holders may ask of the issuer after the enrolment: whether a credential exists for their document,
 * that theirs be revoked, that an announced revocation be looked at again. docs/protocol.md section 8.
 *
 * Holders show who they are by a proof of `issue` over a fresh session, which shows that they hold the
 * seed and cannot be used again, or by document and live face as in an enrolment. An appeal takes the
 * proof alone: the credential that it is about is in the wallet, and documents would be shown for nothing.
 *
 * @module
 */
import { z } from 'zod';
import { appealsMessage, isSignedBy } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Groth16Proof } from '../protocol/presentation.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { IssueStatement } from '../protocol/statement.ts';
import {
  type Appeal,
  deleteAppeal,
  findPerson,
  openAppeals,
  type PersonRecord,
  recordAppeal,
  recordRequest,
} from '../storage/holders.ts';
import { type Issuance, type IssueDeps, requireIssueProof } from './issue.ts';
import { REGISTER_MILLISECONDS } from './submission.ts';

/** Longest text of an appeal, UTF-16 code units. */
export const MAX_APPEAL_LENGTH = 4000;
/** How old an approver's signature may be, seconds, either way. */
export const LISTING_SECONDS = 300;
/** Milliseconds between two looks at what became of appeals. */
const SETTLE_INTERVAL = 60_000;

/** What holders' wishes need from outside. */
export interface HolderDeps extends IssueDeps {
  readonly random: (length: number) => Uint8Array;
  /** Ed25519 public keys of those who decide about appeals, by their `keyIdOf`. */
  readonly approvers: Readonly<Record<string, Uint8Array>>;
}

/** Whether a credential exists for a document. */
export type Existence =
  | { readonly exists: false }
  | {
      readonly exists: true;
      /** Month, `YYYY-MM`, of the latest; left out where it was not kept. */
      readonly issued?: string;
      readonly generation: number;
    };

const announcementSchema = z.object({
  announcement: z
    .object({
      position: z.number().int().nonnegative(),
      reason: z.string().max(64),
      effective: z.number().int().nonnegative(),
      status: z.enum(['open', 'reversed', 'closed']),
    })
    .optional(),
});
type Announcement = z.infer<typeof announcementSchema>['announcement'];

/** Serves holders of one issuer. */
export class Holders {
  readonly #deps: HolderDeps;
  readonly #issuance: Issuance;
  #settled = Number.NEGATIVE_INFINITY;

  constructor(deps: HolderDeps, issuance: Issuance) {
    this.#deps = deps;
    this.#issuance = issuance;
  }

  /** Whether a credential exists for the person of a document, and since when. Nothing is written. */
  async existence(dedupTag: string): Promise<Existence> {
    const person = await findPerson(this.#deps.database, { dedupTag });
    if (person === undefined) {
      return { exists: false };
    }
    const { issued, generation } = person;
    const month = String(issued).replace(/^(\d{4})(\d{2})\d{2}$/, '$1-$2');
    return { exists: true, ...(issued === 0 ? {} : { issued: month }), generation };
  }

  /**
   * Has all credentials of a person revoked at once, because the person asks. The wish is durable when
   * this returns; the register hears of it as soon as it answers.
   *
   * @param by - A document's keyed tag, from a concluded session, or a seed that was proven.
   * @returns Decimal leaves.
   * @throws {@link ProtocolError} `person_unknown`.
   */
  async revoke(by: { readonly dedupTag: string } | { readonly seedTag: string }): Promise<readonly string[]> {
    const { leaves } = await this.#person(by);
    await recordRequest(this.#deps.database, leaves);
    await this.#issuance.request(leaves);
    return leaves;
  }

  /**
   * Checks that a wallet holds a seed.
   *
   * @returns The seed's tag, decimal.
   * @throws {@link ProtocolError} `proof_invalid`, `proof_malformed`.
   */
  async proveSeed(statement: IssueStatement, proof: Groth16Proof): Promise<string> {
    await requireIssueProof(this.#deps.verificationKey, statement, proof);
    return statement.seedTag.toString();
  }

  /**
   * Keeps an appeal against an announced revocation until it is decided.
   *
   * @param seedTag - Of a seed that was proven.
   * @param leaf - Decimal; one of that person's.
   * @param text - The holder's words.
   * @returns A reference; the same for a second text about the same leaf, which replaces the first.
   * @throws {@link ProtocolError} `person_unknown`, `leaf_unknown`, `announcement_unknown` if no revocation
   * of the leaf is announced, `register_unreachable`.
   */
  async appeal(seedTag: string, leaf: string, text: string): Promise<string> {
    const { leaves } = await this.#person({ seedTag });
    if (!leaves.includes(leaf)) {
      throw new ProtocolError('leaf_unknown', 'this is not a credential of the seed that was proven');
    }
    const announcement = await this.#announcement(leaf);
    if (announcement?.status !== 'open') {
      throw new ProtocolError('announcement_unknown', 'no revocation of this credential is announced');
    }
    const { position, reason, effective } = announcement;
    const reference = toBase64Url(this.#deps.random(12));
    return recordAppeal(this.#deps.database, { reference, leaf, announcement: position, reason, effective, text });
  }

  /**
   * Appeals that wait, for an approver.
   *
   * @param order - Key id, Unix seconds, and the signature over `appealsMessage`.
   * @throws {@link ProtocolError} `approver_unknown`, `listing_expired`, `signature_invalid`.
   */
  async appeals(order: {
    readonly approver: string;
    readonly time: number;
    readonly signature: Uint8Array;
  }): Promise<readonly Appeal[]> {
    const { approvers, clock, database } = this.#deps;
    const key = Object.hasOwn(approvers, order.approver) ? approvers[order.approver] : undefined;
    if (key === undefined) {
      throw new ProtocolError('approver_unknown', 'this issuer does not show appeals to that key');
    }
    if (!(Math.abs(clock() / 1000 - order.time) <= LISTING_SECONDS)) {
      throw new ProtocolError('listing_expired', 'sign the time of now, by a clock that is right');
    }
    if (!isSignedBy(appealsMessage(this.#issuance.keyId, order.time), order.signature, key)) {
      throw new ProtocolError('signature_invalid', 'the signature does not hold for this message and key');
    }
    await this.#settle();
    return openAppeals(database);
  }

  /** Sends what waits, and forgets appeals that were decided: reversed, or carried out. */
  async tend(): Promise<void> {
    await this.#issuance.submitRequests();
    if (this.#deps.clock() >= this.#settled + SETTLE_INTERVAL) await this.#settle();
  }

  async #settle(): Promise<void> {
    this.#settled = this.#deps.clock();
    for (const { reference, leaf, announcement } of await openAppeals(this.#deps.database)) {
      // A register that does not answer has decided nothing, and will not answer for the next either.
      const known = await this.#announcement(leaf).catch(() => 'unreachable' as const);
      if (known === 'unreachable') return;
      if (known?.status !== 'open' || known.position !== announcement) {
        await deleteAppeal(this.#deps.database, reference);
      }
    }
  }

  async #person(by: Parameters<typeof findPerson>[1]): Promise<PersonRecord> {
    const person = await findPerson(this.#deps.database, by);
    if (person === undefined) {
      throw new ProtocolError('person_unknown', 'this issuer has made no credential for that person or seed');
    }
    return person;
  }

  async #announcement(leaf: string): Promise<Announcement> {
    const { registerUrl, fetch } = this.#deps;
    try {
      const answer = await fetch(`${registerUrl}/v1/leaves/${leaf}`, {
        signal: AbortSignal.timeout(REGISTER_MILLISECONDS),
      });
      if (answer.ok) return announcementSchema.parse(await answer.json()).announcement;
    } catch {
      // told below
    }
    throw new ProtocolError('register_unreachable', 'the register does not answer; try again later');
  }
}
