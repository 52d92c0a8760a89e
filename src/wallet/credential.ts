// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the wallet keeps of a credential, with its stored form: JSON in which field elements are
 * decimal strings. Whoever reads it can act as the holder, so it goes into a vault only (vault.ts).
 *
 * @module
 */
import { z } from 'zod';
import { ATTRIBUTE_LAYOUT, type Attributes } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
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
  /** Size of the log before the leaf was signed: its event comes later. */
  readonly since: number;
  /** Where to ask whether it has been published. */
  readonly enrolment: { readonly id: string; readonly token: string };
}

/** A published credential. */
export interface Credential extends Omit<SignedCredential, 'enrolment' | 'since'> {
  /** Position in the tree. */
  readonly index: number;
  /** Every checkpoint of at least this log size holds the leaf, until it is revoked. */
  readonly published: number;
}

/** Where a credential stands in the public tree: all that syncing needs, and nothing secret. */
export type PublishedLeaf = Pick<Credential, 'leaf' | 'index' | 'published'>;

const field = z.string().transform(parseField);
/** Attributes by name, as numbers; whether they make sense is for `checkAttributes`. */
export const attributesSchema = z.strictObject(
  Object.fromEntries(ATTRIBUTE_LAYOUT.map(([name]) => [name, z.number().int().nonnegative()])) as Record<
    keyof Attributes,
    z.ZodNumber
  >,
);

const signedShape = {
  seed: field,
  blinding: field,
  attributes: attributesSchema,
  leaf: field,
  issuer: z.url(),
  signature: z.string().transform(fromBase64Url),
};
const signedSchema = z.strictObject({
  ...signedShape,
  since: z.number().int().nonnegative(),
  enrolment: z.strictObject({ id: z.string(), token: z.string() }),
});
const credentialSchema = z.strictObject({
  ...signedShape,
  index: z.number().int().nonnegative(),
  published: z.number().int().positive(),
});

function encode(value: SignedCredential | Credential): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return part.toString();
    return part instanceof Uint8Array ? toBase64Url(part) : part;
  });
}

function decode<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProtocolError('stored_invalid', 'the stored credential can not be read by this version', { cause });
  }
}

/** Stored form of a signed credential; JSON text. */
export function encodeSigned(signed: SignedCredential): string {
  return encode(signed);
}

/**
 * Reads a signed credential back and checks its types.
 *
 * @throws {@link ProtocolError} `stored_invalid`.
 */
export function decodeSigned(text: string): SignedCredential {
  return decode(text, signedSchema);
}

/** Stored form of a credential; JSON text. */
export function encodeCredential(credential: Credential): string {
  return encode(credential);
}

/**
 * Reads a credential back and checks its types.
 *
 * @throws {@link ProtocolError} `stored_invalid`.
 */
export function decodeCredential(text: string): Credential {
  return decode(text, credentialSchema);
}
