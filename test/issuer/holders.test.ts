// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChipPerson } from '../../src/demo/chip_files.ts';
import { MAX_PROOF_ATTEMPTS } from '../../src/issuer/decision.ts';
import { MAX_SESSIONS } from '../../src/issuer/session.ts';
import { LISTING_SECONDS, MAX_APPEAL_LENGTH } from '../../src/issuer/holders.ts';
import { appealsMessage, isSignedBy, keyIdOf, requestMessage, sign } from '../../src/log/signatures.ts';
import { parseField, toField } from '../../src/protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { type Answer, enrolmentForm, passport, PERSON, PORTRAIT, SEED, World } from './world.ts';

const RENEWED = { documentNumber: 'E90000001', expiry: 20361001 as ChipPerson['expiry'] };
const STRANGER = { personalNumber: '11010119900215', surname: 'Ashdown' };
const OPEN = { position: 42, reason: 'fraud', effective: 1_800_000_000, status: 'open' };

let world: World;
beforeEach(async () => {
  world = await new World().open(':memory:');
});
afterEach(async () => {
  await world.database.close();
});

/** Enrols the person; returns the leaf. */
async function enrolled(here = world): Promise<string> {
  const { status, body } = await here.credential(await here.accepted());
  expect(status).toBe(202);
  return body['leaf'] as string;
}

type Session = Awaited<ReturnType<World['enrolment']>>;
const existence = ({ id, token }: Session): Promise<Answer> =>
  world.call('POST', `/v1/enrolments/${id}/existence`, { token });
/** A step that the seed proves, in a session that saw no document. */
async function proven(step: string, more: object = {}, seed = SEED, here = world): Promise<Answer> {
  const session = await here.enrolment();
  return here.send(session, { ...(await enrolmentForm(session.session, seed)), ...more }, step);
}

describe('whoever proves control of a document', () => {
  it('learns whether a credential exists for it, and when it was made', async () => {
    expect(await existence(await world.accepted())).toEqual({ status: 200, body: { exists: false } });
    await enrolled();
    const known = { status: 200, body: { exists: true, issued: '2026-11', generation: 0 } };
    expect(await existence(await world.accepted())).toEqual(known);
    // A renewed document is the same person's.
    expect(await existence(await world.accepted(passport(RENEWED)))).toEqual(known);
    expect((await existence(await world.accepted(passport(STRANGER)))).body).toEqual({ exists: false });
  });

  it('leaves nothing behind: no row, no word in the log, no session', async () => {
    await enrolled();
    const before = await world.kept();
    const session = await world.accepted(passport(STRANGER));
    await existence(session);
    const own = await world.accepted();
    await existence(own);
    expect(await world.kept()).toBe(before);
    const said = world.lines.join('\n').toLowerCase();
    const secrets = [PERSON.surname, STRANGER.surname, STRANGER.personalNumber, session.id, own.id, session.token];
    for (const secret of [...secrets, String(PERSON.personalNumber), toBase64Url(PORTRAIT.subarray(0, 30))]) {
      expect(said).not.toContain(secret.toLowerCase());
    }
    expect(await existence(own)).toMatchObject({ status: 404, body: { code: 'enrolment_unknown' } });
    expect(await world.credential(own)).toMatchObject({ body: { code: 'enrolment_unknown' } });
  });

  it('shows document and live face, within the limits of enrolments', async () => {
    const session = await world.enrolment();
    expect(await existence(session)).toMatchObject({ status: 409, body: { code: 'enrolment_out_of_order' } });
    await world.document(session, passport());
    expect(await existence(session)).toMatchObject({ body: { code: 'enrolment_out_of_order' } });
    world.match = false;
    await world.face(session);
    expect(await existence(session)).toMatchObject({ body: { code: 'enrolment_out_of_order' } });
    const token = session.token.replace(/^./, session.token.startsWith('A') ? 'B' : 'A');
    expect(await existence({ ...session, token })).toMatchObject({ body: { code: 'enrolment_unknown' } });
    for (let i = 1; i < MAX_SESSIONS; i++) await world.enrolment();
    expect(await world.call('POST', '/v1/enrolments')).toMatchObject({ body: { code: 'enrolments_full' } });
    // One that is concluded makes room.
    world.match = true;
    await world.face(session);
    await existence(session);
    await world.enrolment();
  });
});

describe("a holder's request", () => {
  it('has the credential revoked at once, when the seed is proven', async () => {
    const leaf = await enrolled();
    expect(await proven('revocation')).toEqual({ status: 202, body: { leaves: [leaf], status: 'pending' } });
    expect(world.requested).toHaveLength(1);
    const [request] = world.requested;
    const publicKey = ed25519.getPublicKey(world.signingKey);
    expect(request).toMatchObject({ leaf, issuer: keyIdOf(publicKey) });
    const signature = fromBase64Url(request?.signature ?? '');
    expect(isSignedBy(requestMessage(parseField(leaf)), signature, publicKey)).toBe(true);
  });

  it('has it revoked when document and face are shown, for who lost the device', async () => {
    const leaf = await enrolled();
    const session = await world.accepted(passport(RENEWED));
    expect((await world.send(session, {}, 'revocation')).body).toEqual({ leaves: [leaf], status: 'pending' });
    expect(world.requested).toHaveLength(1);
    expect(await world.send(session, {}, 'revocation')).toMatchObject({ body: { code: 'enrolment_unknown' } });
  });

  it('needs one or the other, of that person', async () => {
    await enrolled();
    const session = await world.enrolment();
    expect(await world.send(session, {}, 'revocation')).toMatchObject({ body: { code: 'enrolment_out_of_order' } });
    const other = await world.enrolment();
    const elsewhere = await enrolmentForm(other.session, SEED);
    expect(await world.send(session, elsewhere, 'revocation')).toMatchObject({ body: { code: 'proof_invalid' } });
    const mine = await enrolmentForm(session.session, toField(5n));
    expect(await world.send(session, mine, 'revocation')).toMatchObject({
      status: 404,
      body: { code: 'person_unknown' },
    });
    const { seed_tag } = elsewhere;
    expect(await world.send(session, { ...mine, seed_tag }, 'revocation')).toMatchObject({
      body: { code: 'proof_invalid' },
    });
    const stranger = await world.accepted(passport(STRANGER));
    expect(await world.send(stranger, {}, 'revocation')).toMatchObject({ body: { code: 'person_unknown' } });
    expect(await world.send(session, { seed_tag }, 'revocation')).toMatchObject({ body: { code: 'body_invalid' } });
    expect(world.requested).toEqual([]);
  });

  it('can be tried ten times in a session', async () => {
    await enrolled();
    const session = await world.enrolment();
    const wrong = await enrolmentForm((await world.enrolment()).session, SEED);
    for (let i = 0; i < MAX_PROOF_ATTEMPTS; i++) {
      expect(await world.send(session, wrong, 'revocation')).toMatchObject({ body: { code: 'proof_invalid' } });
    }
    const right = await enrolmentForm(session.session, SEED);
    expect(await world.send(session, right, 'revocation')).toMatchObject({
      status: 429,
      body: { code: 'attempts_exhausted' },
    });
  });

  it('is kept while the register is away, and submitted once it answers', async () => {
    const leaf = await enrolled();
    world.registerUp = false;
    expect((await proven('revocation')).status).toBe(202);
    expect(world.requested).toEqual([]);
    await world.issuer.tend();
    world.registerUp = true;
    await world.issuer.tend();
    await world.issuer.tend();
    expect(world.requested.map((request) => request.leaf)).toEqual([leaf]);
  });
});

/** The list of appeals, as an approver asks for it. */
function list(change: { key?: Uint8Array; time?: number; signed?: number; issuer?: string } = {}): Promise<Answer> {
  const { key = world.approverKey, time = Math.floor(world.now / 1000) } = change;
  const issuer = change.issuer ?? keyIdOf(ed25519.getPublicKey(world.signingKey));
  const headers = {
    'Approver-Key': keyIdOf(ed25519.getPublicKey(key)),
    'Approver-Time': String(time),
    'Approver-Signature': toBase64Url(sign(appealsMessage(issuer, change.signed ?? time), key)),
  };
  return world.call('GET', '/v1/appeals', { headers });
}

describe('an appeal', () => {
  const TEXT = '我没有欺骗任何人 I deceived nobody.';

  it('reaches the approvers, and is deleted once it is decided', async () => {
    const leaf = await enrolled();
    world.announcement = OPEN;
    const { status, body } = await proven('appeal', { leaf, text: `  ${TEXT}\n` });
    expect(status).toBe(202);
    const { position: announcement, reason, effective } = OPEN;
    const appeal = { reference: body['reference'], leaf, announcement, reason, effective, text: TEXT };
    expect(await list()).toEqual({ status: 200, body: { appeals: [appeal] } });
    expect(world.lines.join('\n')).not.toContain('deceived');
    for (const decided of ['reversed', 'closed']) {
      world.announcement = { ...OPEN, status: decided };
      expect((await list()).body).toEqual({ appeals: [] });
      expect(await world.kept()).not.toContain('deceived');
      world.announcement = OPEN;
      await proven('appeal', { leaf, text: TEXT });
    }
    // A later announcement is another matter.
    world.announcement = { ...OPEN, position: 43 };
    expect((await list()).body).toEqual({ appeals: [] });
  });

  it('is forgotten without anyone asking, but not because the register is silent', async () => {
    const leaf = await enrolled();
    world.announcement = OPEN;
    await proven('appeal', { leaf, text: TEXT });
    await world.issuer.tend();
    world.announcement = { ...OPEN, status: 'reversed' };
    world.registerUp = false;
    world.now += 60_000;
    await world.issuer.tend();
    expect(await world.kept()).toContain('deceived');
    world.registerUp = true;
    world.now += 60_000;
    await world.issuer.tend();
    expect(await world.kept()).not.toContain('deceived');
  });

  it('has one text and one reference for a leaf', async () => {
    const leaf = await enrolled();
    world.announcement = OPEN;
    const first = await proven('appeal', { leaf, text: 'one' });
    expect(await proven('appeal', { leaf, text: 'two' })).toEqual(first);
    expect((await list()).body['appeals']).toMatchObject([{ text: 'two', reference: first.body['reference'] }]);
  });

  it('is about an announced revocation of a credential of the seed that is proven', async () => {
    const leaf = await enrolled();
    expect(await proven('appeal', { leaf, text: TEXT })).toMatchObject({
      status: 404,
      body: { code: 'announcement_unknown' },
    });
    world.announcement = { ...OPEN, status: 'reversed' };
    expect(await proven('appeal', { leaf, text: TEXT })).toMatchObject({ body: { code: 'announcement_unknown' } });
    world.announcement = OPEN;
    expect(await proven('appeal', { leaf: '5', text: TEXT })).toMatchObject({ body: { code: 'leaf_unknown' } });
    expect(await proven('appeal', { leaf, text: TEXT }, toField(5n))).toMatchObject({
      body: { code: 'person_unknown' },
    });
    const session = await world.enrolment();
    const elsewhere = await enrolmentForm((await world.enrolment()).session, SEED);
    expect(await world.send(session, { ...elsewhere, leaf, text: TEXT }, 'appeal')).toMatchObject({
      body: { code: 'proof_invalid' },
    });
    world.registerUp = false;
    expect(await proven('appeal', { leaf, text: TEXT })).toMatchObject({
      status: 503,
      body: { code: 'register_unreachable' },
    });
    expect((await world.kept()).includes('deceived')).toBe(false);
  });

  it('has a text of bounded length, in any script', async () => {
    const leaf = await enrolled();
    world.announcement = OPEN;
    expect((await proven('appeal', { leaf, text: '字'.repeat(MAX_APPEAL_LENGTH) })).status).toBe(202);
    for (const text of ['字'.repeat(MAX_APPEAL_LENGTH + 1), '', '  \n ', 7]) {
      expect(await proven('appeal', { leaf, text })).toMatchObject({ status: 400, body: { code: 'body_invalid' } });
    }
    expect(await proven('appeal', { leaf, text: 'x'.repeat(20_000) })).toMatchObject({ status: 413 });
  });

  it('is shown to approvers only, who sign for it now', async () => {
    const leaf = await enrolled();
    world.announcement = OPEN;
    await proven('appeal', { leaf, text: TEXT });
    const now = Math.floor(world.now / 1000);
    expect(await list({ key: world.signingKey })).toMatchObject({ status: 403, body: { code: 'approver_unknown' } });
    expect(await list({ issuer: 'AAAAAAAAAAA' })).toMatchObject({ status: 403, body: { code: 'signature_invalid' } });
    expect(await list({ signed: now - 1 })).toMatchObject({ body: { code: 'signature_invalid' } });
    for (const late of [-LISTING_SECONDS, LISTING_SECONDS]) {
      expect((await list({ time: now + late })).status).toBe(200);
      expect(await list({ time: now + late + Math.sign(late) })).toMatchObject({
        status: 403,
        body: { code: 'listing_expired' },
      });
    }
    expect(await world.call('GET', '/v1/appeals')).toMatchObject({ status: 401, body: { code: 'token_missing' } });
  });
});

describeOnEachDatabase('requests and appeals', (open) => {
  const worlds: World[] = [];
  afterAll(async () => {
    for (const { database } of worlds) await database.close();
  });

  it('outlive the process', async () => {
    const url = await open();
    const before = await new World().open(url);
    const leaf = await enrolled(before);
    before.announcement = OPEN;
    expect((await proven('appeal', { leaf, text: 'mine' }, SEED, before)).status).toBe(202);
    before.registerUp = false;
    expect((await proven('revocation', {}, SEED, before)).status).toBe(202);
    await before.database.close();
    const after = await new World().open(url);
    worlds.push(after);
    after.announcement = OPEN;
    await after.issuer.tend();
    expect(after.requested).toMatchObject([{ leaf }]);
    world = after;
    expect((await list()).body).toMatchObject({ appeals: [{ leaf, text: 'mine' }] });
    world = await new World().open(':memory:');
  });
});
