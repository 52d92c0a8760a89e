// SPDX-License-Identifier: GPL-3.0-or-later
/** Scopes, contexts, bindings and requests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { describe, expect, it } from 'vitest';
import { toDate } from '../../src/protocol/dates.ts';
import { HASH_TAG } from '../../src/protocol/domains.ts';
import { hashToField, toField } from '../../src/protocol/field.ts';
import { NATIONALITY_GROUPS, packPolicy, parseAsk, policyOf } from '../../src/protocol/policy.ts';
import {
  askOf,
  bindingOf,
  dcqlOf,
  decodeRequestObject,
  encodeRequestObject,
  type RequestObject,
  requestInputs,
} from '../../src/protocol/request.ts';
import {
  type Context,
  deriveContext,
  deriveScope,
  fromBase64Url,
  NO_SCOPE,
  type Nullifier,
  nullifierOf,
  subOf,
  toBase64Url,
} from '../../src/protocol/scope.ts';

const vectors = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', `${name}.json`), 'utf8'));
const code = (value: string): unknown => expect.objectContaining({ code: value });

const RESPONSE_URI = 'https://forum.example/oid4vp/responses';
function requestOf(ask: object = { age_over: 18 }, changes: Partial<RequestObject> = {}): RequestObject {
  const context = changes.context ?? { kind: 'account' };
  const parsed = parseAsk(ask);
  return {
    aud: 'https://self-issued.me/v2',
    client_id: `redirect_uri:${changes.response_uri ?? RESPONSE_URI}`,
    response_type: 'vp_token',
    response_mode: 'direct_post',
    response_uri: RESPONSE_URI,
    nonce: 'n'.repeat(22),
    state: 's'.repeat(22),
    iat: 1_795_320_000,
    exp: 1_795_320_600,
    dcql_query: dcqlOf(parsed, 1),
    policy: packPolicy(policyOf(parsed, toDate(20261122), context)).toString(),
    nationality_mask: NATIONALITY_GROUPS[parsed.nationality_group].toString(),
    context,
    purpose: 'login',
    channel: 'same_device',
    ...changes,
  };
}

describe('scopes', () => {
  it('are those of the vectors', () => {
    const { scopes, contexts } = vectors('scope') as {
      scopes: { origin: string; scope: string }[];
      contexts: { context: Context; value: string }[];
    };
    for (const { origin, scope } of scopes) expect(deriveScope(origin).toString()).toBe(scope);
    for (const { context, value } of contexts) expect(deriveContext(context).toString()).toBe(value);
    expect(new Set(scopes.map(({ scope }) => scope)).size).toBe(scopes.length);
  });

  it.each([
    'http://forum.example',
    'https://forum.example/',
    'https://Forum.example',
    'https://forum.example:443',
    'https://user@forum.example',
    'https://bücher.example',
    'ftp://forum.example',
    'null',
    'forum.example',
    '',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
  ])('refuse %j', (origin) => {
    expect(() => deriveScope(origin)).toThrow(code('scope_invalid'));
  });

  it('refuse an action without a name, or with a very long one', () => {
    for (const name of ['', 'a'.repeat(201)]) {
      expect(() => deriveContext({ kind: 'action', name, opens: 20260101 })).toThrow(code('context_invalid'));
    }
  });
});

describe('subs', () => {
  it('are 43 characters and read back', () => {
    const sub = subOf(toField(12345n) as Nullifier);
    expect(sub).toHaveLength(43);
    expect(nullifierOf(sub)).toBe(12345n);
  });
  it.each(['', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}B`, '_'.repeat(43), `${'A'.repeat(42)}=`])(
    'refuse %j: short, long, with stray bits, not canonical, padded',
    (sub) => {
      expect(() => nullifierOf(sub)).toThrow(code('sub_invalid'));
    },
  );
  it('are base64url without padding', () => {
    expect(toBase64Url(Uint8Array.of(0xfb, 0xff))).toBe('-_8');
    expect([...fromBase64Url('-_8')]).toEqual([0xfb, 0xff]);
    for (const text of ['+/8', 'A', 'AA==', 'A A'])
      expect(() => fromBase64Url(text)).toThrow(code('base64url_invalid'));
  });
});

describe('the binding', () => {
  it('is that of the vectors', () => {
    for (const { request, canonical, binding } of vectors('binding') as {
      request: RequestObject;
      canonical: string;
      binding: string;
    }[]) {
      expect(bindingOf(request).toString()).toBe(binding);
      expect(hashToField(HASH_TAG.binding, new TextEncoder().encode(canonical)).toString()).toBe(binding);
    }
  });

  it('names everything that a proof must answer', () => {
    const request = requestOf();
    const changes: Partial<RequestObject>[] = [
      { client_id: 'redirect_uri:https://other.example/r' },
      { response_uri: 'https://other.example/r' },
      { nonce: 'm'.repeat(22) },
      { state: 't'.repeat(22) },
      { exp: request.exp + 1 },
      { dcql_query: dcqlOf(parseAsk({}), 1) },
      { dcql_query: dcqlOf(parseAsk({ age_over: 18 }), 2) },
      { policy: '1' },
      { nationality_mask: '1' },
      { context: { kind: 'action', name: 'vote', opens: 20260101 } },
      { purpose: 'step_up' },
      { expect_sub: 'A'.repeat(43) },
      { channel: 'cross_device' },
      { transaction_data: ['e30'] },
    ];
    const bindings = changes.map((change) => bindingOf({ ...request, ...change }));
    expect(new Set([bindingOf(request), ...bindings]).size).toBe(changes.length + 1);
  });

  it('does not depend on the order of members', () => {
    const request = requestOf();
    const reversed = Object.fromEntries(Object.entries(request).reverse()) as unknown as RequestObject;
    expect(bindingOf(reversed)).toBe(bindingOf(request));
  });

  it('stands on RFC 8785', () => {
    // Section 3.2.3 of the RFC: members sort by UTF-16 code units; section 3.2.2: numbers as ECMAScript writes them.
    const sorted = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 };
    expect(canonicalize(sorted)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
    const numbers = [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0];
    expect(canonicalize(numbers)).toBe('[333333333.3333333,1e+30,4.5,0.002,1e-27,0]');
    expect(canonicalize('\u20ac$\u000f\nA\'B"\\\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  });
});

describe('requests', () => {
  it('fix five of the eight public signals', () => {
    const inputs = requestInputs(requestOf());
    expect(inputs.scope).toBe(deriveScope('https://forum.example'));
    expect(inputs.context).toBe(0n);
    const nameless = requestInputs(requestOf({ age_over: 18, pseudonym: false }));
    expect([nameless.scope, nameless.context]).toEqual([NO_SCOPE, 0n]);
  });

  it('survive the way through DCQL', () => {
    for (const ask of [{}, { age_over: 60, reveal: ['phone'] }, { pseudonym: false, phone_confirmed: true }]) {
      expect(askOf(dcqlOf(parseAsk(ask), 1))).toEqual(parseAsk(ask));
    }
  });

  const claims = (...paths: object[]): Partial<RequestObject> => {
    const query = dcqlOf(parseAsk({}), 1);
    const [credential] = query.credentials;
    return { dcql_query: { credentials: [{ ...credential, claims: paths as typeof credential.claims }] } };
  };
  const action: Context = { kind: 'action', name: 'vote', opens: 20260101 };

  it.each([
    ['another client', { client_id: 'redirect_uri:https://other.example/r' }, 'request_invalid'],
    ['plain http', { response_uri: 'http://forum.example/r' }, 'request_invalid'],
    ['no URL', { response_uri: 'forum' }, 'request_invalid'],
    ['no life', { exp: 1_795_320_000 }, 'request_invalid'],
    ['a long life', { exp: 1_795_320_000 + 901 }, 'request_invalid'],
    ['a policy of another ask', { policy: requestOf({ age_over: 21 }).policy }, 'policy_mismatch'],
    ['a policy that is no number', { policy: '0x1' }, 'field_not_canonical'],
    ['a mask of another group', { nationality_mask: '1' }, 'policy_mismatch'],
    ['an unknown claim', claims({ path: ['valid_id'] }, { path: ['email'] }), 'ask_refused'],
    ['a claim twice', claims({ path: ['valid_id'] }, { path: ['sub'] }, { path: ['sub'] }), 'ask_refused'],
    ['two ages', claims({ path: ['valid_id'] }, { path: ['age_over_18'] }, { path: ['age_over_21'] }), 'ask_refused'],
    ['a value for a claim without', claims({ path: ['valid_id'], values: [true] }), 'ask_refused'],
    ['no valid_id', claims({ path: ['sub'] }), 'ask_refused'],
    ['an age off the list', claims({ path: ['valid_id'] }, { path: ['age_over_17'] }), 'ask_refused'],
    ['a step-up for nobody', { purpose: 'step_up' }, 'request_invalid'],
    ['a login for somebody', { expect_sub: 'A'.repeat(43) }, 'request_invalid'],
    [
      'a step-up on another device',
      { purpose: 'step_up', expect_sub: 'A'.repeat(43), channel: 'cross_device' },
      'request_invalid',
    ],
    ['an action that opens on no day', { context: { ...action, opens: 20260230 } }, 'date_invalid'],
  ] as [string, Partial<RequestObject>, string][])('are refused with %s', (_, changes, expected) => {
    const request = requestOf(undefined, changes);
    const client = changes.client_id ?? `redirect_uri:${request.response_uri}`;
    expect(() => requestInputs({ ...request, client_id: client })).toThrow(code(expected));
  });

  it('with an action, demand a pseudonym', () => {
    const request = requestOf({ pseudonym: false }, { context: action });
    expect(() => requestInputs(request)).toThrow(code('request_invalid'));
  });

  describe('as a wallet reads them', () => {
    const expected = {
      clientId: `redirect_uri:${RESPONSE_URI}`,
      requestUri: 'https://forum.example/oid4vp/requests/1',
      now: 1_795_320_100,
      today: toDate(20261122),
    };
    const jwt = encodeRequestObject(requestOf());
    const [, payload = ''] = jwt.split('.');
    const header = (value: object): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

    it('survive the way through the JWT, unknown members left out', () => {
      expect(decodeRequestObject(jwt, expected)).toEqual(requestOf());
      expect(decodeRequestObject(jwt, { ...expected, today: toDate(20261123) })).toEqual(requestOf());
    });

    it.each([
      ['another client than the link', jwt, { clientId: 'redirect_uri:https://other.example' }, 'request_invalid'],
      ['another origin than the link', jwt, { requestUri: 'https://other.example/1' }, 'request_invalid'],
      ['too late', jwt, { now: 1_795_320_600 }, 'request_expired'],
      ['a date two days away', jwt, { today: toDate(20261124) }, 'request_expired'],
      ['a signature', `${jwt}AAAA`, {}, 'request_invalid'],
      [
        'another algorithm',
        `${header({ typ: 'oauth-authz-req+jwt', alg: 'RS256' })}.${payload}.`,
        {},
        'request_invalid',
      ],
      ['another type', `${header({ typ: 'JWT', alg: 'none' })}.${payload}.`, {}, 'request_invalid'],
      ['no JSON', 'a.b.', {}, 'request_invalid'],
      ['nothing', '', {}, 'request_invalid'],
    ] as const)('are refused: %s', (_, text, changes, refusal) => {
      expect(() => decodeRequestObject(text, { ...expected, ...changes })).toThrow(code(refusal));
    });
  });
});
