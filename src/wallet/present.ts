// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Answering a platform's request: read it (request.ts), show it (consent.ts), arm while the person
 * decides, prove, deliver.
 * Between the start of proving and the delivery the wallet sends nothing. docs/protocol.md section 6.
 *
 * @module
 */
import { z } from 'zod';
import { NO_EXTENSION } from '../commitment/credential.ts';
import type { Poseidon } from '../commitment/poseidon.ts';
import { packAttributes } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toField } from '../protocol/field.ts';
import { type Disclosed, packRevealed } from '../protocol/policy.ts';
import type { Presentation } from '../protocol/presentation.ts';
import { FORMAT, QUERY_ID } from '../protocol/request.ts';
import { isAllowedUrl, nullifierOf, toBase64Url } from '../protocol/scope.ts';
import type { ShowStatement } from '../protocol/statement.ts';
import { type Asked, consentOf } from './consent.ts';
import type { Credential } from './credential.ts';
import type { Clock, Fetch, Random } from './environment.ts';
import { type Call, type Answer, jsonOf, send } from './http.ts';
import type { ArmedHandle, OnProgress, Prover, ProvingTask } from './prover.ts';
import type { PendingRequest } from './request.ts';
import { positionAt, type Synced } from './sync.ts';

export { type Asked, consentOf, type Consent, type Unmet } from './consent.ts';
export { type PendingRequest, readRequest } from './request.ts';

/** A presentation that waits for consent only. */
export interface ArmedPresentation {
  readonly handle: ArmedHandle;
  readonly pending: PendingRequest;
  readonly disclosed: Disclosed;
  /** What the proof will say. */
  readonly statement: ShowStatement;
  /** Log size of the checkpoint whose root the proof is on. */
  readonly checkpoint: number;
}

/** What arming needs. */
export interface ArmDeps {
  readonly prover: Prover;
  readonly poseidon: Poseidon;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Opens a record that was kept for exactly this statement, if there is one; see `kept.ts`. */
  readonly openKept?: (statement: ShowStatement) => Promise<ArmedHandle | undefined>;
}

/** Bytes of a retry token. */
const RETRY_TOKEN_BYTES = 32;

/** What a credential would prove in answer to a request. */
export interface Answered {
  /** The proof's public signals. */
  readonly statement: ShowStatement;
  readonly disclosed: Disclosed;
  readonly sub: string | undefined;
  /** Log size of the checkpoint whose root the proof is on. */
  readonly checkpoint: number;
  readonly task: ProvingTask;
}

/** What delivery needs. */
export interface DeliverDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Secure random bytes: for a token under which the answer is sent once more where no reply came. */
  readonly random?: Random;
  /** Called when the answer leaves for the first time: whatever comes back, the platform may have it. */
  readonly onSend?: () => void;
}

/** Answer of a platform to a presentation. */
export interface Delivered {
  /** Where the browser goes next, on the platform's own origin; undefined for another device. */
  readonly redirectUri: string | undefined;
  /** On another device: the code to type on the screen that began. */
  readonly confirmationCode: string | undefined;
}

function refuseExpired({ expiresAt }: PendingRequest, clock: Clock): void {
  if (clock() >= expiresAt) {
    throw new ProtocolError('request_expired', 'the request has expired; go back to the platform and start again');
  }
}

/**
 * What there is to prove.
 *
 * @throws {@link ProtocolError} `policy_unmet`.
 */
export function answerTo(
  asked: Asked,
  credential: Credential,
  synced: Synced,
  deps: Pick<ArmDeps, 'poseidon' | 'clock'>,
): Answered {
  const { inputs, ask, index = 0 } = asked;
  const { disclosed, unmet, sub } = consentOf(asked, credential, deps.poseidon);
  if (unmet.length > 0) {
    throw new ProtocolError('policy_unmet', 'this credential does not meet what the platform asks');
  }
  const { root, path, size } = positionAt(synced, deps.clock());
  const statement: ShowStatement = {
    ...inputs,
    root,
    nullifier: sub === undefined ? toField(0n) : nullifierOf(sub),
    revealed: packRevealed(disclosed, ask),
  };
  const task = {
    circuit: 'show',
    inputs: {
      ...inputs,
      root,
      seed: credential.seed,
      blinding: credential.blinding,
      attributes: packAttributes(credential.attributes),
      extension: NO_EXTENSION,
      leafIndex: credential.index,
      path,
      index: toField(BigInt(index)),
    },
  } as const;
  return { statement, disclosed, sub, checkpoint: size, task };
}

/**
 * Arms while the holder reads; sends nothing.
 *
 * @throws {@link ProtocolError} `policy_unmet`, `other_account`, `request_expired`, and those of the prover;
 * the signal's reason if aborted, and then nothing stays armed.
 */
export async function armPresentation(
  pending: PendingRequest,
  credential: Credential,
  synced: Synced,
  deps: ArmDeps,
  onProgress?: OnProgress,
): Promise<ArmedPresentation> {
  refuseExpired(pending, deps.clock);
  const { statement, disclosed, sub, checkpoint, task } = answerTo(pending, credential, synced, deps);
  const { expect_sub } = pending.request;
  if (expect_sub !== undefined && expect_sub !== sub) {
    throw new ProtocolError('other_account', 'the platform expects another account than the one of this wallet');
  }
  const handle = (await deps.openKept?.(statement)) ?? (await deps.prover.arm(task, onProgress, deps.signal));
  const armed = { handle, pending, disclosed, statement, checkpoint };
  if (deps.signal?.aborted === true) await discard(armed, deps);
  deps.signal?.throwIfAborted();
  return armed;
}

/**
 * Proves after consent; sends nothing. The armed record is wiped, whatever happens.
 *
 * @throws {@link ProtocolError} `request_expired`, and those of the prover.
 */
export async function firePresentation(armed: ArmedPresentation, deps: ArmDeps): Promise<Presentation> {
  const { handle, pending, disclosed, statement, checkpoint } = armed;
  try {
    refuseExpired(pending, deps.clock);
    const { proof } = await deps.prover.fire(handle, statement);
    return {
      format: FORMAT,
      circuit: 'show',
      version: pending.request.dcql_query.credentials[0].meta.version,
      checkpoint,
      proof,
      nullifier: String(statement.nullifier),
      disclosed,
    };
  } finally {
    await discard(armed, deps);
  }
}

/** Wipes an armed presentation that the holder declined. */
export function discard(armed: ArmedPresentation, deps: Pick<ArmDeps, 'prover'>): Promise<void> {
  return deps.prover.release(armed.handle);
}

const deliveredAnswer = z.object({
  redirect_uri: z.string().max(2048).optional(),
  confirmation_code: z
    .string()
    .regex(/^[A-Za-z0-9 -]{1,32}$/)
    .optional(),
});

/**
 * Sends the presentation to the platform.
 *
 * @throws {@link ProtocolError} with the platform's code (`checkpoint_not_accepted`, `nonce_used`, …),
 * `request_expired`, `redirect_refused`, `network_failed`.
 */
export async function deliver(
  pending: PendingRequest,
  presentation: Presentation,
  deps: DeliverDeps,
): Promise<Delivered> {
  refuseExpired(pending, deps.clock);
  return answer(pending, { vp_token: JSON.stringify({ [QUERY_ID]: [presentation] }) }, deps);
}

/**
 * Tells the platform that the holder declined, and nothing else.
 *
 * @throws {@link ProtocolError} as {@link deliver}.
 */
export function decline(pending: PendingRequest, deps: Omit<DeliverDeps, 'clock'>): Promise<Delivered> {
  return answer(pending, { error: 'access_denied' }, deps);
}

async function answer(
  { request, origin }: PendingRequest,
  form: Readonly<Record<string, string>>,
  { fetch, signal, random, onSend }: Omit<DeliverDeps, 'clock'>,
): Promise<Delivered> {
  // Whoever sees a proof alone cannot ask for its reply: the token is nowhere in it.
  const retry = random === undefined ? {} : { retry_token: toBase64Url(random(RETRY_TOKEN_BYTES)) };
  const call: Call = {
    url: request.response_uri,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...form, state: request.state, ...retry }).toString(),
    signal,
  };
  onSend?.();
  const reply = await (random === undefined ? send(fetch, call) : sendStubbornly(fetch, call));
  const body = jsonOf(reply, deliveredAnswer, 'the platform');
  if (body.redirect_uri !== undefined && !isOwnPage(body.redirect_uri, origin)) {
    throw new ProtocolError('redirect_refused', 'the platform would send the browser to another site');
  }
  return { redirectUri: body.redirect_uri, confirmationCode: body.confirmation_code };
}

/** Sends an answer once more if no reply came: the platform may have taken it, and says the same again. */
async function sendStubbornly(fetch: Fetch, call: Call): Promise<Answer> {
  try {
    return await send(fetch, call);
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== 'network_failed') throw error;
    return send(fetch, call);
  }
}

function isOwnPage(text: string, origin: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.origin === origin && isAllowedUrl(url);
}

/** Arms, fires and delivers: for programs; pages ask for consent in between. */
export async function present(
  pending: PendingRequest,
  credential: Credential,
  synced: Synced,
  deps: ArmDeps & DeliverDeps & { readonly onProgress?: OnProgress },
): Promise<Delivered> {
  const armed = await armPresentation(pending, credential, synced, deps, deps.onProgress);
  const presentation = await firePresentation(armed, deps);
  return deliver(pending, presentation, deps);
}
