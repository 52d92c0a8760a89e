// SPDX-License-Identifier: GPL-3.0-or-later
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { client } from '@serenity-kit/opaque';
import { afterEach, describe, expect, it } from 'vitest';
import { createAddressLimit } from '../../src/guard/addresses.ts';
import { MAX_BODY_BYTES } from '../../src/guard/app.ts';
import { createGuardKey, openGuardKey } from '../../src/guard/keys.ts';
import { Pending } from '../../src/guard/pending.ts';
import type { ProtocolError } from '../../src/protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { answerLogin, blindedPin, call, evaluate, guess, openWorld, random, register, type World } from './world.ts';

const worlds: World[] = [];
const open = async (options?: Parameters<typeof openWorld>[0]): Promise<World> => {
  const world = await openWorld(options);
  worlds.push(world);
  return world;
};
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

const rowsOf = (world: World): Promise<Record<string, unknown>[]> =>
  world.database.kysely.selectFrom('guard_record').selectAll().execute();

describeOnEachDatabase('records of a guard', (fresh) => {
  it('hold an id, a record, a hash and two counters', async () => {
    const world = await open({ url: await fresh() });
    const { id, erase } = await register(world, '20471936');
    const rows = await rowsOf(world);
    expect(rows).toHaveLength(1);
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(['erase_hash', 'failures', 'id', 'next_at', 'record']);
    expect(rows[0]).toMatchObject({ id, failures: 0, next_at: 0 });
    expect(JSON.stringify(rows)).not.toContain(erase);
  });

  it('are erased by their token and by no other', async () => {
    const world = await open({ url: await fresh() });
    const [first, second] = [await register(world, 'a'), await register(world, 'b')];
    const refused = await call(world, 'records/erase', { id: first.id, erase: second.erase });
    expect([refused.status, refused.body['code']]).toEqual([403, 'guard_erase_refused']);
    expect((await call(world, 'records/erase', { id: first.id, erase: first.erase })).status).toBe(200);
    expect((await rowsOf(world)).map(({ id }) => id)).toEqual([second.id]);
    expect((await call(world, 'records/erase', { id: first.id, erase: first.erase })).status).toBe(404);
    expect(await guess(world, first.id, 'a')).toBe('guard_record_unknown');
  });

  it('belong to one key: a guard does not start on them with another', async () => {
    const [url, key] = [await fresh(), await createGuardKey(random)];
    const world = await open({ url, key });
    const { id } = await register(world, 'right');
    await expect(openWorld({ url })).rejects.toMatchObject({ code: 'guard_key_changed' });
    expect(await guess(await open({ url, key }), id, 'right')).toBe('right');
  });

  it('of another guard are unknown', async () => {
    const [one, two] = [await open({ url: await fresh() }), await open({ url: await fresh() })];
    const { id } = await register(one, 'right');
    expect(await guess(two, id, 'right')).toBe('guard_record_unknown');
  });
});

describe('a guard', () => {
  it('evaluates registrations under ids of its own choice only, and once', async () => {
    const world = await open();
    const { id } = await register(world, 'right');
    const named = await call(world, 'registrations/begin', { blinded: blindedPin(), id });
    expect([named.status, named.body['code']]).toEqual([400, 'body_invalid']);
    const { registrationRequest } = client.startRegistration({ password: 'guess' });
    const request = { id, registration_request: registrationRequest };
    const again = await call(world, 'registrations/request', request);
    expect([again.status, again.body['code']]).toEqual([404, 'guard_registration_unknown']);
    const begun = await call(world, 'registrations/begin', { blinded: blindedPin() });
    const own = { ...request, id: begun.body['id'] };
    expect((await call(world, 'registrations/request', own)).status).toBe(200);
    expect((await call(world, 'registrations/request', own)).status).toBe(404);
    expect((await call(world, 'registrations/begin', { blinded: blindedPin() })).body['id']).not.toBe(begun.body['id']);
  });

  it('keeps no record without the messages before it, twice, or after five minutes', async () => {
    const world = await open();
    const finish = { registration_record: 'A'.repeat(256), erase_hash: 'A'.repeat(43) };
    const begun = await call(world, 'registrations/begin', { blinded: blindedPin() });
    const id = String(begun.body['id']);
    expect((await call(world, 'registrations/finish', { ...finish, id })).status).toBe(404);
    const { registrationRequest } = client.startRegistration({ password: 'x' });
    await call(world, 'registrations/request', { id, registration_request: registrationRequest });
    world.now += 300_000;
    expect((await call(world, 'registrations/finish', { ...finish, id })).status).toBe(404);
    const { id: kept } = await register(world, 'right');
    expect((await call(world, 'registrations/finish', { ...finish, id: kept })).status).toBe(404);
    expect(await rowsOf(world)).toHaveLength(1);
    expect(await guess(world, kept, 'right')).toBe('right');
  });

  it('proves that it evaluates each record with the key of its registration', async () => {
    const { voprf } = ristretto255_oprf;
    const world = await open();
    const { id, evaluationKey } = await register(world, 'right');
    const other = await register(world, 'right');
    expect(other.evaluationKey).not.toBe(evaluationKey);
    const input = new TextEncoder().encode('pin');
    const { blind, blinded } = voprf.blind(input);
    const { body } = await call(world, 'logins/evaluate', { id, blinded: toBase64Url(blinded) });
    const evaluated = fromBase64Url(String(body['evaluated']));
    const proof = fromBase64Url(String(body['proof']));
    const open1 = (key: string): Uint8Array =>
      voprf.finalize(input, blind, evaluated, blinded, fromBase64Url(key), proof);
    expect(open1(evaluationKey)).toHaveLength(64);
    expect(() => open1(other.evaluationKey)).toThrow();
  });

  it('takes each message of a login once, and none of another login', async () => {
    const world = await open();
    const { id } = await register(world, 'right');
    const first = String((await evaluate(world, id)).body['login']);
    const second = String((await evaluate(world, id)).body['login']);
    const messages = await answerLogin(world, first, 'right');
    const restart = { login: first, start_login_request: messages.start };
    expect((await call(world, 'logins/begin', restart)).body['code']).toBe('guard_login_unknown');
    // The first message again, in another login: it is answered, but its last message fits only the first.
    expect((await call(world, 'logins/begin', { ...restart, login: second })).status).toBe(200);
    const finish = { finish_login_request: messages.finish };
    const crossed = await call(world, 'logins/finish', { login: second, ...finish });
    expect([crossed.status, crossed.body['code']]).toEqual([403, 'guard_login_refused']);
    expect((await call(world, 'logins/finish', { login: second, ...finish })).status).toBe(404);
    expect((await call(world, 'records/status', { id })).body['attempts_left']).toBe(8);
    expect((await call(world, 'logins/finish', { login: first, ...finish })).status).toBe(200);
    expect((await call(world, 'logins/finish', { login: first, ...finish })).status).toBe(404);
    const unbegun = String((await evaluate(world, id)).body['login']);
    expect((await call(world, 'logins/finish', { login: unbegun, ...finish })).status).toBe(404);
  });

  it('refuses what is malformed, and counts nothing for it', async () => {
    const world = await open();
    const { id } = await register(world, 'right');
    const login = String((await evaluate(world, id)).body['login']);
    const bad: readonly [string, unknown, string][] = [
      ['logins/evaluate', { id, blinded: '!'.repeat(43) }, 'body_invalid'],
      ['logins/evaluate', { id, blinded: 'A'.repeat(42) }, 'body_invalid'],
      ['logins/evaluate', { id, blinded: 'A'.repeat(43) }, 'guard_message_invalid'], // the identity
      ['logins/evaluate', { id, blinded: '_'.repeat(42) + '8' }, 'guard_message_invalid'], // no point
      ['logins/evaluate', { id: `${id}A`, blinded: blindedPin() }, 'body_invalid'],
      ['logins/evaluate', { id: 7, blinded: blindedPin() }, 'body_invalid'],
      ['logins/evaluate', '{"id":', 'body_invalid'],
      ['logins/begin', { login, start_login_request: 'A'.repeat(128) }, 'guard_message_invalid'],
      ['logins/begin', { login, start_login_request: '+'.repeat(128) }, 'body_invalid'],
      ['registrations/begin', { blinded: 'A'.repeat(43) }, 'guard_message_invalid'],
      ['registrations/finish', { id, registration_record: 'A', erase_hash: 'A'.repeat(43) }, 'body_invalid'],
      ['records/erase', { id, erase: `${'A'.repeat(42)}=` }, 'body_invalid'],
    ];
    for (const [path, body, code] of bad) {
      const answer = await call(world, path, body);
      expect([path, answer.status, answer.body['code']]).toEqual([path, 400, code]);
    }
    expect((await call(world, 'records/status', { id })).body['attempts_left']).toBe(9);
    // The login whose first message was malformed can still be right.
    const { finish } = await answerLogin(world, login, 'right');
    expect((await call(world, 'logins/finish', { login, finish_login_request: finish })).status).toBe(200);
  });

  it('refuses large bodies, other content and other methods with problem details', async () => {
    const world = await open();
    const large = await call(world, 'logins/evaluate', ' '.repeat(MAX_BODY_BYTES + 1));
    expect([large.status, large.body['code']]).toEqual([413, 'body_too_large']);
    const form = await world.app.request('/v1/logins/evaluate', { method: 'POST', body: 'id=1' });
    expect(form.status).toBe(415);
    const other = await world.app.request('/v1/logins/evaluate');
    expect([other.status, other.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });

  it('lets an address register and guess only so often', async () => {
    const few = { count: 2, seconds: 60 };
    const many = { count: 100, seconds: 60 };
    const world = await open({ limits: { registrations: few, guesses: few, calls: many } });
    const { id } = await register(world, 'right');
    const begin = (): ReturnType<typeof call> => call(world, 'registrations/begin', { blinded: blindedPin() });
    expect((await begin()).status).toBe(201);
    const refused = await begin();
    expect([refused.status, refused.body['code'], refused.headers.get('retry-after')]).toEqual([
      429,
      'too_many_requests',
      '60',
    ]);
    expect((await evaluate(world, id)).status).toBe(200);
    expect((await evaluate(world, id)).status).toBe(200);
    expect((await evaluate(world, id)).body['code']).toBe('too_many_requests');
    expect((await call(world, 'records/status', { id })).body['attempts_left']).toBe(8);
    world.address = '192.0.2.2';
    expect((await begin()).status).toBe(201);
    world.address = '192.0.2.1';
    world.now += 60_000;
    expect((await begin()).status).toBe(201);
  });

  it('logs method, route, status and time, and nothing of a message, a PIN, an id or an address', async () => {
    const world = await open();
    const seen: string[] = [];
    const { id, erase, exportKey } = await register(world, '20471936');
    for (const password of ['20471936', '11114444']) {
      const login = String((await evaluate(world, id)).body['login']);
      const messages = await answerLogin(world, login, password);
      seen.push(login, messages.start, messages.finish ?? '');
      await call(world, 'logins/finish', { login, finish_login_request: messages.finish ?? 'A'.repeat(86) });
    }
    await call(world, 'records/erase', { id, erase });
    const logged = world.logged();
    expect(logged).toContain('/v1/logins/evaluate');
    for (const secret of [id, erase, exportKey, '20471936', '11114444', '192.0.2.1', ...seen.filter(Boolean)]) {
      expect(logged).not.toContain(secret);
    }
  });
});

describe('the key of a guard', () => {
  it('is one line that gives the same keys each time, and others for another id', async () => {
    const text = await createGuardKey(random);
    const [one, two] = [await openGuardKey(text), await openGuardKey(text.trim())];
    expect(two.publicKey).toBe(one.publicKey);
    expect(two.evaluationKey('a')).toEqual(one.evaluationKey('a'));
    expect(two.evaluationKey('b')).not.toEqual(one.evaluationKey('a'));
    expect((await openGuardKey(await createGuardKey(random))).publicKey).not.toBe(one.publicKey);
  });

  it('is refused if it is anything else, without a word of it', async () => {
    const text = await createGuardKey(random);
    for (const bad of ['', 'bauta-guard-1', text.replace('-1 ', '-2 '), text.slice(0, -3), `${text}x`]) {
      await expect(openGuardKey(bad)).rejects.toSatisfy(
        (error: ProtocolError) => error.code === 'guard_key_invalid' && error.cause === undefined,
      );
    }
  });
});

describe('limits by address', () => {
  it('count a subscriber, not each of its addresses', () => {
    const limit = createAddressLimit({ count: 1, seconds: 10 }, () => 0);
    expect([limit('203.0.113.9'), limit('::ffff:203.0.113.9')]).toEqual([0, 10]);
    expect([limit('2001:db8:0:1::7'), limit('2001:0db8:0000:0001:ffff:1:2:3')]).toEqual([0, 10]);
    expect([limit('2001:db8:0:2::7'), limit('203.0.113.8')]).toEqual([0, 0]);
  });

  it('remember a bounded number, the latest', () => {
    let now = 0;
    const limit = createAddressLimit({ count: 1, seconds: 10 }, () => now, 2);
    expect([limit('a'), limit('b'), limit('a')]).toEqual([0, 0, 10]);
    expect(limit('c')).toBe(0); // a is forgotten
    expect([limit('b'), limit('a')]).toEqual([10, 0]);
    now = 10_000;
    expect(limit('c')).toBe(0);
  });
});

describe('what waits for a next message', () => {
  it('is bounded: the one too many is refused, until the oldest have expired', () => {
    let now = 0;
    const pending = new Pending<number>({ clock: () => now, random }, 1000, 2);
    const first = pending.add(1);
    pending.add(2);
    expect(() => pending.add(3)).toThrow(expect.objectContaining({ code: 'guard_busy' }));
    now = 999;
    expect(pending.get(first)).toBe(1);
    now = 1000;
    expect(pending.get(first)).toBeUndefined();
    expect(pending.get(pending.add(3))).toBe(3);
    expect(pending.take('unknown')).toBeUndefined();
  });
});
