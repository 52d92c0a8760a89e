// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The sample people of a demonstration stack, for programs that enrol them: what `server/samples.ts` serves.
 *
 * @module
 */
import { z } from 'zod';
import { DOCUMENT_KINDS, type DocumentKind } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { answerChip, challengeChip } from '../wallet/enrol_chip.ts';
import { type CardFile, type DocumentFiles, type EnrolDeps, type Enrolment, sendDocument } from '../wallet/enrol.ts';
import { showFace } from './show_face.ts';

const kinds = Object.keys(DOCUMENT_KINDS) as DocumentKind[];
const person = z.object({
  id: z.string(),
  names: z.object({ en: z.string(), zh: z.string() }),
  age: z.number(),
  documents: z.array(z.object({ id: z.string(), kind: z.enum(kinds), chip: z.boolean() })),
});

/** A sample person. */
export type SamplePerson = z.infer<typeof person>;
/** A document of a sample person. */
export type SampleDocument = SamplePerson['documents'][number];

const bytes = z.string().transform((text) => fromBase64Url(text));
const passport = z.object({
  kind: z.literal('passport'),
  sod: bytes,
  dg1: bytes,
  dg2: bytes,
  dg11: bytes.optional(),
  dg14: bytes.optional(),
  dg15: bytes.optional(),
});
const card = z.object({ kind: z.enum(kinds).exclude(['passport']), card: bytes });
const capture = z.object({ frames: z.array(z.object({ step: z.number(), at: z.number(), jpeg: bytes })) });
const answer = z.object({ signature: bytes.optional(), relayed: bytes.optional() });

/** Sample people in the hand. */
export interface SampleClient {
  readonly people: readonly SamplePerson[];
  /** Makes somebody whom this stack does not know yet, with a face that it has. */
  newcomer(): Promise<SamplePerson>;
  /** Sends a document to the issuer; a card is read under the enrolment's challenge. */
  showDocument(deps: EnrolDeps, enrolment: Enrolment, person: SamplePerson, document: SampleDocument): Promise<void>;
  /** Has the chip of the document that was sent answer the issuer's challenge. */
  answerChallenge(deps: EnrolDeps, enrolment: Enrolment, person: SamplePerson, document: SampleDocument): Promise<void>;
  /** Shows the face, in motion or in a single picture. */
  showFace(deps: EnrolDeps, enrolment: Enrolment, person: SamplePerson): Promise<void>;
}

/**
 * Opens the samples of a stack.
 *
 * @param origin - Of its wallet's host.
 * @throws {@link ProtocolError} `samples_missing`.
 */
export async function openSamples(origin: string, fetch: typeof globalThis.fetch): Promise<SampleClient> {
  const base = `${origin}/demo/samples`;
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(base + path, init);
    if (!response.ok) {
      throw new ProtocolError('samples_missing', `the samples answered ${String(response.status)} to ${path}`);
    }
    return response;
  };
  const addressOf = ({ id }: SamplePerson, document: SampleDocument): string => `/${id}/documents/${document.id}`;
  const people = z.array(person).parse(await (await ask('')).json());
  const faceOf = async (id: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await (await ask(`/${id}/face`)).arrayBuffer());
  return {
    people,
    async newcomer() {
      const body = await faceOf(people[0]?.id ?? '');
      const made = await ask('', { method: 'POST', headers: { 'content-type': 'image/jpeg' }, body });
      return person.parse(await made.json());
    },
    async showDocument(deps, enrolment, whose, document) {
      const query = document.kind === 'passport' ? '' : `?enrolment=${enrolment.id}`;
      const body: unknown = await (await ask(addressOf(whose, document) + query)).json();
      const files: DocumentFiles | CardFile = document.kind === 'passport' ? passport.parse(body) : card.parse(body);
      await sendDocument(deps, enrolment, files);
    },
    async answerChallenge(deps, enrolment, whose, document) {
      const { challenge, opening, command } = await challengeChip(deps, enrolment);
      const body = JSON.stringify({
        challenge: challenge && toBase64Url(challenge),
        opening: opening?.map(toBase64Url),
        command: command && toBase64Url(command),
      });
      const headers = { 'content-type': 'application/json' };
      const given = await ask(`${addressOf(whose, document)}/challenge`, { method: 'POST', headers, body });
      await answerChip(deps, enrolment, answer.parse(await given.json()));
    },
    async showFace(deps, enrolment, { id }) {
      await showFace(deps, enrolment, { type: 'image/jpeg', bytes: await faceOf(id) }, async (_still, steps) => {
        const made: unknown = await (await ask(`/${id}/frames?steps=${steps.join()}`)).json();
        return capture.parse(made).frames;
      });
    },
  };
}
