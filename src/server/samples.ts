// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sample people over HTTP, below `/demo` of the wallet's own origin on a demonstration stack. Their documents
 * come from simulated authorities. Bytes are base64url.
 *
 * ```text
 * GET  /samples                                    [{ id, names, notes, age, altered, source,
 *                                                     documents: [{ id, kind, notes, chip }] }]
 * GET  /samples/{id}/documents/{document}          what `PUT /v1/enrolments/{id}/document` takes;
 *      ?enrolment={id}                             a card is read under the challenge of that enrolment
 * POST /samples/{id}/documents/{document}/challenge
 *        { challenge?, opening?, command? }        what the issuer asks of a chip -> { signature?, relayed? }
 * GET  /samples/{id}/documents/{document}/chip     a passport as a simulated chip with all its secrets, for a
 *                                                  simulated reader
 * GET  /samples/{id}/face                          the live picture, image/jpeg
 * GET  /samples/{id}/frames?steps=look_ahead,…     { frames: [{ step, at, jpeg }] }: what a camera would have seen
 *                                                  of this person following the steps, made of the live picture
 * POST /samples                                    a picture of the visitor -> 201, one person as in the list
 * ```
 *
 * `names` and `notes` have `en` and `zh`. `chip` says that the document's chip can be challenged. The last
 * 20 visitors are kept in memory until the program ends.
 *
 * @module
 */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { encodeChip } from '../demo/chip_kept.ts';
import type { FrameMaker } from '../demo/frame_maker.ts';
import { personFromPicture, type SamplePerson } from '../demo/people.ts';
import type { SampleDocument } from '../demo/people_documents.ts';
import { documentOf, type SampleDocuments } from '../demo/sample_documents.ts';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { installProblems } from '../http/problems.ts';
import { MAX_FACE_BYTES } from '../issuer/face_step.ts';
import type { CalendarDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { LIVENESS_ACTIONS } from '../protocol/liveness.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { cardChallenge, documentForm } from '../wallet/document_form.ts';

/** Visitors that are kept; one more takes the place of the oldest. */
export const MAX_VISITORS = 20;
/** Steps of a made capture. */
const MAX_STEPS = 8;
/** Largest body of a challenge, bytes. */
const MAX_CHALLENGE_BYTES = 16_384;

/** What the samples need. */
export interface SamplesDeps {
  readonly people: readonly SamplePerson[];
  readonly documents: SampleDocuments;
  readonly frames: Pick<FrameMaker, 'frames'>;
  readonly today: () => CalendarDate;
  readonly random: (length: number) => Uint8Array;
}

const bytes = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(4096)
  .transform(fromBase64Url);
const challengeBody = z.strictObject({
  challenge: bytes.optional(),
  opening: z.array(bytes).max(8).optional(),
  command: bytes.optional(),
});

const stepsForm = z.array(z.enum(LIVENESS_ACTIONS)).min(1).max(MAX_STEPS);

function hasChip(document: SampleDocument): boolean {
  if (document.kind !== 'passport') return false;
  const { activeAuthentication, chipAuthentication } = document.features;
  return activeAuthentication !== undefined || chipAuthentication !== undefined;
}

function listed({ id, names, notes, age, altered, source, documents }: SamplePerson): object {
  return {
    id,
    names,
    notes,
    age,
    altered,
    source,
    documents: documents.map((document) => ({
      id: document.id,
      kind: document.kind,
      notes: document.notes,
      chip: hasChip(document),
    })),
  };
}

/** Makes the app; the host mounts it. */
export function createSamples(deps: SamplesDeps): Hono {
  const { documents, today, random } = deps;
  const visitors: SamplePerson[] = [];
  const find = (c: Context): SamplePerson => {
    const person = [...deps.people, ...visitors].find(({ id }) => id === c.req.param('id'));
    if (person === undefined) {
      throw new ProtocolError('not_found', 'there is no such sample person');
    }
    return person;
  };

  const app = new Hono();
  installProblems(app);
  app.get('/samples', (c) => c.json(deps.people.map(listed)));
  app.post(
    '/samples',
    requireContentType('image/jpeg', 'image/png', 'image/jp2'),
    bodyLimit(MAX_FACE_BYTES),
    async (c) => {
      const picture = new Uint8Array(await c.req.arrayBuffer());
      const visitor = await personFromPicture(picture, { today: today(), random });
      visitors.push(visitor);
      if (visitors.length > MAX_VISITORS) visitors.shift();
      return c.json(listed(visitor), 201);
    },
  );
  app.get('/samples/:id/face', (c) => c.body(new Uint8Array(find(c).live), 200, { 'Content-Type': 'image/jpeg' }));
  app.get('/samples/:id/frames', async (c) => {
    const steps = stepsForm.safeParse((c.req.query('steps') ?? '').split(','));
    if (!steps.success) throw new ProtocolError('body_invalid', 'name the steps, as in steps=look_ahead,turn_left');
    const frames = await deps.frames.frames(find(c).live, steps.data);
    return c.json({ frames: frames.map(({ step, at, jpeg }) => ({ step, at, jpeg: toBase64Url(jpeg) })) });
  });
  app.get('/samples/:id/documents/:document', (c) => {
    const person = find(c);
    const enrolment = c.req.query('enrolment');
    const challenge = enrolment === undefined ? undefined : cardChallenge({ id: enrolment });
    return c.json(documentForm(documents.material(person, documentOf(person, c.req.param('document')), challenge)));
  });
  app.post(
    '/samples/:id/documents/:document/challenge',
    requireContentType('application/json'),
    bodyLimit(MAX_CHALLENGE_BYTES),
    async (c) => {
      const person = find(c);
      const { challenge, opening = [], command } = await readJson(c, challengeBody);
      const { signature, relayed } = await documents.answer(person, documentOf(person, c.req.param('document')), {
        challenge,
        relay: command && { opening, command },
      });
      return c.json({
        ...(signature !== undefined && { signature: toBase64Url(signature) }),
        ...(relayed !== undefined && { relayed: toBase64Url(relayed) }),
      });
    },
  );
  app.get('/samples/:id/documents/:document/chip', (c) => {
    const person = find(c);
    return c.json(encodeChip(documents.chip(person, documentOf(person, c.req.param('document')))));
  });
  return app;
}
