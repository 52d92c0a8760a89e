// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sample people of a demonstration, from `/demo/samples` on the wallet's own origin. In a real deployment a
 * companion with a chip reader, or a phone, gives these documents, and a camera the face.
 *
 * @module
 */
import { z } from 'zod';
import { DOCUMENT_KINDS, type DocumentKind } from '../../protocol/attributes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { LIVENESS_ACTIONS, type LivenessAction } from '../../protocol/liveness.ts';
import { fromBase64Url, toBase64Url } from '../../protocol/scope.ts';
import type { PairedCompanion } from '../companion.ts';
import type { CardFile, DocumentFiles } from '../document_form.ts';
import type { FacePicture } from '../enrol.ts';
import type { ChipAnswer, ChipChallenge } from '../enrol_chip.ts';
import type { CapturedFrame } from '../enrol_face.ts';

const base64url = z.string().transform((text) => fromBase64Url(text));
const words = z.object({ en: z.string(), zh: z.string() });
const kinds = Object.keys(DOCUMENT_KINDS) as DocumentKind[];
const person = z.object({
  id: z.string(),
  names: words,
  notes: words,
  /** Whether the live picture is an altered copy of the portrait. */
  altered: z.boolean(),
  /** Where the pictures come from. */
  source: z.string(),
  documents: z.array(z.object({ id: z.string(), kind: z.enum(kinds), notes: words, chip: z.boolean() })),
});
const card = z.object({
  kind: z.enum(kinds.filter((kind): kind is Exclude<DocumentKind, 'passport'> => kind !== 'passport')),
  card: base64url,
});
const passport = z.object({
  sod: base64url,
  dg1: base64url,
  dg2: base64url,
  dg11: base64url.optional(),
  dg14: base64url.optional(),
  dg15: base64url.optional(),
});
const answer = z.object({ signature: base64url.optional(), relayed: base64url.optional() });
const frames = z.object({
  frames: z.array(z.object({ step: z.number().int(), at: z.number(), jpeg: base64url })),
});

/** A sample person in the list. */
export type SamplePerson = z.output<typeof person>;
/** One of a person's documents. */
export type SampleDocument = SamplePerson['documents'][number];

/** Which sample stands in for a document and a face. */
export interface Sample {
  readonly person: string;
  readonly document: string;
  /** Whether its chip can be challenged. */
  readonly chip: boolean;
}

/** Whose pictures may be shown, and how they are credited. */
type PictureSource = 'london' | 'package' | 'own';

/** A document that was read, and who can answer for it. */
export interface Evidence {
  readonly document: DocumentFiles | CardFile;
  /** On a demonstration. */
  readonly sample?: Sample | undefined;
  /** The companion that has the chip open, for the issuer's challenge. */
  readonly companion?: PairedCompanion | undefined;
}

/** A sample person's live picture, with what must be said of it. */
export interface SampleFace {
  readonly picture: FacePicture;
  readonly altered: boolean;
  readonly source: PictureSource;
}

const problem = z.object({ code: z.string().regex(/^[a-z0-9_]+$/) });

async function fetchPart(path: string, body?: Blob): Promise<Response> {
  let response: Response;
  try {
    const init = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': body.type } };
    response = await fetch(`/demo/samples${path}`, init);
  } catch (cause) {
    throw new ProtocolError('network_failed', "the demonstration's server did not answer; try again", { cause });
  }
  if (!response.ok) {
    const told = problem.safeParse(await response.json().catch(() => undefined));
    throw new ProtocolError(told.success ? (told.data.code as Lowercase<string>) : 'network_failed', 'refused');
  }
  return response;
}

async function ask<Schema extends z.ZodType>(path: string, schema: Schema, body?: Blob): Promise<z.output<Schema>> {
  const response = await fetchPart(path, body);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) {
    throw new ProtocolError('config_invalid', 'the sample people do not have the expected form', {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

const pathOf = (...parts: readonly string[]): string => parts.map((part) => `/${encodeURIComponent(part)}`).join('');

/** The sample people who have a kind of document. */
export async function listPeople(kind: DocumentKind): Promise<readonly SamplePerson[]> {
  const people = await ask('', z.array(person));
  return people.filter(({ documents }) => documents.some((document) => document.kind === kind));
}

/**
 * A sample person's document.
 *
 * @param enrolment - Under whose challenge a card is read.
 */
export async function openDocument(who: SamplePerson, document: SampleDocument, enrolment: string): Promise<Evidence> {
  const sample = { person: who.id, document: document.id, chip: document.chip };
  const path = `${pathOf(who.id, 'documents', document.id)}?enrolment=${encodeURIComponent(enrolment)}`;
  return { document: await ask(path, document.kind === 'passport' ? passport : card), sample };
}

/** Has a sample passport made with the visitor's picture. */
export async function makePerson(jpeg: Blob, enrolment: string): Promise<Evidence> {
  const made = await ask('', person, jpeg);
  const [document] = made.documents;
  if (document === undefined) throw new ProtocolError('config_invalid', 'the sample person has no document');
  return openDocument(made, document, enrolment);
}

/** Has the simulated chip answer what the issuer asks. */
export function answerAsSample(sample: Sample, { challenge, opening, command }: ChipChallenge): Promise<ChipAnswer> {
  const body = JSON.stringify({
    challenge: challenge && toBase64Url(challenge),
    opening: opening?.map(toBase64Url),
    command: command && toBase64Url(command),
  });
  const path = pathOf(sample.person, 'documents', sample.document, 'challenge');
  return ask(path, answer, new Blob([body], { type: 'application/json' }));
}

/** A sample person's live picture. */
export async function sampleFace(id: string): Promise<SampleFace> {
  const [response, people] = await Promise.all([fetchPart(pathOf(id, 'face')), ask('', z.array(person))]);
  const who = people.find((each) => each.id === id);
  return {
    picture: { type: 'image/jpeg', bytes: new Uint8Array(await response.arrayBuffer()) },
    // Who is not in the list is the visitor, whose picture is the portrait's too.
    altered: who?.altered ?? true,
    source: who === undefined ? 'own' : who.source.startsWith('Face Research Lab London Set') ? 'london' : 'package',
  };
}

/** Pictures of a sample person who follows a sequence, computed from the live picture. */
export async function sampleFrames(id: string, actions: readonly LivenessAction[]): Promise<readonly CapturedFrame[]> {
  const steps = actions.filter((action) => LIVENESS_ACTIONS.includes(action)).join(',');
  return (await ask(`${pathOf(id, 'frames')}?steps=${steps}`, frames)).frames;
}
