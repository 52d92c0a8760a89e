// SPDX-License-Identifier: GPL-3.0-or-later
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addDays } from '../../src/protocol/dates.ts';
import { FIELD_ORDER, parseField, toField } from '../../src/protocol/field.ts';
import { NATIONALITY_GROUPS, packPolicy, unpackPolicy } from '../../src/protocol/policy.ts';
import { parseVpToken, type Presentation } from '../../src/protocol/presentation.ts';
import { requestInputs, type RequestObject } from '../../src/protocol/request.ts';
import { NO_SCOPE } from '../../src/protocol/scope.ts';
import {
  checkPresentation,
  type PresentationCheck,
  type PresentationOutcome,
} from '../../src/verifying/presentation.ts';
import {
  endProving,
  type Holder,
  makeHolder,
  makeRequest,
  NOON,
  nullifierUnder,
  present,
  showKey,
  TIME_ZONE,
  TODAY,
} from '../platform/fixtures.ts';

// A proof takes seconds, more where other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

let holder: Holder;
let request: RequestObject;
let presentation: Presentation;

async function check(changes: Partial<PresentationCheck> = {}): Promise<PresentationOutcome> {
  const key = await showKey();
  return checkPresentation({
    presentation,
    request,
    root: holder.root,
    key,
    now: NOON,
    timeZone: TIME_ZONE,
    ...changes,
  });
}

const refused = (code: string): { ok: false; code: string } => ({ ok: false, code });

beforeAll(async () => {
  holder = await makeHolder();
  request = makeRequest({ age_over: 18, reveal: ['document'] });
  presentation = await present(holder, request);
});

afterAll(endProving);

describe('an honest presentation', () => {
  it('is accepted, with the pseudonym of the origin and what was asked', async () => {
    const outcome = await check();
    expect(outcome).toMatchObject({ ok: true, disclosed: { document: 'passport' } });
    if (!outcome.ok) return;
    expect(outcome.pseudonym?.nullifier.toString()).toBe(await nullifierUnder(holder, request));
    expect(outcome.pseudonym?.sub).toHaveLength(43);
  });

  it('is accepted without a pseudonym where none was asked, and then has none', async () => {
    const anonymous = makeRequest({ age_over: 18, pseudonym: false });
    const answer = await present(holder, anonymous);
    expect(answer.nullifier).toBe('0');
    const outcome = await check({ request: anonymous, presentation: answer });
    expect(outcome).toMatchObject({ ok: true, pseudonym: undefined });
    // the reverse: a made-up pseudonym beside a proof without one
    const named = { ...answer, nullifier: presentation.nullifier };
    expect(await check({ request: anonymous, presentation: named })).toEqual(refused('nullifier_mismatch'));
    // and a proof without a pseudonym where one was asked
    expect(await check({ presentation: answer })).toEqual(refused('nullifier_mismatch'));
  });
});

describe('each of the eight public signals', () => {
  it('nullifier: another value', async () => {
    const other = (BigInt(presentation.nullifier) + 1n).toString();
    expect(await check({ presentation: { ...presentation, nullifier: other } })).toEqual(refused('proof_invalid'));
  });

  it('nullifier: zero where a pseudonym was asked', async () => {
    const outcome = await check({ presentation: { ...presentation, nullifier: '0' } });
    expect(outcome).toEqual(refused('nullifier_mismatch'));
  });

  it.each([
    ['n + r', () => (BigInt(presentation.nullifier) + FIELD_ORDER).toString()],
    ['r', () => FIELD_ORDER.toString()],
    ['r + 1', () => (FIELD_ORDER + 1n).toString()],
    ['negative', () => `-${presentation.nullifier}`],
    ['hexadecimal', () => `0x${BigInt(presentation.nullifier).toString(16)}`],
    ['a leading zero', () => `0${presentation.nullifier}`],
    ['empty', () => ''],
  ])('nullifier: %s is no name of it', async (_, value) => {
    const attempt = check({ presentation: { ...presentation, nullifier: value() } });
    await expect(attempt).rejects.toMatchObject({ code: 'field_not_canonical' });
  });

  it('revealed: another claim', async () => {
    const outcome = await check({
      presentation: { ...presentation, disclosed: { document: 'resident_identity_card' } },
    });
    expect(outcome).toEqual(refused('proof_invalid'));
  });

  it.each([
    ['a claim less', {}],
    ['a claim more', { document: 'passport', nationality: 'CHN' }],
    ['another claim', { nationality: 'CHN' }],
  ] as const)('revealed: %s than was asked', async (_, disclosed) => {
    expect(await check({ presentation: { ...presentation, disclosed } })).toEqual(refused('claims_mismatch'));
  });

  it('root: another', async () => {
    expect(await check({ root: toField(holder.root + 1n) })).toEqual(refused('proof_invalid'));
  });

  it('scope: a request of another origin, all else equal', async () => {
    const uri = 'https://shop.example/oid4vp/responses';
    const elsewhere = { ...request, response_uri: uri, client_id: `redirect_uri:${uri}` };
    expect(await check({ request: elsewhere })).toEqual(refused('proof_invalid'));
  });

  it('scope: a proof for the scope zero, which the circuit allows, gives no pseudonym', async () => {
    const answer = await present(holder, request, { inputs: { scope: NO_SCOPE } });
    expect(answer.nullifier).not.toBe('0');
    expect(await check({ presentation: answer })).toEqual(refused('proof_invalid'));
  });

  it('context: an account for an action', async () => {
    const action = { ...request, context: { kind: 'action', name: 'vote', opens: 20261101 } } as const;
    const policy = unpackPolicy(parseField(request.policy));
    const strict = { ...action, policy: packPolicy({ ...policy, secretSinceMax: 20261101 }).toString() };
    expect(await check({ request: strict })).toEqual(refused('proof_invalid'));
  });

  it('context: a proof of the account under the binding of an action', async () => {
    const action = makeRequest({}, { context: { kind: 'action', name: 'vote', opens: 20261101 } });
    const answer = await present(holder, action, { inputs: { context: toField(0n) } });
    expect(await check({ request: action, presentation: answer })).toEqual(refused('proof_invalid'));
  });

  it('policy: a proof of an easier policy under the right binding', async () => {
    const child = await makeHolder({ birth: 20091122 + 1 });
    const easier = requestInputs(makeRequest({ reveal: ['document'] })).policy;
    const answer = await present(child, request, { inputs: { policy: easier } });
    expect(await check({ presentation: answer, root: child.root })).toEqual(refused('proof_invalid'));
  });

  it('nationalityMask: a proof under a wider mask and the right binding', async () => {
    const foreign = makeRequest({ age_over: 18, nationality_group: 'foreign' });
    const answer = await present(holder, foreign, {
      inputs: { nationalityMask: toField(NATIONALITY_GROUPS.any) },
    });
    expect(await check({ request: foreign, presentation: answer })).toEqual(refused('proof_invalid'));
  });

  it.each([
    ['nonce', { nonce: 'A'.repeat(43) }],
    ['state', { state: 'A'.repeat(43) }],
    ['expiry', { exp: Math.floor(NOON / 1000) + 301 }],
    ['channel', { channel: 'cross_device' }],
    ['transaction data', { transaction_data: ['x'] }],
  ] as const)('binding: another %s', async (_, change) => {
    expect(await check({ request: { ...request, ...change } as RequestObject })).toEqual(refused('proof_invalid'));
  });
});

describe('the rest of a request', () => {
  it('expires', async () => {
    expect(await check({ now: request.exp * 1000 - 1 })).toMatchObject({ ok: true });
    expect(await check({ now: request.exp * 1000 })).toEqual(refused('request_expired'));
  });

  it('is of the day on which it was made', async () => {
    const yesterday = makeRequest({ age_over: 18, reveal: ['document'] }, { today: addDays(TODAY, -1) });
    await expect(check({ request: yesterday })).rejects.toMatchObject({ code: 'request_invalid' });
  });

  it('names the version of the circuits', async () => {
    const outcome = await check({ presentation: { ...presentation, version: 2 } });
    expect(outcome).toEqual(refused('artifact_version_mismatch'));
  });

  it('a step-up expects its pseudonym', async () => {
    const other = 'A'.repeat(43);
    const stepUp = { ...request, purpose: 'step_up', expect_sub: other } as const;
    expect(await check({ request: stepUp })).toEqual(refused('sub_mismatch'));
  });

  it.each([
    ['a policy that the claims do not mean', { policy: '0' }],
    ['a narrower mask than on the list', { nationality_mask: '1' }],
    ['an expiry too far away', { exp: Math.floor(NOON / 1000) + 901 }],
    ['another client', { client_id: 'redirect_uri:https://shop.example/' }],
    ['http', { response_uri: 'http://forum.example/x', client_id: 'redirect_uri:http://forum.example/x' }],
  ])('is refused with %s', async (_, change) => {
    await expect(check({ request: { ...request, ...change } })).rejects.toThrow();
  });

  it('fails closed on an unknown claim', async () => {
    const [query] = request.dcql_query.credentials;
    const claims = [...query.claims, { path: ['loves_cats'] as [string] }];
    const unknown = { ...request, dcql_query: { credentials: [{ ...query, claims }] } } as RequestObject;
    await expect(check({ request: unknown })).rejects.toMatchObject({ code: 'ask_refused' });
  });
});

describe('the form of a vp_token', () => {
  const token = (changes: Record<string, unknown>): string =>
    JSON.stringify({ bauta: [{ ...presentation, ...changes }] });

  it('is read', () => {
    expect(parseVpToken(token({}))).toEqual(presentation);
  });

  it.each([
    ['an unknown circuit', { circuit: 'empty' }],
    ['an unknown format', { format: 'mso_mdoc' }],
    ['an unknown member', { trusted: true }],
    ['an unknown claim', { disclosed: { birth: 19900615 } }],
    ['no checkpoint', { checkpoint: undefined }],
    ['checkpoint 0', { checkpoint: 0 }],
    ['a number for a nullifier', { nullifier: 5 }],
  ])('fails closed on %s', (_, changes) => {
    expect(() => parseVpToken(token(changes))).toThrow(expect.objectContaining({ code: 'vp_token_invalid' }) as Error);
  });
});
