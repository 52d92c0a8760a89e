// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One PIN guard as the wallet sees it: its calls, its part of the cryptography, and its refusals as
 * values. The PIN itself never leaves the wallet, nor does anything from which it could be searched
 * without the keys of all guards.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { client, ready } from '@serenity-kit/opaque';
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { GuardRecord } from './backup.ts';
import type { Clock, Fetch, GuardConfig, Random } from './environment.ts';
import { blindPin, eraseToken, unblind } from './guard_password.ts';
import { accepted, jsonOf, send, textOf } from './http.ts';

/**
 * OPAQUE's key stretching: Argon2id, 64 MiB, 3 passes, 4 lanes (RFC 9106, second recommended option).
 * A record made under one is opened under the same.
 */
const STRETCHING = 'memory-constrained';

/** What the client of guards is given from outside. */
export interface GuardClientDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
}

/** Why a guard gave no answer. */
export type GuardRefusal =
  /** It does not answer, is overloaded or broken; try again later. */
  | { readonly outcome: 'unreachable'; readonly guard: GuardConfig; readonly cause: unknown }
  /** It answers from then on; Unix milliseconds. */
  | { readonly outcome: 'wait'; readonly guard: GuardConfig; readonly until: number }
  /** It has no such record: ten guesses were wrong, or it was erased. */
  | { readonly outcome: 'record_deleted'; readonly guard: GuardConfig };

/** An answer, or why there is none. */
export type Asked<T> = { readonly answer: T } | { readonly refusal: GuardRefusal };

const text = (length: number): z.ZodType<string> => z.string().length(length);
const standing = { attempts_left: z.number().int().nonnegative(), wait_seconds: z.number().int().nonnegative() };
const answers = {
  registered: z.object({ id: text(22), evaluated: text(43), proof: text(86), evaluation_key: text(43) }),
  registrationResponse: z.object({ registration_response: z.string().max(1024) }),
  kept: z.object({}),
  standing: z.object(standing),
  evaluated: z.object({ ...standing, login: text(22), evaluated: text(43), proof: text(86) }),
  loginResponse: z.object({ login_response: z.string().max(2048) }),
};
const waiting = z.object({ wait_seconds: z.number().nonnegative() });

/** Codes after which asking again later can help. */
const PASSING: ReadonlySet<string> = new Set([
  'network_failed',
  'response_too_large',
  'response_invalid',
  'guard_busy',
  'internal_error',
  // The guard was started again in between.
  'guard_login_unknown',
  'guard_registration_unknown',
]);

/** Asks a guard. */
async function ask<Schema extends z.ZodType>(
  deps: GuardClientDeps,
  guard: GuardConfig,
  path: string,
  body: Readonly<Record<string, string>>,
  schema: Schema,
): Promise<Asked<z.output<Schema>>> {
  const headers = { 'Content-Type': 'application/json' };
  try {
    const answer = await send(deps.fetch, {
      url: `${guard.url}/v1/${path}`,
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      maxBytes: 16 * 1024,
    });
    if (answer.status === 429) {
      const { wait_seconds: seconds } = readWaiting(textOf(answer));
      return { refusal: { outcome: 'wait', guard, until: deps.clock() + seconds * 1000 } };
    }
    return { answer: jsonOf(accepted(answer, 'a guard'), schema, 'a guard') };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (error.code === 'guard_record_unknown') return { refusal: { outcome: 'record_deleted', guard } };
    if (PASSING.has(error.code)) return { refusal: { outcome: 'unreachable', guard, cause: error } };
    throw error;
  }
}

/** Seconds of a 429, a minute where it does not say. */
function readWaiting(body: string): z.output<typeof waiting> {
  try {
    return waiting.parse(JSON.parse(body));
  } catch {
    return { wait_seconds: 60 };
  }
}

function requireGuard(guard: GuardConfig, found: string): void {
  if (found !== toBase64Url(guard.key)) {
    throw new ProtocolError('guard_key_mismatch', 'a guard answers under another key than the wallet knows');
  }
}

/** A registration whose id was given out. */
export interface Registering {
  readonly record: GuardRecord;
  /** The guard's part of the password. */
  readonly output: Uint8Array;
}

/** Has a guard choose an id and evaluate the PIN under it. */
export async function beginRegistration(
  deps: GuardClientDeps,
  guard: GuardConfig,
  pin: string,
): Promise<Asked<Registering>> {
  const blinded = blindPin(pin, deps.random);
  const body = { blinded: toBase64Url(blinded.blinded) };
  const asked = await ask(deps, guard, 'registrations/begin', body, answers.registered);
  if ('refusal' in asked) return asked;
  const evaluationKey = fromBase64Url(asked.answer.evaluation_key);
  const record = { id: fromBase64Url(asked.answer.id), guard: guard.key, evaluationKey };
  return { answer: { record, output: unblind(blinded, asked.answer, evaluationKey) } };
}

/**
 * Registers a password and has the record kept.
 *
 * @returns OPAQUE's export key, 64 bytes.
 * @throws {@link ProtocolError} `guard_key_mismatch`.
 */
export async function finishRegistration(
  deps: GuardClientDeps,
  guard: GuardConfig,
  record: GuardRecord,
  password: string,
): Promise<Asked<Uint8Array>> {
  await ready;
  const id = toBase64Url(record.id);
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
  const request = { id, registration_request: registrationRequest };
  const asked = await ask(deps, guard, 'registrations/request', request, answers.registrationResponse);
  if ('refusal' in asked) return asked;
  const { registrationRecord, exportKey, serverStaticPublicKey } = readingAnswer(() =>
    client.finishRegistration({
      password,
      clientRegistrationState,
      registrationResponse: asked.answer.registration_response,
      keyStretching: STRETCHING,
    }),
  );
  requireGuard(guard, serverStaticPublicKey);
  const key = fromBase64Url(exportKey);
  const eraseHash = toBase64Url(sha256(eraseToken(key)));
  const finish = { id, registration_record: registrationRecord, erase_hash: eraseHash };
  const kept = await ask(deps, guard, 'registrations/finish', finish, answers.kept);
  return 'refusal' in kept ? kept : { answer: key };
}

function readingAnswer<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw new ProtocolError('guard_answer_invalid', 'a guard answered with what is no message of OPAQUE', { cause });
  }
}

/** How a record stands: guesses that are left, and from when the next is answered, Unix milliseconds. */
export interface Standing {
  readonly attemptsLeft: number;
  readonly until: number;
}

/** Asks how a record stands. Counts nothing. */
export async function askStanding(
  deps: GuardClientDeps,
  guard: GuardConfig,
  record: GuardRecord,
): Promise<Asked<Standing>> {
  const asked = await ask(deps, guard, 'records/status', { id: toBase64Url(record.id) }, answers.standing);
  return 'refusal' in asked ? asked : { answer: standingOf(deps, asked.answer) };
}

function standingOf(deps: GuardClientDeps, answer: z.output<typeof answers.standing>): Standing {
  return { attemptsLeft: answer.attempts_left, until: deps.clock() + answer.wait_seconds * 1000 };
}

/** A guess that was counted. */
export interface Guess extends Registering {
  readonly login: string;
  /** How the record stands if the guess is wrong. */
  readonly standing: Standing;
}

/**
 * Has a guard count a guess and evaluate the PIN.
 *
 * @throws {@link ProtocolError} `guard_answer_invalid` if it used another key than at the registration.
 */
export async function guess(
  deps: GuardClientDeps,
  guard: GuardConfig,
  record: GuardRecord,
  pin: string,
): Promise<Asked<Guess>> {
  const blinded = blindPin(pin, deps.random);
  const body = { id: toBase64Url(record.id), blinded: toBase64Url(blinded.blinded) };
  const asked = await ask(deps, guard, 'logins/evaluate', body, answers.evaluated);
  if ('refusal' in asked) return asked;
  const { answer } = asked;
  const output = unblind(blinded, answer, record.evaluationKey);
  return { answer: { record, output, login: answer.login, standing: standingOf(deps, answer) } };
}

/** A login's outcome: no export key where the PIN is wrong. */
export interface LoggedIn {
  readonly exportKey: Uint8Array | undefined;
  /** Whether the guard has forgiven the guess. */
  readonly forgiven: boolean;
}

/**
 * Logs in with the password of all guards' outputs.
 *
 * @throws {@link ProtocolError} `guard_key_mismatch`, `guard_answer_invalid`.
 */
export async function logIn(
  deps: GuardClientDeps,
  guard: GuardConfig,
  login: string,
  password: string,
): Promise<Asked<LoggedIn>> {
  await ready;
  const { clientLoginState, startLoginRequest } = client.startLogin({ password });
  const request = { login, start_login_request: startLoginRequest };
  const asked = await ask(deps, guard, 'logins/begin', request, answers.loginResponse);
  if ('refusal' in asked) return asked;
  const finished = readingAnswer(() =>
    client.finishLogin({
      password,
      clientLoginState,
      loginResponse: asked.answer.login_response,
      keyStretching: STRETCHING,
    }),
  );
  if (finished === undefined) return { answer: { exportKey: undefined, forgiven: false } };
  requireGuard(guard, finished.serverStaticPublicKey);
  const finish = { login, finish_login_request: finished.finishLoginRequest };
  // The PIN was right, whatever becomes of this message: without it the guess only stays counted.
  const told = await ask(deps, guard, 'logins/finish', finish, answers.kept).catch(() => undefined);
  const forgiven = told !== undefined && 'answer' in told;
  return { answer: { exportKey: fromBase64Url(finished.exportKey), forgiven } };
}

/** Has a guard delete a record. One that is not there any more is as good as erased. */
export async function eraseAt(
  deps: GuardClientDeps,
  guard: GuardConfig,
  record: GuardRecord,
  token: Uint8Array,
): Promise<boolean> {
  const body = { id: toBase64Url(record.id), erase: toBase64Url(token) };
  const asked = await ask(deps, guard, 'records/erase', body, answers.kept);
  return 'answer' in asked || asked.refusal.outcome === 'record_deleted';
}
