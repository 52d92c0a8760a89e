// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A guard on a database of the test's choice with a clock that tests move, and a person who registers
 * and guesses at it by the protocol's messages.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { client } from '@serenity-kit/opaque';
import { type AddressLimits, createGuard, type Guard } from '../../src/guard/app.ts';
import { createGuardKey, type GuardKeys, openGuardKey } from '../../src/guard/keys.ts';
import { createLogger } from '../../src/http/logs.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import type { GuardDatabase, GuardSchema } from '../../src/storage/guard.ts';
import { openDatabase } from '../../src/storage/open.ts';

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
/** As cheap as the library allows: what is tested here is the guard, which never stretches. */
const STRETCHING = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } } as const;
const { voprf } = ristretto255_oprf;
const NOW = Date.UTC(2026, 8, 1, 12);

/** A guard to test. */
export interface World extends Guard {
  readonly keys: GuardKeys;
  readonly database: GuardDatabase;
  /** Unix milliseconds; tests set it. */
  now: number;
  /** Address of who asks; tests set it. */
  address: string;
  /** Everything that was logged. */
  readonly logged: () => string;
  readonly close: () => Promise<void>;
}

export interface WorldOptions {
  readonly url?: string;
  readonly key?: string;
  readonly limits?: AddressLimits;
  /** Puts something between the guard and its database. */
  readonly around?: (database: GuardDatabase) => GuardDatabase;
}

/** No limit that a test meets unless it is about limits. */
const MANY = { count: 1_000_000, seconds: 3600 };

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const keys = await openGuardKey(options.key ?? (await createGuardKey(random)));
  const database = await openDatabase<GuardSchema>(options.url ?? ':memory:');
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const state = { now: NOW, address: '192.0.2.1' };
  const guard = await createGuard({
    keys,
    database: options.around?.(database) ?? database,
    random,
    clock: () => state.now,
    address: () => state.address,
    logger: createLogger('guard', destination),
    limits: options.limits ?? { registrations: MANY, guesses: MANY, calls: MANY },
  });
  return Object.assign(state, {
    ...guard,
    keys,
    database,
    logged: () => lines.join(''),
    close: () => database.close(),
  });
}

/** Sends a call as a wallet does. */
export async function call(
  world: Pick<World, 'app'>,
  path: string,
  body: unknown,
): Promise<{ readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers }> {
  const response = await world.app.request(`/v1/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  };
}

/** A blinded element, of a PIN that does not matter. */
export function blindedPin(): string {
  return toBase64Url(voprf.blind(Uint8Array.of(1)).blinded);
}

/** A record with what its owner knows. */
export interface Registered {
  readonly id: string;
  readonly evaluationKey: string;
  readonly exportKey: string;
  readonly erase: string;
}

/** Registers a password. */
export async function register(world: World, password: string): Promise<Registered> {
  const begun = await call(world, 'registrations/begin', { blinded: blindedPin() });
  const id = String(begun.body['id']);
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
  const answer = await call(world, 'registrations/request', { id, registration_request: registrationRequest });
  const { registrationRecord, exportKey } = client.finishRegistration({
    password,
    clientRegistrationState,
    registrationResponse: String(answer.body['registration_response']),
    keyStretching: STRETCHING,
  });
  const erase = toBase64Url(random(32));
  const eraseHash = createHash('sha256').update(fromBase64Url(erase)).digest('base64url');
  const finish = { id, registration_record: registrationRecord, erase_hash: eraseHash };
  const { status } = await call(world, 'registrations/finish', finish);
  if (status !== 201) throw new Error(`not registered: ${String(status)}`);
  return { id, evaluationKey: String(begun.body['evaluation_key']), exportKey, erase };
}

/** Has a guess counted. */
export const evaluate = (world: World, id: string): ReturnType<typeof call> =>
  call(world, 'logins/evaluate', { id, blinded: blindedPin() });

/** OPAQUE's messages of a counted guess: the last one, if the password is right. */
export async function answerLogin(
  world: World,
  login: string,
  password: string,
): Promise<{ readonly start: string; readonly finish: string | undefined; readonly exportKey: string | undefined }> {
  const { clientLoginState, startLoginRequest } = client.startLogin({ password });
  const answer = await call(world, 'logins/begin', { login, start_login_request: startLoginRequest });
  const finished = client.finishLogin({
    password,
    clientLoginState,
    loginResponse: String(answer.body['login_response']),
    keyStretching: STRETCHING,
  });
  return { start: startLoginRequest, finish: finished?.finishLoginRequest, exportKey: finished?.exportKey };
}

/** A whole guess; `right` if the guard has forgiven it, otherwise the code of the refusal. */
export async function guess(world: World, id: string, password: string): Promise<string> {
  const counted = await evaluate(world, id);
  if (counted.status !== 200) return String(counted.body['code']);
  const login = String(counted.body['login']);
  const { finish } = await answerLogin(world, login, password);
  if (finish === undefined) return 'wrong';
  const told = await call(world, 'logins/finish', { login, finish_login_request: finish });
  return String(told.body['status'] === 'right' ? 'right' : told.body['code']);
}

/** Guesses wrongly so often, waiting as long as it takes. */
export async function burn(world: World, id: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const counted = await evaluate(world, id);
    if (counted.status !== 200) throw new Error(`guess ${String(i + 1)}: ${String(counted.body['code'])}`);
    world.now += Number(counted.body['wait_seconds']) * 1000;
  }
}
