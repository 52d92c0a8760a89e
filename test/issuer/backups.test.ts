// SPDX-License-Identifier: GPL-3.0-or-later
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_BACKUP_READS } from '../../src/issuer/backup_routes.ts';
import { MAX_PROOF_ATTEMPTS } from '../../src/issuer/decision.ts';
import { backupLength, MAX_BACKUP_BYTES, MAX_GUARDS } from '../../src/protocol/backup_form.ts';
import { toField } from '../../src/protocol/field.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { sealBackup } from '../../src/wallet/backup.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { LifeWorld, type Session } from './life_world.ts';
import { type Answer, enrolmentForm, passport, SEED } from './world.ts';

const STRANGER = { personalNumber: '11010119900215', surname: 'Ashdown' };
const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
const phrase = async (): Promise<string> =>
  toBase64Url(await sealBackup(SEED, { kind: 'phrase', entropy: random(16) }, random));
const passkey = async (): Promise<string> =>
  toBase64Url(await sealBackup(SEED, { kind: 'passkey', prf: random(32) }, random));
const underPin = async (guards = 2): Promise<string> => {
  const records = Array.from({ length: guards }, () => ({
    id: random(16),
    guard: random(32),
    evaluationKey: random(32),
  }));
  return toBase64Url(
    await sealBackup(SEED, { kind: 'guards', records, exportKeys: records.map(() => random(64)) }, random),
  );
};

let world: LifeWorld;
beforeEach(async () => {
  world = await LifeWorld.make();
});
afterEach(async () => {
  await world.close();
});

const fetched = ({ id, token }: Session, here = world): Promise<Answer> =>
  here.call('POST', `/v1/enrolments/${id}/backup`, { token });
/** Changes backups in a session that saw no document. */
async function changed(backups: unknown, seed = SEED, here = world): Promise<Answer> {
  const session = await here.enrolment();
  const form = await enrolmentForm(session.session, seed);
  const body = JSON.stringify({ ...form, backups });
  const { id, token } = session;
  return here.call('PUT', `/v1/enrolments/${id}/backup`, { token, body, type: 'application/json' });
}
const refusal = (code: string, status: number) => ({ status, body: { code } });

describe('backups', () => {
  it('come with a credential, and go to who shows document and face', async () => {
    const backups = { guards: await underPin(), phrase: await phrase() };
    await world.issued(SEED, { backups });
    const session = await world.accepted();
    expect(await fetched(session)).toEqual({ status: 200, body: { backups } });
    // The session goes on.
    await world.issued(SEED, { replaces: 'all' }, session);
    // A renewal without any leaves them.
    expect((await fetched(await world.accepted())).body).toEqual({ backups });
  });

  it('are asked for after the face, not before, and ten times at most', async () => {
    await world.issued(SEED, { backups: { phrase: await phrase() } });
    const session = await world.enrolment();
    const early = refusal('enrolment_out_of_order', 409);
    expect(await fetched(session)).toMatchObject(early);
    await world.document(session, passport());
    expect(await fetched(session)).toMatchObject(early);
    world.match = false;
    await world.face(session);
    expect(await fetched(session)).toMatchObject(early);
    world.match = true;
    await world.face(session);
    for (let i = 0; i < MAX_BACKUP_READS; i++) expect((await fetched(session)).status).toBe(200);
    expect(await fetched(session)).toMatchObject(refusal('attempts_exhausted', 429));
  });

  it('are one person’s alone', async () => {
    await world.issued(SEED, { backups: { phrase: await phrase() } });
    expect(await fetched(await world.accepted(passport(STRANGER)))).toMatchObject(refusal('backup_missing', 404));
    const other = await phrase();
    await world.issued(toField(5n), { backups: { phrase: other } }, await world.accepted(passport(STRANGER)));
    expect((await fetched(await world.accepted(passport(STRANGER)))).body).toEqual({ backups: { phrase: other } });
  });

  it('are missing where none were given', async () => {
    await world.issued();
    expect(await fetched(await world.accepted())).toMatchObject(refusal('backup_missing', 404));
  });

  it('are changed by who proves the seed: those that are named', async () => {
    const kept = await phrase();
    await world.issued(SEED, { backups: { guards: await underPin(), phrase: kept } });
    const guards = await underPin();
    expect(await changed({ guards })).toEqual({ status: 200, body: { status: 'kept' } });
    expect((await fetched(await world.accepted())).body).toEqual({ backups: { guards, phrase: kept } });
    const key = await passkey();
    await changed({ guards: null, passkey: key });
    expect((await fetched(await world.accepted())).body).toEqual({ backups: { phrase: kept, passkey: key } });
  });

  it('are not changed by anyone else', async () => {
    const backups = { phrase: await phrase() };
    await world.issued(SEED, { backups });
    const other = { phrase: await phrase() };
    expect(await changed(other, toField(5n))).toMatchObject(refusal('person_unknown', 404));
    const session = await world.enrolment();
    const elsewhere = await enrolmentForm((await world.enrolment()).session, SEED);
    const put = (form: object): Promise<Answer> =>
      world.call('PUT', `/v1/enrolments/${session.id}/backup`, {
        token: session.token,
        body: JSON.stringify({ ...form, backups: other }),
        type: 'application/json',
      });
    for (let i = 0; i < MAX_PROOF_ATTEMPTS; i++) {
      expect(await put(elsewhere)).toMatchObject(refusal('proof_invalid', 422));
    }
    expect(await put(await enrolmentForm(session.session, SEED))).toMatchObject(refusal('attempts_exhausted', 429));
    expect((await fetched(await world.accepted())).body).toEqual({ backups });
  });

  it('of a seed that was given up are gone with it', async () => {
    await world.issued(SEED, { backups: { guards: await underPin(), phrase: await phrase() } });
    const backups = { guards: await underPin() };
    await world.issued(toField(5n), { reset: true, backups });
    expect((await fetched(await world.accepted())).body).toEqual({ backups });
    expect(await changed({ guards: await underPin() })).toMatchObject(refusal('person_unknown', 404));
  });

  it('have exactly the form that wallets make', async () => {
    await world.issued();
    expect(MAX_BACKUP_BYTES).toBe(backupLength('guards', MAX_GUARDS));
    for (const guards of [1, MAX_GUARDS]) {
      expect((await changed({ guards: await underPin(guards) })).status).toBe(200);
    }
    const good = Buffer.from(await underPin(MAX_GUARDS), 'base64url');
    const nine = Buffer.concat([good.subarray(0, 34), Buffer.from([9]), good.subarray(35), Buffer.alloc(80)]);
    const other = Buffer.from(good).fill(2, 0, 1);
    const malformed = refusal('backup_malformed', 400);
    for (const wrong of [good.subarray(0, -1), good.subarray(0, 2), Buffer.alloc(0)]) {
      expect(await changed({ guards: wrong.toString('base64url') })).toMatchObject(malformed);
    }
    expect(await changed({ phrase: good.toString('base64url') })).toMatchObject(malformed);
    expect(await changed({ passkey: await phrase() })).toMatchObject(malformed);
    expect(await changed({ guards: nine.toString('base64url') })).toMatchObject(refusal('body_invalid', 400));
    expect(await changed({ guards: other.toString('base64url') })).toMatchObject(
      refusal('backup_version_unsupported', 400),
    );
    for (const wrong of [{ other: await phrase() }, { phrase: 'not base64url!' }, { phrase: 7 }, 7]) {
      expect(await changed(wrong)).toMatchObject({ status: 400 });
    }
    expect(await changed({ phrase: 'A'.repeat(20_000) })).toMatchObject({ status: 413 });
  });
});

describeOnEachDatabase('backups', (open) => {
  it('outlive the process, and are no secret of the issuer’s making', async () => {
    const url = await open();
    const before = await LifeWorld.make(url);
    const backups = { guards: await underPin() };
    await before.issued(SEED, { backups });
    await before.close();
    const after = await LifeWorld.make(url);
    expect((await fetched(await after.accepted(), after)).body).toEqual({ backups });
    await after.close();
  });
});
