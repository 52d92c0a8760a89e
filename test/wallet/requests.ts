// SPDX-License-Identifier: GPL-3.0-or-later
/** Request objects as a platform makes them, and a platform that serves one. */
import { dateInZone } from '../../src/protocol/dates.ts';
import { toField } from '../../src/protocol/field.ts';
import { NATIONALITY_GROUPS, packPolicy, parseAsk, policyOf } from '../../src/protocol/policy.ts';
import {
  askOf,
  dcqlOf,
  encodeRequestObject,
  REQUEST_TYP,
  requestInputs,
  type RequestObject,
} from '../../src/protocol/request.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { transactionsOf } from '../../src/protocol/transaction.ts';
import type { PendingRequest } from '../../src/wallet/present.ts';
import { NOW } from '../proving/sample.ts';
import { random } from './world.ts';

export const PLATFORM = 'https://photo.example';

/** A sound request, made now. */
export function requestFor(
  ask: unknown = { age_over: 18 },
  { now = NOW, origin = PLATFORM, context = { kind: 'account' }, ...rest }: RequestOptions = {},
): RequestObject {
  const parsed = parseAsk(ask);
  const response_uri = `${origin}/oid4vp/responses`;
  return {
    aud: 'https://self-issued.me/v2',
    client_id: `redirect_uri:${response_uri}`,
    response_type: 'vp_token',
    response_mode: 'direct_post',
    response_uri,
    nonce: toBase64Url(random(32)),
    state: toBase64Url(random(32)),
    iat: Math.floor(now / 1000),
    exp: Math.floor(now / 1000) + 300,
    dcql_query: dcqlOf(parsed, 1),
    policy: String(packPolicy(policyOf(parsed, dateInZone(now, 'Asia/Shanghai'), context))),
    nationality_mask: String(NATIONALITY_GROUPS[parsed.nationality_group]),
    context,
    purpose: 'login',
    channel: 'same_device',
    ...rest,
  };
}

interface RequestOptions extends Partial<RequestObject> {
  readonly now?: number;
  readonly origin?: string;
}

/** The same as the wallet holds it once read. */
export function pendingFor(request: RequestObject): PendingRequest {
  return {
    request,
    inputs: requestInputs(request),
    ask: askOf(request.dcql_query),
    transactions: transactionsOf(request.transaction_data),
    index: 0,
    origin: new URL(request.response_uri).origin,
    expiresAt: request.exp * 1000,
  };
}

/** A link to a request on its own origin. */
export function linkTo(request: RequestObject, requestUri = `${PLATFORM}/oid4vp/requests/1.jwt`): string {
  return `#${new URLSearchParams({ client_id: request.client_id, request_uri: requestUri }).toString()}`;
}

/** The answer of `request_uri`. */
export function served(request: unknown, type = `application/${REQUEST_TYP}`): Response {
  return new Response(encodeRequestObject(request as RequestObject), { headers: { 'content-type': type } });
}

/** The request with its policy word changed: a field set to another value. */
export function withPolicy(request: RequestObject, change: (word: bigint) => bigint): RequestObject {
  return { ...request, policy: String(toField(change(BigInt(request.policy)))) };
}
