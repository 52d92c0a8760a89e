// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An issuer with a person, a passport authority and a register that answers as a test tells it.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sql } from 'kysely';
import sharp from 'sharp';
import { expect } from 'vitest';
import { holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { type ChipFiles, createPassportAuthority } from '../../src/demo/chip.ts';
import type { ChipPerson } from '../../src/demo/chip_files.ts';
import { createLogger } from '../../src/http/logs.ts';
import type { FaceDeps } from '../../src/issuer/face_step.ts';
import { createIssuer, type Issuer, type IssuerDeps } from '../../src/issuer/app.ts';
import type { PhoneDeps } from '../../src/issuer/phone.ts';
import { keyIdOf } from '../../src/log/signatures.ts';
import { dateInZone } from '../../src/protocol/dates.ts';
import { type FieldElement, parseField, toField } from '../../src/protocol/field.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { type IssuerSchema, issuerMigrations } from '../../src/storage/issuer.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';
import { loadVerificationKey } from '../../src/verifying/groth16.ts';
import { createProver } from '../../src/wallet/prover.ts';
import { readArtifact } from '../proving/sample.ts';

export const NOW = Date.UTC(2026, 10, 22, 4);
export const ZONE = 'Asia/Shanghai';
export const TODAY = dateInZone(NOW, ZONE);
export const PERSON: ChipPerson = {
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
export const PORTRAIT = new Uint8Array(
  await sharp({ create: { width: 90, height: 120, channels: 3, background: '#884422' } })
    .jpeg()
    .toBuffer(),
);
/** Secrets of the person's wallet. */
export const SEED = toField(424242n);
export const BLINDING = toField(777n);

export const authority = createPassportAuthority({ country: 'CN', algorithm: 'ecdsa-p256', at: NOW });
export const prover = createProver({ read: readArtifact, random: (length) => new Uint8Array(randomBytes(length)) });
const verificationKey = await loadVerificationKey(
  JSON.parse(new TextDecoder().decode(await readArtifact('issue.vkey.json'))),
);

export const passport = (changes: Partial<ChipPerson> = {}): ChipFiles =>
  authority.issue({ ...PERSON, ...changes }, PORTRAIT);

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** An issuer on a database of its own, with a register that answers as it is told. */
export class World {
  now = NOW;
  match = true;
  /** How faces are examined, and how long an answer waits for that; to be set before {@link open}. */
  checkLiveness: FaceDeps['checkLiveness'] = 'unsafe_off';
  answerWithin = 5000;
  registerUp = true;
  readonly submitted: { leaf: string; signature: string }[] = [];
  /** What holders asked for, as the register was told. */
  readonly requested: { leaf: string; issuer: string; signature: string }[] = [];
  /** What the register says of every leaf. */
  announcement: { position: number; reason: string; effective: number; status: string } | undefined;
  readonly lines: string[] = [];
  /** Set before it is opened, for an issuer that confirms phones. */
  phone: PhoneDeps | undefined;
  /** Network address of who asks. */
  address = '203.0.113.7';
  readonly approverKey = new Uint8Array(32).fill(8);
  readonly signingKey = new Uint8Array(32).fill(7);
  counter = 0;
  database!: Database<IssuerSchema>;
  issuer!: Issuer;

  /**
   * @param url - Of the database.
   * @param more - Parts of the issuer that are not the usual ones.
   */
  async open(url: string, more: Partial<IssuerDeps> = {}): Promise<this> {
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
      checkLiveness: this.checkLiveness,
      answerWithin: this.answerWithin,
      database: this.database,
      poseidon: await buildWasmPoseidon(),
      verificationKey,
      signingKey: this.signingKey,
      approvers: { [keyIdOf(ed25519.getPublicKey(this.approverKey))]: ed25519.getPublicKey(this.approverKey) },
      registerUrl: 'http://register.test',
      phone: this.phone,
      address: () => this.address,
      fetch: async (url, init) =>
        this.registerUp
          ? this.register(url as string, init ?? {})
          : Promise.reject(new TypeError('connection refused')),
      ...more,
    });
    return this;
  }

  /** What the register answers; a real one can take its place. */
  register = (url: string, init: RequestInit): Promise<Response> => {
    if (init.method !== 'POST') {
      const state = { status: 'published', index: 3, checkpoint: 8, announcement: this.announcement };
      const isKnown = this.submitted.some(({ leaf }) => url.endsWith(`/v1/leaves/${leaf}`));
      return Promise.resolve(isKnown ? Response.json(state) : Response.json({ code: 'leaf_unknown' }, { status: 404 }));
    }
    const body = JSON.parse(init.body as string) as { leaf: string; issuer: string; signature: string };
    const { leaf, signature } = body;
    if (url === 'http://register.test/v1/requests') {
      this.requested.push(body);
    } else if (!this.submitted.some((known) => known.leaf === leaf)) {
      this.submitted.push({ leaf, signature });
    }
    return Promise.resolve(Response.json({ leaf, status: 'pending' }, { status: 202 }));
  };

  /** Everything that is kept or logged, as text. */
  async kept(): Promise<string> {
    const tables = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(
      this.database.kysely,
    );
    const rows = await Promise.all(
      tables.rows.map(async ({ name }) => [
        name,
        (await sql`select * from ${sql.table(name)}`.execute(this.database.kysely)).rows,
      ]),
    );
    return JSON.stringify(rows);
  }

  async call(
    method: string,
    path: string,
    init: { token?: string; body?: BodyInit; type?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await this.issuer.app.request(path, {
      method,
      headers: {
        ...init.headers,
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
      kind: 'passport',
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

  send(
    { id, token }: { id: string; token: string },
    form: Record<string, unknown>,
    step = 'credential',
  ): Promise<Answer> {
    return this.call('POST', `/v1/enrolments/${id}/${step}`, {
      token,
      body: JSON.stringify(form),
      type: 'application/json',
    });
  }
}

/** What a wallet sends to have its leaf signed. */
export async function enrolmentForm(
  session: FieldElement,
  seed: FieldElement,
  blinding = BLINDING,
): Promise<Record<string, unknown>> {
  const statement = { holder: holderCommitment(poseidon, seed, blinding), seedTag: seedTag(poseidon, seed), session };
  const handle = await prover.arm({ circuit: 'issue', inputs: { session, seed, blinding } });
  const { proof } = await prover.fire(handle, statement);
  await prover.release(handle);
  return { holder: String(statement.holder), seed_tag: String(statement.seedTag), proof };
}
