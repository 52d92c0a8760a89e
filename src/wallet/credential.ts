// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the wallet keeps of a credential, with its stored form: JSON in which field elements are
 * decimal strings. Whoever reads it can act as the holder, so it goes into a vault only (vault.ts).
 *
 * @module
 */
import type { Attributes } from '../protocol/attributes.ts';
import type { FieldElement } from '../protocol/field.ts';
import type { Holder } from './holder.ts';

/** A credential that the issuer has signed and the register has not published yet. */
export interface SignedCredential extends Holder {
  readonly attributes: Attributes;
  /** Poseidon commitment to holder and attributes: credential.ts in `src/commitment`. */
  readonly leaf: FieldElement;
  /** Base URL of the issuer. */
  readonly issuer: string;
  /** The issuer's Ed25519 signature over the leaf, 64 bytes. */
  readonly signature: Uint8Array;
  /** Where to ask whether it has been published. */
  readonly enrolment: { readonly id: string; readonly token: string };
}

/** A published credential. */
export interface Credential extends Omit<SignedCredential, 'enrolment'> {
  /** Position in the tree. */
  readonly index: number;
  /** Log size of the first checkpoint that holds the leaf. */
  readonly published: number;
}

/** Stored form of a signed credential; JSON text. */
export declare function encodeSigned(signed: SignedCredential): string;
/**
 * Reads a signed credential back and checks its types.
 *
 * @throws {@link ProtocolError} `stored_invalid`.
 */
export declare function decodeSigned(text: string): SignedCredential;
/** Stored form of a credential; JSON text. */
export declare function encodeCredential(credential: Credential): string;
/**
 * Reads a credential back and checks its types.
 *
 * @throws {@link ProtocolError} `stored_invalid`.
 */
export declare function decodeCredential(text: string): Credential;
