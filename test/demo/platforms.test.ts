// SPDX-License-Identifier: GPL-3.0-or-later
import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  Accounts,
  MOST_ACCOUNTS,
  SHORTEST_PASSWORD,
  WAIT,
  WRONG_PASSWORDS,
} from '../../src/demo/platforms/accounts.ts';
import { Ballots } from '../../src/demo/platforms/ballots.ts';
import { DEAR } from '../../src/demo/platforms/market.ts';
import { createSamplePlatform } from '../../src/demo/platforms/platform.ts';
import { type Kind, languageOf, LANGUAGES } from '../../src/demo/platforms/texts.ts';

const ORIGIN = 'http://localhost:4110';
const WALLET = 'http://localhost:4100/present';
const SUB = `Ab3_${'x'.repeat(39)}`;
const NOW = Date.UTC(2026, 10, 24, 4);

/** A verifier that keeps what it was asked and answers as told. */
function fakeVerifier(): {
  app: Hono;
  asked: Record<string, unknown>[];
  answer: { status: number; body: unknown };
  stands: string;
} {
  const state = {
    asked: [] as Record<string, unknown>[],
    answer: { status: 200, body: {} as unknown },
    stands: 'pending',
  };
  const app = new Hono();
  app.post('/v1/verifications', async (c) => {
    state.asked.push(await c.req.json());
    return c.json(
      {
        id: 'verification-1',
        status: 'pending',
        request_url: `${WALLET}#client_id=x&request_uri=y`,
        browser_token: 'token-1',
        expires_at: new Date(NOW + 120_000).toISOString(),
      },
      201,
    );
  });
  app.get('/v1/verifications/:id', (c) => {
    const code = c.req.query('response_code');
    if (code === undefined) return c.json({ id: 'verification-1', status: state.stands });
    state.asked.push({
      id: c.req.param('id'),
      code,
      token: c.req.header('browser-token'),
      key: c.req.header('authorization'),
    });
    return c.json(state.answer.body as object, state.answer.status as 200);
  });
  return Object.assign(state, { app });
}

const verified = (claims: Record<string, boolean>, changes: object = {}): unknown => ({
  id: 'verification-1',
  status: 'verified',
  result: {
    sub: SUB,
    claims,
    acr: 'urn:bauta:login',
    auth_time: 1,
    channel: 'same_device',
    trust: { keys: 'development', register: 'r', checkpoint: 1, epoch: 1 },
    ...changes,
  },
});
const problem = (code: string): unknown => ({ type: 't', title: 't', status: 403, detail: 'd', code });

let verifier: ReturnType<typeof fakeVerifier>;
let app: Hono;
let now: number;

function open(kind: Kind): void {
  now = NOW;
  verifier = fakeVerifier();
  app = createSamplePlatform({
    kind,
    origin: ORIGIN,
    walletUrl: WALLET,
    verifier: verifier.app,
    apiKey: 'key',
    fetchVerifier: async (input, init) => verifier.app.request(input, init),
    clock: () => now,
  });
}

/** Someone's browser. */
class Browser {
  readonly cookies = new Map<string, string>();

  async get(path: string, language = 'en'): Promise<Response> {
    return app.request(ORIGIN + path, { headers: { cookie: this.#cookie(), 'accept-language': language } });
  }

  async post(path: string, form: Record<string, string> = {}, origin = ORIGIN): Promise<Response> {
    const answer = await app.request(ORIGIN + path, {
      method: 'POST',
      body: new URLSearchParams(form).toString(),
      headers: {
        cookie: this.#cookie(),
        origin,
        'content-type': 'application/x-www-form-urlencoded',
        'accept-language': 'en',
      },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  /** Does something that needs the wallet, and comes back with what the verifier will say. */
  async throughWallet(path: string, form: Record<string, string>, answer: unknown): Promise<Response> {
    const begun = await this.post(path, form);
    expect(begun.headers.get('location')).toBe(`${WALLET}#client_id=x&request_uri=y`);
    verifier.answer.body = answer;
    return this.post('/return', { response_code: 'code-1' });
  }

  async text(path = '/'): Promise<string> {
    return (await this.get(path)).text();
  }

  #cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

const cookieOf = (response: Response, name: string): string =>
  response.headers.getSetCookie().find((cookie) => cookie.startsWith(`${name}=`)) ?? '';

describe.each(['photo', 'market', 'poll'] as const)('every sample platform: %s', (kind) => {
  let browser: Browser;
  beforeEach(() => {
    open(kind);
    browser = new Browser();
  });

  it('offers another way beside Bauta, and loads nothing but its own', async () => {
    for (const path of kind === 'market' ? ['/', '/terminal'] : ['/']) {
      const page = await browser.get(path);
      const text = await page.text();
      expect(text).not.toMatch(
        / style=| on[a-z]+=|<script(?! src="\/(?:assets\/|bauta-login\.js"))|src="(?!\/assets|\/bauta-login\.js")/,
      );
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      if (path !== '/') continue;
      expect(text).toContain('Bauta</button>');
      expect(text).toContain('data-password');
      expect(text).toContain(LANGUAGES.en.password.other);
      // Every file that the page names is there.
      for (const [, file = ''] of text.matchAll(/(?:src|href|data-picture)="(\/assets\/[^"]+)"/g)) {
        expect((await browser.get(file)).status, file).toBe(200);
      }
    }
  });

  it('takes forms of its own pages only', async () => {
    const paths = ['/login', '/guest', '/logout', '/return', '/language', '/account'];
    const own = {
      photo: [],
      market: ['/reserve', '/release', '/confirm', '/terminal', '/terminal/code'],
      poll: ['/vote'],
    };
    for (const path of [...paths, ...own[kind]]) {
      expect((await browser.post(path, {}, 'http://localhost:9999')).status, path).toBe(403);
    }
  });

  it('speaks the language of the browser, until the visitor chooses', async () => {
    const chinese = await (await browser.get('/', 'zh-CN,zh;q=0.9,en;q=0.8')).text();
    expect(chinese).toContain('<html lang="zh-CN">');
    expect(chinese).toContain(LANGUAGES.zh.password.other);
    await browser.post('/language', { language: 'zh' });
    expect(await browser.text()).toContain('<html lang="zh-CN">');
  });

  it('signs people in with a password, and out again', async () => {
    const form = { name: 'Ada-1', password: 'correct horse' };
    expect(await (await browser.post('/account', { ...form, do: 'sign_in' })).text()).toContain('password_wrong');
    expect((await browser.post('/account', { ...form, do: 'create' })).status).toBe(303);
    expect(await browser.text()).toContain('signed in as Ada-1');
    await browser.post('/logout');
    expect(await browser.text()).not.toContain('Ada-1');
    expect((await browser.post('/account', { ...form, do: 'sign_in' })).status).toBe(303);
    expect(await (await browser.post('/account', { ...form, do: 'create' })).text()).toContain('name_taken');
    expect(verifier.asked).toEqual([]);
  });
});

it('languages go by the first that is known', () => {
  expect(languageOf(undefined, undefined)).toBe(LANGUAGES.en);
  expect(languageOf('en', 'zh')).toBe(LANGUAGES.en);
  expect(languageOf(undefined, 'fr, zh-TW;q=0.5')).toBe(LANGUAGES.zh);
});

describe('the photo editor', () => {
  let browser: Browser;
  beforeEach(() => {
    open('photo');
    browser = new Browser();
  });

  it('begins a login: asks over 18, keeps the browser token in a __Host- cookie, goes to the wallet', async () => {
    const begun = await browser.post('/login');
    expect(begun.status).toBe(303);
    expect(verifier.asked).toEqual([{ ask: { age_over: 18 }, redirect_uri: `${ORIGIN}/return`, ttl_seconds: 900 }]);
    const cookie = cookieOf(begun, '__Host-bauta-photo-login');
    expect(cookie).toContain('=verification-1.token-1;');
    for (const attribute of ['HttpOnly', 'Secure', 'Path=/', 'SameSite=Lax']) expect(cookie).toContain(attribute);
    expect(cookie).not.toContain('Domain');
  });

  it('shows exactly what it was told, after the code and the cookie came back', async () => {
    const back = await browser.throughWallet('/login', {}, verified({ age_over_18: true, valid_id: true }));
    expect(back.status).toBe(303);
    expect(verifier.asked[1]).toEqual({ id: 'verification-1', code: 'code-1', token: 'token-1', key: 'Bearer key' });
    const page = await browser.text();
    expect(page).toContain('<code data-sub>Ab3_·xxxx</code>');
    expect(page).toContain('data-claim="age_over_18">yes');
    await browser.post('/logout');
    expect(await browser.text()).not.toContain('data-member');
  });

  it('gives the portrait tools to adults alone: the script, not only the sliders', async () => {
    expect((await browser.get('/tools/portrait.js')).status).toBe(400);
    expect((await browser.get('/assets/portrait_tools.js')).status).toBe(404);
    await browser.post('/account', { name: 'Ada', password: 'correct horse', do: 'create' });
    expect((await browser.get('/tools/portrait.js')).status).toBe(400);
    expect(await browser.text()).toContain('data-adult="false"');
    // Someone who proved something else.
    await browser.throughWallet('/login', {}, verified({ valid_id: true }));
    expect((await browser.get('/tools/portrait.js')).status).toBe(400);
    await browser.throughWallet('/login', {}, verified({ valid_id: true, age_over_18: true }));
    const tools = await browser.get('/tools/portrait.js');
    expect(tools.headers.get('content-type')).toContain('text/javascript');
    expect(await tools.text()).toContain('export function soften');
    expect(await browser.text()).toContain('data-adult="true"');
  });

  it.each([
    ['without the cookie of this browser', '', { response_code: 'c' }, 'login_missing'],
    ['without a code', 'verification-1.token-1', {}, 'form_invalid'],
  ])('gives no session %s', async (_, cookie, form, code) => {
    if (cookie !== '') browser.cookies.set('__Host-bauta-photo-login', cookie);
    const answer = await browser.post('/return', form);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(`data-error="${code}"`);
    expect(verifier.asked).toEqual([]);
    expect(cookieOf(answer, '__Host-bauta-photo-session')).toBe('');
  });

  it.each([
    [{ id: 'verification-1', status: 'rejected', error: { code: 'proof_invalid' } }, 200, 'rejected'],
    [{ id: 'verification-1', status: 'rejected', error: { code: 'access_denied' } }, 200, 'declined'],
    [{ id: 'verification-1', status: 'expired' }, 200, 'expired'],
    [{ id: 'verification-1', status: 'answered' }, 200, 'rejected'],
    [problem('browser_token_invalid'), 403, 'rejected'],
    ['nonsense', 200, 'verifier_unreachable'],
  ])('gives no session for %j', async (body, status, code) => {
    Object.assign(verifier.answer, { status });
    const answer = await browser.throughWallet('/login', {}, body);
    expect(await answer.text()).toContain(`data-error="${code}"`);
    expect(cookieOf(answer, '__Host-bauta-photo-session')).toBe('');
  });

  it('lets a guest in without asking anything', async () => {
    await browser.post('/guest');
    expect(await browser.text()).toContain('data-guest');
    expect(verifier.asked).toEqual([]);
  });

  it('escapes what the verifier tells', async () => {
    await browser.throughWallet('/login', {}, verified({ '<img src=x>': true }));
    expect(await browser.text()).not.toContain('<img src=x>');
  });

  it('serves its own assets and nothing beside them', async () => {
    expect((await browser.get('/assets/return.js')).headers.get('content-type')).toContain('text/javascript');
    for (const path of ['/assets/..%2Fplatform.ts', '/assets/return.js%00', '/assets/xreturn.js']) {
      expect((await browser.get(path)).status, path).toBe(404);
    }
  });
});

describe('the marketplace', () => {
  let browser: Browser;
  const member = verified({ valid_id: true });
  beforeEach(() => {
    open('market');
    browser = new Browser();
  });

  it('reserves for accounts, with Bauta or with a password, and for nobody else', async () => {
    await browser.post('/guest');
    expect(await (await browser.post('/reserve', { item: '0' })).text()).toContain('login_needed');
    await browser.throughWallet('/login', {}, member);
    await browser.post('/reserve', { item: '0' });
    expect(await browser.text()).toContain('Reserved for you');
    const other = new Browser();
    await other.post('/account', { name: 'Ada', password: 'correct horse', do: 'create' });
    await other.post('/reserve', { item: '0' });
    await other.post('/release', { item: '0' });
    await other.post('/reserve', { item: '1' });
    const page = await other.text('/?reserved=0');
    expect(page).not.toContain('data-reserved');
    expect(page.match(/class="mine"/g)).toHaveLength(1);
    for (const item of ['4', '-1', '0.5', 'x', '']) {
      expect(await (await browser.post('/reserve', { item })).text(), item).toContain('login_needed');
    }
  });

  it('lets the wallet confirm what is dear, by name and price', async () => {
    await browser.throughWallet('/login', {}, member);
    verifier.asked.length = 0;
    await browser.throughWallet('/reserve', { item: '1' }, verified({}, { acr: 'urn:bauta:possession' }));
    expect(verifier.asked[0]).toMatchObject({
      purpose: 'step_up',
      expect_sub: SUB,
      transaction_data: [
        {
          title: 'Reservation',
          lines: [
            { label: 'Item', value: LANGUAGES.en.market.items[1]?.[0] },
            { label: 'Price', value: '¥ 720' },
          ],
        },
      ],
    });
    expect(await browser.text('/?reserved=1')).toContain('data-reserved');
    expect(LANGUAGES.en.market.items.filter(([, price]) => price > DEAR)).toHaveLength(2);
    // A step-up of somebody else reserves nothing.
    const answer = await browser.throughWallet('/reserve', { item: '2' }, verified({}, { sub: 'y'.repeat(43) }));
    expect(await answer.text()).toContain('data-error="rejected"');
    expect(await browser.text('/?reserved=2')).not.toContain('data-reserved');
  });

  it('finds a login in a new browser unusual, until the wallet has confirmed it', async () => {
    await browser.throughWallet('/login', {}, member);
    expect(await browser.text()).not.toContain('data-unusual');
    await browser.post('/logout');
    await browser.throughWallet('/login', {}, member);
    expect(await browser.text()).not.toContain('data-unusual');

    const stranger = new Browser();
    await stranger.throughWallet('/login', {}, member);
    expect(await stranger.text()).toContain('data-unusual');
    await stranger.post('/reserve', { item: '0' });
    expect(await stranger.text('/?reserved=0')).not.toContain('data-reserved');
    verifier.asked.length = 0;
    const confirmed = await stranger.throughWallet('/confirm', {}, verified({}, { acr: 'urn:bauta:possession' }));
    expect(verifier.asked[0]).toMatchObject({ purpose: 'step_up', expect_sub: SUB });
    expect(confirmed.headers.get('location')).toBe('/?confirmed=1');
    expect(await stranger.text()).not.toContain('data-unusual');
    expect(await stranger.text()).toContain('data-browsers>2<');
    await stranger.post('/reserve', { item: '0' });
    expect(await stranger.text('/?reserved=0')).toContain('data-reserved');
    // It stays known.
    await stranger.post('/logout');
    await stranger.throughWallet('/login', {}, member);
    expect(await stranger.text()).not.toContain('data-unusual');
  });

  it('knows a customer at the counter by another device, for as long as the code on the screen lives', async () => {
    await browser.throughWallet('/login', {}, member);
    await browser.post('/reserve', { item: '0' });
    const counter = new Browser();
    verifier.asked.length = 0;
    await counter.post('/terminal');
    expect(verifier.asked).toEqual([{ ask: {}, channel: 'cross_device', ttl_seconds: 120 }]);
    const shown = await counter.text('/terminal');
    expect(shown).toMatch(/<svg class="qr"[^>]*role="img"/);
    expect(shown).toContain('data-left>120<');
    const state = async (): Promise<unknown> => (await counter.get('/terminal/state')).json();
    expect(await state()).toEqual({ state: 'waiting' });
    verifier.stands = 'answered';
    expect(await state()).toEqual({ state: 'answered' });

    Object.assign(verifier.answer, { status: 403, body: problem('response_code_invalid') });
    await counter.post('/terminal/code', { code: 'WRONG' });
    expect(await counter.text('/terminal')).toContain('data-wrong');
    Object.assign(verifier.answer, { status: 200, body: verified({ valid_id: true }, { channel: 'cross_device' }) });
    await counter.post('/terminal/code', { code: 'abcd-1234' });
    expect(verifier.asked.at(-1)).toMatchObject({ code: 'abcd-1234', token: 'token-1' });
    expect(await counter.text('/terminal')).toContain('Ab3_·xxxx');
    expect(await counter.text('/terminal')).toContain(LANGUAGES.en.market.items[0]?.[0]);
    // Another terminal does not see this customer, and hands nothing over.
    const other = new Browser();
    await other.post('/terminal/handover');
    expect(await other.text('/terminal')).not.toContain('Ab3_');
    await counter.post('/terminal/handover');
    expect(await counter.text('/terminal')).toContain('Handed over: 1');
    expect(await browser.text()).not.toContain('class="mine"');
    await counter.post('/terminal/handover');
    await counter.post('/terminal/next');
    expect(await counter.text('/terminal')).toContain('data-at="idle"');
  });

  it('begins again when the code has ended or was mistyped too often', async () => {
    await browser.post('/terminal');
    now += 119_999;
    expect(await browser.text('/terminal')).toContain('data-at="scan"');
    now += 1;
    expect(await browser.text('/terminal')).toContain('data-over');
    // What was answered in time may be typed after it.
    verifier.stands = 'answered';
    expect(await browser.text('/terminal')).toContain('data-at="scan"');
    Object.assign(verifier.answer, { status: 403, body: problem('too_many_attempts') });
    await browser.post('/terminal/code', { code: 'WRONG' });
    expect(await browser.text('/terminal')).toContain('data-over');
  });
});

describe('the poll', () => {
  let browser: Browser;
  beforeEach(() => {
    open('poll');
    browser = new Browser();
  });
  const results = async (): Promise<unknown> => (await browser.get('/results.json')).json();
  const vote = { question: 'once', option: '2' };
  const none = { proved: [0, 0, 0, 0], open: [0, 0, 0, 0] };

  it('asks for an action that opened on the first of the month, and binds the answer', async () => {
    const cast = await browser.throughWallet('/vote', vote, verified({ valid_id: true }));
    expect(verifier.asked[0]).toMatchObject({
      ask: {},
      action: { name: 'surplus-20261101', opens: 20261101 },
      transaction_data: [
        { title: 'Your vote', lines: [{ label: 'Question' }, { label: 'Answer', value: 'Night buses' }] },
      ],
    });
    expect(await browser.text(cast.headers.get('location') ?? '')).toContain('“Night buses” has been counted');
    expect(await results()).toEqual({ week: none, once: { ...none, proved: [0, 0, 1, 0] } });
    // Nothing leads from the vote to a session.
    expect(await browser.text()).not.toContain(SUB);
    const again = await browser.throughWallet('/vote', vote, verified({ valid_id: true }));
    expect(await again.text()).toContain('data-error="voted"');
    const done = { id: 'verification-1', status: 'rejected', error: { code: 'action_already_done' } };
    expect(await (await browser.throughWallet('/vote', vote, done)).text()).toContain('data-error="voted"');
    expect(await results()).toEqual({ week: none, once: { ...none, proved: [0, 0, 1, 0] } });
  });

  it('asks each week anew, once a person', async () => {
    await browser.throughWallet('/vote', { question: 'week', option: '0' }, verified({ valid_id: true }));
    expect(verifier.asked[0]).toMatchObject({ limit: { name: 'square', period: 'week', times: 1 } });
    expect(await results()).toEqual({ week: { ...none, proved: [1, 0, 0, 0] }, once: none });
    now += 7 * 86_400_000;
    expect(await results()).toEqual({ week: none, once: none });
  });

  it('shows open votes beside, and counts none of them as proved', async () => {
    expect(await (await browser.post('/vote', { ...vote, way: 'open' })).text()).toContain('login_needed');
    await browser.post('/account', { name: 'Ada', password: 'correct horse', do: 'create' });
    await browser.post('/vote', { ...vote, way: 'open' });
    await browser.post('/vote', { ...vote, option: '1', way: 'open' });
    expect(await results()).toEqual({ week: none, once: { proved: [0, 0, 0, 0], open: [0, 1, 0, 0] } });
    expect(verifier.asked).toEqual([]);
  });

  it.each([{ question: 'never', option: '0' }, { question: 'once', option: '4' }, { question: 'once' }])(
    'takes no vote that is none: %j',
    async (form) => {
      const answer = await browser.post('/vote', form);
      expect(await answer.text()).toContain('data-error="form_invalid"');
      expect(verifier.asked).toEqual([]);
    },
  );
});

describe('ballots', () => {
  it('count the first vote of a pseudonym, and the last of an account', () => {
    const ballots = new Ballots();
    expect(ballots.cast('once', 1, 'proved', 'sub-1', 0)).toBe(true);
    expect(ballots.cast('once', 1, 'proved', 'sub-1', 1)).toBe(false);
    expect(ballots.cast('once', 1, 'proved', 'sub-2', 1)).toBe(true);
    ballots.cast('once', 1, 'open', 'Ada', 3);
    ballots.cast('once', 1, 'open', 'Ada', 2);
    expect(ballots.tally('once', 1)).toEqual({ proved: [1, 1, 0, 0], open: [0, 0, 1, 0] });
  });

  it('keep this round and the one before, whoever comes back late', () => {
    const ballots = new Ballots();
    const none = { proved: [0, 0, 0, 0], open: [0, 0, 0, 0] };
    const one = { ...none, proved: [1, 0, 0, 0] };
    ballots.cast('week', 1, 'proved', 'early', 0);
    ballots.cast('week', 2, 'proved', 'sub-1', 0);
    expect(ballots.cast('week', 1, 'proved', 'late', 1)).toBe(true);
    expect(ballots.tally('week', 2)).toEqual(one);
    expect(ballots.tally('week', 1)).toEqual({ ...none, proved: [1, 1, 0, 0] });
    ballots.cast('week', 3, 'proved', 'sub-1', 0);
    expect(ballots.cast('week', 1, 'proved', 'too late', 1)).toBe(false);
    expect(ballots.tally('week', 1)).toEqual(none);
    expect([ballots.tally('week', 2), ballots.tally('week', 3)]).toEqual([one, one]);
  });
});

describe('accounts', { timeout: 60_000 }, () => {
  const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

  it('take names and passwords within bounds', async () => {
    const accounts = new Accounts(() => NOW, random);
    const password = 'x'.repeat(SHORTEST_PASSWORD);
    expect(await accounts.create('Bob', password)).toEqual({ ok: true, name: 'Bob' });
    expect(await accounts.create('李小龙', password)).toMatchObject({ ok: true });
    for (const name of ['Bo', 'x'.repeat(31), 'a b c', '<script>', '']) {
      expect(await accounts.create(name, password), name).toEqual({ ok: false, code: 'name_invalid' });
    }
    expect(await accounts.create('Carol', password.slice(1))).toMatchObject({ ok: false });
    expect(await accounts.create('bOB', password)).toEqual({ ok: false, code: 'name_taken' });
    expect(MOST_ACCOUNTS).toBe(10_000);
  });

  it('wait after wrong passwords, and only the name that was tried', async () => {
    let clock = NOW;
    const accounts = new Accounts(() => clock, random);
    await accounts.create('Ada', 'correct horse');
    await accounts.create('Bob', 'correct horse');
    for (let i = 0; i < WRONG_PASSWORDS; i++) {
      expect(await accounts.signIn('Ada', 'wrong horse 1')).toEqual({ ok: false, code: 'password_wrong' });
    }
    expect(await accounts.signIn('Ada', 'correct horse')).toEqual({ ok: false, code: 'password_wait' });
    expect(await accounts.signIn('Bob', 'correct horse')).toMatchObject({ ok: true });
    expect(await accounts.signIn('Nobody', 'correct horse')).toEqual({ ok: false, code: 'password_wrong' });
    clock += WAIT;
    expect(await accounts.signIn('Ada', 'correct horse')).toMatchObject({ ok: true });
  });
});
