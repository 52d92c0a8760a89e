// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sql } from 'kysely';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { credentialLeaf, holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { type ChipFiles, createPassportAuthority, type PassportAuthority } from '../../src/demo/chip.ts';
import type { ChipPerson } from '../../src/demo/chip_files.ts';
import { createLogger } from '../../src/http/logs.ts';
import { createIssuer, type Issuer, MAX_DOCUMENT_BYTES, MAX_FACE_BYTES } from '../../src/issuer/app.ts';
import { MAX_FACE_ATTEMPTS, MAX_SESSIONS, SESSION_MILLISECONDS } from '../../src/issuer/enrolment.ts';
import { isSignedBy, leafMessage } from '../../src/log/signatures.ts';
import { type Attributes, packAttributes } from '../../src/protocol/attributes.ts';
import { addDays, dateInZone } from '../../src/protocol/dates.ts';
import { FIELD_ORDER, type FieldElement, parseField, toField } from '../../src/protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { type IssuerSchema, issuerMigrations } from '../../src/storage/issuer.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';
import { loadVerificationKey, type VerificationKey } from '../../src/verifying/groth16.ts';
import { createProver, type Prover } from '../../src/wallet/prover.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { readArtifact } from '../proving/sample.ts';

const NOW = Date.UTC(2026, 10, 22, 4);
const ZONE = 'Asia/Shanghai';
const TODAY = dateInZone(NOW, ZONE);
const PERSON: ChipPerson = {
  surname: 'Quarrington',
  given: 'Millicent',
  sex: 'F',
  birth: 19900214 as ChipPerson['birth'],
  nationality: 'CHN',
  documentNumber: 'E77553311',
  personalNumber: '11010119900214',
  expiry: 20310520 as ChipPerson['expiry'],
  issuingState: 'CHN',
};
/** Nobody's face: the comparison is a double here, and the real one is tested in faces.test.ts. */
const PORTRAIT = new Uint8Array(
  await sharp({ create: { width: 90, height: 120, channels: 3, background: '#884422' } })
    .jpeg()
    .toBuffer(),
);
const SEED = toField(424242n);
const BLINDING = toField(777n);

let authority: PassportAuthority;
let prover: Prover;
let key: VerificationKey;

beforeAll(async () => {
  authority = createPassportAuthority({ country: 'CN', algorithm: 'ecdsa-p256', at: NOW });
  prover = createProver({ read: readArtifact, random: (length) => new Uint8Array(randomBytes(length)) });
  key = await loadVerificationKey(JSON.parse(new TextDecoder().decode(await readArtifact('issue.vkey.json'))));
});

const passport = (changes: Partial<ChipPerson> = {}): ChipFiles => authority.issue({ ...PERSON, ...changes }, PORTRAIT);

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** An issuer on a database of its own, with a register that answers as it is told. */
class World {
  now = NOW;
  match = true;
  registerUp = true;
  readonly submitted: { leaf: string; signature: string }[] = [];
  readonly lines: string[] = [];
  readonly signingKey = new Uint8Array(32).fill(7);
  counter = 0;
  database!: Database<IssuerSchema>;
  issuer!: Issuer;

  async open(url: string): Promise<this> {
    this.database = await openDatabase<IssuerSchema>(url);
    await migrate(this.database, issuerMigrations);
    this.issuer = createIssuer({
      name: 'test issuer',
      logger: createLogger('issuer', { write: (line) => this.lines.push(line) }),
      clock: () => this.now,
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      timeZone: ZONE,
      dedupKey: new Uint8Array(32).fill(9),
      issuerNumber: 5,
      anchors: authority.anchors,
      compareFaces: () => Promise.resolve({ match: this.match, distances: { double: this.match ? 0.3 : 0.7 } }),
      database: this.database,
      poseidon: await buildWasmPoseidon(),
      verificationKey: key,
      signingKey: this.signingKey,
      registerUrl: 'http://register.test',
      fetch: (_url, init) => {
        if (!this.registerUp) return Promise.reject(new TypeError('connection refused'));
        if (init?.method === 'POST') {
          const { leaf, signature } = JSON.parse(init.body as string) as { leaf: string; signature: string };
          if (!this.submitted.some((known) => known.leaf === leaf)) this.submitted.push({ leaf, signature });
          return Promise.resolve(Response.json({ leaf, status: 'pending' }, { status: 202 }));
        }
        return Promise.resolve(Response.json({ status: 'published', index: 3, checkpoint: 8 }));
      },
    });
    return this;
  }

  async call(
    method: string,
    path: string,
    init: { token?: string; body?: BodyInit; type?: string } = {},
  ): Promise<Answer> {
    const response = await this.issuer.app.request(path, {
      method,
      headers: {
        ...(init.token === undefined ? {} : { authorization: `Bearer ${init.token}` }),
        ...(init.type === undefined ? {} : { 'content-type': init.type }),
      },
      ...(init.body === undefined ? {} : { body: init.body }),
      duplex: 'half',
    } as RequestInit);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async enrolment(): Promise<{ id: string; token: string; session: FieldElement }> {
    const { status, body } = await this.call('POST', '/v1/enrolments');
    expect(status).toBe(201);
    return { id: body['id'] as string, token: body['token'] as string, session: parseField(body['session']) };
  }

  document({ id, token }: { id: string; token: string }, files: ChipFiles): Promise<Answer> {
    const body = JSON.stringify({
      sod: toBase64Url(files.sod),
      dg1: toBase64Url(files.dg1),
      dg2: toBase64Url(files.dg2),
    });
    return this.call('PUT', `/v1/enrolments/${id}/document`, { token, body, type: 'application/json' });
  }

  face({ id, token }: { id: string; token: string }): Promise<Answer> {
    return this.call('PUT', `/v1/enrolments/${id}/face`, { token, body: PORTRAIT, type: 'image/jpeg' });
  }

  async accepted(files: ChipFiles = passport()): Promise<{ id: string; token: string; session: FieldElement }> {
    const enrolment = await this.enrolment();
    expect(await this.document(enrolment, files)).toMatchObject({ status: 200 });
    expect(await this.face(enrolment)).toMatchObject({ status: 200 });
    return enrolment;
  }

  async credential(
    enrolment: { id: string; token: string; session: FieldElement },
    seed: FieldElement = SEED,
    changes: Record<string, unknown> = {},
  ): Promise<Answer> {
    return this.send(enrolment, { ...(await enrolmentForm(enrolment.session, seed)), ...changes });
  }

  send({ id, token }: { id: string; token: string }, form: Record<string, unknown>): Promise<Answer> {
    return this.call('POST', `/v1/enrolments/${id}/credential`, {
      token,
      body: JSON.stringify(form),
      type: 'application/json',
    });
  }
}

/** What a wallet sends to have its leaf signed. */
async function enrolmentForm(session: FieldElement, seed: FieldElement): Promise<Record<string, unknown>> {
  const statement = { holder: holderCommitment(poseidon, seed, BLINDING), seedTag: seedTag(poseidon, seed), session };
  const handle = await prover.arm({ circuit: 'issue', inputs: { session, seed, blinding: BLINDING } });
  const { proof } = await prover.fire(handle, statement);
  await prover.release(handle);
  return { holder: String(statement.holder), seed_tag: String(statement.seedTag), proof };
}

let world: World;
beforeEach(async () => {
  world = await new World().open(':memory:');
});
afterEach(async () => {
  await world.database.close();
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
    const tables = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(
      world.database.kysely,
    );
    expect(tables.rows.length).toBeGreaterThan(1);
    let kept = world.lines.join('\n');
    for (const { name } of tables.rows) {
      kept += JSON.stringify((await sql`select * from ${sql.table(name)}`.execute(world.database.kysely)).rows);
    }
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
    expect(await world.call('PUT', `${path}/face`, { token, body: picture, type: 'image/jpeg' })).toMatchObject({
      status: 413,
    });
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
