// SPDX-License-Identifier: GPL-3.0-or-later
/** What the verifier refuses of a wallet: answers that do not answer, and bodies that are none. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as snarkjs from 'snarkjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { BASE_FIELD_ORDER, FIELD_ORDER, toField } from '../../src/protocol/field.ts';
import type { Presentation } from '../../src/protocol/presentation.ts';
import { requestInputs } from '../../src/protocol/request.ts';
import { ARTIFACTS, endProving, type Holder, makeHolder, makeRequest, NOON, present } from './fixtures.ts';
import {
  answer,
  begin,
  type Begun,
  bearer,
  call,
  checkpointOf,
  postJson,
  problemOf,
  read,
  respond,
  startVerifier,
  type Verifier,
} from './harness.ts';

// A proof takes seconds, more where other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'bauta-refusals-'));
let holder: Holder;
let minor: Holder;
let verifier: Verifier;
let begun: Begun;
let presentation: Presentation;

beforeAll(async () => {
  holder = await makeHolder();
  // 18 tomorrow
  minor = await makeHolder({ birth: 20081123 }, 987_654_321n);
});

beforeEach(async () => {
  verifier = await startVerifier({ roots: [holder.root] });
  begun = await begin(verifier, { ask: { age_over: 18 } });
  presentation = await present(holder, begun.request);
});

afterEach(() => verifier.close());

afterAll(async () => {
  await endProving();
  rmSync(folder, { recursive: true, force: true });
});

const refusal = async (changes: Partial<Presentation>): Promise<{ status: number; code: string }> =>
  problemOf(await answer(verifier, begun.request, { ...presentation, ...changes }));

describe('an answer that does not answer', () => {
  it('was made for another platform: unknown there, and refused under a stolen state', async () => {
    const shop = await startVerifier({ origin: 'https://shop.example', roots: [holder.root], seed: 'shop' });
    try {
      const theirs = (await shop.app.request('/v1/verifications', postJson({ ask: { age_over: 18 } }))).status;
      expect(theirs).toBe(201);
      expect(await problemOf(await answer(shop, begun.request, presentation))).toEqual({
        status: 404,
        code: 'request_unknown',
      });
      const [row] = await shop.deps.database.kysely.selectFrom('verification').select('state').execute();
      const stolen = await answer(shop, { ...begun.request, state: row?.state ?? '' }, presentation);
      expect(await problemOf(stolen)).toEqual({ status: 422, code: 'proof_invalid' });
    } finally {
      await shop.close();
    }
  });

  it('answers another request of this platform', async () => {
    const other = await begin(verifier, { ask: { age_over: 18 } });
    expect(await problemOf(await answer(verifier, other.request, presentation))).toEqual({
      status: 422,
      code: 'proof_invalid',
    });
  });

  it("is a minor's, for a policy without an age", async () => {
    verifier.checkpoints = [checkpointOf(minor.root)];
    const { policy } = requestInputs(makeRequest());
    const easier = await present(minor, begun.request, { inputs: { policy } });
    expect(await problemOf(await answer(verifier, begun.request, easier))).toEqual({
      status: 422,
      code: 'proof_invalid',
    });
  });

  it('is on a root that is not accepted: unknown, of the future, or past its grace', async () => {
    const refused = { status: 422, code: 'checkpoint_not_accepted' };
    expect(await refusal({ checkpoint: 8 })).toEqual(refused);
    const newer = checkpointOf(toField(1n), { size: 9, epoch: 4, activeFrom: NOON / 1000 - 600 });
    verifier.checkpoints = [checkpointOf(holder.root), newer];
    expect(await refusal({})).toEqual(refused);
    verifier.now -= 1;
    expect((await answer(verifier, begun.request, presentation)).status).toBe(200);
  });

  it('is on a root that was revoked since: the checkpoint of that size has another root', async () => {
    verifier.checkpoints = [checkpointOf(toField(holder.root + 1n))];
    expect(await refusal({})).toEqual({ status: 422, code: 'proof_invalid' });
  });

  it('was made with another proving key of the same circuit', async () => {
    const zkey = join(folder, 'foreign.zkey');
    await snarkjs.zKey.contribute(join(ARTIFACTS, 'show.zkey'), zkey, 'foreign', 'some entropy');
    const foreign = await present(holder, begun.request, { zkey });
    expect(await problemOf(await answer(verifier, begun.request, foreign))).toEqual({
      status: 422,
      code: 'proof_invalid',
    });
  });

  it('can not be retried for ever, and leaves the request open a few times', async () => {
    const wrong = { disclosed: { document: 'passport' } } as const;
    for (let i = 0; i < 3; i++) expect((await refusal(wrong)).code).toBe('claims_mismatch');
    verifier.checkpoints = [checkpointOf(toField(1n))];
    for (let i = 3; i < 10; i++) expect((await refusal(wrong)).code).toBe('claims_mismatch');
    verifier.checkpoints = [checkpointOf(holder.root)];
    expect(await refusal({})).toEqual({ status: 409, code: 'nonce_used' });
  });

  it('waits when the register is away', async () => {
    const unavailable = new ProtocolError('checkpoints_unavailable', 'try again');
    const alone = await startVerifier({ checkpoints: () => Promise.reject(unavailable) });
    try {
      const open = await begin(alone, { ask: { age_over: 18 } });
      expect(await problemOf(await answer(alone, open.request, presentation))).toEqual({
        status: 503,
        code: 'checkpoints_unavailable',
      });
    } finally {
      await alone.close();
    }
  });
});

describe('malformed answers', () => {
  const plus = (value: string, order: bigint): string => (BigInt(value) + order).toString();

  it.each([
    ['n + r', () => ({ nullifier: plus(presentation.nullifier, FIELD_ORDER) }), 'field_not_canonical'],
    ['p', () => ({ nullifier: FIELD_ORDER.toString() }), 'field_not_canonical'],
    ['p + 1', () => ({ nullifier: (FIELD_ORDER + 1n).toString() }), 'field_not_canonical'],
    ['a negative nullifier', () => ({ nullifier: '-1' }), 'vp_token_invalid'],
    ['a hexadecimal nullifier', () => ({ nullifier: '0xff' }), 'vp_token_invalid'],
    ['a nullifier of a million digits', () => ({ nullifier: '9'.repeat(50_000) }), 'vp_token_invalid'],
    ['nullifier 0', () => ({ nullifier: '0' }), 'nullifier_mismatch'],
    ['an unknown circuit', () => ({ circuit: 'empty' }), 'vp_token_invalid'],
    [
      'a coordinate q + x',
      () => ({
        proof: {
          ...presentation.proof,
          pi_a: [plus(presentation.proof.pi_a[0], BASE_FIELD_ORDER), presentation.proof.pi_a[1], '1'],
        },
      }),
      'proof_malformed',
    ],
    ['a point off the curve', () => ({ proof: { ...presentation.proof, pi_c: ['1', '1', '1'] } }), 'proof_malformed'],
  ])('%s', async (_, changes, code) => {
    expect((await refusal(changes() as Partial<Presentation>)).code).toBe(code);
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['empty', ''],
    ['two presentations', '{"bauta":[{},{}]}'],
    ['a prototype', '{"__proto__":{"bauta":[]}}'],
    ['nested far', '['.repeat(20_000)],
  ])('a vp_token: %s', async (_, vp_token) => {
    const response = await respond(verifier, { state: begun.request.state, vp_token });
    expect(await problemOf(response)).toEqual({ status: 400, code: 'vp_token_invalid' });
  });

  it('no vp_token, no state, an unknown state', async () => {
    expect(await problemOf(await respond(verifier, { state: begun.request.state }))).toMatchObject({
      code: 'vp_token_invalid',
    });
    expect(await problemOf(await respond(verifier, { vp_token: '{}' }))).toEqual({ status: 400, code: 'body_invalid' });
    // An id that cannot be one is not looked for: PostgreSQL would fail at it.
    expect(await problemOf(await respond(verifier, { state: '\u0000', error: 'access_denied' }))).toEqual({
      status: 400,
      code: 'body_invalid',
    });
    for (const path of ['/oid4vp/requests/%00', '/v1/verifications/%00']) {
      const headers = { ...bearer(), 'Browser-Token': 'x' };
      expect((await problemOf(await call(verifier.app, path, { headers }))).code).toBe('body_invalid');
    }
    expect(await problemOf(await respond(verifier, { state: 'x'.repeat(43), vp_token: '{}' }))).toEqual({
      status: 404,
      code: 'request_unknown',
    });
  });

  it.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x', ''])(
    'content type %j is refused',
    async (type) => {
      const response = await call(verifier.app, '/oid4vp/responses', {
        method: 'POST',
        headers: type === '' ? {} : { 'Content-Type': type },
        body: new TextEncoder().encode('{}'),
      });
      expect(await problemOf(response)).toEqual({ status: 415, code: 'content_type_unsupported' });
    },
  );

  it.each([
    ['/oid4vp/responses', 'application/x-www-form-urlencoded'],
    ['/v1/verifications', 'application/json'],
    ['/v1/proofs/verify', 'application/json'],
  ])('50 MB to %s are refused without being read', async (path, type) => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x61));
        if (sent >= 50_000_000) controller.close();
      },
    });
    const headers = { 'Content-Type': type, ...bearer() };
    const response = await call(verifier.app, path, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
    expect(await problemOf(response)).toEqual({ status: 413, code: 'body_too_large' });
    expect(sent).toBeLessThan(1_000_000);
  });
});

describe('the stateless check', () => {
  const verify = (request: unknown, shown: unknown): Promise<Response> =>
    call(verifier.app, '/v1/proofs/verify', postJson({ request, presentation: shown }));

  it('says whether a presentation holds, as often as it is asked', async () => {
    for (let i = 0; i < 2; i++) {
      const response = await verify(begun.request, presentation);
      expect(response.headers.get('server-timing')).toMatch(/^verify;dur=/);
      expect(await response.json()).toMatchObject({ ok: true, result: { claims: { age_over_18: true } } });
    }
    const pending = await read(verifier, begun.created.id, { browserToken: begun.created.browser_token });
    expect(await pending.json()).toMatchObject({ status: 'pending' });
  });

  it('says why it does not', async () => {
    const outcome = async (request: unknown, changes: unknown = {}): Promise<unknown> =>
      (await verify(request, { ...presentation, ...(changes as object) })).json();
    const { request } = begun;
    expect(await outcome({ ...request, nonce: 'A'.repeat(43) })).toEqual({ ok: false, code: 'proof_invalid' });
    expect(await outcome(request, { checkpoint: 99 })).toEqual({ ok: false, code: 'checkpoint_not_accepted' });
    expect(await outcome(request, { nullifier: '0' })).toEqual({ ok: false, code: 'nullifier_mismatch' });
    verifier.now = request.exp * 1000;
    expect(await outcome(request)).toEqual({ ok: false, code: 'request_expired' });
  });

  it('refuses requests of other origins, of the future, off the list, and of another day', async () => {
    const uri = 'https://shop.example/oid4vp/responses';
    const elsewhere = { ...begun.request, response_uri: uri, client_id: `redirect_uri:${uri}` };
    expect((await problemOf(await verify(elsewhere, presentation))).code).toBe('request_invalid');
    const iat = NOON / 1000 + 3600;
    const future = { ...begun.request, iat, exp: iat + 300 };
    expect((await problemOf(await verify(future, presentation))).code).toBe('request_invalid');
    const yesterday = { ...begun.request, iat: iat - 86_400, exp: iat - 86_100 };
    expect((await problemOf(await verify(yesterday, presentation))).code).toBe('request_invalid');
    const policy = { ...begun.request, policy: '1' };
    expect((await problemOf(await verify(policy, presentation))).code).toBe('date_invalid');
    const wide = { ...begun.request, policy: FIELD_ORDER.toString() };
    expect((await problemOf(await verify(wide, presentation))).code).toBe('field_not_canonical');
  });

  it('answers malformed bodies with problem documents', async () => {
    for (const body of ['{', 'null', '[]', '{"request":1}', `{"request":${'['.repeat(20_000)}`]) {
      const response = await call(verifier.app, '/v1/proofs/verify', postJson(body));
      expect(await problemOf(response)).toEqual({ status: 400, code: 'body_invalid' });
    }
  });
});
