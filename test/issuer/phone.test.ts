// SPDX-License-Identifier: GPL-3.0-or-later
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ANSWER_MILLISECONDS,
  CODE_MILLISECONDS,
  codeText,
  MAX_CODE_ATTEMPTS,
  MAX_CODES,
  MAX_PEOPLE_PER_PHONE,
  PHONE_TAG_MILLISECONDS,
  RESEND_MILLISECONDS,
  type SmsSender,
} from '../../src/issuer/phone.ts';
import { PHONE_LIMITS, type PhoneLimits } from '../../src/issuer/phone_limits.ts';
import { SESSION_MILLISECONDS } from '../../src/issuer/session.ts';
import type { Attributes } from '../../src/protocol/attributes.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { toField } from '../../src/protocol/field.ts';
import { confirmPhone, isPhoneCode, requestPhoneCode } from '../../src/wallet/enrol_phone.ts';
import type { EnrolDeps, Enrolment } from '../../src/wallet/enrol.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { type Answer, passport, World } from './world.ts';

const NUMBER = '+8613800138000';
const OTHER = '+85291234567';

type Held = Awaited<ReturnType<World['enrolment']>>;

/** An issuer whose messages a test reads. */
class PhoneWorld extends World {
  readonly sent: { to: string; text: string }[] = [];
  failure: ProtocolError | undefined;
  /** Milliseconds that answers were held back, together. */
  paused = 0;

  async start(
    url = ':memory:',
    { limits, sms, ...change }: { limits?: PhoneLimits; people?: number; sms?: SmsSender } = {},
  ): Promise<this> {
    const collecting: SmsSender = {
      send: (to, text) => {
        if (this.failure !== undefined) return Promise.reject(this.failure);
        this.sent.push({ to, text });
        return Promise.resolve();
      },
    };
    this.phone = {
      key: new Uint8Array(32).fill(6),
      sms: sms ?? collecting,
      ...(limits && { limits }),
      ...change,
      pause: (milliseconds) => {
        this.paused += milliseconds;
        return Promise.resolve();
      },
    };
    return this.open(url);
  }

  ask({ id, token }: Held, number = NUMBER): Promise<Answer> {
    const body = JSON.stringify({ number });
    return this.call('POST', `/v1/enrolments/${id}/phone`, { token, body, type: 'application/json' });
  }

  confirm({ id, token }: Held, code: string): Promise<Answer> {
    const body = JSON.stringify({ code });
    return this.call('PUT', `/v1/enrolments/${id}/phone`, { token, body, type: 'application/json' });
  }

  /** The code of the latest message. */
  get code(): string {
    return /\d{6}/.exec(this.sent.at(-1)?.text ?? '')?.[0] ?? '';
  }

  get wrongCode(): string {
    return this.code === '000000' ? '000001' : '000000';
  }

  /** A session with a document, of a person by any number. */
  async held(person = 0): Promise<Held> {
    const enrolment = await this.enrolment();
    const files = passport({ personalNumber: `11010119900${String(200 + person)}` });
    expect(await this.document(enrolment, files)).toMatchObject({ status: 200 });
    return enrolment;
  }

  /** Asks and confirms, in a session of its own. */
  async confirmed(person: number, number = NUMBER): Promise<Answer> {
    const held = await this.held(person);
    expect(await this.ask(held, number)).toMatchObject({ status: 202 });
    return this.confirm(held, this.code);
  }
}

let world: PhoneWorld;
afterEach(() => world.database.close());
const start = async (...options: Parameters<PhoneWorld['start']>): Promise<PhoneWorld> => {
  world = await new PhoneWorld().start(...options);
  return world;
};

const refusal = (status: number, code: string) => ({ status, body: { code } });

describe('a phone', () => {
  it('is confirmed by the code that was sent to it, and the credential says so', async () => {
    await start();
    const enrolment = await world.accepted();
    const asked = await world.ask(enrolment, '+86 138 0013 8000');
    expect(asked).toEqual({
      status: 202,
      body: {
        expires_at: new Date(world.now + CODE_MILLISECONDS).toISOString(),
        resend_at: new Date(world.now + RESEND_MILLISECONDS).toISOString(),
      },
    });
    expect(world.sent).toEqual([{ to: NUMBER, text: codeText(world.code) }]);
    expect(world.sent[0]?.text.length).toBeLessThanOrEqual(70);
    expect(await world.confirm(enrolment, world.code)).toEqual({ status: 200, body: { status: 'phone_confirmed' } });
    // The answer may have been lost.
    expect(await world.confirm(enrolment, world.code)).toMatchObject({ status: 200 });
    const { body } = await world.credential(enrolment);
    expect((body['attributes'] as Attributes).phone).toBe(1);
  });

  it('may be left out, and may come before the face or after it', async () => {
    await start();
    const without = await world.accepted();
    expect(((await world.credential(without)).body['attributes'] as Attributes).phone).toBe(0);
    const before = await world.held(1);
    await world.ask(before);
    await world.confirm(before, world.code);
    await world.face(before);
    const { body } = await world.credential(before, toField(5n));
    expect((body['attributes'] as Attributes).phone).toBe(1);
  });

  it('waits for a document, and is too late after the decision', async () => {
    await start();
    const enrolment = await world.enrolment();
    expect(await world.ask(enrolment)).toMatchObject(refusal(409, 'enrolment_out_of_order'));
    expect(await world.confirm(enrolment, '123456')).toMatchObject(refusal(409, 'enrolment_out_of_order'));
    const decided = await world.accepted();
    await world.ask(decided);
    await world.credential(decided);
    expect(await world.confirm(decided, world.code)).toMatchObject(refusal(409, 'enrolment_out_of_order'));
    expect(await world.ask(decided)).toMatchObject(refusal(409, 'enrolment_out_of_order'));
    expect(await world.ask({ ...decided, token: 'A'.repeat(43) })).toMatchObject(refusal(404, 'enrolment_unknown'));
    expect(world.sent).toHaveLength(1);
  });

  it('that was confirmed beside one document is not confirmed beside another', async () => {
    await start();
    const held = await world.held(1);
    await world.ask(held);
    await world.document(held, passport());
    expect(await world.confirm(held, world.code)).toMatchObject(refusal(409, 'phone_code_missing'));
    world.now += RESEND_MILLISECONDS;
    await world.ask(held);
    await world.confirm(held, world.code);
    await world.document(held, passport());
    await world.face(held);
    expect(await world.confirm(held, world.code)).toMatchObject(refusal(409, 'phone_code_missing'));
    const { body } = await world.credential(held);
    expect((body['attributes'] as Attributes).phone).toBe(0);
  });

  it('is refused in the forms of other things', async () => {
    await start();
    const held = await world.held();
    for (const number of ['', 'x'.repeat(33), 86_138]) {
      expect(await world.ask(held, number as string)).toMatchObject(refusal(400, 'body_invalid'));
    }
    for (const code of ['', '12345', '1234567', '１２３４５６', '12345a', ' 123456']) {
      expect(await world.confirm(held, code)).toMatchObject(refusal(400, 'body_invalid'));
    }
    expect(await world.ask(held, '+861065529988')).toMatchObject(refusal(422, 'phone_not_mobile'));
    expect(await world.ask(held, '+14155552671')).toMatchObject(refusal(422, 'phone_region_unsupported'));
    expect(await world.ask(held, '+86 1')).toMatchObject(refusal(422, 'phone_invalid'));
    const path = `/v1/enrolments/${held.id}/phone`;
    const large = await world.call('POST', path, {
      token: held.token,
      body: ' '.repeat(513),
      type: 'application/json',
    });
    expect(large).toMatchObject(refusal(413, 'body_too_large'));
    expect(await world.confirm(held, '123456')).toMatchObject(refusal(409, 'phone_code_missing'));
  });

  it('cannot be confirmed where no message can be sent', async () => {
    world = await new PhoneWorld().open(':memory:');
    const held = await world.held();
    expect(await world.ask(held)).toMatchObject(refusal(503, 'sms_unavailable'));
    expect(await world.confirm(held, '123456')).toMatchObject(refusal(503, 'sms_unavailable'));
  });

  it('that the network refuses can be asked for again at once', async () => {
    await start();
    const held = await world.held();
    world.failure = new ProtocolError('sms_unavailable', 'no message can be sent');
    expect(await world.ask(held)).toMatchObject(refusal(503, 'sms_unavailable'));
    expect(await world.confirm(held, '123456')).toMatchObject(refusal(409, 'phone_code_missing'));
    world.failure = undefined;
    expect(await world.ask(held)).toMatchObject({ status: 202 });
    expect(await world.confirm(held, world.code)).toMatchObject({ status: 200 });
  });
});

describe('a message centre that is away', () => {
  it('uses up no code of the session, the person or the number', async () => {
    const few = { perNumber: { count: 1, seconds: 600 }, perPerson: { count: 1, seconds: 600 } };
    await start(':memory:', { limits: { ...PHONE_LIMITS, ...few } });
    const held = await world.held();
    world.failure = new ProtocolError('sms_unavailable', 'no message can be sent');
    for (let i = 0; i <= MAX_CODES; i++) {
      expect(await world.ask(held)).toMatchObject(refusal(503, 'sms_unavailable'));
    }
    world.failure = undefined;
    expect(await world.ask(held)).toMatchObject({ status: 202 });
    expect(await world.confirm(held, world.code)).toMatchObject({ status: 200 });
    expect(world.sent).toHaveLength(1);
    // What was sent is counted as ever.
    expect(await world.ask(await world.held())).toMatchObject(refusal(429, 'too_many_requests'));
    await world.ask(await world.held(1));
    expect(world.sent).toHaveLength(1);
  });

  it('is asked from one network no more often than ever', async () => {
    await start(':memory:', { limits: { ...PHONE_LIMITS, perAddress: { count: 2, seconds: 600 } } });
    const held = await world.held();
    world.failure = new ProtocolError('sms_unavailable', 'no message can be sent');
    for (let i = 0; i < 2; i++) expect(await world.ask(held)).toMatchObject(refusal(503, 'sms_unavailable'));
    expect(await world.ask(held)).toMatchObject(refusal(429, 'too_many_requests'));
  });

  it('is another thing than one that takes nothing for a number, which counts', async () => {
    await start();
    const held = await world.held();
    world.failure = new ProtocolError('sms_refused', 'no messages for this number');
    for (let i = 0; i < MAX_CODES; i++) expect(await world.ask(held)).toMatchObject({ body: { code: 'sms_refused' } });
    expect(await world.ask(held)).toMatchObject(refusal(429, 'attempts_exhausted'));
  });
});

describe('a code', () => {
  it('takes five guesses, one after another; then even the right one is wrong', async () => {
    await start();
    const held = await world.held();
    await world.ask(held);
    for (let left = MAX_CODE_ATTEMPTS - 1; left >= 0; left--) {
      expect(await world.confirm(held, world.wrongCode)).toMatchObject({
        status: 422,
        body: { code: 'phone_code_wrong', attempts_left: left },
      });
    }
    expect(await world.confirm(held, world.code)).toMatchObject(refusal(410, 'phone_code_expired'));
  });

  it('takes the right one at the fifth guess', async () => {
    await start();
    const held = await world.held();
    await world.ask(held);
    for (let i = 1; i < MAX_CODE_ATTEMPTS; i++) await world.confirm(held, world.wrongCode);
    expect(await world.confirm(held, world.code)).toMatchObject({ status: 200 });
  });

  it('counts guesses that come at once', async () => {
    await start();
    const held = await world.held();
    await world.ask(held);
    const guesses = Array.from({ length: 40 }, () => world.confirm(held, world.wrongCode));
    const answers = await Promise.all(guesses);
    const count = (code: string): number => answers.filter(({ body }) => body['code'] === code).length;
    expect(count('phone_code_wrong')).toBeLessThanOrEqual(MAX_CODE_ATTEMPTS);
    expect(count('phone_code_wrong') + count('enrolment_busy') + count('phone_code_expired')).toBe(40);
    for (let i = 0; i < MAX_CODE_ATTEMPTS; i++) await world.confirm(held, world.wrongCode);
    expect(await world.confirm(held, world.code)).toMatchObject(refusal(410, 'phone_code_expired'));
  });

  it('is good for five minutes, to the millisecond', async () => {
    await start();
    const held = await world.held();
    await world.ask(held);
    world.now += CODE_MILLISECONDS - 1;
    expect(await world.confirm(held, world.wrongCode)).toMatchObject(refusal(422, 'phone_code_wrong'));
    world.now += 1;
    expect(await world.confirm(held, world.code)).toMatchObject(refusal(410, 'phone_code_expired'));
  });

  it('is void once there is another, and good in its session only', async () => {
    await start();
    const held = await world.held();
    await world.ask(held);
    const first = world.code;
    world.now += RESEND_MILLISECONDS;
    await world.ask(held);
    const second = world.code;
    if (first !== second) expect(await world.confirm(held, first)).toMatchObject(refusal(422, 'phone_code_wrong'));
    const other = await world.held(1);
    await world.ask(other, OTHER);
    if (second !== world.code) {
      expect(await world.confirm(other, second)).toMatchObject(refusal(422, 'phone_code_wrong'));
    }
    expect(await world.confirm(held, second)).toMatchObject({ status: 200 });
  });

  it('has six digits, all equally likely', async () => {
    await start();
    const draws = [0xff_ff_ff_ff, 4_294_000_000, 4_293_999_999, 0, 42].map((n) => {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, n);
      return bytes;
    });
    const real = crypto.getRandomValues.bind(crypto);
    const held = [await world.held(1), await world.held(2), await world.held(3)];
    const random = vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
      const bytes = array as unknown as Uint8Array;
      if (bytes.length !== 4) return real(array);
      bytes.set(draws.shift() ?? new Uint8Array(4));
      return array;
    });
    const codes: string[] = [];
    for (const session of held) {
      await world.ask(session);
      codes.push(world.code);
    }
    random.mockRestore();
    // The first two lie beyond the last whole million.
    expect(codes).toEqual(['999999', '000000', '000042']);
  });

  it('stands in no log, table or answer, and its number neither', async () => {
    await start();
    const enrolment = await world.accepted();
    const answers = [await world.ask(enrolment), await world.confirm(enrolment, world.wrongCode)];
    const { code, wrongCode } = world;
    answers.push(await world.confirm(enrolment, code), await world.credential(enrolment));
    world.failure = new ProtocolError('sms_unavailable', 'no message can be sent');
    answers.push(await world.ask(await world.held(1)));
    const kept = `${await world.kept()} ${world.lines.join('\n')}`;
    expect(kept).toContain('phone_tag');
    for (const text of [NUMBER.slice(1), NUMBER.slice(3)]) expect(kept).not.toContain(text);
    expect(kept).not.toMatch(new RegExp(`(?<![0-9a-f])${code}(?![0-9a-f])`));
    expect(JSON.stringify(answers.slice(0, 3))).not.toMatch(new RegExp(`${code}|${wrongCode}|13800138000`));
  });
});

describe('codes are sent', () => {
  it('once a minute and five times in a session', async () => {
    await start();
    const held = await world.held();
    for (let i = 0; i < MAX_CODES; i++) {
      expect(await world.ask(held)).toMatchObject({ status: 202 });
      world.now += RESEND_MILLISECONDS - 1;
      expect(await world.ask(held)).toMatchObject({
        status: 429,
        body: { code: 'too_many_requests', wait_seconds: 1 },
      });
      world.now += 1;
    }
    expect(await world.ask(held)).toMatchObject(refusal(429, 'attempts_exhausted'));
    // Another document gives no further codes.
    await world.document(held, passport());
    expect(await world.ask(held)).toMatchObject(refusal(429, 'attempts_exhausted'));
    expect(world.sent).toHaveLength(MAX_CODES);
  });

  const few = (change: Partial<PhoneLimits>): { limits: PhoneLimits } => ({ limits: { ...PHONE_LIMITS, ...change } });

  it('to one person so many times, in whatever sessions', async () => {
    await start(':memory:', few({ perPerson: { count: 2, seconds: 600 } }));
    for (let i = 0; i < 2; i++) expect(await world.ask(await world.held(1))).toMatchObject({ status: 202 });
    const refused = await world.ask(await world.held(1), OTHER);
    expect(refused).toMatchObject(refusal(429, 'too_many_requests'));
    expect(refused.body['wait_seconds']).toBeGreaterThan(500);
    expect(await world.ask(await world.held(2))).toMatchObject({ status: 202 });
  });

  it('to one network so many times, and again when the window is over', async () => {
    await start(':memory:', few({ perAddress: { count: 2, seconds: 1 } }));
    world.address = '2001:db8:0:1::1';
    for (const person of [1, 2]) expect(await world.ask(await world.held(person))).toMatchObject({ status: 202 });
    world.address = '2001:db8:0:1:ffff::2';
    expect(await world.ask(await world.held(3))).toMatchObject(refusal(429, 'too_many_requests'));
    world.address = '2001:db8:0:2::1';
    expect(await world.ask(await world.held(4))).toMatchObject({ status: 202 });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    world.address = '2001:db8:0:1::1';
    expect(await world.ask(await world.held(3))).toMatchObject({ status: 202 });
  });

  it('to one number so many times; beyond that nobody is told, and no code is right', async () => {
    await start(':memory:', few({ perNumber: { count: 2, seconds: 600 } }));
    for (const person of [1, 2]) await world.ask(await world.held(person));
    expect(world.sent).toHaveLength(2);
    const { paused } = world;
    const flooded = await world.held(3);
    // What would be drawn is known, and wrong all the same.
    const draw = vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => array);
    const [silent, sent] = [await world.ask(flooded), await world.ask(await world.held(4), OTHER)];
    // The same answer after the same time: whoever asks learns nothing of the number.
    expect(silent).toEqual(sent);
    draw.mockRestore();
    expect(world.code).toBe('000000');
    expect(await world.confirm(flooded, '000000')).toMatchObject(refusal(422, 'phone_code_wrong'));
    expect(world.paused - paused).toBe(2 * ANSWER_MILLISECONDS);
    expect(world.sent.map(({ to }) => to)).toEqual([NUMBER, NUMBER, OTHER]);
    for (const { text } of world.sent.slice(0, 2)) {
      expect(await world.confirm(flooded, /\d{6}/.exec(text)?.[0] ?? '')).toMatchObject(
        refusal(422, 'phone_code_wrong'),
      );
    }
  });

  it('with an answer that says nothing of who has confirmed the number', async () => {
    await start(':memory:', { people: 1 });
    await world.confirmed(1);
    const held = await world.held(2);
    const fresh = await world.ask(await world.held(3), OTHER);
    expect(await world.ask(held)).toEqual(fresh);
    // Only who holds the phone is told, with the code.
    expect(await world.confirm(held, world.wrongCode)).toMatchObject(refusal(422, 'phone_code_wrong'));
    expect(await world.confirm(held, world.code)).toMatchObject(refusal(409, 'phone_limit'));
  });
});

describeOnEachDatabase('the people of one number', (fresh) => {
  it('are three at a time, within thirty days; one person counts once', async () => {
    await start(await fresh(), { limits: { ...PHONE_LIMITS, perNumber: { count: 100, seconds: 60 } } });
    for (let person = 1; person <= MAX_PEOPLE_PER_PHONE; person++) {
      expect(await world.confirmed(person)).toMatchObject({ status: 200 });
    }
    expect(await world.confirmed(1)).toMatchObject({ status: 200 });
    expect(await world.confirmed(9)).toMatchObject(refusal(409, 'phone_limit'));
    expect(await world.confirmed(9, OTHER)).toMatchObject({ status: 200 });
    world.now += PHONE_TAG_MILLISECONDS - 1;
    expect(await world.confirmed(8)).toMatchObject(refusal(409, 'phone_limit'));
    world.now += 1;
    expect(await world.confirmed(8)).toMatchObject({ status: 200 });
  });

  it('are three also when four come at once', async () => {
    await start(await fresh(), { limits: { ...PHONE_LIMITS, perNumber: { count: 100, seconds: 60 } } });
    const people: [Held, string][] = [];
    for (let person = 1; person <= 6; person++) {
      const held = await world.held(person);
      await world.ask(held);
      people.push([held, world.code]);
    }
    const answers = await Promise.all(people.map(([held, code]) => world.confirm(held, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 409, 409, 409]);
  });

  it('are forgotten when they count no more', async () => {
    await start(await fresh());
    await world.confirmed(1);
    const rows = () => world.database.kysely.selectFrom('phone_tag').selectAll().execute();
    expect(await rows()).toHaveLength(1);
    world.now += PHONE_TAG_MILLISECONDS - 1;
    await world.issuer.tend();
    expect(await rows()).toHaveLength(1);
    world.now += 1;
    await world.issuer.tend();
    expect(await rows()).toEqual([]);
  });
});

describe('the wallet', () => {
  const depsOf = (): EnrolDeps =>
    ({
      issuer: { url: 'https://issuer.test', key: new Uint8Array(32) },
      clock: () => world.now,
      fetch: (url: string, init: RequestInit) =>
        Promise.resolve(world.issuer.app.request(new URL(url).pathname, { ...init, signal: null })),
    }) as unknown as EnrolDeps;

  it('asks for a code and brings it, and tells what it must wait for and what is left', async () => {
    await start();
    const held = (await world.held()) as unknown as Enrolment;
    const sent = {
      outcome: 'sent',
      expiresAt: world.now + CODE_MILLISECONDS,
      resendAt: world.now + RESEND_MILLISECONDS,
    };
    expect(await requestPhoneCode(depsOf(), held, NUMBER)).toEqual(sent);
    expect(await requestPhoneCode(depsOf(), held, NUMBER)).toEqual({
      outcome: 'wait',
      until: world.now + RESEND_MILLISECONDS,
    });
    expect(await confirmPhone(depsOf(), held, world.wrongCode)).toEqual({ outcome: 'wrong', attemptsLeft: 4 });
    expect(await confirmPhone(depsOf(), held, ` ${world.code} `)).toEqual({ outcome: 'confirmed' });
    await expect(requestPhoneCode(depsOf(), held, '+861065529988')).rejects.toMatchObject({ code: 'phone_not_mobile' });
    world.now += SESSION_MILLISECONDS;
    await expect(confirmPhone(depsOf(), held, world.code)).rejects.toMatchObject({ code: 'enrolment_unknown' });
  });

  it('knows the form of a code', () => {
    expect(['123456', ' 123456\n'].map(isPhoneCode)).toEqual([true, true]);
    expect(['12345', '1234567', '12 345', 'abcdef', ''].map(isPhoneCode)).toEqual([false, false, false, false, false]);
  });
});
