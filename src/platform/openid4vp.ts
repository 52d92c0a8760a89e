// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The two addresses that a wallet calls (OpenID4VP 1.0, `redirect_uri` client prefix, `direct_post`):
 * it fetches the request object, and posts its answer.
 *
 * An accepted answer consumes the request's nonce, and the action where there is one, in the same
 * transaction as it keeps the result. A refused answer leaves the request open, a few times.
 * docs/protocol.md section 6.
 *
 * @module
 */
import type { z } from 'zod';
import { acceptedCheckpoints, type Checkpoint } from '../log/checkpoint.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseVpToken, type Presentation } from '../protocol/presentation.ts';
import { encodeRequestObject, requestObjectSchema, type RequestObject } from '../protocol/request.ts';
import {
  type ActionDone,
  countRefusedAnswer,
  findVerification,
  settleVerification,
  type VerificationRow,
} from '../storage/platform.ts';
import { checkPresentationWith, type PresentationOutcome } from '../verifying/presentation.ts';
import type { responseAcceptedSchema, walletResponseSchema } from './client/messages.ts';
import { measureCpuTime } from './cpu_time.ts';
import type { PlatformDeps } from './deps.ts';
import { refusalOf, resultOf } from './result.ts';
import { randomToken, randomTypedCode, secretHash } from './secrets.ts';

/** Refused answers after which a request is closed. */
const REFUSED_ANSWERS = 10;
/** Errors with which an answer was neither accepted nor refused. */
const UNCHECKED: ReadonlySet<string> = new Set(['verifier_busy', 'verifier_unavailable']);

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
export async function acceptResponse(
  deps: PlatformDeps,
  form: z.output<typeof walletResponseSchema>,
): Promise<Answered> {
  const row = pending(deps, await findVerification(deps.database, 'state', form.state));
  if (form.vp_token === undefined) {
    if (form.error === undefined) {
      throw new ProtocolError('vp_token_invalid', 'an answer carries vp_token, or error where the wallet gives none');
    }
    const errorCode = form.error === 'access_denied' ? 'access_denied' : 'wallet_error';
    return settle(deps, row, { status: 'rejected', errorCode });
  }
  const request = requestObjectSchema.parse(JSON.parse(row.request));
  const presentation = parseVpToken(form.vp_token);
  const checkpoint = await findCheckpoint(deps, request, presentation);
  const { outcome, cpuMs } = await countingRefusals(deps, row, () =>
    measuredCheck(deps, request, presentation, checkpoint),
  );
  const result = resultOf(deps, request, outcome, checkpoint);
  const answered = await settle(deps, row, {
    status: 'verified',
    result: JSON.stringify(result),
    action: request.context.kind === 'action' ? actionOf(outcome) : undefined,
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
  let cpuMs = measureCpuTime();
  const outcome = await checkPresentationWith(
    async (signals, proof) => {
      const here = cpuMs();
      const checked = await checkProof(signals, proof);
      cpuMs = () => here + checked.cpuMs;
      return checked.holds;
    },
    { presentation, request, root: checkpoint.presentationRoot, now: clock(), timeZone },
  );
  return { outcome, cpuMs: cpuMs() };
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
    await countRefusedAnswer(deps.database, row.id, REFUSED_ANSWERS);
    throw error;
  }
}

function actionOf({ pseudonym, statement }: Successful): ActionDone {
  if (pseudonym === undefined) {
    throw new ProtocolError('request_invalid', 'an action needs a pseudonym');
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
    throw new ProtocolError('nonce_used', 'this request has been answered; go back to the platform and start again');
  }
  if (clock() >= row.expires_at) {
    throw new ProtocolError('request_expired', 'the request has expired; go back to the platform and start again');
  }
  return row;
}

async function settle(
  deps: PlatformDeps,
  row: VerificationRow,
  settlement: Parameters<typeof settleVerification>[2],
): Promise<Answered> {
  const code = row.redirect_uri === null ? randomTypedCode(deps.random) : randomToken(deps.random);
  const settled = await settleVerification(deps.database, row.id, settlement, secretHash(code));
  if (settled === 'nonce_used') {
    throw new ProtocolError('nonce_used', 'this request has been answered; go back to the platform and start again');
  }
  const body =
    row.redirect_uri === null
      ? { confirmation_code: code }
      : { redirect_uri: `${row.redirect_uri}#response_code=${code}` };
  return settled === 'settled'
    ? { body }
    : { body, refusal: new ProtocolError('action_already_done', 'this can be done once, and has been done') };
}
