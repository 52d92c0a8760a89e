// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Guesses at a PIN. Each is counted, durably, before the guard evaluates anything for it, and is
 * forgiven when the wallet shows by OPAQUE that it was right: a crash, a lost connection or a wallet
 * that goes away leaves it counted. What waits between the messages is in memory, so that who reads the
 * database learns nothing that ends a login.
 *
 * ```text
 * evaluate  counts, then answers the blinded PIN        once a guess
 * begin     answers OPAQUE's first message              once an evaluation
 * finish    checks OPAQUE's last message and forgives   once
 * ```
 *
 * docs/protocol.md section 8.
 *
 * @module
 */
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { server } from '@serenity-kit/opaque';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';
import {
  countGuess,
  deleteIfSpent,
  deleteSpent,
  forgiveGuesses,
  guessesAt,
  type GuessRules,
} from '../storage/guard.ts';
import { readBlinded, readingMessage } from './messages.ts';
import { Pending } from './pending.ts';
import { type GuardDeps, recordUnknown } from './registrations.ts';
import { ATTEMPTS, LOGIN_SECONDS, waitAfter } from './schedule.ts';

const RULES: GuessRules = {
  attempts: ATTEMPTS,
  waitAfter: (failures) => waitAfter(failures) * 1000,
  pending: LOGIN_SECONDS * 1000,
};

interface Login {
  readonly id: string;
  readonly record: string;
  /** OPAQUE's state, once its first message was answered. */
  state: string | undefined;
}

/** How a record stands. */
export interface Standing {
  readonly attempts_left: number;
  /** Seconds before the next guess is answered. */
  readonly wait_seconds: number;
}

/** Answer to a guess: as it will stand if the guess is wrong. */
interface Evaluated extends Standing {
  readonly login: string;
  readonly evaluated: string;
  readonly proof: string;
}

/** What became of a guess. */
export type Evaluation =
  | { readonly outcome: 'evaluated'; readonly answer: Evaluated }
  | { readonly outcome: 'wait'; readonly seconds: number };

const loginUnknown = (): ProtocolError =>
  new ProtocolError('guard_login_unknown', 'this login has ended or never began; begin again');

/** Logins of a guard. */
export class Logins {
  readonly #deps: GuardDeps;
  readonly #pending: Pending<Login>;

  constructor(deps: GuardDeps) {
    this.#deps = deps;
    this.#pending = new Pending(deps, LOGIN_SECONDS * 1000);
  }

  /**
   * Tells how a record stands; counts nothing.
   *
   * @throws {@link ProtocolError} `guard_record_unknown`.
   */
  async status(id: string): Promise<Standing> {
    const guesses = await guessesAt(this.#deps.database, id, ATTEMPTS);
    if (guesses === undefined) throw recordUnknown();
    return { attempts_left: ATTEMPTS - guesses.failures, wait_seconds: this.#secondsUntil(guesses.nextAt) };
  }

  /**
   * Counts a guess and evaluates its blinded PIN.
   *
   * @throws {@link ProtocolError} `guard_message_invalid`, `guard_busy` (both count nothing),
   * `guard_record_unknown`.
   */
  async evaluate(id: string, blinded: string): Promise<Evaluation> {
    const { database, clock, keys } = this.#deps;
    const element = readBlinded(blinded);
    const login: { -readonly [Name in keyof Login]: Login[Name] } = { id, record: '', state: undefined };
    // Its place is taken first: a guess that finds no room is not counted.
    const handle = this.#pending.add(login);
    let counted;
    try {
      counted = await countGuess(database, id, clock(), RULES);
    } catch (error) {
      this.#pending.take(handle);
      throw error;
    }
    if (counted.outcome !== 'counted') {
      this.#pending.take(handle);
      if (counted.outcome === 'unknown') throw recordUnknown();
      return { outcome: 'wait', seconds: this.#secondsUntil(counted.until) };
    }
    login.record = counted.record;
    const { secretKey, publicKey } = keys.evaluationKey(id);
    const { evaluated, proof } = ristretto255_oprf.voprf.blindEvaluate(secretKey, publicKey, element);
    const answer = {
      login: handle,
      evaluated: toBase64Url(evaluated),
      proof: toBase64Url(proof),
      attempts_left: ATTEMPTS - counted.failures,
      wait_seconds: waitAfter(counted.failures),
    };
    return { outcome: 'evaluated', answer };
  }

  /**
   * Answers OPAQUE's first message for a guess that was counted, once.
   *
   * @throws {@link ProtocolError} `guard_login_unknown`, `guard_message_invalid`.
   */
  begin(handle: string, startLoginRequest: string): { readonly login_response: string } {
    const login = this.#pending.get(handle);
    if (login === undefined || login.record === '' || login.state !== undefined) throw loginUnknown();
    const { loginResponse, serverLoginState } = readingMessage(() =>
      server.startLogin({
        serverSetup: this.#deps.keys.setup,
        userIdentifier: login.id,
        registrationRecord: login.record,
        startLoginRequest,
      }),
    );
    login.state = serverLoginState;
    return { login_response: loginResponse };
  }

  /**
   * Checks OPAQUE's last message, once, and forgives the record's guesses.
   *
   * @throws {@link ProtocolError} `guard_login_unknown`, `guard_login_refused`, `guard_record_unknown`.
   */
  async finish(handle: string, finishLoginRequest: string): Promise<void> {
    const { database } = this.#deps;
    if (this.#pending.get(handle)?.state === undefined) throw loginUnknown();
    const { id, state = '' } = this.#pending.take(handle) ?? { id: '' };
    try {
      server.finishLogin({ serverLoginState: state, finishLoginRequest });
    } catch (cause) {
      await deleteIfSpent(database, id, ATTEMPTS);
      throw new ProtocolError('guard_login_refused', 'the PIN is wrong, or the message belongs to another login', {
        cause,
      });
    }
    if (!(await forgiveGuesses(database, id))) throw recordUnknown();
  }

  /** Deletes records whose ten guesses were wrong; call it often. */
  tend(): Promise<void> {
    return deleteSpent(this.#deps.database, this.#deps.clock(), ATTEMPTS);
  }

  #secondsUntil(time: number): number {
    return Math.max(0, Math.ceil((time - this.#deps.clock()) / 1000));
  }
}
