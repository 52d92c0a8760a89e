// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifications as the platform's backend sees them: begin one, read how it stands, collect its result.
 *
 * The result needs three things: the verification's id, the response code that the wallet brought to
 * the page, and the token of the browser that began. Without the code an answered verification says
 * only that it was answered, so that nobody's login can be finished in another browser.
 * docs/protocol.md section 6.
 *
 * @module
 */
import { dateInZone, toDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { packPolicy, NATIONALITY_GROUPS, parseAsk, policyOf } from '../protocol/policy.ts';
import { dcqlOf, MAX_REQUEST_SECONDS, requestInputs, type RequestObject } from '../protocol/request.ts';
import { type Context, isAllowedUrl, nullifierOf } from '../protocol/scope.ts';
import {
  actionOpening,
  collectVerification,
  findVerification,
  insertVerification,
  type VerificationRow,
} from '../storage/platform.ts';
import type { createVerificationSchema, CreatedVerification, Verification } from './client/messages.ts';
import { resultSchema } from './client/messages.ts';
import type { z } from 'zod';
import { baseUrl, type PlatformDeps } from './deps.ts';
import { normalizeTypedCode, randomToken, secretHash, secretMatches } from './secrets.ts';

/** Seconds that a request lives, by channel: default and longest. */
const LIFE = {
  same_device: { default: 300, longest: MAX_REQUEST_SECONDS },
  // A code on a screen can be shown to someone elsewhere: the shorter it lives, the harder.
  cross_device: { default: 120, longest: 300 },
} as const;
/** Milliseconds after its expiry for which a verification is kept, for its result to be collected. */
const KEPT_AFTER_EXPIRY = 600_000;
/** Wrong response codes after which the result is forgotten. */
const WRONG_CODES = 5;

/** Begins a verification: makes and keeps the request that a wallet will answer. */
export async function createVerification(
  deps: PlatformDeps,
  body: z.output<typeof createVerificationSchema>,
): Promise<CreatedVerification> {
  const { clock, random, database } = deps;
  const ask = parseAsk(body.ask);
  const now = clock();
  const today = dateInZone(now, deps.timeZone);
  const life = LIFE[body.channel];
  const ttl = body.ttl_seconds ?? life.default;
  if (ttl > life.longest) {
    throw new ProtocolError('ttl_invalid', `on this channel a request lives at most ${String(life.longest)} seconds`);
  }
  if (body.expect_sub !== undefined) nullifierOf(body.expect_sub);
  const redirect = body.channel === 'same_device' ? checkRedirect(deps.origin, body.redirect_uri) : null;
  const context: Context =
    body.action === undefined ? { kind: 'account' } : { kind: 'action', ...(await checkAction(deps, body.action)) };
  const responseUri = `${baseUrl(deps)}/oid4vp/responses`;
  const iat = Math.floor(now / 1000);
  const request: RequestObject = {
    aud: 'https://self-issued.me/v2',
    client_id: `redirect_uri:${responseUri}`,
    response_type: 'vp_token',
    response_mode: 'direct_post',
    response_uri: responseUri,
    nonce: randomToken(random),
    state: randomToken(random),
    iat,
    exp: iat + ttl,
    dcql_query: dcqlOf(ask, deps.manifest.version),
    ...(body.transaction_data === undefined ? {} : { transaction_data: body.transaction_data }),
    policy: packPolicy(policyOf(ask, today, context)).toString(),
    nationality_mask: NATIONALITY_GROUPS[ask.nationality_group].toString(),
    context,
    purpose: body.purpose,
    ...(body.expect_sub === undefined ? {} : { expect_sub: body.expect_sub }),
    channel: body.channel,
  };
  requestInputs(request);
  const browserToken = randomToken(random);
  const row: VerificationRow = {
    id: randomToken(random),
    request_id: randomToken(random),
    state: request.state,
    nonce: request.nonce,
    request: JSON.stringify(request),
    browser_token_hash: secretHash(browserToken),
    redirect_uri: redirect,
    status: 'pending',
    refused_answers: 0,
    wrong_codes: 0,
    response_code_hash: null,
    result: null,
    error_code: null,
    expires_at: request.exp * 1000,
  };
  await insertVerification(database, row, now - KEPT_AFTER_EXPIRY);
  const fragment = new URLSearchParams({
    client_id: request.client_id,
    request_uri: `${baseUrl(deps)}/oid4vp/requests/${row.request_id}`,
  });
  return {
    id: row.id,
    status: 'pending',
    request_url: `${deps.walletUrl}#${fragment.toString()}`,
    browser_token: browserToken,
    expires_at: new Date(row.expires_at).toISOString(),
  };
}

/** The page to return to: of the platform's own origin, without a fragment. */
function checkRedirect(origin: string, redirect = `${origin}/`): string {
  const url = URL.canParse(redirect) ? new URL(redirect) : undefined;
  if (url?.origin !== origin || !isAllowedUrl(url) || redirect.includes('#')) {
    throw new ProtocolError('redirect_uri_invalid', `redirect_uri must be a page of ${origin}, without a fragment`);
  }
  return redirect;
}

/**
 * An action's opening date keeps out seeds that are newer. It is therefore never in the future, where
 * it would let a reset seed act again, and never changes, which would make another action of it.
 */
async function checkAction(
  deps: PlatformDeps,
  { name, opens }: { name: string; opens: number },
): Promise<{ name: string; opens: number }> {
  if (toDate(opens) > dateInZone(deps.clock(), deps.timeZone)) {
    throw new ProtocolError('action_not_open', 'an action can be asked for from the day on which it opens');
  }
  if ((await actionOpening(deps.database, name, opens)) !== opens) {
    throw new ProtocolError('action_opens_differently', 'this action is known with another opening date');
  }
  return { name, opens };
}

/** Reads how a verification stands and, with the response code, collects its result once. */
export async function readVerification(
  deps: PlatformDeps,
  id: string,
  browserToken: string,
  responseCode: string | undefined,
): Promise<Verification> {
  const row = await findVerification(deps.database, 'id', id);
  if (row === undefined) {
    throw new ProtocolError('verification_unknown', 'there is no such verification, or it has been deleted');
  }
  if (!secretMatches(browserToken, row.browser_token_hash)) {
    throw new ProtocolError('browser_token_invalid', 'this verification was begun in another browser');
  }
  const now = deps.clock();
  if (row.status === 'pending') {
    return { id, status: now < row.expires_at ? 'pending' : 'expired' };
  }
  if (responseCode === undefined) return { id, status: 'answered' };
  if (now >= row.expires_at + KEPT_AFTER_EXPIRY) {
    throw new ProtocolError('verification_expired', 'the result was not collected in time; begin again');
  }
  const code = row.redirect_uri === null ? normalizeTypedCode(responseCode) : responseCode;
  const collected = await collectVerification(deps.database, id, (hash) => secretMatches(code, hash), WRONG_CODES);
  if (collected.outcome !== 'collected') {
    throw new ProtocolError(collected.outcome, COLLECTION_REFUSALS[collected.outcome]);
  }
  const { status, result, error_code } = collected.row;
  return {
    id,
    status: status === 'verified' ? 'verified' : 'rejected',
    ...(result === null ? {} : { result: resultSchema.parse(JSON.parse(result)) }),
    ...(error_code === null ? {} : { error: { code: error_code } }),
  };
}

const COLLECTION_REFUSALS = {
  response_code_invalid: 'the response code is not the one that the wallet was given',
  response_code_used: 'the result has been collected; a response code works once',
  too_many_attempts: 'too many wrong response codes; begin again',
} as const;
