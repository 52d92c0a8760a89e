// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A whole stack for browser tests: real services on sockets, people of this test's own, faces not
 * compared (test/issuer does that).
 *
 * @module
 */
import { Hono } from 'hono';
import sharp from 'sharp';
import { createPassportAuthority } from '../../src/demo/chip.ts';
import type { ChipPerson } from '../../src/demo/chip_files.ts';
import { dateInZone, dateOf, dateParts } from '../../src/protocol/dates.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { ephemeralConfig } from '../../src/server/config.ts';
import { buildPages } from '../../src/server/pages.ts';
import { type Stack, startStack } from '../../src/server/stack.ts';

/** The people on offer, by id. */
export const PEOPLE = {
  anna: { surname: 'ERIKSSON', given: 'ANNA MARIA', years: 52, nationality: 'SWE' },
  lucia: { surname: 'FERNANDEZ', given: 'LUCIA', years: 38, nationality: 'ESP' },
  wei: { surname: 'ZHANG', given: 'WEI', years: 31, nationality: 'CHN' },
  tom: { surname: 'YOUNG', given: 'TOM', years: 17, nationality: 'GBR' },
} as const;

/** What an enrolment is given, as `/demo/people/{id}` tells it. */
interface Sample {
  readonly sod: string;
  readonly dg1: string;
  readonly dg2: string;
  readonly face: { readonly type: string; readonly data: string };
}

/** Starts the stack; builds the pages if they are not built. */
export async function startSite(): Promise<Stack> {
  await buildPages();
  const now = Date.now();
  const authority = createPassportAuthority({ country: 'UT', algorithm: 'ecdsa-p256', at: now });
  const [year, month] = dateParts(dateInZone(now, 'UTC'));
  let issued = 0;

  const sample = (
    person: Pick<ChipPerson, 'surname' | 'given' | 'nationality'>,
    years: number,
    live: Uint8Array,
  ): Sample => {
    issued += 1;
    const files = authority.issue(
      {
        surname: person.surname,
        given: person.given,
        nationality: person.nationality,
        sex: 'X',
        birth: dateOf(year - years, month, 1),
        documentNumber: `B${String(1000 + issued)}`,
        personalNumber: `${person.surname}${String(years)}`,
        expiry: dateOf(year + 5, month, 1),
        issuingState: 'UTO',
      },
      live,
    );
    return {
      sod: toBase64Url(files.sod),
      dg1: toBase64Url(files.dg1),
      dg2: toBase64Url(files.dg2),
      face: { type: 'image/jpeg', data: toBase64Url(live) },
    };
  };
  const picture = new Uint8Array(
    await sharp({ create: { width: 120, height: 160, channels: 3, background: '#c9a58b' } })
      .jpeg()
      .toBuffer(),
  );

  const samples = new Hono();
  samples.get('/people', (c) =>
    c.json(
      Object.entries(PEOPLE).map(([id, { given, surname }]) => ({
        id,
        name: `${given} ${surname}`,
        note: '',
        altered: true,
        source: 'drawn',
      })),
    ),
  );
  samples.get('/people/:id', (c) => {
    const person = PEOPLE[c.req.param('id') as keyof typeof PEOPLE];
    return c.json(sample(person, person.years, picture));
  });
  samples.post('/people', async (c) =>
    c.json(
      sample({ surname: 'VISITOR', given: 'A', nationality: 'FRA' }, 40, new Uint8Array(await c.req.arrayBuffer())),
    ),
  );

  return startStack({
    config: ephemeralConfig(),
    anchors: authority.anchors,
    compareFaces: () => Promise.resolve({ match: true, distances: {} }),
    samples,
  });
}
