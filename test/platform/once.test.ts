// SPDX-License-Identifier: GPL-3.0-or-later
/** Limits of so many times in a period, replies that are given again, and what is confirmed with a proof. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { requestInputs, type RequestObject } from '../../src/protocol/request.ts';
import { nullifierOf, periodNumber, toBase64Url } from '../../src/protocol/scope.ts';
import { transactionsOf } from '../../src/protocol/transaction.ts';
import { deleteOutdated } from '../../src/storage/outdated.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { endProving, type Holder, makeHolder, NOON, present, seededRandom } from './fixtures.ts';
import {
  answer,
  begin,
  call,
  collect,
  postJson,
  problemOf,
  read,
  respond,
  responseCodeOf,
  startVerifier,
  type Verifier,
} from './harness.ts';

// A proof takes seconds, more where other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

let holder: Holder;
beforeAll(async () => {
  holder = await makeHolder();
});
afterAll(endProving);

const TOKEN = toBase64Url(seededRandom('token of the wallet')(32));

describeOnEachDatabase('an answer', (open) => {
  let verifier: Verifier;
  afterEach(() => verifier.close());
  const start = async (seed: string): Promise<void> => {
    verifier = await startVerifier({ url: await open(), roots: [holder.root], seed });
  };

  describe('under a limit', () => {
    const comments = { ask: {}, limit: { name: 'comments', period: 'day' as const, times: 2 } };

    it('is accepted so many times in a period, each time under another pseudonym', async () => {
      await start('limit');
      const subs: string[] = [];
      for (const index of [0n, 1n]) {
        const begun = await begin(verifier, comments);
        expect(begun.request.context).toEqual({
          kind: 'epoch',
          name: 'comments',
          seconds: 86_400,
          number: periodNumber(NOON / 1000, 86_400),
          limit: 2,
        });
        const response = await answer(verifier, begun.request, await present(holder, begun.request, { index }));
        const { status, result } = await collect(verifier, begun, response);
        expect(status).toBe('verified');
        subs.push(result?.sub ?? '');
      }
      expect(new Set(subs).size).toBe(2);
      const kept = await verifier.deps.database.kysely.selectFrom('limit_used').select('nullifier').execute();
      expect(kept.map(({ nullifier }) => nullifier).sort()).toEqual(
        subs.map((sub) => nullifierOf(sub).toString()).sort(),
      );
    });

    it('of a time that was used is refused, and the request stays open for another', async () => {
      await start('limit');
      const first = await begin(verifier, comments);
      const second = await begin(verifier, comments);
      await responseCodeOf(await answer(verifier, first.request, await present(holder, first.request, { index: 0n })));
      const used = await present(holder, second.request, { index: 0n });
      const refused = await answer(verifier, second.request, used);
      expect(await problemOf(refused)).toEqual({ status: 409, code: 'limit_index_used' });
      const other = await present(holder, second.request, { index: 1n });
      expect((await collect(verifier, second, await answer(verifier, second.request, other))).status).toBe('verified');
    });

    it('cannot be proved beyond it', async () => {
      await start('limit');
      const { request } = await begin(verifier, comments);
      await expect(present(holder, request, { index: 2n })).rejects.toThrow();
    });

    it('is forgotten when nothing of its period can be answered any more', async () => {
      await start('limit');
      const begun = await begin(verifier, comments);
      await responseCodeOf(await answer(verifier, begun.request, await present(holder, begun.request)));
      const rows = async (): Promise<number> =>
        (await verifier.deps.database.kysely.selectFrom('limit_used').selectAll().execute()).length;
      const end = (periodNumber(NOON / 1000, 86_400) + 1) * 86_400_000;
      const at = end + 900_000 + 3_600_000;
      await deleteOutdated(verifier.deps.database, at, at);
      expect(await rows()).toBe(1);
      await deleteOutdated(verifier.deps.database, at, at + 1);
      expect(await rows()).toBe(0);
    });
  });

  describe('that got no reply', () => {
    const send = async (request: RequestObject, changes: Record<string, string> = {}): Promise<Response> => {
      const presentation = await present(holder, request);
      const vp_token = JSON.stringify({ bauta: [presentation] });
      return respond(verifier, { state: request.state, vp_token, retry_token: TOKEN, ...changes });
    };

    it('is sent again under its token, and gets the same reply, until the result is collected', async () => {
      await start('retry');
      const begun = await begin(verifier, { ask: { age_over: 18 } });
      const first = await send(begun.request);
      const again = await send(begun.request);
      expect(await again.clone().json()).toEqual(await first.json());
      expect((await collect(verifier, begun, again)).status).toBe('verified');
      expect(await problemOf(await send(begun.request))).toEqual({ status: 409, code: 'nonce_used' });
    });

    it('is not told the reply without the token, under another, or with another answer', async () => {
      await start('retry');
      const begun = await begin(verifier, { ask: { age_over: 18 } });
      await responseCodeOf(await send(begun.request));
      const presentation = await present(holder, begun.request);
      const without = await answer(verifier, begun.request, presentation);
      expect(await problemOf(without)).toEqual({ status: 409, code: 'nonce_used' });
      const another = await send(begun.request, { retry_token: toBase64Url(seededRandom('other')(32)) });
      expect(await problemOf(another)).toEqual({ status: 409, code: 'nonce_used' });
      const declined = await respond(verifier, {
        state: begun.request.state,
        error: 'access_denied',
        retry_token: TOKEN,
      });
      expect(await problemOf(declined)).toEqual({ status: 409, code: 'nonce_used' });
      const malformed = await send(begun.request, { retry_token: TOKEN.slice(1) });
      expect(await problemOf(malformed)).toEqual({ status: 400, code: 'body_invalid' });
    });

    it('sent twelve times at once is accepted once, and replied to alike', async () => {
      await start('retry');
      const begun = await begin(verifier, { ask: { age_over: 18 } });
      const responses = await Promise.all(Array.from({ length: 12 }, () => send(begun.request)));
      const codes = await Promise.all(responses.map((response) => responseCodeOf(response)));
      expect(new Set(codes).size).toBe(1);
    });

    it('about an action that was done is told that again', async () => {
      await start('retry-action');
      const vote = { ask: {}, action: { name: 'vote on the budget', opens: 20261101 } };
      const [first, second] = [await begin(verifier, vote), await begin(verifier, vote)];
      await responseCodeOf(await send(first.request));
      for (const _ of [1, 2]) {
        const refused = await send(second.request);
        expect(await problemOf(refused)).toEqual({ status: 409, code: 'action_already_done' });
      }
    });

    it('leaves nothing in the database that opens the result', async () => {
      await start('retry');
      const begun = await begin(verifier, { ask: { age_over: 18 } });
      const code = await responseCodeOf(await send(begun.request));
      const [row] = await verifier.deps.database.kysely.selectFrom('verification').selectAll().execute();
      expect(row?.sealed_reply).not.toBeNull();
      expect(JSON.stringify(row)).not.toContain(code);
      expect(JSON.stringify(row)).not.toContain(TOKEN);
      await read(verifier, begun.created.id, { browserToken: begun.created.browser_token, responseCode: code });
      const [after] = await verifier.deps.database.kysely.selectFrom('verification').selectAll().execute();
      expect(after).toMatchObject({ sealed_reply: null, result: null });
    });
  });
});

describe('what is confirmed', () => {
  it('reaches the wallet as it is, and the proof is bound to it', async () => {
    const verifier = await startVerifier({ roots: [holder.root], seed: 'transaction' });
    const transaction = { title: 'Change the address', lines: [{ label: 'To', value: '12 Canal Street' }] };
    const begun = await begin(verifier, { ask: { age_over: 18 }, transaction_data: [transaction] });
    expect(transactionsOf(begun.request.transaction_data)).toEqual([transaction]);
    const presentation = await present(holder, begun.request);
    const { transaction_data: _, ...without } = begun.request;
    expect(requestInputs(without).binding).not.toBe(requestInputs(begun.request).binding);
    const other = await call(
      verifier.app,
      '/v1/proofs/verify',
      postJson({ request: { ...without, transaction_data: ['e30'] }, presentation }),
    );
    expect(await other.json()).toEqual({ ok: false, code: 'proof_invalid' });
    expect((await collect(verifier, begun, await answer(verifier, begun.request, presentation))).status).toBe(
      'verified',
    );
    await verifier.close();
  });

  it.each([
    ['no title', { title: '', lines: [] }],
    ['a title of 81 characters', { title: 'x'.repeat(81), lines: [] }],
    ['nine lines', { title: 'x', lines: Array.from({ length: 9 }, () => ({ label: 'a', value: 'b' })) }],
    ['a value of 201 characters', { title: 'x', lines: [{ label: 'a', value: 'b'.repeat(201) }] }],
    ['a label of 41 characters', { title: 'x', lines: [{ label: 'a'.repeat(41), value: 'b' }] }],
    ['text that turns the order', { title: 'Pay 1\u202e000', lines: [] }],
    ['invisible text', { title: 'Pay\u200b', lines: [] }],
    ['a line break', { title: 'Pay\n1', lines: [] }],
    ['nothing but spaces', { title: '  ', lines: [] }],
    ['another member', { title: 'x', lines: [], amount: 1 }],
  ])('is refused with %s', async (_, transaction) => {
    const verifier = await startVerifier();
    const response = await call(
      verifier.app,
      '/v1/verifications',
      postJson({ ask: {}, transaction_data: [transaction] }),
    );
    expect(await problemOf(response)).toEqual({ status: 400, code: 'body_invalid' });
    await verifier.close();
  });

  it('has up to its bounds', async () => {
    const verifier = await startVerifier();
    const largest = {
      title: '改'.repeat(80),
      lines: Array.from({ length: 8 }, () => ({ label: '项'.repeat(40), value: '值'.repeat(200) })),
    };
    const create = (transaction_data: unknown[]): Promise<Response> =>
      call(verifier.app, '/v1/verifications', postJson({ ask: {}, transaction_data }));
    const { request } = await begin(verifier, { ask: {}, transaction_data: Array.from({ length: 2 }, () => largest) });
    expect(transactionsOf(request.transaction_data)).toHaveLength(2);
    expect((await create(Array.from({ length: 3 }, () => largest))).status).toBe(400);
    expect((await create([])).status).toBe(400);
    await verifier.close();
  });
});

describe('a wallet’s error', () => {
  it.each([
    'access_denied',
    'invalid_client',
    'invalid_request',
    'invalid_request_uri_method',
    'invalid_scope',
    'invalid_transaction_data',
    'vp_formats_not_supported',
    'wallet_unavailable',
  ])('of OpenID4VP reaches the platform: %s', async (error) => {
    const verifier = await startVerifier();
    const begun = await begin(verifier, { ask: {} });
    const response = await respond(verifier, { state: begun.request.state, error, error_description: 'x' });
    expect(await collect(verifier, begun, response)).toMatchObject({ status: 'rejected', error: { code: error } });
    await verifier.close();
  });

  it('of another kind is one code, whatever it says', async () => {
    const verifier = await startVerifier();
    const begun = await begin(verifier, { ask: {} });
    const response = await respond(verifier, { state: begun.request.state, error: 'person:Alex' });
    expect(await collect(verifier, begun, response)).toMatchObject({ error: { code: 'wallet_error' } });
    await verifier.close();
  });
});
