// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sample people of a demonstration, from `/demo/people` on the wallet's own origin. In a real
 * deployment a companion with a chip reader gives these files instead.
 *
 * @module
 */
import { z } from 'zod';
import { DOCUMENT_KINDS, type DocumentKind } from '../../protocol/attributes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { fromBase64Url } from '../../protocol/scope.ts';
import type { PairedCompanion } from '../companion.ts';
import type { DocumentFiles, FacePicture } from '../enrol.ts';

const base64url = z.string().transform((text) => fromBase64Url(text));
const person = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(Object.keys(DOCUMENT_KINDS) as DocumentKind[]).default('passport'),
  /** Whether the live picture is an altered copy of the portrait. */
  altered: z.boolean(),
  /** Where the pictures come from. */
  source: z.string(),
});
const evidence = z.object({
  sod: base64url,
  dg1: base64url,
  dg2: base64url,
  face: z.object({ type: z.enum(['image/jpeg', 'image/png', 'image/jp2']), data: base64url }),
});

/** A sample person in the list. */
export type SamplePerson = z.output<typeof person>;

/** Whose pictures may be shown, and how they are credited. */
type PictureSource = 'london' | 'package' | 'own';

/** What an enrolment hands to the issuer, with what must be said of its live picture. */
export interface Evidence {
  readonly files: DocumentFiles;
  /** The live picture of a sample person; otherwise the camera takes it. */
  readonly face?: FacePicture | undefined;
  /** Whether that is an altered copy of the portrait. */
  readonly altered?: boolean | undefined;
  readonly source: PictureSource;
  /** Which sample person it is. */
  readonly sample?: string | undefined;
  /** The companion that has the chip open, for the issuer's challenge. */
  readonly companion?: PairedCompanion | undefined;
}

const problem = z.object({ code: z.string().regex(/^[a-z0-9_]+$/) });

async function ask<Schema extends z.ZodType>(path: string, schema: Schema, body?: Blob): Promise<z.output<Schema>> {
  let response: Response;
  let value: unknown;
  try {
    response = await fetch(
      path,
      body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': body.type } },
    );
    value = await response.json();
  } catch (cause) {
    throw new ProtocolError('network_failed', "the demonstration's server did not answer; try again", { cause });
  }
  if (!response.ok) {
    const told = problem.safeParse(value);
    throw new ProtocolError(told.success ? (told.data.code as Lowercase<string>) : 'network_failed', 'refused');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new ProtocolError('config_invalid', 'the sample people do not have the expected form', {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

const toEvidence = (
  { face, ...files }: z.output<typeof evidence>,
  said: Omit<Evidence, 'files' | 'face'>,
): Evidence => ({
  files,
  face: { type: face.type, bytes: face.data },
  ...said,
});

/** The sample people who have a kind of document. */
export async function listPeople(kind: DocumentKind): Promise<readonly SamplePerson[]> {
  const people = await ask('/demo/people', z.array(person));
  return people.filter((each) => each.kind === kind);
}

/** A sample person's passport and live picture. */
export async function openPerson({ id, altered, source }: SamplePerson): Promise<Evidence> {
  return toEvidence(await ask(`/demo/people/${encodeURIComponent(id)}`, evidence), {
    altered,
    sample: id,
    source: source.startsWith('Face Research Lab London Set') ? 'london' : 'package',
  });
}

/** Has a sample passport made with the visitor's picture. */
export async function makePerson(jpeg: Blob): Promise<Evidence> {
  return toEvidence(await ask('/demo/people', evidence, jpeg), { altered: true, source: 'own' });
}
