// SPDX-License-Identifier: GPL-3.0-or-later
/** A backend that repeats itself, and the list of what it began. */
import { afterEach, expect, it } from 'vitest';
import type { CreatedVerification, VerificationList } from '../../src/platform/client/messages.ts';
import { IDEMPOTENCY_SECONDS } from '../../src/platform/idempotency.ts';
import { openReply } from '../../src/platform/sealed_replies.ts';
import { deleteOutdated } from '../../src/storage/outdated.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { NOON } from './fixtures.ts';
import { API_KEY, bearer, begin, call, postJson, problemOf, respond, startVerifier, type Verifier } from './harness.ts';

const OTHER_KEY = 'another-key-of-the-forum';

describeOnEachDatabase('a backend', (open) => {
  let verifier: Verifier;
  afterEach(() => verifier.close());

  const create = (key: string, body: object = { ask: {} }, apiKey = API_KEY): Promise<Response> =>
    call(verifier.app, '/v1/verifications', postJson(body, { ...bearer(apiKey), 'Idempotency-Key': key }));
  const made = async (response: Response): Promise<CreatedVerification> => {
    expect(response.status, await response.clone().text()).toBe(201);
    return (await response.json()) as CreatedVerification;
  };
  const rows = (): Promise<readonly unknown[]> =>
    verifier.deps.database.kysely.selectFrom('verification').selectAll().execute();
  const list = async (query = ''): Promise<VerificationList> => {
    const response = await call(verifier.app, `/v1/verifications${query}`, { headers: bearer() });
    expect(response.status).toBe(200);
    return (await response.json()) as VerificationList;
  };

  it('that repeats a request under its key gets the first answer, and nothing is made twice', async () => {
    verifier = await startVerifier({ url: await open() });
    const first = await create('a');
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const again = await create('a', { channel: 'same_device', ask: { pseudonym: true } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await made(again)).toEqual(await made(first));
    expect(await made(await create('b'))).not.toEqual(await made(await create('a')));
    expect(await rows()).toHaveLength(2);
  });

  it('that uses a key for something else is told so', async () => {
    verifier = await startVerifier({ url: await open() });
    await made(await create('a'));
    const other = await create('a', { ask: { age_over: 18 } });
    expect(await problemOf(other)).toEqual({ status: 422, code: 'idempotency_key_reused' });
    expect(await rows()).toHaveLength(1);
  });

  it('and another backend share no keys', async () => {
    verifier = await startVerifier({ url: await open() });
    const mine = await made(await create('a'));
    const theirs = await made(await create('a', { ask: { age_over: 18 } }, OTHER_KEY));
    expect(theirs.id).not.toBe(mine.id);
  });

  it('that repeats itself at once, at two processes, makes one', async () => {
    const url = await open();
    verifier = await startVerifier({ url });
    // Two connections of one process to one SQLite file would wait for each other; two processes: faults.test.ts.
    const second = url.startsWith('file:') ? verifier : await startVerifier({ url, seed: 'second' });
    const post = ({ app }: Verifier): Promise<Response> =>
      Promise.resolve(
        app.request('/v1/verifications', postJson({ ask: {} }, { ...bearer(), 'Idempotency-Key': 'race' })),
      );
    const responses = await Promise.all(Array.from({ length: 16 }, (_, i) => post(i % 2 === 0 ? verifier : second)));
    const bodies = await Promise.all(responses.map(made));
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(1);
    expect(new Set(bodies.map(({ browser_token }) => browser_token)).size).toBe(1);
    expect(responses.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(await rows()).toHaveLength(1);
    if (second !== verifier) await second.close();
  });

  it('is remembered for a day', async () => {
    verifier = await startVerifier({ url: await open() });
    const first = await made(await create('a'));
    verifier.now = NOON + IDEMPOTENCY_SECONDS * 1000 - 1;
    expect((await made(await create('a'))).id).toBe(first.id);
    verifier.now = NOON + IDEMPOTENCY_SECONDS * 1000;
    expect((await made(await create('a'))).id).not.toBe(first.id);
    verifier.now += 2 * IDEMPOTENCY_SECONDS * 1000;
    await made(await create('b'));
    await deleteOutdated(verifier.deps.database, 0, verifier.now);
    const kept = await verifier.deps.database.kysely.selectFrom('idempotency').selectAll().execute();
    expect(kept).toHaveLength(1);
  });

  it('finds no token of its visitors in the database', async () => {
    verifier = await startVerifier({ url: await open() });
    const { browser_token } = await made(await create('a'));
    const [kept] = await verifier.deps.database.kysely.selectFrom('idempotency').selectAll().execute();
    expect(JSON.stringify(kept)).not.toContain(browser_token);
    expect(JSON.stringify(kept)).not.toContain('"a"');
    expect(openReply(`${OTHER_KEY} a`, 'idempotency', kept?.sealed ?? '')).toBeUndefined();
    expect(openReply(`${API_KEY} a`, 'idempotency', kept?.sealed ?? '')).toMatchObject({ browser_token });
  });

  it('whose request was refused may repeat it under the same key', async () => {
    verifier = await startVerifier({ url: await open() });
    expect(await problemOf(await create('a', { ask: { age_over: 17 } }))).toMatchObject({ code: 'ask_refused' });
    await made(await create('a'));
  });

  it('sends a key of 1 to 128 visible characters', async () => {
    verifier = await startVerifier({ url: await open() });
    await made(await create('~'.repeat(128)));
    for (const key of ['~'.repeat(129), '', 'a b', 'ä']) {
      expect(await problemOf(await create(key)), key).toEqual({ status: 400, code: 'idempotency_key_invalid' });
    }
  });

  it('lists what it began, page by page, newest first', async () => {
    verifier = await startVerifier({ url: await open() });
    const begun: string[] = [];
    for (let i = 0; i < 25; i++) {
      // Several in one millisecond: their order is by name then, and none is lost between two pages.
      verifier.now = NOON + Math.floor(i / 4);
      begun.push((await made(await create(`k${String(i)}`))).id);
    }
    const seen: string[] = [];
    const sizes: number[] = [];
    let next: string | undefined;
    do {
      const page = await list(`?limit=10${next === undefined ? '' : `&cursor=${encodeURIComponent(next)}`}`);
      sizes.push(page.items.length);
      seen.push(...page.items.map(({ id }) => id));
      next = page.next_cursor;
    } while (next !== undefined);
    expect(sizes).toEqual([10, 10, 5]);
    expect([...seen].sort()).toEqual([...begun].sort());
    expect(seen.slice(-4).sort()).toEqual(begun.slice(0, 4).sort());
    expect((await list()).items).toHaveLength(20);
    expect((await list('?limit=25')).next_cursor).toBeUndefined();
  });

  it('sees in the list how each stands, and nothing of who answered', async () => {
    verifier = await startVerifier({ url: await open() });
    const [open1, declined] = [await begin(verifier, { ask: {} }), await begin(verifier, { ask: {} })];
    await respond(verifier, { state: declined.request.state, error: 'access_denied' });
    const status = async (id: string): Promise<string | undefined> =>
      (await list()).items.find((item) => item.id === id)?.status;
    expect(await status(open1.created.id)).toBe('pending');
    expect(await status(declined.created.id)).toBe('answered');
    verifier.now = NOON + 300_000;
    expect(await status(open1.created.id)).toBe('expired');
    const [item] = (await list()).items;
    expect(Object.keys(item ?? {}).sort()).toEqual(['channel', 'created_at', 'expires_at', 'id', 'purpose', 'status']);
  });

  it('lists 1 to 100 at a time, by a cursor of the list', async () => {
    verifier = await startVerifier({ url: await open() });
    await made(await create('a'));
    const refusal = async (query: string): Promise<string> =>
      (await problemOf(await call(verifier.app, `/v1/verifications${query}`, { headers: bearer() }))).code;
    await list('?limit=1');
    await list('?limit=100');
    for (const limit of ['0', '101', '1.5', 'x']) expect(await refusal(`?limit=${limit}`)).toBe('body_invalid');
    for (const cursor of ['x', '1', '.a', '1.', `1.${'a'.repeat(65)}`, "1.a'--"]) {
      expect(await refusal(`?cursor=${encodeURIComponent(cursor)}`), cursor).toBe('cursor_invalid');
    }
    const stranger = await call(verifier.app, '/v1/verifications', { headers: bearer('x'.repeat(30)) });
    expect(await problemOf(stranger)).toEqual({ status: 401, code: 'api_key_invalid' });
  });
});
