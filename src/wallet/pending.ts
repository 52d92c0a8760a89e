// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An enrolment that is not decided yet, as it is kept, so that a reload or a killed page goes on where it
 * was: the session at the issuer and the secrets that the credential will have. It holds the seed, so it
 * goes into the vault only.
 *
 * @module
 */
import { z } from 'zod';
import { DOCUMENT_KINDS, type DocumentKind } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import type { Enrolment } from './enrol.ts';

/** Why someone enrols. */
export const PURPOSES = ['first', 'renew', 'second', 'restore', 'reset'] as const;

/** See {@link PURPOSES}. */
export type Purpose = (typeof PURPOSES)[number];

/** Steps that need the holder, in order; `request` proves and asks for the credential. */
export const STAGES = ['document', 'face', 'phone', 'request'] as const;

/** See {@link STAGES}. */
export type Stage = (typeof STAGES)[number];

/** See the module's description. */
export interface PendingEnrolment {
  readonly enrolment: Enrolment;
  readonly purpose: Purpose;
  /** The first step that is not done. */
  readonly stage: Stage;
  /** What the document is, once it is known. */
  readonly kind?: DocumentKind | undefined;
  /**
   * Whether the credential was asked for: should the answer be lost and the session with it, the seed is the
   * person's already, and is asked for again as one of before.
   */
  readonly asked?: boolean | undefined;
  /** For `restore`: whether the seed is the one from the backup. */
  readonly restored?: boolean | undefined;
  /** For `reset`: whether the holder has read what it means. */
  readonly agreed?: boolean | undefined;
  /** On a demonstration: who stands in. */
  readonly sample?: { readonly person: string; readonly document: string; readonly chip: boolean } | undefined;
}

/**
 * Why someone enrols, when a page opens and an enrolment is kept. Before a document was shown the page says it, which
 * they have just chosen; unless the credential was asked for, since the same has to be asked again then.
 *
 * @param kept - What is kept, if anything.
 * @param page - What the page is for.
 */
export function purposeOf(
  kept: Pick<PendingEnrolment, 'purpose' | 'stage' | 'asked'> | undefined,
  page: Purpose,
): Purpose {
  if (kept === undefined || (kept.stage === 'document' && kept.asked !== true)) return page;
  return kept.purpose;
}

const field = z.string().transform(parseField);
const schema = z.strictObject({
  enrolment: z.strictObject({
    id: z.string(),
    token: z.string(),
    session: field,
    expiresAt: z.number(),
    documentKinds: z.array(z.string()),
    liveness: z.enum(['required', 'off']),
    seed: field,
    blinding: field,
  }),
  purpose: z.enum(PURPOSES),
  stage: z.enum(STAGES),
  kind: z.enum(Object.keys(DOCUMENT_KINDS) as DocumentKind[]).optional(),
  asked: z.boolean().optional(),
  restored: z.boolean().optional(),
  agreed: z.boolean().optional(),
  sample: z.strictObject({ person: z.string(), document: z.string(), chip: z.boolean() }).optional(),
});

/** Stored form; JSON text for the vault. */
export function encodePending(pending: PendingEnrolment): string {
  return JSON.stringify(pending, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}

/**
 * Reads the stored form.
 *
 * @throws {@link ProtocolError} `stored_invalid`.
 */
export function decodePending(text: string): PendingEnrolment {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProtocolError('stored_invalid', 'the stored enrolment can not be read by this version', { cause });
  }
}
