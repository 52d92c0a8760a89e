// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Issuing: verify that holder commitment and seed tag open to one seed, fix the attributes, sign the
 * leaf, and see it into the register. The signed leaf is durable before the wallet hears of it; the
 * register learns of it as soon as it answers. docs/protocol.md section 8.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { z } from 'zod';
import { credentialLeaf } from '../commitment/credential.ts';
import type { Poseidon } from '../commitment/poseidon.ts';
import { keyIdOf, leafMessage, sign } from '../log/signatures.ts';
import { type Attributes, packAttributes } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Groth16Proof } from '../protocol/presentation.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { ISSUE_SIGNALS, type IssueStatement } from '../protocol/statement.ts';
import { type IssuerSchema, markSubmitted, recordIssue, unsubmittedLeaves } from '../storage/issuer.ts';
import type { Database } from '../storage/open.ts';
import { type VerificationKey, verifyProof } from '../verifying/groth16.ts';

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

/** Where a leaf stands in the register. */
export interface LeafState {
  readonly status: 'pending' | 'published';
  readonly index?: number | undefined;
  /** Log size of the checkpoint that first holds the leaf. */
  readonly checkpoint?: number | undefined;
}

const leafState = z.object({
  status: z.enum(['pending', 'published']),
  index: z.number().int().nonnegative().optional(),
  checkpoint: z.number().int().positive().optional(),
});

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
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Identifier of the public key: `keyIdOf`. */
  readonly keyId: string;

  constructor(deps: IssueDeps) {
    this.#deps = deps;
    this.publicKey = ed25519.getPublicKey(deps.signingKey);
    this.keyId = keyIdOf(this.publicKey);
  }

  /**
   * Issues one credential.
   *
   * @param statement - Holder commitment, seed tag, and the session that the issuer itself computed.
   * @param proof - Proof of `issue` for that statement.
   * @param evidence - What the documents have shown.
   * @throws {@link ProtocolError} `proof_invalid`, `proof_malformed`, `person_already_enrolled`,
   * `seed_already_enrolled`.
   */
  async issue(
    statement: IssueStatement,
    proof: Groth16Proof,
    evidence: { readonly dedupTag: string; readonly attributes: Attributes },
  ): Promise<SignedCredential> {
    await requireIssueProof(this.#deps.verificationKey, statement, proof);
    const { attributes, dedupTag } = evidence;
    const leaf = credentialLeaf(this.#deps.poseidon, statement.holder, packAttributes(attributes));
    const signed = {
      attributes,
      leaf: leaf.toString(),
      issuer: this.keyId,
      signature: toBase64Url(sign(leafMessage(leaf), this.#deps.signingKey)),
    };
    const conflict = await recordIssue(this.#deps.database, {
      dedupTag,
      seedTag: statement.seedTag.toString(),
      generation: attributes.generation,
      secretSince: attributes.secretSince,
      leaf: signed.leaf,
      document: attributes.document,
      expiry: attributes.expiry,
      issued: attributes.issued,
      signature: signed.signature,
    });
    if (conflict !== undefined) {
      throw new ProtocolError(
        conflict,
        conflict === 'person_already_enrolled'
          ? 'this person has a credential already; recover or reset it instead of enrolling again'
          : 'this seed belongs to another enrolment; make a new wallet',
      );
    }
    await this.submitPending();
    return signed;
  }

  /**
   * Sends every signed leaf that the register has not acknowledged. Safe to repeat: the register
   * answers alike for a leaf that it holds. Failures are left for the next call.
   *
   * @returns How many leaves still wait.
   */
  async submitPending(): Promise<number> {
    let waiting = 0;
    for (const { leaf, signature } of await unsubmittedLeaves(this.#deps.database)) {
      try {
        const answer = await this.#deps.fetch(`${this.#deps.registerUrl}/v1/leaves`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ leaf, issuer: this.keyId, signature }),
        });
        if (!answer.ok) throw new ProtocolError('register_refused', `the register answered ${String(answer.status)}`);
        await markSubmitted(this.#deps.database, leaf);
      } catch {
        waiting += 1;
      }
    }
    return waiting;
  }

  /**
   * Where a leaf stands. A register that does not answer leaves it pending.
   *
   * @param leaf - Decimal leaf that this issuer signed.
   */
  async leafState(leaf: string): Promise<LeafState> {
    try {
      const answer = await this.#deps.fetch(`${this.#deps.registerUrl}/v1/leaves/${leaf}`);
      const parsed = leafState.safeParse(await answer.json());
      if (answer.ok && parsed.success) return parsed.data;
    } catch {
      // told below
    }
    await this.submitPending();
    return { status: 'pending' };
  }
}
