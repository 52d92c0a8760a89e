// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Faults that need no process of their own: clocks that differ, clients that hold still, ten thousand open
 * verifications, webhooks that come twice.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { verifyWebhook } from '../../src/platform/client/webhooks.ts';
import { REFUSED_ANSWERS } from '../../src/platform/openid4vp.ts';
import { startForgetting } from '../../src/platform/outdated.ts';
import { createWebhookSender } from '../../src/platform/webhook_sender.ts';
import { toField } from '../../src/protocol/field.ts';
import type { Presentation } from '../../src/protocol/presentation.ts';
import { decodeRequestObject, MAX_REQUEST_SECONDS } from '../../src/protocol/request.ts';
import { listen } from '../../src/server/listen.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { endProving, makeHolder, NOON, present, SIZE, TODAY } from './fixtures.ts';
import {
  answer,
  API_KEY,
  begin,
  call,
  checkpointOf,
  collect,
  postJson,
  problemOf,
  read,
  respond,
  startVerifier,
  type Verifier,
} from './harness.ts';

vi.setConfig({ testTimeout: 120_000 });
afterAll(endProving);

let closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

async function start(options: Parameters<typeof startVerifier>[0] = {}): Promise<Verifier> {
  const verifier = await startVerifier(options);
  closers.push(() => verifier.close());
  return verifier;
}

describe('clocks that differ', () => {
  it('by a minute between two processes accept a request once, and judge its end each by its own', async () => {
    const holder = await makeHolder();
    const ahead = await start({ roots: [holder.root] });
    const behind = await startVerifier({ database: ahead.deps.database, roots: [holder.root], seed: 'behind' });
    ahead.now = NOON + 60_000;
    // The request is from the future for the process that gets the answer.
    const begun = await begin(ahead, { ask: { age_over: 18 } });
    const presentation = await present(holder, begun.request);
    const responses = await Promise.all(
      Array.from({ length: 6 }, (_, i) => answer(i % 2 === 0 ? behind : ahead, begun.request, presentation)),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
    const accepted = responses.find(({ status }) => status === 200) as Response;
    expect((await collect(ahead, begun, accepted)).status).toBe('verified');
    const late = await begin(ahead, { ask: { age_over: 18 } });
    ahead.now += 300_000;
    behind.now = ahead.now - 60_000;
    const form = { state: late.request.state, error: 'access_denied' };
    expect(await problemOf(await respond(ahead, form))).toEqual({ status: 410, code: 'request_expired' });
    expect((await respond(behind, form)).status).toBe(200);
  });

  it('that jumps back brings back nothing that was used', async () => {
    const verifier = await start();
    const begun = await begin(verifier, { ask: {} });
    const declined = await respond(verifier, { state: begun.request.state, error: 'access_denied' });
    verifier.now = NOON - 86_400_000;
    const again = await respond(verifier, { state: begun.request.state, error: 'access_denied' });
    expect(await problemOf(again)).toEqual({ status: 409, code: 'nonce_used' });
    expect((await collect(verifier, begun, declined)).status).toBe('rejected');
  });

  it('between wallet and verifier may differ by a day, and no more', async () => {
    const verifier = await start();
    const { request, created } = await begin(verifier, { ask: {} });
    const fragment = new URLSearchParams(new URL(created.request_url).hash.slice(1));
    const jwt = await (await verifier.app.request(new URL(fragment.get('request_uri') ?? '').pathname)).text();
    const expected = { clientId: request.client_id, requestUri: fragment.get('request_uri') ?? '', now: NOON / 1000 };
    const readOn = (today: number): unknown => decodeRequestObject(jwt, { ...expected, today: today as never });
    expect(() => readOn(TODAY - 1)).not.toThrow();
    expect(() => readOn(TODAY + 1)).not.toThrow();
    expect(() => readOn(TODAY - 2)).toThrow(/more than a day/);
    expect(() => readOn(TODAY + 2)).toThrow(/more than a day/);
  });

  it('of a caller may be a minute ahead of the stateless check', async () => {
    const holder = await makeHolder();
    const verifier = await start({ roots: [holder.root] });
    const { request } = await begin(verifier, { ask: { age_over: 18 } });
    const presentation = await present(holder, request);
    const verify = (): Promise<Response> =>
      call(verifier.app, '/v1/proofs/verify', postJson({ request, presentation }));
    verifier.now = NOON - 60_000;
    expect(await (await verify()).json()).toMatchObject({ ok: true });
    verifier.now = NOON - 61_000;
    expect(await problemOf(await verify())).toEqual({ status: 400, code: 'request_invalid' });
  });

  it('and a register whose new root comes late refuse, and accept when it is there', async () => {
    const holder = await makeHolder();
    const verifier = await start({ roots: [holder.root] });
    const begun = await begin(verifier, { ask: { age_over: 18 } });
    const presentation = await present(holder, begun.request);
    // The only checkpoint becomes active in the future of this clock.
    verifier.checkpoints = [checkpointOf(holder.root, { size: 9, activeFrom: NOON / 1000 - 60 })];
    const early = await answer(verifier, begun.request, presentation);
    expect(await problemOf(early)).toEqual({ status: 422, code: 'checkpoint_not_accepted' });
    verifier.checkpoints = [checkpointOf(holder.root)];
    expect((await answer(verifier, begun.request, presentation)).status).toBe(200);
  });
});

describe('clients that hold still', () => {
  it('keep nobody else waiting, and are ended with the process', async () => {
    const verifier = await start();
    const listening = await listen(() => Promise.resolve({ app: verifier.app }), 0, 'verifier');
    const { port } = new URL(listening.origin);
    const sockets: Socket[] = [];
    const say = async (text: string): Promise<void> => {
      const socket = connect(Number(port), 'localhost');
      sockets.push(socket);
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => {
        socket.write(text, () => {
          resolve();
        });
      });
    };
    const head = `POST /v1/verifications HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${API_KEY}\r\n`;
    for (let i = 0; i < 60; i++) {
      // Headers without end, a body without end, and a reader who takes nothing of a long answer.
      await say(head);
      await say(`${head}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{"ask":`);
      await say('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(8));
      sockets.at(-1)?.pause();
    }
    const begun = performance.now();
    for (let i = 0; i < 20; i++) {
      const response = await fetch(`${listening.origin}/v1/verifications`, postJson({ ask: {} }));
      expect(response.status).toBe(201);
    }
    // Twenty answers take some hundredths of a second where the machine has nothing else to do.
    expect(performance.now() - begun).toBeLessThan(10_000);
    const drained = listening.drain(300);
    await setTimeout(50);
    expect(await drained).toBe(false);
    for (const socket of sockets) socket.destroy();
  });
});

describeOnEachDatabase('ten thousand open verifications', (open) => {
  it('are all still there, are told apart, and end together', async () => {
    const verifier = await start({ url: await open() });
    const { database } = verifier.deps;
    const first = await begin(verifier, { ask: {} });
    const [row] = await database.kysely.selectFrom('verification').selectAll().execute();
    if (row === undefined) throw new Error('nothing was kept');
    for (let chunk = 0; chunk < 100; chunk++) {
      const rows = Array.from({ length: 100 }, (_, i) => {
        const name = `${String(chunk)}-${String(i)}`;
        const names = {
          id: `id-${name}`,
          request_id: `request-${name}`,
          state: `state-${name}`,
          nonce: `nonce-${name}`,
        };
        return { ...row, ...names };
      });
      await database.kysely.insertInto('verification').values(rows).execute();
    }
    const last = await begin(verifier, { ask: {} });
    const began = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) =>
        verifier.app.request('/oid4vp/responses', {
          method: 'POST',
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({
            state: `state-${String(i)}-${String(99 - i)}`,
            error: 'access_denied',
          }).toString(),
        }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(performance.now() - began).toBeLessThan(20_000);
    const codes = await Promise.all(
      answers.map(async (response) => (await response.json()) as { redirect_uri: string }),
    );
    expect(new Set(codes.map(({ redirect_uri }) => redirect_uri)).size).toBe(100);
    for (const begun of [first, last]) {
      const declined = await respond(verifier, { state: begun.request.state, error: 'access_denied' });
      expect((await collect(verifier, begun, declined)).status).toBe('rejected');
    }
    const statuses = await database.kysely
      .selectFrom('verification')
      .select(['status', (where) => where.fn.countAll<number>().as('count')])
      .groupBy('status')
      .execute();
    expect(Object.fromEntries(statuses.map(({ status, count }) => [status, count]))).toEqual({
      pending: 9_900,
      rejected: 102,
    });
    verifier.now = NOON + MAX_REQUEST_SECONDS * 1000 + 600_001;
    const { id } = (await begin(verifier, { ask: {} })).created;
    await startForgetting({ database, clock: () => verifier.now }).close();
    expect(await database.kysely.selectFrom('verification').select('id').execute()).toEqual([{ id }]);
  });
});

describeOnEachDatabase('a verifier that nobody asks for anything', (open) => {
  it('forgets results that nobody collected, used limits and keys, though the database was away for a while', async () => {
    const verifier = await start({ url: await open() });
    const { database } = verifier.deps;
    const begun = await begin(verifier, { ask: {} });
    await respond(verifier, { state: begun.request.state, error: 'access_denied' });
    const limit = { scope: '1', context: '2', ends_at: NOON + 1_000 };
    const uses = Array.from({ length: 1_500 }, (_, i) => ({ ...limit, nullifier: String(i) }));
    await database.kysely.insertInto('limit_used').values(uses).execute();
    const kept = { ...limit, nullifier: 'kept', ends_at: NOON + 86_400_000 };
    await database.kysely.insertInto('limit_used').values(kept).execute();
    const key = { name: 'key', body_hash: 'hash', sealed: '', expires_at: NOON + 1_000 };
    await database.kysely.insertInto('idempotency').values(key).execute();
    let isAway = true;
    const kysely = new Proxy(database.kysely, {
      get: (target, name) => {
        if (isAway) throw new Error('Connection terminated unexpectedly');
        const member = Reflect.get(target, name) as unknown;
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    const forgetting = startForgetting({ database: { ...database, kysely }, clock: () => verifier.now, interval: 20 });
    closers.push(forgetting.close);
    const left = async (): Promise<unknown> => ({
      verifications: (await database.kysely.selectFrom('verification').select('id').execute()).length,
      limits: (await database.kysely.selectFrom('limit_used').select('nullifier').execute()).length,
      keys: (await database.kysely.selectFrom('idempotency').select('name').execute()).length,
    });
    verifier.now = begun.request.exp * 1000 + 599_000;
    await setTimeout(100);
    expect(await left()).toEqual({ verifications: 1, limits: 1_501, keys: 1 });
    isAway = false;
    await vi.waitFor(async () => {
      expect(await left()).toEqual({ verifications: 1, limits: 1, keys: 0 });
    });
    verifier.now += 1_001;
    await vi.waitFor(async () => {
      expect(await left()).toEqual({ verifications: 0, limits: 1, keys: 0 });
    });
  });
});

describe('a request that ten refused answers closed', () => {
  it('says so, with a code and without, and never that its result was collected', async () => {
    const verifier = await start({ roots: [toField(7n)] });
    const { request, created } = await begin(verifier, { ask: {} });
    const proof = {
      pi_a: ['1', '2', '1'],
      pi_b: [
        ['1', '2'],
        ['1', '2'],
        ['1', '0'],
      ],
      pi_c: ['1', '2', '1'],
    };
    const presentation = {
      format: 'bauta_zk_v1',
      circuit: 'show',
      version: verifier.deps.manifest.version,
      checkpoint: SIZE,
      nullifier: '1',
      disclosed: {},
      proof: { ...proof, protocol: 'groth16', curve: 'bn128' },
    } as unknown as Presentation;
    for (let i = 0; i < REFUSED_ANSWERS; i++) {
      expect((await answer(verifier, request, presentation)).ok).toBe(false);
    }
    const browserToken = created.browser_token;
    for (const code of [undefined, 'A'.repeat(43)]) {
      const told = await read(verifier, created.id, {
        browserToken,
        ...(code === undefined ? {} : { responseCode: code }),
      });
      expect(await told.json()).toEqual({
        id: created.id,
        status: 'rejected',
        error: { code: 'too_many_attempts' },
      });
    }
  });
});

describe('a webhook that comes twice', () => {
  it('because its delivery could not be noted is known by its id, and the result is collected once', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const verifier = await start({ webhooks: { wake: () => undefined } });
    const begun = await begin(verifier, { ask: {} });
    const declined = await respond(verifier, { state: begun.request.state, error: 'access_denied' });
    const received: { headers: Readonly<Record<string, string>>; body: string }[] = [];
    const senderOf = (database: typeof verifier.deps.database) =>
      createWebhookSender({
        database,
        url: 'https://forum.example/hook',
        secrets: [secret],
        deliver: (_, headers, body) => {
          received.push({ headers, body });
          return Promise.resolve(200);
        },
        clock: () => verifier.now,
      });
    const { database } = verifier.deps;
    // The database goes away between the delivery and the note of it.
    const breaking = new Proxy(database.kysely, {
      get: (target, name) => {
        if (name === 'deleteFrom') throw new Error('Connection terminated unexpectedly');
        const member = Reflect.get(target, name) as unknown;
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    await expect(senderOf({ ...database, kysely: breaking }).sendDue()).rejects.toThrow();
    verifier.now += 30_000;
    await senderOf(database).sendDue();
    expect(received).toHaveLength(2);
    const handled = new Set<string>();
    let collected = 0;
    for (const { headers, body } of received) {
      vi.setSystemTime(verifier.now);
      const { id, event } = verifyWebhook(secret, headers, body);
      vi.useRealTimers();
      if (handled.has(id)) continue;
      handled.add(id);
      expect(event.data.id).toBe(begun.created.id);
      expect((await collect(verifier, begun, declined.clone())).status).toBe('rejected');
      collected++;
    }
    expect(collected).toBe(1);
    const code = ((await declined.json()) as { redirect_uri: string }).redirect_uri.split('=')[1] ?? '';
    const again = await read(verifier, begun.created.id, {
      browserToken: begun.created.browser_token,
      responseCode: code,
    });
    expect(await problemOf(again)).toMatchObject({ code: 'response_code_used' });
  });
});
