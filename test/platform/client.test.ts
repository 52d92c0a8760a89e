// SPDX-License-Identifier: GPL-3.0-or-later
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlatformClient, type PlatformClient } from '../../src/platform/client/client.ts';
import { API_KEY, PAGE, startVerifier, type Verifier } from './harness.ts';

let verifier: Verifier;
beforeAll(async () => {
  verifier = await startVerifier();
});
afterAll(() => verifier.close());

function clientOf(fetch: typeof globalThis.fetch, apiKey = API_KEY): PlatformClient {
  return createPlatformClient({ url: 'https://forum.example', apiKey, fetch });
}

const toApp: typeof globalThis.fetch = async (input, init) => verifier.app.request(input, init);

describe('the client', () => {
  it('begins and reads verifications', async () => {
    const client = clientOf(toApp);
    const created = await client.create({ ask: { age_over: 18 }, redirect_uri: PAGE });
    expect(created.status).toBe('pending');
    const browserToken = created.browser_token;
    expect(await client.result(created.id, { browserToken })).toEqual({ id: created.id, status: 'pending' });
  });

  it('repeats a request under its key, and lists what was begun', async () => {
    const client = clientOf(toApp);
    const first = await client.create({ ask: { age_over: 21 } }, { idempotencyKey: 'order-66' });
    expect(await client.create({ ask: { age_over: 21 } }, { idempotencyKey: 'order-66' })).toEqual(first);
    await client.create({ ask: {} });
    const page = await client.list({ limit: 1 });
    expect(page.items).toHaveLength(1);
    const { items } = await client.list({ limit: 100, ...(page.next_cursor ? { cursor: page.next_cursor } : {}) });
    expect([...page.items, ...items].map(({ id }) => id)).toContain(first.id);
    expect((await client.list()).items.length).toBeGreaterThan(1);
    await expect(client.list({ cursor: 'x' })).rejects.toMatchObject({ code: 'cursor_invalid' });
  });

  it('throws the verifier’s problems by their codes', async () => {
    const client = clientOf(toApp);
    const unlisted = client.create({ ask: { age_over: 17 as 18 } });
    await expect(unlisted).rejects.toMatchObject({ name: 'ProtocolError', code: 'ask_refused' });
    const unknown = client.result('nobody', { browserToken: 'x', responseCode: 'y z' });
    await expect(unknown).rejects.toMatchObject({ code: 'verification_unknown' });
    // One text in the path, however it looks: it is no other address.
    const strange = client.result('a/b?c', { browserToken: 'x', responseCode: 'y z' });
    await expect(strange).rejects.toMatchObject({ code: 'body_invalid' });
    const stranger = clientOf(toApp, 'x'.repeat(30)).verifyProof({} as never);
    await expect(stranger).rejects.toMatchObject({ code: 'api_key_invalid' });
  });

  it.each([
    ['is away', () => Promise.reject(new TypeError('fetch failed'))],
    ['answers no JSON', () => Promise.resolve(new Response('<html>'))],
    ['answers in another form', () => Promise.resolve(Response.json({ status: 'verified' }))],
    ['fails without a problem', () => Promise.resolve(Response.json({}, { status: 502 }))],
  ])('says so when the verifier %s', async (_, fetch) => {
    await expect(clientOf(fetch).create({ ask: {} })).rejects.toMatchObject({ code: 'verifier_unreachable' });
  });
});
