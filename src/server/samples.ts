// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sample people over HTTP, for the wallet's pages on a demonstration stack: their passports come from
 * the chip simulator, under its own authority.
 *
 * ```text
 * GET  /people       the list
 * GET  /people/{id}  passport files and live picture
 * GET  /people/{id}/chip  the same passport as a simulated chip, for a simulated reader
 * POST /people       a passport made with the visitor's own picture
 * ```
 *
 * @module
 */
import { Hono } from 'hono';
import type { PassportAuthority } from '../demo/chip.ts';
import { encodeChip } from '../demo/chip_kept.ts';
import { personFromPicture, type SamplePerson } from '../demo/people.ts';
import { SAMPLE_FEATURES } from '../demo/reader_simulator.ts';
import { bodyLimit, requireContentType } from '../http/limits.ts';
import { installProblems } from '../http/problems.ts';
import { MAX_FACE_BYTES } from '../issuer/face_step.ts';
import type { CalendarDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';

/** What the samples need. */
export interface SamplesDeps {
  readonly people: readonly SamplePerson[];
  readonly authority: PassportAuthority;
  readonly today: () => CalendarDate;
  readonly random: (length: number) => Uint8Array;
}

/** Makes the app; the host mounts it. */
export function createSamples(deps: SamplesDeps): Hono {
  const app = new Hono();
  installProblems(app);
  const evidenceOf = (person: SamplePerson): Record<string, unknown> => {
    const files = deps.authority.issue(person.chip, person.portrait);
    return {
      sod: toBase64Url(files.sod),
      dg1: toBase64Url(files.dg1),
      dg2: toBase64Url(files.dg2),
      face: { type: 'image/jpeg', data: toBase64Url(person.live) },
    };
  };
  app.get('/people', (c) =>
    c.json(deps.people.map(({ id, name, note, altered, source }) => ({ id, name, note, altered, source }))),
  );
  app.get('/people/:id', (c) => {
    const person = deps.people.find(({ id }) => id === c.req.param('id'));
    if (person === undefined) {
      throw new ProtocolError('not_found', 'there is no such sample person');
    }
    return c.json(evidenceOf(person));
  });
  app.get('/people/:id/chip', (c) => {
    const person = deps.people.find(({ id }) => id === c.req.param('id'));
    if (person === undefined) {
      throw new ProtocolError('not_found', 'there is no such sample person');
    }
    const { plan } = deps.authority.issueChip(person.chip, person.portrait, SAMPLE_FEATURES);
    return c.json(encodeChip(plan));
  });
  app.post(
    '/people',
    requireContentType('image/jpeg', 'image/png', 'image/jp2'),
    bodyLimit(MAX_FACE_BYTES),
    async (c) => {
      const picture = new Uint8Array(await c.req.arrayBuffer());
      return c.json(evidenceOf(await personFromPicture(picture, { today: deps.today(), random: deps.random })));
    },
  );
  return app;
}
