// SPDX-License-Identifier: GPL-3.0-or-later
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { KEPT_AFTER_EXPIRY } from '../../src/platform/deps.ts';
import type { Presentation } from '../../src/protocol/presentation.ts';
import { nullifierOf } from '../../src/protocol/scope.ts';
import { deleteOutdated } from '../../src/storage/outdated.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { endProving, type Holder, makeHolder, makeRequest, NOON, nullifierUnder, present } from './fixtures.ts';
import {
  answer,
  begin,
  type Begun,
  checkpointOf,
  collect,
  PAGE,
  problemOf,
  read,
  respond,
  responseCodeOf,
  startVerifier,
  type Verifier,
  type VerifierOptions,
} from './harness.ts';

// A proof takes seconds, more where other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

let holder: Holder;
beforeAll(async () => {
  holder = await makeHolder();
});
afterAll(endProving);

describeOnEachDatabase('a login', (open) => {
  let verifier: Verifier;
  const start = async (options: VerifierOptions = {}): Promise<Verifier> => {
    verifier = await startVerifier({ url: await open(), roots: [holder.root], ...options });
    return verifier;
  };
  afterEach(() => verifier.close());

  const login = async (): Promise<{ begun: Begun; presentation: Presentation }> => {
    await start();
    const begun = await begin(verifier, { ask: { age_over: 18 } });
    return { begun, presentation: await present(holder, begun.request) };
  };

  describe('same device', () => {
    it('gives pseudonym and claims for id, response code and browser token', async () => {
      const { begun, presentation } = await login();
      const response = await answer(verifier, begun.request, presentation);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('server-timing')).toMatch(/^verify;dur=\d+\.\d{3}$/);
      const verification = await collect(verifier, begun, response);
      expect(verification).toMatchObject({
        id: begun.created.id,
        status: 'verified',
        result: {
          claims: { valid_id: true, age_over_18: true },
          acr: 'urn:bauta:login',
          auth_time: NOON / 1000,
          channel: 'same_device',
          trust: { keys: 'development', register: 'register.example/v1', checkpoint: 7, epoch: 3 },
        },
      });
      expect(verification.result?.sub).toHaveLength(43);
    });

    it('consumes the nonce: the same answer again is refused', async () => {
      const { begun, presentation } = await login();
      await responseCodeOf(await answer(verifier, begun.request, presentation));
      const again = await answer(verifier, begun.request, presentation);
      expect(await problemOf(again)).toEqual({ status: 409, code: 'nonce_used' });
      const refetch = verifier.app.request(requestPath(begun));
      expect(await problemOf(await refetch)).toEqual({ status: 409, code: 'nonce_used' });
    });

    it('of twelve answers at once exactly one is accepted', async () => {
      const { begun, presentation } = await login();
      const responses = await Promise.all(
        Array.from({ length: 12 }, () => answer(verifier, begun.request, presentation)),
      );
      const accepted = responses.filter(({ status }) => status === 200);
      expect(accepted).toHaveLength(1);
      for (const response of responses.filter(({ status }) => status !== 200)) {
        expect(await problemOf(response)).toEqual({ status: 409, code: 'nonce_used' });
      }
      const [response] = accepted;
      if (response !== undefined)
        expect(await collect(verifier, begun, response)).toMatchObject({ status: 'verified' });
    });

    it('without the response code says only that it was answered', async () => {
      const { begun, presentation } = await login();
      const browserToken = begun.created.browser_token;
      const before = await read(verifier, begun.created.id, { browserToken });
      expect(await before.json()).toEqual({ id: begun.created.id, status: 'pending' });
      await answer(verifier, begun.request, presentation);
      const after = await read(verifier, begun.created.id, { browserToken });
      expect(await after.json()).toEqual({ id: begun.created.id, status: 'answered' });
    });

    it('gives nothing without the browser token, or with that of another browser', async () => {
      const { begun, presentation } = await login();
      const other = await begin(verifier, { ask: { age_over: 18 } });
      const responseCode = await responseCodeOf(await answer(verifier, begun.request, presentation));
      for (const browserToken of [undefined, '', other.created.browser_token, `${begun.created.browser_token}A`]) {
        const attempt = await read(verifier, begun.created.id, {
          responseCode,
          ...(browserToken === undefined ? {} : { browserToken }),
        });
        expect(await problemOf(attempt)).toEqual({ status: 403, code: 'browser_token_invalid' });
      }
      // An attacker's own finished login given to a victim: the victim's browser has begun another.
      const victim = { browserToken: other.created.browser_token, responseCode };
      expect(await (await read(verifier, other.created.id, victim)).json()).toEqual({
        id: other.created.id,
        status: 'pending',
      });
    });

    it('gives the result once, and forgets it', async () => {
      const { begun, presentation } = await login();
      const responseCode = await responseCodeOf(await answer(verifier, begun.request, presentation));
      const all = { browserToken: begun.created.browser_token, responseCode };
      expect((await read(verifier, begun.created.id, all)).status).toBe(200);
      const again = await read(verifier, begun.created.id, all);
      expect(await problemOf(again)).toEqual({ status: 409, code: 'response_code_used' });
      const rows = await verifier.deps.database.kysely.selectFrom('verification').selectAll().execute();
      expect(rows).toMatchObject([{ result: null, response_code_hash: null }]);
    });

    it('forgets the result after five wrong codes', async () => {
      const { begun, presentation } = await login();
      const responseCode = await responseCodeOf(await answer(verifier, begun.request, presentation));
      const browserToken = begun.created.browser_token;
      const codes: string[] = [];
      for (let i = 0; i < 6; i++) {
        const attempt = await read(verifier, begun.created.id, { browserToken, responseCode: `wrong${String(i)}` });
        codes.push((await problemOf(attempt)).code);
      }
      expect(codes).toEqual([
        ...Array<string>(4).fill('response_code_invalid'),
        'too_many_attempts',
        'too_many_attempts',
      ]);
      const right = await read(verifier, begun.created.id, { browserToken, responseCode });
      expect(await problemOf(right)).toEqual({ status: 403, code: 'too_many_attempts' });
    });

    it('a wallet may decline, and the page learns it', async () => {
      const { begun } = await login();
      const declined = await respond(verifier, { state: begun.request.state, error: 'access_denied' });
      expect(await collect(verifier, begun, declined)).toEqual({
        id: begun.created.id,
        status: 'rejected',
        error: { code: 'access_denied' },
      });
    });

    it('expires, with its request and its result', async () => {
      const { begun, presentation } = await login();
      const browserToken = begun.created.browser_token;
      verifier.now = NOON + 300_000;
      const late = await answer(verifier, begun.request, presentation);
      expect(await problemOf(late)).toEqual({ status: 410, code: 'request_expired' });
      const refetch = await verifier.app.request(requestPath(begun));
      expect(await problemOf(refetch)).toEqual({ status: 410, code: 'request_expired' });
      expect(await (await read(verifier, begun.created.id, { browserToken })).json()).toMatchObject({
        status: 'expired',
      });
      verifier.now = NOON;
      const responseCode = await responseCodeOf(await answer(verifier, begun.request, presentation));
      verifier.now = NOON + 300_000 + 600_000;
      const uncollected = await read(verifier, begun.created.id, { browserToken, responseCode });
      expect(await problemOf(uncollected)).toEqual({ status: 410, code: 'verification_expired' });
      verifier.now += 1;
      await deleteOutdated(verifier.deps.database, verifier.now - KEPT_AFTER_EXPIRY, verifier.now);
      expect(await problemOf(await read(verifier, begun.created.id, { browserToken }))).toMatchObject({ status: 404 });
    });
  });

  describe('another device', () => {
    it('shows a code to type on the screen that began, and is no step-up', async () => {
      await start({ seed: 'cross' });
      const begun = await begin(verifier, { ask: {}, channel: 'cross_device' });
      const response = await answer(verifier, begun.request, await present(holder, begun.request));
      const body = (await response.json()) as { confirmation_code: string };
      expect(Object.keys(body)).toEqual(['confirmation_code']);
      expect(body.confirmation_code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
      // typed elsewhere: the attacker's screen has begun another verification
      const elsewhere = await begin(verifier, { ask: {}, channel: 'cross_device' });
      const stolen = await read(verifier, begun.created.id, {
        browserToken: elsewhere.created.browser_token,
        responseCode: body.confirmation_code,
      });
      expect(await problemOf(stolen)).toEqual({ status: 403, code: 'browser_token_invalid' });
      // typed by a person: case, spaces and look-alikes do not matter
      const typed = ` ${body.confirmation_code.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}`;
      const result = await read(verifier, begun.created.id, {
        browserToken: begun.created.browser_token,
        responseCode: typed,
      });
      expect(await result.json()).toMatchObject({ status: 'verified', result: { channel: 'cross_device' } });
    });
  });

  describe('step-up', () => {
    it('accepts the expected pseudonym on the active root only', async () => {
      const { begun, presentation } = await login();
      const { result } = await collect(verifier, begun, await answer(verifier, begun.request, presentation));
      const sub = result?.sub ?? '';
      const again = await begin(verifier, { ask: {}, purpose: 'step_up', expect_sub: sub });
      const proof = await present(holder, again.request);
      const [old] = verifier.checkpoints;
      const newer = checkpointOf(holder.root, { size: 9, epoch: 4, activeFrom: NOON / 1000 - 60 });
      verifier.checkpoints = old === undefined ? [] : [old, newer];
      const stale = await answer(verifier, again.request, proof);
      expect(await problemOf(stale)).toEqual({ status: 422, code: 'checkpoint_not_accepted' });
      const accepted = await answer(verifier, again.request, { ...proof, checkpoint: 9 });
      expect(await collect(verifier, again, accepted)).toMatchObject({
        status: 'verified',
        result: { sub, acr: 'urn:bauta:possession', claims: { valid_id: true } },
      });
    });

    it('refuses another pseudonym', async () => {
      const { presentation } = await login();
      const stepUp = await begin(verifier, { ask: {}, purpose: 'step_up', expect_sub: 'A'.repeat(43) });
      const response = await answer(verifier, stepUp.request, presentation);
      expect(await problemOf(response)).toEqual({ status: 422, code: 'sub_mismatch' });
    });
  });

  describe('an action', () => {
    const vote = { ask: {}, action: { name: 'vote on the budget', opens: 20261101 } };

    it('is done once by each person, whatever request asks for it', async () => {
      await start({ seed: 'action' });
      const first = await begin(verifier, vote);
      const second = await begin(verifier, vote);
      const done = await collect(
        verifier,
        first,
        await answer(verifier, first.request, await present(holder, first.request)),
      );
      expect(done).toMatchObject({ status: 'verified' });
      const again = await answer(verifier, second.request, await present(holder, second.request));
      const { redirect_uri } = (await again.clone().json()) as { redirect_uri: string };
      expect(await problemOf(again)).toEqual({ status: 409, code: 'action_already_done' });
      expect(await (await readWith(verifier, second, redirect_uri)).json()).toEqual({
        id: second.created.id,
        status: 'rejected',
        error: { code: 'action_already_done' },
      });
      // The pseudonym of the action is not that of the account, so that a vote is not tied to a login.
      const acted = nullifierOf(done.result?.sub ?? '').toString();
      expect(acted).toBe(await nullifierUnder(holder, first.request));
      expect(acted).not.toBe(await nullifierUnder(holder, makeRequest()));
      const kept = await verifier.deps.database.kysely.selectFrom('action_done').selectAll().execute();
      expect(kept.map((row) => Object.keys(row).sort())).toEqual([['context', 'nullifier', 'scope']]);
    });

    it('of two requests answered at once exactly one does it', async () => {
      await start({ seed: 'action' });
      const begun = [await begin(verifier, vote), await begin(verifier, vote)];
      const presentations = await Promise.all(begun.map(({ request }) => present(holder, request)));
      const responses = await Promise.all(
        begun.flatMap(({ request }, i) => {
          const presentation = presentations[i];
          return presentation === undefined ? [] : [answer(verifier, request, presentation)];
        }),
      );
      expect(responses.map(({ status }) => status).sort()).toEqual([200, 409]);
      const kept = await verifier.deps.database.kysely.selectFrom('action_done').selectAll().execute();
      expect(kept).toHaveLength(1);
    });
  });
});

function requestPath({ created }: Begun): string {
  const fragment = new URLSearchParams(new URL(created.request_url).hash.slice(1));
  return new URL(fragment.get('request_uri') ?? '').pathname;
}

function readWith(verifier: Verifier, { created }: Begun, redirect: string): Promise<Response> {
  const responseCode = redirect.slice(`${PAGE}#response_code=`.length);
  return read(verifier, created.id, { browserToken: created.browser_token, responseCode });
}
