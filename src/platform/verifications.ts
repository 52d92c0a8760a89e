// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Beginning a verification: the request that a wallet will answer, made from what the platform's backend asks, and
 * kept until it is answered. docs/protocol.md section 6.
 *
 * @module
 */
import type { z } from 'zod';
import { dateInZone, toDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { encodeMove } from '../protocol/move.ts';
import { NATIONALITY_GROUPS, packPolicy, parseAsk, policyOf } from '../protocol/policy.ts';
import { dcqlOf, MAX_REQUEST_SECONDS, requestInputs, type RequestObject } from '../protocol/request.ts';
import { type Context, isAllowedUrl, nullifierOf, periodNumber } from '../protocol/scope.ts';
import { encodeTransaction } from '../protocol/transaction.ts';
import { actionOpening, insertVerification, type VerificationRow } from '../storage/platform.ts';
import {
  type CreatedVerification,
  createdVerificationSchema,
  type createVerificationSchema,
  PERIOD_SECONDS,
} from './client/messages.ts';
import { baseUrl, type PlatformDeps } from './deps.ts';
import { idempotencyRow, type IdempotentRequest, repeatedAnswer } from './idempotency.ts';
import { randomToken, secretHash } from './secrets.ts';

/** Seconds that a request lives, by channel: default and longest. */
const LIFE = {
  same_device: { default: 300, longest: MAX_REQUEST_SECONDS },
  // A code on a screen can be shown to someone elsewhere: the shorter it lives, the harder.
  cross_device: { default: 120, longest: 300 },
} as const;

type Body = z.output<typeof createVerificationSchema>;

/** What {@link createVerification} gives. */
export interface Creation {
  readonly created: CreatedVerification;
  /** Whether it was created by an earlier request under the same idempotency key. */
  readonly repeated: boolean;
}

/**
 * Begins a verification: makes and keeps the request that a wallet will answer.
 *
 * @param deps - See {@link PlatformDeps}.
 * @param body - What is asked.
 * @param idempotent - Set if the backend may repeat this request.
 * @throws {@link ProtocolError} `ask_refused`, `request_invalid`, `redirect_uri_invalid`, `ttl_invalid`, `sub_invalid`,
 * `action_not_open`, `action_opens_differently`, `idempotency_key_reused`.
 */
export async function createVerification(
  deps: PlatformDeps,
  body: Body,
  idempotent?: IdempotentRequest,
): Promise<Creation> {
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
  const iat = Math.floor(now / 1000);
  const context = contextOf(deps, body, iat);
  const responseUri = `${baseUrl(deps)}/oid4vp/responses`;
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
    ...transactionDataOf(deps, body),
    policy: packPolicy(policyOf(ask, today, context)).toString(),
    nationality_mask: NATIONALITY_GROUPS[ask.nationality_group].toString(),
    context,
    purpose: body.purpose,
    ...(body.expect_sub === undefined ? {} : { expect_sub: body.expect_sub }),
    channel: body.channel,
  };
  requestInputs(request);
  // Last of all checks: what it keeps is kept for ever, and a refused request must not decide it.
  if (context.kind === 'action') await keepOpening(deps, context);
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
    sealed_reply: null,
    created_at: now,
    expires_at: request.exp * 1000,
  };
  const fragment = new URLSearchParams({
    client_id: request.client_id,
    request_uri: `${baseUrl(deps)}/oid4vp/requests/${row.request_id}`,
  });
  const created: CreatedVerification = {
    id: row.id,
    status: 'pending',
    request_url: `${deps.walletUrl}#${fragment.toString()}`,
    browser_token: browserToken,
    expires_at: new Date(row.expires_at).toISOString(),
  };
  const inserted = await insertVerification(
    database,
    row,
    idempotent === undefined ? undefined : idempotencyRow(deps, idempotent, created),
    now,
  );
  if (inserted.outcome === 'key_reused') {
    throw new ProtocolError('idempotency_key_reused', 'this Idempotency-Key was sent before, with another body');
  }
  return inserted.outcome === 'repeated' && idempotent !== undefined
    ? { created: createdVerificationSchema.parse(repeatedAnswer(idempotent, inserted.sealed)), repeated: true }
    : { created, repeated: false };
}

function contextOf(deps: PlatformDeps, { action, limit }: Body, iat: number): Context {
  if (action !== undefined && limit !== undefined) {
    throw new ProtocolError('request_invalid', 'ask for an action or for a limit, not for both');
  }
  if (action !== undefined) {
    if (toDate(action.opens) > dateInZone(deps.clock(), deps.timeZone)) {
      throw new ProtocolError('action_not_open', 'an action can be asked for from the day on which it opens');
    }
    return { kind: 'action', ...action };
  }
  if (limit === undefined) return { kind: 'account' };
  const seconds = PERIOD_SECONDS[limit.period];
  return { kind: 'epoch', name: limit.name, seconds, number: periodNumber(iat, seconds), limit: limit.times };
}

/** What the holder confirms: transactions to be read, or a move to another origin. */
function transactionDataOf({ origin }: PlatformDeps, body: Body): Pick<RequestObject, 'transaction_data'> {
  const { move, transaction_data: transactions } = body;
  if (move === undefined) {
    return transactions === undefined ? {} : { transaction_data: transactions.map(encodeTransaction) };
  }
  if (transactions !== undefined || move.from === move.to || ![move.from, move.to].includes(origin)) {
    throw new ProtocolError(
      'request_invalid',
      'a move is from or to this origin, and nothing else is confirmed with it',
    );
  }
  return { transaction_data: [encodeMove(move)] };
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
async function keepOpening(
  { database }: PlatformDeps,
  { name, opens }: { readonly name: string; readonly opens: number },
): Promise<void> {
  if ((await actionOpening(database, name, opens)) !== opens) {
    throw new ProtocolError('action_opens_differently', 'this action is known with another opening date');
  }
}
