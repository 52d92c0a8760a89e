// SPDX-License-Identifier: GPL-3.0-or-later
/** Documents of all five kinds at the issuer, with the authorities' services behind HTTP. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ed25519 } from '@noble/curves/ed25519.js';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CardPerson } from '../../src/demo/card_simulator.ts';
import { CARD_KINDS, checkCharacter } from '../../src/documents/numbers.ts';
import { MAX_ANSWER_AGE_SECONDS, MAX_CLOCK_LEAD_SECONDS } from '../../src/issuer/authority.ts';
import { MAX_CARD_BYTES, MAX_CARD_PORTRAIT_BYTES } from '../../src/issuer/decoder.ts';
import { documentKinds, MAX_DOCUMENT_ATTEMPTS } from '../../src/issuer/document_step.ts';
import { ASSURANCE_LEVELS, DOCUMENT_KINDS, type DocumentKind } from '../../src/protocol/attributes.ts';
import { addDays, type CalendarDate, toDate } from '../../src/protocol/dates.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { DocumentWorld, hashOf, type Passing, payloadOf, random, signedBy } from './authority_world.ts';
import { passport, PERSON, PORTRAIT, TODAY } from './world.ts';

const BIRTH = PERSON.birth;
const withCheck = (body: string): string => body + checkCharacter(body);
const RESIDENT: CardPerson = {
  kind: 'resident_identity_card',
  name: 'QUARRINGTON MILLICENT',
  number: withCheck(`110105${String(BIRTH)}002`),
  nationality: 'CHN',
  birth: BIRTH,
  expiry: toDate(20361231),
};
const CARDS: Readonly<Record<(typeof CARD_KINDS)[number], CardPerson>> = {
  resident_identity_card: RESIDENT,
  travel_permit_hk_macau: {
    ...RESIDENT,
    kind: 'travel_permit_hk_macau',
    number: 'H1234567801',
    nationality: 'HKG',
  },
  travel_permit_taiwan: { ...RESIDENT, kind: 'travel_permit_taiwan', number: '1234567801', nationality: 'TWN' },
  foreign_permanent_resident_card: {
    ...RESIDENT,
    kind: 'foreign_permanent_resident_card',
    number: withCheck(`944124${String(BIRTH)}002`),
    nationality: 'CAN',
  },
};

let world: DocumentWorld;
beforeEach(() => {
  world = new DocumentWorld();
});

describe('a card of each kind', () => {
  it.each(CARD_KINDS)('%s is taken, and its credential says what its authority says', async (kind) => {
    const { status, evidence } = await world.show(CARDS[kind]);
    expect(status).toBe(200);
    expect(evidence?.attributes).toMatchObject({
      document: DOCUMENT_KINDS[kind],
      assurance: ASSURANCE_LEVELS.confirmed_by_authority,
      region: { resident_identity_card: 11, foreign_permanent_resident_card: 44 }[kind as string] ?? 0,
      birth: BIRTH,
      expiry: 20361201,
    });
    expect(evidence?.portrait).toEqual(PORTRAIT);
    expect(evidence?.chip).toEqual({});
  });

  it('without an end has the last date of all', async () => {
    const { evidence } = await world.show({ ...RESIDENT, expiry: undefined });
    expect(evidence?.attributes.expiry).toBe(99991201);
  });

  it('is taken by an issuer with a decoder only', async () => {
    const bare = new DocumentWorld(undefined, true);
    expect(documentKinds(bare.deps)).toEqual(['passport']);
    expect(documentKinds(world.deps)).toEqual(['passport', ...CARD_KINDS]);
    expect(await bare.show(RESIDENT)).toMatchObject({ status: 422, code: 'document_kind_unsupported' });
    expect(bare.questions).toHaveLength(0);
    expect(await bare.show(passport())).toMatchObject({ status: 200 });
  });

  it('is asked about without name, and the session keeps none', async () => {
    const { evidence } = await world.show(RESIDENT);
    const [question] = world.questions;
    expect(Object.keys(question ?? {}).sort()).toEqual(['card', 'challenge', 'kind', 'nonce']);
    expect(JSON.stringify(evidence)).not.toMatch(/QUARRINGTON/);
    expect(JSON.stringify(evidence)).not.toContain(RESIDENT.number);
  });

  it('is never asked about twice under one nonce', async () => {
    await world.show(RESIDENT);
    await world.show(RESIDENT);
    const nonces = world.questions.map(({ nonce }) => nonce as string);
    expect(new Set(nonces).size).toBe(2);
    expect(nonces.every((nonce) => fromBase64Url(nonce).length === 16)).toBe(true);
  });
});

describe('what a card was read under', () => {
  it('without a challenge gives the level of data that could be copied', async () => {
    const { status, evidence } = await world.show(RESIDENT, { challenge: 'none' });
    expect(status).toBe(200);
    expect(evidence?.attributes.assurance).toBe(ASSURANCE_LEVELS.copyable_data);
  });

  it('is this enrolment, or the authority refuses it', async () => {
    expect(await world.show(RESIDENT, { challenge: random(16) })).toMatchObject({
      status: 422,
      code: 'decoder_refused',
      evidence: undefined,
    });
  });

  it('cannot be carried over from another enrolment', async () => {
    const [first, second] = [world.sessions.open(), world.sessions.open()];
    const card = world.cards.issue(RESIDENT, PORTRAIT).read(fromBase64Url(first.id));
    expect(await world.put(first, { kind: RESIDENT.kind, card })).toMatchObject({ status: 200 });
    expect(await world.put(second, { kind: RESIDENT.kind, card })).toMatchObject({ code: 'decoder_refused' });
  });
});

describe('a card that its authority did not make', () => {
  it('or that was changed in any part is refused', async () => {
    const opened = world.sessions.open();
    const { kind } = RESIDENT;
    const card = world.cards.issue(RESIDENT, PORTRAIT).read(fromBase64Url(opened.id));
    const stranger = new DocumentWorld().cards.issue(RESIDENT, PORTRAIT).read(fromBase64Url(opened.id));
    const flipped = (at: number): Uint8Array => card.map((byte, index) => (index === at ? byte ^ 1 : byte));
    const made = new TextEncoder().encode(JSON.stringify(RESIDENT));
    const bad = [stranger, made, flipped(0), flipped(8), flipped(20), flipped(60), flipped(card.length - 1)];
    for (const bytes of [...bad, card.subarray(0, 50), Uint8Array.of(1)].slice(0, MAX_DOCUMENT_ATTEMPTS - 1)) {
      expect(await world.put(opened, { kind, card: bytes })).toMatchObject({ status: 422, code: 'decoder_refused' });
    }
    expect(await world.put(opened, { kind, card })).toMatchObject({ status: 200 });
    expect(await world.put(opened, { kind, card })).toMatchObject({ status: 429, code: 'attempts_exhausted' });
  });

  it('as another kind than it is', async () => {
    const opened = world.sessions.open();
    const card = world.cards.issue(RESIDENT, PORTRAIT).read(fromBase64Url(opened.id));
    expect(await world.put(opened, { kind: 'travel_permit_taiwan', card })).toMatchObject({ code: 'decoder_refused' });
  });
});

describe('what the authority says', () => {
  it.each([
    ['an expired card', { expiry: addDays(TODAY, -1) }, 'document_expired'],
    ['a card that ends this month', { expiry: addDays(TODAY, 1) }, 'document_expires_too_soon'],
    ['a wrong check digit', { number: `110105${String(BIRTH)}0020` }, 'document_number_check_digit'],
    ['a number of another kind', { number: 'H1234567801' }, 'document_number_invalid'],
    ['the first generation’s number', { number: '110105900214002' }, 'document_number_invalid'],
    ['a birth date that contradicts the number', { birth: addDays(BIRTH, 1) }, 'document_number_mismatch'],
    ['a foreigner with a resident card', { nationality: 'CAN' }, 'document_number_mismatch'],
    ['a nationality of nobody', { nationality: 'UTO' }, 'nationality_unsupported'],
    ['a form of nationality that there is not', { nationality: 'China' }, 'decoder_answer_invalid'],
    ['a date that there is not', { birth: 19900230 as CalendarDate }, 'decoder_answer_invalid'],
    ['no number', { number: '' }, 'decoder_answer_invalid'],
  ])('of %s is refused', async (_, changes, code) => {
    const bad = await world.show({ ...RESIDENT, ...changes });
    expect(bad).toMatchObject({ code, evidence: undefined });
    expect(bad.status).toBe(code === 'decoder_answer_invalid' ? 503 : 422);
  });

  it('without a portrait, or with something else in its place, is refused', async () => {
    expect(await world.show(RESIDENT, { portrait: new Uint8Array() })).toMatchObject({
      code: 'decoder_answer_invalid',
    });
    const text = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
    expect(await world.show(RESIDENT, { portrait: text })).toMatchObject({ code: 'portrait_unsupported' });
  });

  it('with a member missing is refused', async () => {
    const secret = random(32);
    world = new DocumentWorld(() => ({ keys: [ed25519.getPublicKey(secret)] }));
    for (const member of [
      'kind',
      'number',
      'nationality',
      'birth',
      'expiry',
      'portrait',
      'answered',
      'time',
      'request',
    ]) {
      world.line = async ({ real }) => {
        const { [member]: _, ...rest } = await payloadOf(real);
        return signedBy(secret, rest);
      };
      expect([member, (await world.show(RESIDENT)).code]).toEqual([member, 'decoder_answer_invalid']);
    }
    world.line = async ({ real }) => signedBy(secret, await payloadOf(real));
    expect(await world.show(RESIDENT)).toMatchObject({ status: 200 });
  });
});

describe('an answer on its way', () => {
  const refused = { status: 503, code: 'decoder_answer_invalid', evidence: undefined };
  const json = async ({ real }: Passing) => (await (await real()).json()) as Record<string, string>;

  it('must be signed by a key that the operator was given, for this purpose', async () => {
    const stranger = random(32);
    world.line = async ({ real }) => signedBy(stranger, await payloadOf(real));
    expect(await world.show(RESIDENT)).toMatchObject(refused);
    // Says that it is the right key.
    world.line = async (passing) => {
      const forged = (await signedBy(stranger, await payloadOf(passing.real)).json()) as object;
      return Response.json({ ...forged, key: (await json(passing))['key'] });
    };
    expect(await world.show(RESIDENT)).toMatchObject(refused);
    const secret = random(32);
    world = new DocumentWorld(() => ({ keys: [ed25519.getPublicKey(secret)] }));
    world.line = async ({ real }) => signedBy(secret, await payloadOf(real), 'person');
    expect(await world.show(RESIDENT)).toMatchObject(refused);
  });

  it('is good under the old key and the new one while both are listed, and then under the new one alone', async () => {
    const [old, next] = [random(32), random(32)];
    const publicKeys = [old, next].map((secret) => ed25519.getPublicKey(secret));
    world = new DocumentWorld(() => ({ keys: publicKeys }));
    for (const secret of [old, next]) {
      world.line = async ({ real }) => signedBy(secret, await payloadOf(real));
      expect(await world.show(RESIDENT)).toMatchObject({ status: 200 });
    }
    world = new DocumentWorld(() => ({ keys: publicKeys.slice(1) }));
    world.line = async ({ real }) => signedBy(old, await payloadOf(real));
    expect(await world.show(RESIDENT)).toMatchObject(refused);
  });

  it('must not be changed', async () => {
    const changes: ((content: Record<string, unknown>) => object)[] = [
      (content) => ({ ...content, birth: 19500101 }),
      (content) => ({ ...content, number: withCheck(`110105${String(BIRTH)}004`) }),
      (content) => ({ ...content, extra: 1 }),
    ];
    for (const change of changes) {
      world.line = async (passing) => {
        const content = change(await payloadOf(passing.real));
        const payload = toBase64Url(new TextEncoder().encode(JSON.stringify(content)));
        return Response.json({ ...(await json(passing)), payload });
      };
      expect(await world.show(RESIDENT)).toMatchObject(refused);
    }
  });

  it('must not be that to an earlier question, even about the same card', async () => {
    let kept: Record<string, string> | undefined;
    world.line = async (passing) => Response.json((kept ??= await json(passing)));
    const opened = world.sessions.open();
    const card = world.cards.issue(RESIDENT, PORTRAIT).read(fromBase64Url(opened.id));
    const { kind } = RESIDENT;
    expect(await world.put(opened, { kind, card })).toMatchObject({ status: 200 });
    expect(await world.put(opened, { kind, card })).toMatchObject({ status: 503, code: 'decoder_answer_invalid' });
  });

  it('must not be that to a question about another card, or under another nonce or kind', async () => {
    const other = world.cards.issue({ ...RESIDENT, number: withCheck(`110105${String(BIRTH)}008`) }, PORTRAIT).read();
    for (const change of [{ card: toBase64Url(other) }, { nonce: toBase64Url(random(16)) }]) {
      world.line = ({ url, init }) => {
        const body = JSON.stringify({ ...(JSON.parse(init.body as string) as object), ...change });
        return Promise.resolve(
          world.simulator.app.request(url.slice('https://authority.test'.length), { ...init, body }),
        );
      };
      expect(await world.show(RESIDENT)).toMatchObject(refused);
    }
    const secret = random(32);
    world = new DocumentWorld(() => ({ keys: [ed25519.getPublicKey(secret)] }));
    for (const kind of ['travel_permit_taiwan', 'passport']) {
      world.line = async ({ real }) => signedBy(secret, { ...(await payloadOf(real)), kind });
      expect(await world.show(RESIDENT)).toMatchObject(refused);
    }
  });

  it('must be of now', async () => {
    const secret = random(32);
    world = new DocumentWorld(() => ({ keys: [ed25519.getPublicKey(secret)] }));
    const at = async (seconds: number): Promise<number> => {
      world.line = async ({ real }) =>
        signedBy(secret, { ...(await payloadOf(real)), time: world.now / 1000 + seconds });
      return (await world.show(RESIDENT)).status;
    };
    expect(await at(-MAX_ANSWER_AGE_SECONDS)).toBe(200);
    expect(await at(-MAX_ANSWER_AGE_SECONDS - 1)).toBe(503);
    expect(await at(MAX_CLOCK_LEAD_SECONDS)).toBe(200);
    expect(await at(MAX_CLOCK_LEAD_SECONDS + 1)).toBe(503);
    world.line = async ({ real }) => signedBy(secret, { ...(await payloadOf(real)), time: null });
    expect(await world.show(RESIDENT)).toMatchObject(refused);
  });

  it('must have its form', async () => {
    const secret = random(32);
    world = new DocumentWorld(() => ({ keys: [ed25519.getPublicKey(secret)] }));
    const answers: ((passing: Passing) => Promise<Response> | Response)[] = [
      () => new Response(''),
      () => new Response('<html>'),
      () => Response.json([]),
      () => Response.json({ payload: 'AAAA', key: 'x' }),
      () => Response.json({ payload: '!', key: 'x', signature: 'AA' }),
      () => signedBy(secret, 'no JSON'),
      ({ init }) => signedBy(secret, { request: hashOf(init.body as string), time: world.now / 1000 }),
    ];
    for (const answer of answers) {
      world.line = (passing) => Promise.resolve(answer(passing));
      expect(await world.show(RESIDENT)).toMatchObject(refused);
    }
  });

  it('may be missing, and the same session goes on when it is there again', async () => {
    const opened = world.sessions.open();
    const document = {
      kind: RESIDENT.kind,
      card: world.cards.issue(RESIDENT, PORTRAIT).read(fromBase64Url(opened.id)),
    };
    const failures: DocumentWorld['line'][] = [
      () => Promise.reject(new TypeError('connection refused')),
      () => Promise.reject(new DOMException('too late', 'TimeoutError')),
      () => Promise.resolve(Response.json({}, { status: 500 })),
      () => Promise.resolve(Response.json({}, { status: 401 })),
      () => Promise.resolve(new Response(null, { status: 302, headers: { location: 'https://elsewhere.test' } })),
    ];
    // More often than documents may be tried: what the authority does not answer is no attempt.
    for (let i = 0; i <= MAX_DOCUMENT_ATTEMPTS; i++) {
      world.line = failures[i % failures.length] ?? world.line;
      expect(await world.put(opened, document)).toMatchObject({ status: 503, code: 'decoder_unreachable' });
    }
    world.line = ({ real }) => real();
    expect(await world.put(opened, document)).toMatchObject({ status: 200 });
  });

  it.each([
    ['no answer at all', () => undefined],
    [
      'an answer that stops in the middle',
      (answer: ServerResponse) => {
        answer.writeHead(200, { 'content-type': 'application/json' }).write('{"payload":"');
      },
    ],
    [
      'a redirect',
      (answer: ServerResponse) => {
        answer.writeHead(307, { location: '/elsewhere' }).end();
      },
    ],
  ])('is not waited for ever, nor followed elsewhere: %s', async (_, respond) => {
    let asked = 0;
    const server = createServer((_question, answer) => {
      asked++;
      respond(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      world = new DocumentWorld(() => ({ timeout: 150 }));
      world.line = ({ init }) => fetch(`http://localhost:${String(port)}/`, init);
      expect(await world.show(RESIDENT)).toMatchObject({ status: 503, code: 'decoder_unreachable' });
      expect(asked).toBe(1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('limits', () => {
  it('of a card', async () => {
    const opened = world.sessions.open();
    const put = (bytes: number) => world.put(opened, { kind: RESIDENT.kind, card: toBase64Url(new Uint8Array(bytes)) });
    expect(await put(MAX_CARD_BYTES)).toMatchObject({ code: 'decoder_refused' });
    expect(await put(MAX_CARD_BYTES + 1)).toMatchObject({ status: 400, code: 'body_invalid' });
    expect(await world.put(opened, { kind: RESIDENT.kind, card: '' })).toMatchObject({ code: 'body_invalid' });
    expect(await world.put(opened, { kind: 'library_card', card: 'AAAA' })).toMatchObject({ code: 'body_invalid' });
    expect(await world.put(opened, { kind: RESIDENT.kind, card: 'AAAA', sod: 'AAAA' })).toMatchObject({
      code: 'body_invalid',
    });
  });

  it('of a portrait and of a whole answer', async () => {
    const secret = random(32);
    world = new DocumentWorld(() => ({ keys: [ed25519.getPublicKey(secret)] }));
    const with_ = async (changes: object) => {
      world.line = async ({ real }) => signedBy(secret, { ...(await payloadOf(real)), ...changes });
      return world.show(RESIDENT);
    };
    const portrait = (bytes: number): object => {
      const image = new Uint8Array(bytes);
      image.set([0xff, 0xd8, 0xff]);
      return { portrait: toBase64Url(image) };
    };
    expect(await with_(portrait(MAX_CARD_PORTRAIT_BYTES))).toMatchObject({ status: 200 });
    expect(await with_(portrait(MAX_CARD_PORTRAIT_BYTES + 1))).toMatchObject({ code: 'decoder_answer_invalid' });
    expect(await with_({ padding: 'x'.repeat(1_000_000) })).toMatchObject({ code: 'decoder_answer_invalid' });
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    world.line = () => Promise.resolve(new Response(endless));
    expect(await world.show(RESIDENT)).toMatchObject({ code: 'decoder_answer_invalid' });
    expect(pulled).toBeLessThan(20);
  });
});

describe('one person', () => {
  const tagOf = async (document: Parameters<DocumentWorld['show']>[0]): Promise<string> => {
    const { status, evidence } = await world.show(document);
    expect(status).toBe(200);
    return evidence?.dedupTag ?? '';
  };
  const covered = (kind: DocumentKind): { kind: DocumentKind; state: string } => ({ kind, state: 'CHN' });
  const numberless = passport({ personalNumber: undefined });

  it('has one tag over renewal of each kind of document', async () => {
    const later = { expiry: toDate(20461231) };
    expect(await tagOf({ ...RESIDENT, ...later })).toBe(await tagOf(RESIDENT));
    const permit = CARDS.travel_permit_hk_macau;
    expect(await tagOf({ ...permit, number: 'H1234567802', ...later })).toBe(await tagOf(permit));
    expect(await tagOf(passport({ documentNumber: 'E99999999' }))).toBe(await tagOf(passport()));
  });

  it('has different tags from other people, whatever kind their numbers look like', async () => {
    const tags = await Promise.all([...Object.values(CARDS), passport()].map(tagOf));
    expect(new Set(tags).size).toBe(tags.length);
  });

  it('has one tag for a resident card and passports, where the registry says so', async () => {
    world.coverage = [covered('passport')];
    world.known.set('passport E77553311', `CHN${RESIDENT.number}`);
    world.known.set('passport E99999999', `CHN${RESIDENT.number}`);
    const tag = await tagOf(RESIDENT);
    // Whatever the passport says itself: the registry's word counts alone.
    expect(await tagOf(passport())).toBe(tag);
    expect(await tagOf(numberless)).toBe(tag);
    expect(await tagOf(passport({ documentNumber: 'E99999999', personalNumber: 'OTHER' }))).toBe(tag);
  });

  it('has one tag for both forms of the foreign resident’s card, where the registry says so', async () => {
    const old = { ...CARDS.foreign_permanent_resident_card, number: '' };
    const body = `CAN4403${String(BIRTH).slice(2)}0`;
    const weights = [7, 3, 1];
    const sum = Array.from(body).reduce((all, sign, i) => all + parseInt(sign, 36) * (weights[i % 3] ?? 0), 0);
    const earlier = { ...old, number: body + String(sum % 10) };
    expect(await tagOf(earlier)).not.toBe(await tagOf(CARDS.foreign_permanent_resident_card));
    world.coverage = [covered('foreign_permanent_resident_card')];
    world.known.set(`${old.kind} ${earlier.number}`, `CHN${CARDS.foreign_permanent_resident_card.number}`);
    expect(await tagOf(earlier)).toBe(await tagOf(CARDS.foreign_permanent_resident_card));
  });

  it('of a passport without a number needs a registry that knows it', async () => {
    expect(await world.show(numberless)).toMatchObject({ status: 422, code: 'person_number_missing' });
    world.coverage = [covered('passport')];
    expect(await world.show(numberless)).toMatchObject({ status: 422, code: 'person_number_missing' });
    world.known.set('passport E77553311', 'CHN/X1');
    expect(await world.show(numberless)).toMatchObject({ status: 200 });
  });

  it('is asked for by document alone, without a name', async () => {
    world.coverage = [covered('passport')];
    await world.show(passport());
    const [question] = world.questions;
    expect({ ...question, nonce: '' }).toEqual({
      kind: 'passport',
      state: 'CHN',
      number: 'E77553311',
      birth: BIRTH,
      own: 'CHN11010119900214',
      nonce: '',
    });
  });

  it('is not guessed when the registry does not answer, or not as it should', async () => {
    world.coverage = [covered('passport')];
    const secret = random(32);
    const lines: readonly (readonly [DocumentWorld['line'], string])[] = [
      [() => Promise.reject(new TypeError('down')), 'registry_unreachable'],
      [() => Promise.resolve(Response.json({}, { status: 503 })), 'registry_unreachable'],
      [() => Promise.resolve(Response.json({}, { status: 422 })), 'registry_answer_invalid'],
      [async ({ real }) => signedBy(secret, await payloadOf(real), 'person'), 'registry_answer_invalid'],
    ];
    for (const [line, code] of lines) {
      world.line = line;
      expect(await world.show(passport())).toMatchObject({ status: 503, code, evidence: undefined });
    }
  });

  it.each([['no number'], ['chn1'], ['C'.repeat(64)], [''], [7]])(
    'cannot be called %s by a registry',
    async (person_number) => {
      const secret = random(32);
      world = new DocumentWorld(() => ({ keys: [ed25519.getPublicKey(secret)] }));
      world.coverage = [covered('passport')];
      world.line = async ({ real }) => signedBy(secret, { ...(await payloadOf(real)), person_number }, 'person');
      expect(await world.show(passport())).toMatchObject({ code: 'registry_answer_invalid' });
    },
  );

  it('cannot be exchanged for another on the way to the registry and back', async () => {
    world.coverage = [covered('passport')];
    world.known.set('passport E00000001', 'CHN/VICTIM');
    world.line = ({ url, init }) => {
      const body = JSON.stringify({ ...(JSON.parse(init.body as string) as object), number: 'E00000001' });
      return Promise.resolve(
        world.simulator.app.request(url.slice('https://authority.test'.length), { ...init, body }),
      );
    };
    expect(await world.show(passport())).toMatchObject({ code: 'registry_answer_invalid', evidence: undefined });
  });
});

describe('a second document in a session', () => {
  it('takes the place of the first, and one that is refused leaves the first', async () => {
    const opened = world.sessions.open();
    await world.put(opened, passport());
    const first = await world.evidence(opened);
    const { kind } = RESIDENT;
    expect(await world.put(opened, { kind, card: 'AAAA' })).toMatchObject({ code: 'decoder_refused' });
    expect(await world.evidence(opened)).toBe(first);
    const card = world.cards.issue(RESIDENT, PORTRAIT).read(fromBase64Url(opened.id));
    expect(await world.put(opened, { kind, card })).toMatchObject({ status: 200 });
    expect((await world.evidence(opened))?.attributes.document).toBe(DOCUMENT_KINDS.resident_identity_card);
  });

  it('waits for the first', async () => {
    const opened = world.sessions.open();
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    world.line = async ({ real }) => {
      await held;
      return real();
    };
    const { kind } = RESIDENT;
    const card = world.cards.issue(RESIDENT, PORTRAIT).read(fromBase64Url(opened.id));
    const first = world.put(opened, { kind, card });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await world.put(opened, passport())).toMatchObject({ status: 409, code: 'enrolment_busy' });
    go();
    expect(await first).toMatchObject({ status: 200 });
  });
});
