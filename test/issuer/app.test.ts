// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { credentialLeaf, holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { createPassportAuthority } from '../../src/demo/chip.ts';
import type { ChipPerson } from '../../src/demo/chip_files.ts';
import { MAX_DOCUMENT_BYTES } from '../../src/issuer/document_step.ts';
import { MAX_FACE_ATTEMPTS, MAX_FACE_BYTES } from '../../src/issuer/face_step.ts';
import { MAX_SESSIONS, SESSION_MILLISECONDS } from '../../src/issuer/session.ts';
import { isSignedBy, leafMessage } from '../../src/log/signatures.ts';
import { type Attributes, packAttributes } from '../../src/protocol/attributes.ts';
import { addDays } from '../../src/protocol/dates.ts';
import { FIELD_ORDER, toField } from '../../src/protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { type Answer, BLINDING, enrolmentForm, NOW, passport, PERSON, PORTRAIT, SEED, TODAY, World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await new World().open(':memory:');
});
afterEach(async () => {
  await world.database.close();
});

describe('a network', () => {
  it('begins so many enrolments while a session lives, and others begin theirs', async () => {
    await world.database.close();
    world = await new World().open(':memory:', { enrolmentsPerNetwork: 2 });
    const begin = (): Promise<Answer> => world.call('POST', '/v1/enrolments');
    world.address = '2001:db8::1';
    expect((await begin()).status).toBe(201);
    world.address = '2001:db8::2';
    expect((await begin()).status).toBe(201);
    expect(await begin()).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    world.address = '203.0.113.7';
    expect((await begin()).status).toBe(201);
  });
});

describe('an enrolment', () => {
  it('issues a credential that says what the passport says, and the leaf reaches the register', async () => {
    const enrolment = await world.accepted();
    const { status, body } = await world.credential(enrolment);
    expect(status).toBe(202);
    const attributes = body['attributes'] as Attributes;
    expect(attributes).toEqual({
      version: 1,
      document: 2,
      nationality: 43,
      region: 0,
      // Nobody challenged the chip.
      assurance: 1,
      phone: 0,
      birth: 19900214,
      expiry: 20310501,
      issued: 20261101,
      secretSince: 20261201,
      generation: 0,
      issuer: 5,
    });
    const leaf = credentialLeaf(poseidon, holderCommitment(poseidon, SEED, BLINDING), packAttributes(attributes));
    expect(body['leaf']).toBe(String(leaf));
    const signature = fromBase64Url(body['signature'] as string);
    expect(isSignedBy(leafMessage(leaf), signature, ed25519.getPublicKey(world.signingKey))).toBe(true);
    expect(world.submitted).toEqual([{ leaf: String(leaf), signature: body['signature'] }]);
    expect((await world.call('GET', `/v1/enrolments/${enrolment.id}`, { token: enrolment.token })).body).toEqual({
      id: enrolment.id,
      status: 'published',
      index: 3,
      checkpoint: 8,
    });
  });

  it('leaves no name, number or portrait in any table or log', async () => {
    await world.credential(await world.accepted());
    const kept = `${await world.kept()} ${world.lines.join('\n')}`;
    expect(kept).toContain('dedup_tag');
    expect(world.lines.length).toBeGreaterThan(3);
    const secrets = [PERSON.surname, PERSON.given, PERSON.documentNumber, String(PERSON.personalNumber), '19900214'];
    for (const secret of [...secrets, toBase64Url(PORTRAIT.subarray(0, 30)), 'ffd8ff']) {
      expect(kept.toLowerCase()).not.toContain(secret.toLowerCase());
    }
  });

  it('goes in order, one step at a time', async () => {
    const enrolment = await world.enrolment();
    expect(await world.face(enrolment)).toMatchObject({ status: 409, body: { code: 'enrolment_out_of_order' } });
    expect(await world.credential(enrolment)).toMatchObject({ status: 409, body: { code: 'enrolment_out_of_order' } });
    await world.document(enrolment, passport());
    expect(await world.credential(enrolment)).toMatchObject({ status: 409, body: { code: 'enrolment_out_of_order' } });
    const [first, second] = await Promise.all([world.face(enrolment), world.face(enrolment)]);
    expect([first.status, second.status].sort()).toEqual([200, 409]);
    await world.credential(enrolment);
    expect(await world.face(enrolment)).toMatchObject({ body: { code: 'enrolment_out_of_order' } });
  });

  it('gives the same answer to the same wish again, and no other credential', async () => {
    const enrolment = await world.accepted();
    const first = await world.credential(enrolment);
    expect(await world.credential(enrolment)).toEqual(first);
    expect(await world.credential(enrolment, toField(6n))).toMatchObject({
      status: 409,
      body: { code: 'enrolment_out_of_order' },
    });
    expect(world.submitted).toHaveLength(1);
  });

  it('belongs to the holder of its token and ends in time', async () => {
    const one = await world.enrolment();
    const other = await world.enrolment();
    const read = (id: string, token?: string): Promise<Answer> =>
      world.call('GET', `/v1/enrolments/${id}`, token === undefined ? {} : { token });
    expect(await read(one.id, other.token)).toMatchObject({ status: 404, body: { code: 'enrolment_unknown' } });
    expect(await read('nobody', one.token)).toMatchObject({ status: 404, body: { code: 'enrolment_unknown' } });
    expect(await read(one.id)).toMatchObject({ status: 401, body: { code: 'token_missing' } });
    world.now += SESSION_MILLISECONDS - 1;
    expect(await read(one.id, one.token)).toMatchObject({ status: 200, body: { status: 'open' } });
    world.now += 1;
    expect(await read(one.id, one.token)).toMatchObject({ status: 404, body: { code: 'enrolment_unknown' } });
  });

  it('is refused when too many are open, and room returns as they expire', async () => {
    for (let i = 0; i < MAX_SESSIONS; i++) await world.enrolment();
    expect(await world.call('POST', '/v1/enrolments')).toMatchObject({
      status: 503,
      body: { code: 'enrolments_full' },
    });
    world.now += SESSION_MILLISECONDS;
    await world.enrolment();
  });
});

describe('a document', () => {
  it('is refused with the reason', async () => {
    const enrolment = await world.enrolment();
    const files = passport();
    const dg1 = Uint8Array.from(files.dg1);
    dg1[15] = 0x42;
    expect(await world.document(enrolment, { ...files, dg1 })).toMatchObject({
      status: 422,
      body: { code: 'document_tampered' },
    });
    const stranger = createPassportAuthority({ country: 'CN', algorithm: 'ecdsa-p256', at: NOW });
    expect(await world.document(enrolment, stranger.issue(PERSON, PORTRAIT))).toMatchObject({
      status: 422,
      body: { code: 'csca_unknown' },
    });
    const { body } = await world.document(enrolment, passport({ expiry: addDays(TODAY, -1) }));
    expect(body).toMatchObject({ code: 'document_expired' });
    expect((await world.document(enrolment, passport({ expiry: TODAY }))).body).toMatchObject({
      code: 'document_expires_too_soon',
    });
    expect((await world.document(enrolment, passport({ personalNumber: undefined }))).body).toMatchObject({
      code: 'person_number_missing',
    });
    expect((await world.document(enrolment, { ...files, sod: files.sod.subarray(0, 40) })).body).toMatchObject({
      code: 'document_malformed',
    });
  });
});

describe('a face', () => {
  it('that does not match is refused, five times at most', async () => {
    const enrolment = await world.enrolment();
    await world.document(enrolment, passport());
    world.match = false;
    for (let i = 0; i < MAX_FACE_ATTEMPTS; i++) {
      expect(await world.face(enrolment)).toMatchObject({ status: 422, body: { code: 'face_mismatch' } });
    }
    world.match = true;
    expect(await world.face(enrolment)).toMatchObject({ status: 429, body: { code: 'attempts_exhausted' } });
    expect(await world.credential(enrolment)).toMatchObject({ body: { code: 'enrolment_out_of_order' } });
  });
});

describe('a proof', () => {
  it('made for another enrolment is refused', async () => {
    const enrolment = await world.accepted();
    const other = await world.enrolment();
    const answer = await world.credential({ ...enrolment, session: other.session });
    expect(answer).toMatchObject({ status: 422, body: { code: 'proof_invalid' } });
    expect((await world.credential(enrolment)).status).toBe(202);
  });

  it('over another seed tag or holder is refused', async () => {
    const enrolment = await world.accepted();
    const seed_tag = String(seedTag(poseidon, toField(1n)));
    expect(await world.credential(enrolment, SEED, { seed_tag })).toMatchObject({ body: { code: 'proof_invalid' } });
    const holder = String(holderCommitment(poseidon, SEED, toField(1n)));
    expect(await world.credential(enrolment, SEED, { holder })).toMatchObject({ body: { code: 'proof_invalid' } });
  });

  it('over a malformed field element is refused', async () => {
    const enrolment = await world.accepted();
    const form = await enrolmentForm(enrolment.session, SEED);
    for (const holder of [String(FIELD_ORDER), String(FIELD_ORDER + 1n), '-1', '0x10', '01', '']) {
      expect(await world.send(enrolment, { ...form, holder })).toMatchObject({
        status: 400,
        body: { code: 'field_not_canonical' },
      });
    }
  });
});

describe('the service', () => {
  it('refuses what is too large or of another type, with a problem document', async () => {
    const { id, token } = await world.enrolment();
    const body = new Uint8Array(MAX_DOCUMENT_BYTES + 1);
    const path = `/v1/enrolments/${id}`;
    expect(await world.call('PUT', `${path}/document`, { token, body, type: 'application/json' })).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
    const picture = new Uint8Array(MAX_FACE_BYTES + 1);
    const person = await world.enrolment();
    expect(await world.document(person, passport())).toMatchObject({ status: 200 });
    const sent = { token: person.token, body: picture, type: 'image/jpeg' };
    expect(await world.call('PUT', `/v1/enrolments/${person.id}/face`, sent)).toMatchObject({ status: 413 });
    expect(await world.call('PUT', `${path}/face`, { token, body: '{}', type: 'text/plain' })).toMatchObject({
      status: 415,
      body: { code: 'content_type_unsupported' },
    });
    expect(await world.call('PUT', `${path}/document`, { token, body: '[', type: 'application/json' })).toMatchObject({
      status: 400,
      body: { code: 'body_invalid' },
    });
  });

  it('keeps a signed leaf while the register is away, and submits it later', async () => {
    world.registerUp = false;
    const enrolment = await world.accepted();
    expect((await world.credential(enrolment)).status).toBe(202);
    const read = (): Promise<Answer> => world.call('GET', `/v1/enrolments/${enrolment.id}`, { token: enrolment.token });
    expect((await read()).body).toMatchObject({ status: 'pending' });
    expect(await world.issuer.issuance.submitPending()).toBe(1);
    world.registerUp = true;
    expect(await world.issuer.issuance.submitPending()).toBe(0);
    expect(world.submitted).toHaveLength(1);
    expect((await read()).body).toMatchObject({ status: 'published' });
  });
});

describeOnEachDatabase('one person, one seed', (open) => {
  const worlds: World[] = [];
  const fresh = async (): Promise<World> => {
    const made = await new World().open(await open());
    worlds.push(made);
    return made;
  };
  afterAll(async () => {
    for (const { database } of worlds) await database.close();
  });
  const renewed = { documentNumber: 'E90000001', expiry: 20361001 as ChipPerson['expiry'] };

  it('refuses the person with a new seed, also with a renewed passport', async () => {
    const here = await fresh();
    expect((await here.credential(await here.accepted())).status).toBe(202);
    expect(await here.credential(await here.accepted(passport(renewed)), toField(5n))).toMatchObject({
      status: 409,
      body: { code: 'person_already_enrolled' },
    });
    expect(here.submitted).toHaveLength(1);
  });

  it('refuses the seed for another person', async () => {
    const here = await fresh();
    await here.credential(await here.accepted());
    const stranger = passport({ personalNumber: '11010119900215', surname: 'Ashdown' });
    expect(await here.credential(await here.accepted(stranger))).toMatchObject({
      status: 409,
      body: { code: 'seed_already_enrolled' },
    });
  });

  it('lets one of two enrolments at once win', async () => {
    const here = await fresh();
    const enrolments = await Promise.all([here.accepted(), here.accepted(passport(renewed))]);
    const answers = await Promise.all(
      enrolments.map((enrolment, i) => here.credential(enrolment, toField(BigInt(100 + i)))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(here.submitted).toHaveLength(1);
  });
});
