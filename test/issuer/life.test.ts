// SPDX-License-Identifier: GPL-3.0-or-later
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChipPerson } from '../../src/demo/chip_files.ts';
import { MAX_WISHES } from '../../src/issuer/decision.ts';
import type { Attributes } from '../../src/protocol/attributes.ts';
import { toField } from '../../src/protocol/field.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { RULES } from '../register/harness.ts';
import { DAY, freshBlinding, LifeWorld } from './life_world.ts';
import { type Answer, enrolmentForm, passport, SEED } from './world.ts';

const NEW_SEED = toField(515151n);
const RENEWED = { documentNumber: 'E90000001', expiry: 20361001 as ChipPerson['expiry'] };
const STRANGER = { personalNumber: '11010119900215', surname: 'Ashdown' };

let world: LifeWorld;
beforeEach(async () => {
  world = await LifeWorld.make();
});
afterEach(async () => {
  await world.close();
});

const attributesOf = ({ body }: Answer): Attributes => body['attributes'] as Attributes;
const refusal = (code: string, status = 409) => ({ status, body: { code } });
const renew = async (wish = {}): Promise<string> => world.issued(SEED, wish, await world.accepted(passport(RENEWED)));

/** A person with a published credential. */
async function published(): Promise<string> {
  const leaf = await world.issued();
  await world.nextEpoch();
  return leaf;
}

describe('a renewal', () => {
  it('takes the place of the old leaf in one event, and keeps the age of the seed', async () => {
    const old = await published();
    world.now += 40 * DAY;
    const answer = await world.ask(await world.accepted(passport(RENEWED)));
    expect(attributesOf(answer)).toMatchObject({
      expiry: 20361001,
      issued: 20270101,
      secretSince: 20261201,
      generation: 0,
    });
    await world.nextEpoch();
    const leaf = answer.body['leaf'] as string;
    expect(await world.events('leaf_replaced')).toMatchObject([{ replaced: old, leaf, index: 0 }]);
    expect([await world.standing(old), await world.standing(leaf)]).toEqual(['replaced', 'published']);
    // The issuer keeps the one that is.
    expect(await world.rows()).toMatchObject([{ leaf, replaces: null, submitted: 1, issued: 20270101 }]);
  });

  it('may follow another before that is published', async () => {
    const first = await world.issued();
    const second = await renew();
    const third = await renew();
    for (let i = 0; i < 3; i++) await world.nextEpoch();
    expect(await world.standing(third)).toBe('published');
    expect([await world.standing(first), await world.standing(second)]).toEqual(['replaced', 'replaced']);
    expect(await world.rows()).toMatchObject([{ leaf: third, replaces: null }]);
    const events = [...(await world.events('leaf_added')), ...(await world.events('leaf_replaced'))];
    expect(events.map(({ index }) => index)).toEqual([0, 0, 0]);
  });

  it('waits for a register that is away', async () => {
    const old = await published();
    const session = await world.accepted(passport(RENEWED));
    world.registerUp = false;
    // As often as it takes: a register that is away uses up nothing of the session.
    const form = await enrolmentForm(session.session, SEED, freshBlinding());
    for (let i = 0; i <= MAX_WISHES; i++) {
      expect(await world.send(session, form)).toMatchObject(refusal('register_unreachable', 503));
    }
    world.registerUp = true;
    // Nothing was lost by it.
    const leaf = await world.issued(SEED, {}, session);
    await world.nextEpoch();
    expect([await world.standing(old), await world.standing(leaf)]).toEqual(['replaced', 'published']);
  });

  it('needs a blinding of its own, so that no stolen store lives on', async () => {
    const form = await world.accepted().then(async (session) => ({
      session,
      form: await enrolmentForm(session.session, SEED, toField(99n)),
    }));
    expect((await world.send(form.session, form.form)).status).toBe(202);
    await world.nextEpoch();
    const again = async (): Promise<Answer> => {
      const session = await world.accepted();
      return world.send(session, await enrolmentForm(session.session, SEED, toField(99n)));
    };
    expect(await again()).toMatchObject(refusal('blinding_reused'));
    await renew();
    await world.nextEpoch();
    // The issuer has forgotten that leaf; the register has not.
    expect(await again()).toMatchObject(refusal('blinding_reused'));
  });

  it('does not get out of a revocation that is announced', async () => {
    const old = await published();
    await world.log.announce(toField(BigInt(old)));
    await world.nextEpoch();
    const session = await world.accepted(passport(RENEWED));
    const told = await world.ask(session);
    expect(told).toMatchObject(refusal('revocation_announced'));
    expect(told.body['detail']).toContain('appeal');
    expect(await world.ask(session, SEED, { replaces: 'all' })).toMatchObject(refusal('revocation_announced'));
    expect(await world.ask(session, NEW_SEED, { reset: true })).toMatchObject(refusal('revocation_announced'));
    expect(await world.rows()).toHaveLength(1);
    const { announcement } = await world.log.json<{ announcement: { position: number } }>(`/v1/leaves/${old}`);
    await world.log.reverse(toField(BigInt(old)), announcement.position);
    await world.nextEpoch();
    await world.issued(SEED, {}, session);
  });

  it('is a plain leaf after the revocation, under the same seed', async () => {
    const old = await published();
    await world.log.revoke(toField(BigInt(old)));
    await world.nextEpoch();
    const leaf = await renew();
    await world.nextEpoch();
    expect(await world.standing(leaf)).toBe('published');
    expect(await world.events('leaf_replaced')).toEqual([]);
    expect((await world.database.kysely.selectFrom('person').selectAll().execute()).length).toBe(1);
  });

  it('that a revocation overtakes is taken after a reversal', async () => {
    const old = await published();
    const session = await world.accepted(passport(RENEWED));
    const leaf = await world.issued(SEED, {}, session);
    const { position } = await announced(old);
    expect(await world.standing(leaf)).toBe('unknown');
    await world.log.reverse(toField(BigInt(old)), position);
    await world.nextEpoch();
    await world.nextEpoch();
    expect([await world.standing(old), await world.standing(leaf)]).toEqual(['replaced', 'published']);
    expect(await world.rows()).toMatchObject([{ leaf }]);
    expect(await statusOf(session)).toMatchObject({ status: 'published' });
  });

  it('that a revocation overtakes is withdrawn once that is carried out', async () => {
    const old = await published();
    const session = await world.accepted(passport(RENEWED));
    const leaf = await world.issued(SEED, {}, session);
    await announced(old);
    // While it is open, neither decided nor forgotten.
    expect(await statusOf(session)).toEqual({ id: session.id, status: 'pending' });
    await world.log.revoke(toField(BigInt(old)));
    await world.nextEpoch();
    await world.nextEpoch();
    expect(await statusOf(session)).toEqual({ id: session.id, status: 'withdrawn' });
    expect(await world.rows()).toMatchObject([{ leaf: old, submitted: 1 }]);
    world.now += RULES.delay * 1000;
    await world.nextEpoch();
    expect(await world.standing(leaf)).toBe('unknown');
    // Who shows document and face again gets one.
    await renew();
  });

  it('that the holder has revoked before it is published does not come to be', async () => {
    const old = await published();
    await renew();
    const session = await world.enrolment();
    await world.send(session, await enrolmentForm(session.session, SEED), 'revocation');
    for (let i = 0; i < 4; i++) await world.nextEpoch();
    const counts = (await world.log.checkpoint()).counts;
    expect(counts.active).toBe(0);
    expect(await world.standing(old)).not.toBe('published');
    const waiting = (await world.rows()).filter(({ revocation, submitted }) => revocation === 1 || submitted === 0);
    expect(waiting).toEqual([]);
  });
});

/** Announces a revocation and lets it become public; the announcement. */
async function announced(leaf: string): Promise<{ position: number }> {
  await world.log.announce(toField(BigInt(leaf)));
  await world.nextEpoch();
  return (await world.log.json<{ announcement: { position: number } }>(`/v1/leaves/${leaf}`)).announcement;
}

async function statusOf({ id, token }: { id: string; token: string }): Promise<Record<string, unknown>> {
  return (await world.call('GET', `/v1/enrolments/${id}`, { token })).body;
}

describe('a second document', () => {
  it('has a leaf of its own, under the same seed', async () => {
    const first = await published();
    world.now += 40 * DAY;
    const answer = await world.ask(await world.acceptedPermit());
    expect(attributesOf(answer)).toMatchObject({ document: 3, secretSince: 20261201, generation: 0 });
    await world.nextEpoch();
    expect([await world.standing(first), await world.standing(answer.body['leaf'] as string)]).toEqual([
      'published',
      'published',
    ]);
    expect(await world.events('leaf_replaced')).toEqual([]);
    expect(await world.rows()).toHaveLength(2);
  });

  it('cannot come with a seed of its own', async () => {
    await published();
    expect(await world.ask(await world.acceptedPermit(), NEW_SEED)).toMatchObject(refusal('person_already_enrolled'));
  });
});

describe('a new phone', () => {
  it('leaves nothing alive of the old one', async () => {
    const first = await published();
    const second = await world.issued(SEED, {}, await world.acceptedPermit());
    await world.nextEpoch();
    const leaf = await renew({ replaces: 'all' });
    await world.nextEpoch();
    const standings = await Promise.all([first, second, leaf].map((each) => world.standing(each)));
    expect(standings).toEqual(['replaced', 'revoked', 'published']);
    expect((await world.log.checkpoint()).counts.active).toBe(1);
    expect(await world.events('leaf_revoked')).toMatchObject([{ leaf: second, reason: 'holder_request' }]);
  });

  it('also of what was not published yet', async () => {
    const first = await world.issued();
    const second = await world.issued(SEED, {}, await world.acceptedPermit());
    const leaf = await renew({ replaces: 'all' });
    for (let i = 0; i < 3; i++) await world.nextEpoch();
    const standings = await Promise.all([first, second, leaf].map((each) => world.standing(each)));
    expect(standings).toEqual(['replaced', 'revoked', 'published']);
  });
});

describe('a lost seed', () => {
  it('is given up for a new one, and every leaf with it', async () => {
    const first = await published();
    const second = await world.issued(SEED, {}, await world.acceptedPermit());
    await world.nextEpoch();
    const session = await world.accepted();
    expect(await world.ask(session, NEW_SEED)).toMatchObject(refusal('person_already_enrolled'));
    // The same session: nobody has to show everything again.
    const answer = await world.ask(session, NEW_SEED, { reset: true });
    expect(attributesOf(answer)).toMatchObject({ generation: 1, secretSince: 20261201 });
    await world.nextEpoch();
    const leaves = [first, second, answer.body['leaf'] as string];
    const standings = await Promise.all(leaves.map((each) => world.standing(each)));
    expect(standings).toEqual(['replaced', 'revoked', 'published']);
    expect((await world.log.checkpoint()).counts.active).toBe(1);
  });

  it('is nobody’s for ever: not of the person, not of a thief', async () => {
    await published();
    await world.issued(NEW_SEED, { reset: true });
    await world.nextEpoch();
    const taken = refusal('seed_already_enrolled');
    expect(await world.ask(await world.accepted(), SEED)).toMatchObject(taken);
    expect(await world.ask(await world.accepted(), SEED, { reset: true })).toMatchObject(taken);
    const thief = await world.accepted(passport(STRANGER));
    expect(await world.ask(thief, SEED)).toMatchObject(taken);
    // A refused seed ends the session: nobody tries one after another.
    expect(await world.ask(thief, toField(5n))).toMatchObject(refusal('enrolment_unknown', 404));
    const other = await world.accepted(passport(STRANGER));
    expect(await world.ask(other, NEW_SEED)).toMatchObject(taken);
    expect(await world.ask(await world.accepted(passport(STRANGER)), NEW_SEED, { reset: true })).toMatchObject(taken);
    expect(await world.rows()).toHaveLength(1);
  });

  it('is counted in public, once', async () => {
    await published();
    await world.issued(NEW_SEED, { reset: true });
    // The answers to the report are lost, again and again.
    const register = world.register;
    let posts = 0;
    world.register = async (url, init) => {
      const answer = await register(url, init);
      if (!url.endsWith('/v1/resets')) return answer;
      posts += 1;
      throw new TypeError('connection lost');
    };
    for (let i = 0; i < 3; i++) await world.nextEpoch();
    world.register = register;
    for (let i = 0; i < 3; i++) await world.nextEpoch();
    expect(await world.events('resets_counted')).toMatchObject([{ count: 1 }]);
    expect(posts).toBeGreaterThan(0);
    expect((await world.log.checkpoint()).counts.resets).toBe(1);
    // The next one is another report.
    world.now += 70 * DAY;
    await world.issued(toField(616161n), { reset: true });
    for (let i = 0; i < 3; i++) await world.nextEpoch();
    expect(await world.events('resets_counted')).toMatchObject([{ count: 1 }, { count: 1 }]);
    expect((await world.log.checkpoint()).counts.resets).toBe(2);
  });

  it('can be given up again after a while, which is told', async () => {
    await published();
    await world.issued(NEW_SEED, { reset: true });
    await world.nextEpoch();
    const soon = await world.ask(await world.accepted(), toField(616161n), { reset: true });
    expect(soon).toMatchObject(refusal('reset_too_soon'));
    expect(soon.body['detail']).toContain('2026-12-31');
    world.now += 39 * DAY;
    const answer = await world.ask(await world.accepted(), toField(616161n), { reset: true });
    expect(attributesOf(answer)).toMatchObject({ generation: 2, secretSince: 20270101 });
  });
});

describe('a wish', () => {
  it('gets the same answer when it comes again, and no other once it is granted', async () => {
    await published();
    const session = await world.accepted();
    const form = await enrolmentForm(session.session, NEW_SEED, toField(3n));
    const first = await world.send(session, { ...form, reset: true });
    expect(first.status).toBe(202);
    const proofOfAgain = await enrolmentForm(session.session, NEW_SEED, toField(3n));
    expect(await world.send(session, { ...proofOfAgain, reset: true })).toEqual(first);
    const late = refusal('enrolment_out_of_order');
    expect(await world.send(session, form)).toMatchObject(late);
    expect(await world.send(session, { ...form, reset: true, replaces: 'all' })).toMatchObject(late);
    expect(await world.rows()).toHaveLength(2);
  });

  it('has a form', async () => {
    const session = await world.accepted();
    for (const wrong of [{ replaces: 'one' }, { reset: 1 }, { backups: [] }, { more: true }]) {
      expect(await world.ask(session, SEED, wrong)).toMatchObject(refusal('body_invalid', 400));
    }
    expect(await world.ask(session, SEED, { reset: true })).toMatchObject(refusal('person_unknown', 404));
    expect(await world.ask(session, SEED, { replaces: 'all' })).toMatchObject(refusal('person_unknown', 404));
    await world.issued(SEED, { reset: false }, session);
  });

  it('can be refused ten times in a session', async () => {
    await published();
    const session = await world.accepted();
    const form = await enrolmentForm(session.session, NEW_SEED);
    for (let i = 0; i < MAX_WISHES; i++) {
      expect(await world.send(session, form)).toMatchObject(refusal('person_already_enrolled'));
    }
    expect(await world.send(session, { ...form, reset: true })).toMatchObject(refusal('attempts_exhausted', 429));
  });
});

describeOnEachDatabase('two enrolments of one person at once', (open) => {
  let here: LifeWorld;
  beforeEach(async () => {
    here = await LifeWorld.make(await open());
  });
  afterEach(async () => {
    await here.close();
  });

  const both = async (wishes: readonly (readonly [typeof SEED, object])[]): Promise<readonly Answer[]> => {
    const sessions = await Promise.all(wishes.map(() => here.accepted()));
    const forms = await Promise.all(
      wishes.map(async ([seed, wish], i) => ({
        session: sessions[i] as (typeof sessions)[number],
        form: {
          ...(await enrolmentForm((sessions[i] as (typeof sessions)[number]).session, seed, toField(BigInt(i + 1)))),
          ...wish,
        },
      })),
    );
    return Promise.all(forms.map(({ session, form }) => here.send(session, form)));
  };
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) await here.nextEpoch();
    // One leaf in the tree, one with the issuer, and it is the same.
    const rows = (await here.rows()).filter(({ revocation }) => revocation === 0);
    expect((await here.log.checkpoint()).counts.active).toBe(1);
    expect(rows).toMatchObject([{ replaces: null, submitted: 1 }]);
    expect(await here.standing(rows[0]?.leaf ?? '')).toBe('published');
  };

  it('with two seeds: one wins', async () => {
    const answers = await both([
      [SEED, {}],
      [NEW_SEED, {}],
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    await settled();
  });

  it('with one seed: the later renews the earlier', async () => {
    await both([
      [SEED, {}],
      [SEED, {}],
    ]);
    await settled();
    await both([
      [SEED, {}],
      [SEED, { replaces: 'all' }],
    ]);
    await settled();
  });

  it('with two resets: one wins, and one is counted', async () => {
    await here.issued();
    const answers = await both([
      [NEW_SEED, { reset: true }],
      [toField(616161n), { reset: true }],
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(answers.find(({ status }) => status === 409)).toMatchObject({ body: { code: 'reset_too_soon' } });
    await settled();
    expect((await here.log.checkpoint()).counts.resets).toBe(1);
  });

  it('with a renewal and a reset: the seed that stays is the only one', async () => {
    await here.issued();
    const answers = await both([
      [SEED, {}],
      [NEW_SEED, { reset: true }],
    ]);
    expect(answers[1]?.status).toBe(202);
    expect([202, 409]).toContain(answers[0]?.status);
    await settled();
    expect(await here.ask(await here.accepted(), SEED)).toMatchObject(refusal('seed_already_enrolled'));
  });
});
