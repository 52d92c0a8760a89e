// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Issuing: verify that holder commitment and seed tag open to one seed, decide what becomes of the request
 * (`plan.ts`), fix the attributes, sign the leaf, and see it into the register (`submission.ts`). The signed
 * leaf is durable before the wallet hears of it; the register learns of it as soon as it answers.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { credentialLeaf } from '../commitment/credential.ts';
import type { Poseidon } from '../commitment/poseidon.ts';
import { keyIdOf, leafMessage, sign } from '../log/signatures.ts';
import { type Attributes, packAttributes } from '../protocol/attributes.ts';
import { dateInZone } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Groth16Proof } from '../protocol/presentation.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { ISSUE_SIGNALS, type IssueStatement } from '../protocol/statement.ts';
import type { IssuerSchema } from '../storage/issuer.ts';
import { type BackupChange, readKnown, recordDecision } from '../storage/lives.ts';
import type { Database } from '../storage/open.ts';
import { type VerificationKey, verifyProof } from '../verifying/groth16.ts';
import { type Plan, planIssue, type Wish } from './plan.ts';
import { type LeafState, Submission } from './submission.ts';

/** How often a decision is made anew when another one about the same person came between. */
const DECIDE_ATTEMPTS = 5;

/** What issuing needs from outside. */
export interface IssueDeps {
  readonly database: Database<IssuerSchema>;
  readonly poseidon: Poseidon;
  /** Verification key of `issue`. */
  readonly verificationKey: VerificationKey;
  /** Ed25519 secret key, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** Base URL of the register. */
  readonly registerUrl: string;
  readonly fetch: typeof fetch;
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  readonly timeZone: string;
}

/** What is asked for, with what was shown. */
export interface IssueRequest {
  /** Holder commitment, seed tag, and the session that the issuer itself computed. */
  readonly statement: IssueStatement;
  /** Proof of `issue` for that statement. */
  readonly proof: Groth16Proof;
  /** What the documents have shown; the age of the seed in `attributes` is that of a new person. */
  readonly evidence: { readonly dedupTag: string; readonly attributes: Attributes };
  readonly wish: Wish;
  /** Sealed by the wallet, base64url. */
  readonly backups: BackupChange;
}

/** A signed credential, as the wallet is shown it. */
export interface SignedCredential {
  readonly attributes: Attributes;
  /** Decimal. */
  readonly leaf: string;
  /** Identifier of the issuer's key. */
  readonly issuer: string;
  /** Ed25519 over the leaf's message, base64url. */
  readonly signature: string;
}

/** A decision that was recorded. */
interface Granted {
  readonly signed: SignedCredential;
  /** Leaves whose revocation the person wishes with it. */
  readonly revokes: readonly string[];
}

/**
 * Checks that a wallet holds the seed behind a seed tag.
 *
 * @param key - Verification key of `issue`.
 * @param statement - Holder commitment, seed tag, and the session that the issuer itself computed.
 * @throws {@link ProtocolError} `proof_invalid`, `proof_malformed`.
 */
export async function requireIssueProof(
  key: VerificationKey,
  statement: IssueStatement,
  proof: Groth16Proof,
): Promise<void> {
  const signals = ISSUE_SIGNALS.map((name) => statement[name]);
  if (!(await verifyProof(key, signals, proof))) {
    throw new ProtocolError('proof_invalid', 'the proof does not show that holder and seed_tag open to one seed');
  }
}

/** Issues credentials with one key. */
export class Issuance {
  readonly #deps: IssueDeps;
  readonly #submission: Submission;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Identifier of the public key: `keyIdOf`. */
  readonly keyId: string;

  constructor(deps: IssueDeps) {
    this.#deps = deps;
    this.publicKey = ed25519.getPublicKey(deps.signingKey);
    this.keyId = keyIdOf(this.publicKey);
    this.#submission = new Submission(deps, this.keyId);
  }

  /**
   * Issues one credential, or refuses.
   *
   * @throws {@link ProtocolError} `proof_invalid`, `proof_malformed`, those of `planIssue`; for a person who has
   * credentials `register_unreachable`, `blinding_reused`; `enrolment_busy` if decisions about one person keep
   * meeting.
   */
  async issue(request: IssueRequest): Promise<SignedCredential> {
    await requireIssueProof(this.#deps.verificationKey, request.statement, request.proof);
    for (let attempt = 0; attempt < DECIDE_ATTEMPTS; attempt++) {
      const decided = await this.#decide(request);
      if (decided !== undefined) {
        const { signed, revokes } = decided;
        if (await this.#submission.submit(signed.leaf)) await this.request(revokes);
        return signed;
      }
    }
    throw new ProtocolError('enrolment_busy', 'another enrolment of this person is being decided; try again');
  }

  /** Undefined if something else was decided meanwhile. */
  async #decide({ statement, evidence, wish, backups }: IssueRequest): Promise<Granted | undefined> {
    const { database, clock, timeZone } = this.#deps;
    const { dedupTag } = evidence;
    const seedTag = statement.seedTag.toString();
    const known = await readKnown(database.kysely, dedupTag, seedTag);
    const standing = await this.#submission.standings(known.person?.leaves ?? []);
    const { document } = evidence.attributes;
    const plan = planIssue({ known, standing, seedTag, document, today: dateInZone(clock(), timeZone), wish });
    const signed = this.#sign(statement, evidence.attributes, plan);
    // A leaf of before is dead for good; and one with the blinding of a stolen store would be that store's.
    if (known.person !== undefined && (await this.#isUsed(signed.leaf, standing))) {
      throw new ProtocolError('blinding_reused', 'the register has this leaf already; ask with a fresh blinding');
    }
    const { attributes, leaf, signature } = signed;
    const { generation, secretSince, expiry, issued } = attributes;
    const { replaces, revokes } = plan;
    const decided = { known, dedupTag, seedTag, generation, secretSince, leaf, document, expiry, issued, signature };
    return (await recordDecision(database, { ...decided, replaces, revokes, backups }))
      ? { signed, revokes }
      : undefined;
  }

  #sign(statement: IssueStatement, shown: Attributes, { generation, secretSince }: Plan): SignedCredential {
    const attributes = { ...shown, generation, secretSince };
    const leaf = credentialLeaf(this.#deps.poseidon, statement.holder, packAttributes(attributes));
    return {
      attributes,
      leaf: leaf.toString(),
      issuer: this.keyId,
      signature: toBase64Url(sign(leafMessage(leaf), this.#deps.signingKey)),
    };
  }

  async #isUsed(leaf: string, standing: ReadonlyMap<string, unknown>): Promise<boolean> {
    return standing.has(leaf) || this.#submission.knows(leaf);
  }

  /**
   * Sends every signed leaf that the register has not acknowledged. Failures are left for the next call.
   *
   * @returns How many still wait.
   */
  submitPending(): Promise<number> {
    return this.#submission.submitPending();
  }

  /** Sends the wish to be revoked of some leaves, where it is recorded; returns how many still wait. */
  request(leaves: readonly string[]): Promise<number> {
    return this.#submission.request(leaves);
  }

  /** Sends every wish to be revoked that the register has not acknowledged; returns how many still wait. */
  submitRequests(): Promise<number> {
    return this.#submission.submitRequests();
  }

  /** Submits what waits, and looks at what became of replacements; call it often. */
  async tend(): Promise<void> {
    await this.#submission.watch();
    await this.submitPending();
  }

  /**
   * Where a leaf stands. A register that does not answer leaves it pending.
   *
   * @param leaf - Decimal leaf that this issuer signed.
   */
  leafState(leaf: string): Promise<LeafState> {
    return this.#submission.leafState(leaf);
  }
}
