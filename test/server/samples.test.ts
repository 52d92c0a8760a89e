// SPDX-License-Identifier: GPL-3.0-or-later
/** Every document of every sample person, from the samples' HTTP to the issuer's first step and the chip's. */
import { Hono } from 'hono';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthoritySimulator } from '../../src/demo/authority_simulator.ts';
import { createCardAuthority } from '../../src/demo/card_simulator.ts';
import { createPassportAuthority } from '../../src/demo/chip.ts';
import { decodeChip } from '../../src/demo/chip_kept.ts';
import { SAMPLE_STATE, type SamplePerson, samplePeople } from '../../src/demo/people.ts';
import { SAMPLE_COVERAGE, sampleRegistry } from '../../src/demo/people_documents.ts';
import { createSampleDocuments } from '../../src/demo/sample_documents.ts';
import { installProblems } from '../../src/http/problems.ts';
import { chipRoutes } from '../../src/issuer/chip_routes.ts';
import { createHttpDecoder } from '../../src/issuer/decoder.ts';
import { documentRoutes } from '../../src/issuer/document_step.ts';
import { createHttpRegistry } from '../../src/issuer/registry.ts';
import { type Evidence, Sessions } from '../../src/issuer/session.ts';
import { ASSURANCE_LEVELS, DOCUMENT_KINDS, type DocumentKind } from '../../src/protocol/attributes.ts';
import { dateInZone } from '../../src/protocol/dates.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { createSamples, MAX_VISITORS } from '../../src/server/samples.ts';

const NOW = Date.UTC(2026, 10, 24, 4);
const ZONE = 'Asia/Shanghai';
const TODAY = dateInZone(NOW, ZONE);
const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
const clock = (): number => NOW;

let people: readonly SamplePerson[];
let samples: Hono;
let issuer: Hono;
let sessions: Sessions;

beforeAll(async () => {
  people = await samplePeople({ today: TODAY, faces: '/nowhere' });
  const authority = createPassportAuthority({ country: SAMPLE_STATE.alpha2, algorithm: 'ecdsa-p256', at: NOW });
  const cards = createCardAuthority(random);
  const documents = createSampleDocuments({ authority, cards, random });
  samples = createSamples({
    people,
    documents,
    frames: { frames: () => Promise.resolve([]) },
    today: () => TODAY,
    random,
  });
  const simulator = createAuthoritySimulator({
    cards,
    people: sampleRegistry(people, TODAY),
    coverage: SAMPLE_COVERAGE,
    clock,
    random,
  });
  const url = 'https://authority.test';
  const { decoderKey, registryKey, apiKey } = simulator;
  const fetch: typeof globalThis.fetch = async (path, init) =>
    simulator.app.request((path as string).slice(url.length), init);
  const outside = { fetch, clock, random };
  sessions = new Sessions(outside);
  const deps = {
    ...outside,
    timeZone: ZONE,
    dedupKey: random(32),
    issuerNumber: 1,
    anchors: authority.anchors,
    decoder: createHttpDecoder({ url, keys: [decoderKey], apiKey }, outside),
    registry: createHttpRegistry({ url, keys: [registryKey], apiKey }, SAMPLE_COVERAGE, outside),
  };
  const bearer = (header: string | undefined): string => (header ?? '').slice('Bearer '.length);
  issuer = new Hono();
  installProblems(issuer);
  issuer.route('/', documentRoutes(sessions, deps, bearer));
  issuer.route('/', chipRoutes(sessions, deps, bearer));
});

interface Shown {
  readonly code: string | undefined;
  readonly evidence: Evidence | undefined;
}

/** Shows a document as the wallet's pages do, and has its chip challenged where that is asked for. */
async function show(
  person: string,
  document: string,
  options: { chip?: boolean; bound?: boolean } = {},
): Promise<Shown> {
  const { id, token } = sessions.open();
  const path = `/samples/${person}/documents/${document}`;
  const material = await samples.request(options.bound === false ? path : `${path}?enrolment=${id}`);
  expect(material.status).toBe(200);
  const ask = async (method: string, step: string, body?: string): Promise<Response> =>
    issuer.request(`/v1/enrolments/${id}/${step}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body }),
    });
  const { code } = (await (await ask('PUT', 'document', await material.text())).json()) as { code?: string };
  if (options.chip === true) {
    const challenge = await ask('POST', 'chip-challenge');
    const headers = { 'content-type': 'application/json' };
    const answer = await samples.request(`${path}/challenge`, {
      method: 'POST',
      headers,
      body: await challenge.text(),
    });
    expect(answer.status).toBe(200);
    expect((await ask('PUT', 'chip', await answer.text())).status).toBe(200);
  }
  const evidence = await sessions.run(id, token, ['open', 'document_accepted'], (session) => session.evidence);
  return { code, evidence };
}

describe('the documents of sample people', () => {
  it('are of all five kinds, and all but one are taken', async () => {
    const kinds = new Set<number>();
    const refused: string[] = [];
    const tags: string[] = [];
    for (const { id, documents, age } of people) {
      const ownTags = new Set<string>();
      for (const document of documents) {
        const { code, evidence } = await show(id, document.id);
        if (evidence === undefined) {
          refused.push(`${id} ${document.id} ${code ?? ''}`);
          continue;
        }
        expect(evidence.attributes.document).toBe(DOCUMENT_KINDS[document.kind]);
        expect(Math.floor((TODAY - evidence.attributes.birth) / 10_000)).toBe(age);
        expect(evidence.attributes.assurance).toBe(
          document.kind === 'passport' ? ASSURANCE_LEVELS.copyable_data : ASSURANCE_LEVELS.confirmed_by_authority,
        );
        kinds.add(evidence.attributes.document);
        ownTags.add(evidence.dedupTag);
      }
      // Whoever has several documents is one person.
      expect(ownTags.size).toBeLessThanOrEqual(1);
      tags.push(...ownTags);
    }
    expect(refused).toEqual(['noor passport person_number_missing']);
    expect([...kinds].sort()).toEqual(Object.values(DOCUMENT_KINDS).sort());
    expect(new Set(tags).size).toBe(people.length - 1);
  });

  it('include a person with two kinds, and a renewed passport with another number', () => {
    const wei = people.find(({ id }) => id === 'wei');
    expect(wei?.documents.map(({ kind }) => kind)).toEqual(['passport', 'passport', 'resident_identity_card']);
    const numbers = wei?.documents.map((document) => 'passport' in document && document.passport.documentNumber);
    expect(new Set(numbers).size).toBe(3);
    const both = people.filter(({ documents }) => new Set(documents.map(({ kind }) => kind)).size > 1);
    expect(both.map(({ id }) => id)).toEqual(expect.arrayContaining(['wei', 'sasha', 'mei', 'ming', 'yu']));
  });

  it('have chips that answer the issuer, and reach level 2', async () => {
    for (const document of ['passport', 'passport-renewed']) {
      const { evidence } = await show('wei', document, { chip: true });
      expect(evidence?.attributes.assurance).toBe(ASSURANCE_LEVELS.challenged_chip);
    }
  });

  it('have the level of copies where a card is read under no challenge', async () => {
    const { evidence } = await show('mei', 'resident-card', { bound: false });
    expect(evidence?.attributes.assurance).toBe(ASSURANCE_LEVELS.copyable_data);
    expect(evidence?.attributes.expiry).toBe(99991201);
  });
});

describe('the list', () => {
  it('says in both languages who there is, and what their documents can do', async () => {
    const list = (await (await samples.request('/samples')).json()) as {
      id: string;
      names: { en: string; zh: string };
      documents: { id: string; kind: DocumentKind; chip: boolean }[];
    }[];
    expect(list.map(({ id }) => id)).toEqual(people.map(({ id }) => id));
    expect(list[0]?.names).toEqual({ en: 'Wei Lin', zh: '林薇' });
    for (const { names } of list) expect(names.zh).toMatch(/^[\p{Script=Han}·]+$/u);
    expect(list[0]?.documents).toMatchObject([
      { id: 'passport', kind: 'passport', chip: true },
      { id: 'passport-renewed', chip: true },
      { id: 'resident-card', kind: 'resident_identity_card', chip: false },
    ]);
    expect(list.find(({ id }) => id === 'robin')?.documents).toMatchObject([{ chip: false }]);
    expect(JSON.stringify(list)).not.toMatch(/UT3400017|310101/);
  });
});

describe('the samples’ HTTP', () => {
  const codeOf = async (path: string, init?: RequestInit): Promise<unknown> => {
    const answer = await samples.request(path, init);
    return [answer.status, ((await answer.json()) as { code: string }).code];
  };
  const post = (body: string): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });

  it('refuses what is not there', async () => {
    expect(await codeOf('/samples/nobody/documents/passport')).toEqual([404, 'not_found']);
    expect(await codeOf('/samples/wei/documents/library-card')).toEqual([404, 'not_found']);
    expect(await codeOf('/samples/nobody/face')).toEqual([404, 'not_found']);
    expect(await codeOf('/samples/mei/documents/resident-card?enrolment=%25')).toEqual([400, expect.any(String)]);
  });

  it('has only passports’ chips answer, and only what an issuer asks', async () => {
    const challenge = '/documents/resident-card/challenge';
    expect(await codeOf(`/samples/wei${challenge}`, post('{"challenge":"AAAAAAAAAAA"}'))).toEqual([
      422,
      'chip_unsupported',
    ]);
    expect(await codeOf('/samples/wei/documents/passport/challenge', post('{"challenge":7}'))).toEqual([
      400,
      'body_invalid',
    ]);
    expect(await codeOf('/samples/robin/documents/passport/challenge', post('{"challenge":"AAAAAAAAAAA"}'))).toEqual([
      422,
      'chip_unsupported',
    ]);
  });

  it('gives a chip to a simulated reader: the one whose files it gives', async () => {
    const answer = await samples.request('/samples/wei/documents/passport/chip');
    const { application } = decodeChip(await answer.json());
    const { sod } = (await (await samples.request('/samples/wei/documents/passport')).json()) as { sod: string };
    expect(toBase64Url(application.get(0x011d) ?? new Uint8Array())).toBe(sod);
    expect(await codeOf('/samples/wei/documents/resident-card/chip')).toEqual([422, 'chip_unsupported']);
  });

  it('shows the live picture', async () => {
    const answer = await samples.request('/samples/wei/face');
    expect(answer.headers.get('content-type')).toBe('image/jpeg');
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(people[0]?.live);
  });

  it('makes a person of a visitor’s picture, and keeps the last few', async () => {
    const body = await sharp({ create: { width: 300, height: 400, channels: 3, background: '#c9a58b' } })
      .jpeg()
      .toBuffer();
    const visit = async (): Promise<string> => {
      const headers = { 'content-type': 'image/jpeg' };
      const answer = await samples.request('/samples', { method: 'POST', headers, body: new Uint8Array(body) });
      expect(answer.status).toBe(201);
      return ((await answer.json()) as { id: string }).id;
    };
    const first = await visit();
    expect((await show(first, 'passport')).evidence?.attributes.nationality).toBe(43);
    for (let visits = 1; visits < MAX_VISITORS; visits++) await visit();
    expect((await samples.request(`/samples/${first}/face`)).status).toBe(200);
    await visit();
    expect(await codeOf(`/samples/${first}/face`)).toEqual([404, 'not_found']);
  });
});
