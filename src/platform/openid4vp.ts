// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The two addresses that a wallet calls (OpenID4VP 1.0, `redirect_uri` client prefix, `direct_post`):
 * it fetches the request object, and posts its answer.
 *
 * An accepted answer consumes the request's nonce, and the action where there is one, in the same
 * transaction as it keeps the result. A refused answer leaves the request open, a few times. A wallet that got no
 * reply may send the same answer again under its retry token, and gets the reply that it missed.
 * docs/protocol.md section 6.
 *
 * @module
 */
import { z } from 'zod';
import { acceptedCheckpoints, type Checkpoint } from '../log/checkpoint.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseVpToken, type Presentation } from '../protocol/presentation.ts';
import {
  encodeRequestObject,
  MAX_REQUEST_SECONDS,
  requestObjectSchema,
  type RequestObject,
} from '../protocol/request.ts';
import {
  type ActionDone,
  findVerification,
  type LimitUsed,
  type VerificationRow,
  type WebhookRow,
} from '../storage/platform.ts';
import { countRefusedAnswer, type Settlement, settleVerification } from '../storage/platform_answers.ts';
import { checkPresentationWith, type PresentationOutcome } from '../verifying/presentation.ts';
import { responseAcceptedSchema, type walletResponseSchema } from './client/messages.ts';
import type { PlatformDeps } from './deps.ts';
import { refusalOf, resultOf } from './result.ts';
import { openReply, sealReply } from './sealed_replies.ts';
import { randomToken, randomTypedCode, secretHash } from './secrets.ts';
import { answeredWebhook } from './webhook_event.ts';

/** Refused answers after which a request is closed. */
export const REFUSED_ANSWERS = 10;
/** Errors with which an answer was neither accepted nor refused. */
const UNCHECKED: ReadonlySet<string> = new Set(['verifier_busy', 'verifier_unavailable']);
/** Errors that a wallet may answer with: OpenID4VP 1.0 section 8.5, and RFC 6749 section 4.1.2.1. */
const WALLET_ERRORS: ReadonlySet<string> = new Set([
  'access_denied',
  'invalid_client',
  'invalid_request',
  'invalid_request_uri_method',
  'invalid_scope',
  'invalid_transaction_data',
  'vp_formats_not_supported',
  'wallet_unavailable',
]);

/** A request that an answer has ended. */
export interface Answered {
  /** What the wallet is told: the way back to the platform. */
  readonly body: z.output<typeof responseAcceptedSchema>;
  /** Set when the proof held and yet nothing was granted: the action was done before. */
  readonly refusal?: ProtocolError;
  /** CPU time of the check, milliseconds. */
  readonly cpuMs?: number;
}

/** The request object of a pending request, an unsecured JWT. */
export async function readRequestObject(deps: PlatformDeps, requestId: string): Promise<string> {
  const row = await findVerification(deps.database, 'request_id', requestId);
  return encodeRequestObject(requestObjectSchema.parse(JSON.parse(pending(deps, row).request)));
}

/** Takes a wallet's answer. */
export async function acceptResponse(deps: PlatformDeps, form: Form): Promise<Answered> {
  const found = await findVerification(deps.database, 'state', form.state);
  const missed = missedReply(found, form);
  if (missed !== undefined) return missed;
  const row = pending(deps, found);
  if (form.vp_token === undefined) {
    if (form.error === undefined) {
      throw new ProtocolError('vp_token_invalid', 'an answer carries vp_token, or error where the wallet gives none');
    }
    const errorCode = WALLET_ERRORS.has(form.error) ? form.error : 'wallet_error';
    return settle(deps, row, form, { status: 'rejected', errorCode });
  }
  const request = requestObjectSchema.parse(JSON.parse(row.request));
  const presentation = parseVpToken(form.vp_token);
  const checkpoint = await findCheckpoint(deps, request, presentation);
  const { outcome, cpuMs } = await countingRefusals(deps, row, () =>
    measuredCheck(deps, request, presentation, checkpoint),
  );
  const result = resultOf(deps, request, outcome, checkpoint);
  const { context } = request;
  const answered = await settle(deps, row, form, {
    status: 'verified',
    result: JSON.stringify(result),
    action: context.kind === 'action' ? consumedBy(outcome) : undefined,
    limit: context.kind === 'epoch' ? { ...consumedBy(outcome), ends_at: limitEnd(context) } : undefined,
  });
  return { ...answered, cpuMs };
}

/**
 * The accepted checkpoint that a presentation names by its size.
 *
 * @throws ProtocolError `checkpoint_not_accepted`, `checkpoints_unavailable`.
 */
export async function findCheckpoint(
  { checkpoints, clock }: PlatformDeps,
  request: RequestObject,
  presentation: Presentation,
): Promise<Checkpoint> {
  const known = await checkpoints(presentation.checkpoint);
  const accepted = acceptedCheckpoints(known, clock(), { stepUp: request.purpose === 'step_up' });
  const found = accepted.find(({ size }) => size === presentation.checkpoint);
  if (found === undefined) {
    throw new ProtocolError(
      'checkpoint_not_accepted',
      'the proof is not on a root that is accepted now; sync and retry',
    );
  }
  return found;
}

/**
 * {@link checkPresentationWith} with the CPU time that it took, in milliseconds: of this thread, and the
 * proof's part of its batch.
 */
export async function measuredCheck(
  { checkProof, clock, timeZone }: PlatformDeps,
  request: RequestObject,
  presentation: Presentation,
  checkpoint: Checkpoint,
): Promise<{ outcome: PresentationOutcome; cpuMs: number }> {
  // Nothing waits before the proof is handed over: elapsed time, since asking for CPU time costs more than this.
  const began = performance.now();
  let cpuMs = 0;
  const outcome = await checkPresentationWith(
    async (signals, proof) => {
      const here = performance.now() - began;
      const checked = await checkProof(signals, proof);
      cpuMs = here + checked.cpuMs;
      return checked.holds;
    },
    { presentation, request, root: checkpoint.presentationRoot, now: clock(), timeZone },
  );
  return { outcome, cpuMs: cpuMs === 0 ? performance.now() - began : cpuMs };
}

type Successful = Extract<PresentationOutcome, { ok: true }>;

async function countingRefusals(
  deps: PlatformDeps,
  row: VerificationRow,
  check: () => Promise<{ outcome: PresentationOutcome; cpuMs: number }>,
): Promise<{ outcome: Successful; cpuMs: number }> {
  try {
    const { outcome, cpuMs } = await check();
    if (!outcome.ok) throw refusalOf(outcome.code);
    return { outcome, cpuMs };
  } catch (error) {
    // Nobody has looked at this answer: it may be sent again.
    if (error instanceof ProtocolError && UNCHECKED.has(error.code)) throw error;
    await refuse(deps, row);
    throw error;
  }
}

/** Milliseconds by which the clocks of processes on one database may differ, and nothing is counted twice. */
const CLOCK_MARGIN = 3_600_000;

/** When no request for a period can be answered any more by any process, Unix milliseconds. */
function limitEnd({ number, seconds }: { readonly number: number; readonly seconds: number }): LimitUsed['ends_at'] {
  return (number + 1) * seconds * 1000 + MAX_REQUEST_SECONDS * 1000 + CLOCK_MARGIN;
}

function consumedBy({ pseudonym, statement }: Successful): ActionDone {
  if (pseudonym === undefined) {
    throw new ProtocolError('request_invalid', 'an action and a limit need a pseudonym');
  }
  return {
    scope: statement.scope.toString(),
    context: statement.context.toString(),
    nullifier: pseudonym.nullifier.toString(),
  };
}

function pending({ clock }: PlatformDeps, row: VerificationRow | undefined): VerificationRow {
  if (row === undefined) {
    throw new ProtocolError('request_unknown', 'this platform has made no such request, or has deleted it');
  }
  if (row.status !== 'pending') {
    throw new ProtocolError('nonce_used', NONCE_USED);
  }
  if (clock() >= row.expires_at) {
    throw new ProtocolError('request_expired', 'the request has expired; go back to the platform and start again');
  }
  return row;
}

const NONCE_USED = 'this request has been answered; go back to the platform and start again';
const REFUSALS = {
  action_already_done: 'this can be done once, and has been done',
} as const;

type Form = z.output<typeof walletResponseSchema>;

async function settle(deps: PlatformDeps, row: VerificationRow, form: Form, settlement: Settlement): Promise<Answered> {
  const code = row.redirect_uri === null ? randomTypedCode(deps.random) : randomToken(deps.random);
  const body =
    row.redirect_uri === null
      ? { confirmation_code: code }
      : { redirect_uri: `${row.redirect_uri}#response_code=${code}` };
  const secret = retrySecret(form);
  const seal = (refusal?: keyof typeof REFUSALS): string =>
    secret === undefined ? '' : sealReply(secret, 'retry', { body, refusal }, deps.random);
  const settled = await settleVerification(deps.database, row.id, settlement, {
    responseCodeHash: secretHash(code),
    sealedReply:
      secret === undefined ? undefined : { settled: seal(), action_already_done: seal('action_already_done') },
    webhook: webhookOf(deps, row),
  });
  if (settled === 'limit_index_used') {
    await refuse(deps, row);
    throw new ProtocolError('limit_index_used', 'this time of the limit was used before; answer with another');
  }
  if (settled === 'nonce_used') {
    // The same answer may have been sent twice at once.
    const missed = missedReply(await findVerification(deps.database, 'id', row.id), form);
    if (missed !== undefined) return missed;
    throw new ProtocolError('nonce_used', NONCE_USED);
  }
  deps.webhooks?.wake();
  return settled === 'settled' ? { body } : { body, refusal: new ProtocolError(settled, REFUSALS[settled]) };
}

async function refuse(deps: PlatformDeps, row: VerificationRow): Promise<void> {
  await countRefusedAnswer(deps.database, row.id, REFUSED_ANSWERS, webhookOf(deps, row));
}

function webhookOf(deps: PlatformDeps, { id }: VerificationRow): WebhookRow | undefined {
  return deps.webhooks === undefined ? undefined : answeredWebhook(deps, id);
}

/** What seals the reply: the retry token and the answer that it came with, so that no other answer opens it. */
function retrySecret({ retry_token, vp_token, error }: Form): string | undefined {
  return retry_token === undefined ? undefined : `${retry_token} ${secretHash(vp_token ?? '')} ${error ?? ''}`;
}

const replySchema = z.object({
  body: responseAcceptedSchema,
  refusal: z.enum(Object.keys(REFUSALS) as (keyof typeof REFUSALS)[]).optional(),
});

/** The reply to this very answer, if it was accepted before and its result is not collected. */
function missedReply(row: VerificationRow | undefined, form: Form): Answered | undefined {
  const secret = retrySecret(form);
  if (row === undefined || row.sealed_reply === null || secret === undefined) return undefined;
  const parsed = replySchema.safeParse(openReply(secret, 'retry', row.sealed_reply));
  if (!parsed.success) return undefined;
  const { body, refusal } = parsed.data;
  return refusal === undefined ? { body } : { body, refusal: new ProtocolError(refusal, REFUSALS[refusal]) };
}
