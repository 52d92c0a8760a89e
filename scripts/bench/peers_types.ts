// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The parts of the peers that are used, typed here because the project is checked without them.
 *
 * @module
 */

/** The core of Semaphore 4 and Digital Bazaar's BBS signatures 3, from `peers/measured.js`. */
export interface Peers {
  readonly Identity: new (privateKey: string) => SemaphoreIdentity;
  readonly Group: new (members: readonly bigint[]) => SemaphoreGroup;
  readonly generateProof: (
    identity: SemaphoreIdentity,
    group: SemaphoreGroup,
    message: string,
    scope: string,
    depth: number,
    artifacts: { readonly wasm: Uint8Array; readonly zkey: Uint8Array },
  ) => Promise<SemaphoreProof>;
  readonly verifyProof: (proof: SemaphoreProof) => Promise<boolean>;
  readonly bbs: Bbs;
}

/** A member's secret. */
export interface SemaphoreIdentity {
  readonly commitment: bigint;
}

/** Members. */
export interface SemaphoreGroup {
  readonly members: readonly bigint[];
}

/** A proof; only passed on. */
export interface SemaphoreProof {
  readonly merkleTreeDepth: number;
}

interface Suite {
  readonly ciphersuite: 'BLS12-381-SHA-256';
}

interface Signed extends Suite {
  readonly publicKey: Uint8Array;
  readonly header: Uint8Array;
  readonly presentationHeader: Uint8Array;
  readonly disclosedMessageIndexes: readonly number[];
}

/** BBS signatures. */
export interface Bbs {
  generateKeyPair(options: Suite): Promise<{ readonly secretKey: Uint8Array; readonly publicKey: Uint8Array }>;
  sign(
    options: Suite & {
      readonly secretKey: Uint8Array;
      readonly publicKey: Uint8Array;
      readonly header: Uint8Array;
      readonly messages: readonly Uint8Array[];
    },
  ): Promise<Uint8Array>;
  deriveProof(
    options: Signed & { readonly signature: Uint8Array; readonly messages: readonly Uint8Array[] },
  ): Promise<Uint8Array>;
  verifyProof(
    options: Signed & { readonly proof: Uint8Array; readonly disclosedMessages: readonly Uint8Array[] },
  ): Promise<boolean>;
}

/** vega, from `peers/plots.js`. */
export interface Plots {
  readonly parse: (specification: object) => object;
  readonly View: new (runtime: object, options: { readonly renderer: 'none' }) => { toSVG(): Promise<string> };
}
