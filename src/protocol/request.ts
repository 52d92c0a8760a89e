// SPDX-License-Identifier: Apache-2.0
/**
 * The presentation request: an OpenID4VP 1.0 request object, its DCQL query in the words of the
 * published list, and the hash that binds a proof to it.
 *
 * ```text
 * binding = SHA-256("bauta/binding/v1" || RFC 8785 JSON of the bound fields) >> 8
 * ```
 *
 * docs/protocol.md section 6.
 *
 * @module
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { canonicalJson } from './canonical.ts';
import { type CalendarDate, daysBetween, toDate } from './dates.ts';
import { HASH_TAG } from './domains.ts';
import { ProtocolError } from './errors.ts';
import { type FieldElement, hashToField, parseField, toField } from './field.ts';
import {
  AGES,
  type Ask,
  NATIONALITY_GROUPS,
  packPolicy,
  parseAsk,
  policyOf,
  REVEALABLE,
  unpackPolicy,
} from './policy.ts';
import {
  type Context,
  contextSchema,
  deriveContext,
  deriveScope,
  fromBase64Url,
  isAllowedUrl,
  NO_SCOPE,
  periodNumber,
  type Scope,
  toBase64Url,
} from './scope.ts';

/** Credential format identifier in DCQL. */
export const FORMAT = 'bauta_zk_v1';
/** Identifier of the one credential query in a request. */
export const QUERY_ID = 'bauta';
/** Media type of the JWT's header: RFC 9101. */
export const REQUEST_TYP = 'oauth-authz-req+jwt';
/** Longest life of a request, in seconds. */
export const MAX_REQUEST_SECONDS = 900;
/** Most transactions that a request carries. */
export const MAX_TRANSACTIONS = 2;
/** Longest transaction as the request carries it: one of the greatest lengths in Chinese. */
const MAX_TRANSACTION_TEXT = 9_000;

const claim = z.strictObject({
  path: z.tuple([z.string()]),
  values: z.array(z.union([z.string(), z.number(), z.boolean()])).optional(),
});
/** The subset of DCQL that a request uses: one credential query of {@link FORMAT}. */
export const dcqlSchema = z.strictObject({
  credentials: z.tuple([
    z.strictObject({
      id: z.literal(QUERY_ID),
      format: z.literal(FORMAT),
      meta: z.strictObject({ circuit: z.literal('show'), version: z.number().int().positive() }),
      claims: z.array(claim).min(1).max(16),
    }),
  ]),
});
/** See {@link dcqlSchema}. */
export type DcqlQuery = z.infer<typeof dcqlSchema>;

/** The request object's claims; names follow OpenID4VP 1.0, RFC 9101 and, below `policy`, Bauta. */
export const requestObjectSchema = z.object({
  aud: z.literal('https://self-issued.me/v2'),
  client_id: z.string().max(2048),
  response_type: z.literal('vp_token'),
  response_mode: z.literal('direct_post'),
  response_uri: z.string().max(2048),
  nonce: z.string().min(22).max(128),
  state: z.string().min(22).max(128),
  iat: z.number().int(),
  exp: z.number().int(),
  dcql_query: dcqlSchema,
  transaction_data: z.array(z.string().max(MAX_TRANSACTION_TEXT)).max(MAX_TRANSACTIONS).optional(),
  policy: z.string(),
  nationality_mask: z.string(),
  context: contextSchema,
  purpose: z.enum(['login', 'step_up']),
  expect_sub: z.string().length(43).optional(),
  channel: z.enum(['same_device', 'cross_device']),
});
/** See {@link requestObjectSchema}. */
export type RequestObject = z.infer<typeof requestObjectSchema>;

/** Writes an ask as a DCQL query. */
export function dcqlOf(ask: Ask, artifactVersion: number): DcqlQuery {
  const claims: DcqlQuery['credentials'][0]['claims'] = [{ path: ['valid_id'] }];
  if (ask.age_over !== undefined) claims.push({ path: [`age_over_${String(ask.age_over)}`] });
  if (ask.document_group !== 'any') claims.push({ path: ['document_group'], values: [ask.document_group] });
  if (ask.nationality_group !== 'any') claims.push({ path: ['nationality_group'], values: [ask.nationality_group] });
  if (ask.min_assurance !== 1) claims.push({ path: ['min_assurance'], values: [ask.min_assurance] });
  if (ask.phone_confirmed) claims.push({ path: ['phone_confirmed'] });
  for (const name of ask.reveal) claims.push({ path: [name] });
  if (ask.pseudonym) claims.push({ path: ['sub'] });
  return {
    credentials: [{ id: QUERY_ID, format: FORMAT, meta: { circuit: 'show', version: artifactVersion }, claims }],
  };
}

/**
 * Reads the ask of a DCQL query.
 *
 * @throws {@link ProtocolError} `ask_refused` for unknown, repeated or contradicting claims.
 */
export function askOf(query: DcqlQuery): Ask {
  const refuse = (): never => {
    throw new ProtocolError('ask_refused', 'the request asks for something that is not on the published list');
  };
  const ask: Record<string, unknown> = { pseudonym: false };
  const reveal: string[] = [];
  const seen = new Set<string>();
  for (const { path, values } of query.credentials[0].claims) {
    const [name] = path;
    if (seen.has(name)) refuse();
    seen.add(name);
    const age = AGES.find((years) => name === `age_over_${String(years)}`);
    if (name === 'document_group' || name === 'nationality_group' || name === 'min_assurance') {
      if (values?.length !== 1) refuse();
      ask[name] = values?.[0];
      continue;
    }
    if (values !== undefined) refuse();
    if (age !== undefined) {
      if (ask['age_over'] !== undefined) refuse();
      ask['age_over'] = age;
    } else if (name === 'phone_confirmed') ask[name] = true;
    else if (name === 'sub') ask['pseudonym'] = true;
    else if ((REVEALABLE as readonly string[]).includes(name)) reveal.push(name);
    else if (name !== 'valid_id') refuse();
  }
  if (!seen.has('valid_id')) refuse();
  return parseAsk({ ...ask, reveal });
}

/** The public inputs that a request fixes; only the root is left to the epoch. */
export interface RequestInputs {
  readonly scope: Scope;
  readonly context: FieldElement;
  readonly policy: FieldElement;
  readonly nationalityMask: FieldElement;
  readonly binding: FieldElement;
}

/**
 * Hash of everything in a request that a proof must answer.
 *
 * @param request - The request object; absent optional members count as null.
 * @throws {@link ProtocolError} `request_invalid` where a text in it is not Unicode.
 */
export function bindingOf(request: RequestObject): FieldElement {
  const bound = canonicalJson(
    {
      client_id: request.client_id,
      response_uri: request.response_uri,
      nonce: request.nonce,
      state: request.state,
      expiry: request.exp,
      dcql_query: request.dcql_query,
      policy: request.policy,
      nationality_mask: request.nationality_mask,
      context: request.context,
      purpose: request.purpose,
      expect_sub: request.expect_sub ?? null,
      channel: request.channel,
      transaction_data: request.transaction_data ?? null,
    },
    'request_invalid',
  );
  return hashToField(HASH_TAG.binding, utf8ToBytes(bound));
}

/**
 * Checks a request object against itself and derives the public inputs. The scope comes from the
 * origin of `response_uri` and from nothing else.
 *
 * @throws {@link ProtocolError} `request_invalid`, `ask_refused`, `policy_mismatch`, `scope_invalid`.
 */
export function requestInputs(request: RequestObject): RequestInputs {
  if (request.client_id !== `redirect_uri:${request.response_uri}`) {
    throw new ProtocolError('request_invalid', 'client_id must be "redirect_uri:" and the response_uri');
  }
  if (!URL.canParse(request.response_uri) || !isAllowedUrl(new URL(request.response_uri))) {
    throw new ProtocolError('request_invalid', 'response_uri must be an https URL, or http on localhost');
  }
  if (request.exp <= request.iat || request.exp - request.iat > MAX_REQUEST_SECONDS) {
    throw new ProtocolError('request_invalid', `a request lives at most ${String(MAX_REQUEST_SECONDS)} seconds`);
  }
  const ask = askOf(request.dcql_query);
  const policy = parseField(request.policy);
  const mask = parseField(request.nationality_mask);
  const context: Context = request.context;
  if (context.kind === 'action') toDate(context.opens);
  if (context.kind === 'epoch' && context.number !== periodNumber(request.iat, context.seconds)) {
    throw new ProtocolError('request_invalid', 'a limit is for the period in which the request was made');
  }
  if (!ask.pseudonym && (context.kind !== 'account' || request.expect_sub !== undefined)) {
    throw new ProtocolError('request_invalid', 'an action, a limit and a step-up need a pseudonym');
  }
  if (
    (request.purpose === 'step_up') !== (request.expect_sub !== undefined) ||
    (request.purpose === 'step_up' && (request.channel !== 'same_device' || context.kind === 'epoch'))
  ) {
    throw new ProtocolError('request_invalid', 'a step-up names the expected sub, on the same device, under no limit');
  }
  const today = toDate(unpackPolicy(policy).today);
  if (packPolicy(policyOf(ask, today, context)) !== policy || mask !== NATIONALITY_GROUPS[ask.nationality_group]) {
    throw new ProtocolError('policy_mismatch', 'the policy is not the one that the asked claims mean');
  }
  return {
    scope: ask.pseudonym ? deriveScope(new URL(request.response_uri).origin) : NO_SCOPE,
    context: ask.pseudonym ? deriveContext(context) : toField(0n),
    policy,
    nationalityMask: mask,
    binding: bindingOf(request),
  };
}

/** Writes the unsecured JWT that OpenID4VP prescribes for the `redirect_uri` client prefix. */
export function encodeRequestObject(request: RequestObject): string {
  const part = (value: unknown): string => toBase64Url(utf8ToBytes(JSON.stringify(value)));
  return `${part({ typ: REQUEST_TYP, alg: 'none' })}.${part(request)}.`;
}

/** What a wallet checks a fetched request object against. */
export interface RequestExpectation {
  /** From the wallet's URL fragment. */
  readonly clientId: string;
  /** From the wallet's URL fragment; its origin must be that of response_uri. */
  readonly requestUri: string;
  /** Unix time in seconds. */
  readonly now: number;
  /** The wallet's date in the register's time zone. */
  readonly today: CalendarDate;
}

/**
 * Reads a request object as a wallet.
 *
 * @param jwt - Body of the answer from `request_uri`.
 * @param expected - See {@link RequestExpectation}.
 * @throws {@link ProtocolError} `request_invalid`, `request_expired`, and those of {@link requestInputs}. What the
 * transaction data says is for `transactionsOf` to read.
 */
export function decodeRequestObject(jwt: string, expected: RequestExpectation): RequestObject {
  const parts = jwt.trim().split('.');
  const header = z
    .object({ typ: z.literal(REQUEST_TYP), alg: z.literal('none') })
    .safeParse(fromBase64UrlJson(parts[0]));
  if (parts.length !== 3 || parts[2] !== '' || !header.success) {
    throw new ProtocolError('request_invalid', `expected an unsecured JWT of type ${REQUEST_TYP}`);
  }
  const parsed = requestObjectSchema.safeParse(fromBase64UrlJson(parts[1]));
  if (!parsed.success) {
    throw new ProtocolError('request_invalid', 'the request object does not have the expected form', {
      cause: parsed.error,
    });
  }
  const request = parsed.data;
  if (request.client_id !== expected.clientId) {
    throw new ProtocolError('request_invalid', 'the request object names another client than the link');
  }
  requestInputs(request);
  if (new URL(request.response_uri).origin !== new URL(expected.requestUri).origin) {
    throw new ProtocolError('request_invalid', 'request_uri and response_uri must share an origin');
  }
  if (expected.now >= request.exp) {
    throw new ProtocolError('request_expired', 'the request has expired; go back to the platform and start again');
  }
  const { context } = request;
  if (context.kind === 'epoch' && Math.abs(periodNumber(expected.now, context.seconds) - context.number) > 1) {
    throw new ProtocolError('request_expired', "the request's period is not the one of this device's clock");
  }
  const today = toDate(unpackPolicy(parseField(request.policy)).today);
  if (Math.abs(daysBetween(today, expected.today)) > 1) {
    throw new ProtocolError('request_expired', "the request's date is more than a day away from this device's date");
  }
  return request;
}

function fromBase64UrlJson(part: string | undefined): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(part ?? ''))) as unknown;
  } catch {
    return undefined;
  }
}
