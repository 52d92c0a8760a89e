// SPDX-License-Identifier: GPL-3.0-or-later
/** Who may ask a companion: the right address, the right origin, a page that was told the code. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { MAX_PAIRED, MAX_WRONG_CODES, Pairing } from '../../src/companion/pairing.ts';
import { findCompanion, pairCompanion, readThroughCompanion } from '../../src/wallet/companion.ts';
import { issue, seeded } from '../documents/chip/chips.ts';
import { ACCESS, codeOf, FEATURES, House, ORIGIN, pageOf, PORT, URL_OF_COMPANION } from './house.ts';

let house: House;
let issued: House['issued'];
beforeAll(async () => {
  issued = await issue(FEATURES);
  house = new House(issued);
});

interface Asked {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function ask(asked: Asked, at = house): Promise<{ status: number; headers: Headers; body: string }> {
  const { host = `127.0.0.1:${String(PORT)}`, method = 'GET', path = '/v1/status', headers = {}, body } = asked;
  const origin = 'origin' in asked ? asked.origin : ORIGIN;
  const response = await at.companion.app.request(`${URL_OF_COMPANION}${path}`, {
    method,
    headers: { host, ...(origin !== undefined && { origin }), ...headers },
    ...(body !== undefined && { body }),
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

describe('the address', () => {
  it.each([`127.0.0.1:${String(PORT)}`, `localhost:${String(PORT)}`])('%s is its own', async (host) => {
    expect(await ask({ host })).toMatchObject({ status: 200 });
  });

  it.each([
    'attacker.example',
    `attacker.example:${String(PORT)}`,
    '127.0.0.1',
    `127.0.0.1:${String(PORT + 1)}`,
    `127.0.0.1.attacker.example:${String(PORT)}`,
    `[::1]:${String(PORT)}`,
  ])('under the name %s, which may have been pointed here, everything is refused', async (host) => {
    for (const path of ['/v1/status', '/v1/pair', '/v1/read', '/v1/challenge', '/']) {
      const { status, headers, body } = await ask({ host, path });
      expect([status, body]).toEqual([403, expect.stringContaining('companion_host_refused')]);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('the origin', () => {
  it.each([
    undefined,
    'null',
    'https://attacker.example',
    `${ORIGIN}.attacker.example`,
    'http://wallet.example',
    `${ORIGIN}:444`,
  ])('%s is refused, and no page may read the answer', async (origin) => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const { status, headers, body } = await ask({ origin, method });
      expect([status, body]).toEqual([403, expect.stringContaining('companion_origin_refused')]);
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('access-control-allow-private-network')).toBeNull();
    }
  });

  it('of the wallet may ask, also from the internet where the browser wants to know', async () => {
    const asked = { method: 'OPTIONS', path: '/v1/read' };
    const plain = await ask(asked);
    expect(plain.status).toBe(204);
    expect(Object.fromEntries(plain.headers)).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'Authorization, Content-Type',
      vary: 'Origin',
    });
    expect(plain.headers.get('access-control-allow-private-network')).toBeNull();
    const headers = { 'access-control-request-private-network': 'true' };
    expect((await ask({ ...asked, headers })).headers.get('access-control-allow-private-network')).toBe('true');
  });

  it('may read errors too, and every answer says what it is read with', async () => {
    const reader = { kind: 'simulator', name: 'Simulated reader' };
    for (const path of ['/v1/status', '/v1/pair', '/v1/read', '/v1/challenge', '/nothing']) {
      const { headers, body } = await ask({ path, method: path === '/v1/status' ? 'GET' : 'POST' });
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(JSON.parse(body)).toMatchObject({ reader });
    }
  });

  it('of another wallet finds no companion', async () => {
    expect(await findCompanion({ fetch: pageOf(house.companion) })).toEqual({
      url: URL_OF_COMPANION,
      reader: { kind: 'simulator', name: 'Simulated reader' },
      locked: false,
    });
    expect(await findCompanion({ fetch: pageOf(house.companion, 'https://attacker.example') })).toBeUndefined();
    expect(await findCompanion({ fetch: () => Promise.reject(new TypeError('refused')) })).toBeUndefined();
  });

  it('is waited for as long as a person needs to allow it in a browser that asks', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    await findCompanion({ fetch: pageOf((await House.open()).companion) });
    expect(Math.min(...timeout.mock.calls.map(([ms]) => ms))).toBeGreaterThanOrEqual(30_000);
    timeout.mockRestore();
  });
});

describe('pairing', () => {
  it('codes have six digits, every one of which occurs', () => {
    const codes = Array.from({ length: 200 }, (_, run) => new Pairing(seeded(String(run))).code);
    expect(codes.every((code) => /^\d{6}$/.test(code))).toBe(true);
    expect(new Set(codes).size).toBeGreaterThan(195);
    expect(codes.filter((code) => code.startsWith('0')).length).toBeGreaterThan(2);
    const draws = [Uint8Array.of(255, 255, 255, 255), Uint8Array.of(0, 0, 0, 7)];
    expect(new Pairing(() => draws.shift() ?? new Uint8Array(32)).code).toBe('000007');
  });

  it('is needed for reading and challenges', async () => {
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ access: ACCESS });
    for (const path of ['/v1/read', '/v1/challenge']) {
      for (const token of [undefined, '', 'A'.repeat(43), house.companion.code]) {
        const headers = { ...json, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
        expect(await ask({ path, method: 'POST', headers, body })).toMatchObject({
          status: 401,
          body: expect.stringContaining('companion_unpaired') as string,
        });
      }
    }
  });

  it('ends after five wrong codes, for the right one as well, but not for pages that are paired', async () => {
    const own = new House(issued);
    const { companion } = own;
    const deps = { fetch: pageOf(companion) };
    const try_ = (code: string) => codeOf(pairCompanion(deps, { url: URL_OF_COMPANION }, code));
    const wrong = companion.code === '111111' ? '222222' : '111111';
    for (let count = 1; count < MAX_WRONG_CODES; count++) expect(await try_(wrong)).toBe('companion_code_wrong');
    const { deps: page, paired } = await own.page();
    // A right code gives no tries back.
    expect(await try_(wrong)).toBe('companion_code_wrong');
    expect(await try_(companion.code)).toBe('companion_locked');
    expect(await try_(wrong)).toBe('companion_locked');
    expect(await findCompanion(deps)).toMatchObject({ locked: true });
    expect(await readThroughCompanion(page, paired, ACCESS)).toMatchObject({
      files: { sod: expect.anything() as unknown },
    });
  });

  it('takes spaces in the code as people type them, and nothing that is no code', async () => {
    const own = new House(issued);
    const deps = { fetch: pageOf(own.companion) };
    const { code } = own.companion;
    await pairCompanion(deps, { url: URL_OF_COMPANION }, ` ${code.slice(0, 3)} ${code.slice(3)}`);
    expect(await codeOf(pairCompanion(deps, { url: URL_OF_COMPANION }, `${code}0`))).toBe('body_invalid');
    expect(await findCompanion(deps)).toMatchObject({ locked: false });
  });

  it('forgets the oldest page beyond eight', () => {
    const pairing = new Pairing(seeded('many'));
    const tokens = Array.from({ length: MAX_PAIRED + 1 }, () => pairing.pair(pairing.code));
    const [oldest = '', ...rest] = tokens;
    for (const token of rest) expect(pairing.require(`Bearer ${token}`)).toBe(token);
    expect(() => pairing.require(`Bearer ${oldest}`)).toThrow(expect.objectContaining({ code: 'companion_unpaired' }));
  });
});

describe('the form of a request', () => {
  it.each([
    ['/v1/pair', {}, 'body_invalid'],
    ['/v1/pair', { code: 123456 }, 'body_invalid'],
    ['/v1/read', { access: {} }, 'body_invalid'],
    ['/v1/read', { access: { ...ACCESS, can: '123456' } }, 'body_invalid'],
    ['/v1/read', { access: { ...ACCESS, documentNumber: 'A'.repeat(23) } }, 'body_invalid'],
    ['/v1/challenge', {}, 'body_invalid'],
    ['/v1/challenge', { opening: [] }, 'body_invalid'],
    ['/v1/challenge', { challenge: 'AA', opening: ['AA'] }, 'body_invalid'],
    ['/v1/challenge', { command: 'A'.repeat(700) }, 'body_invalid'],
    ['/v1/read', { access: { can: 'x'.repeat(9000) } }, 'body_too_large'],
  ])('%s %j is refused with %s', async (path, body, code) => {
    const { paired } = await house.page();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${paired.token}` };
    const answer = await ask({ path, method: 'POST', headers, body: JSON.stringify(body) });
    expect(JSON.parse(answer.body)).toMatchObject({ code });
  });

  it('is JSON, which no form of a foreign page can send', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect(await ask({ path: '/v1/pair', method: 'POST', headers, body: '{}' })).toMatchObject({ status: 415 });
  });
});
