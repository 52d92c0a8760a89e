// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How a record comes to be, and how it goes. The guard chooses the id of each registration and evaluates
 * under it once: if wallets could name it, a registration under somebody's id would evaluate guesses at
 * that person's PIN uncounted. A PIN is changed by a new record; the old one is erased.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { server } from '@serenity-kit/opaque';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { eraseRecord, type GuardDatabase, insertRecord } from '../storage/guard.ts';
import type { GuardKeys } from './keys.ts';
import { readBlinded, readingMessage } from './messages.ts';
import { Pending } from './pending.ts';

/** Seconds within which a registration must be finished. */
const REGISTRATION_SECONDS = 300;

/** What registrations and logins need from outside. */
export interface GuardDeps {
  readonly keys: GuardKeys;
  readonly database: GuardDatabase;
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  /** Cryptographically secure bytes. */
  readonly random: (length: number) => Uint8Array;
}

/** Answer to the first message of a registration. */
interface Begun {
  readonly id: string;
  readonly evaluated: string;
  readonly proof: string;
  readonly evaluation_key: string;
}

const unknown = (): ProtocolError =>
  new ProtocolError('guard_registration_unknown', 'this registration has ended or never began; begin again');

/** Registrations of a guard. */
export class Registrations {
  readonly #deps: GuardDeps;
  /** By id, whether OPAQUE's request was answered. */
  readonly #pending: Pending<{ answered: boolean }>;

  constructor(deps: GuardDeps) {
    this.#deps = deps;
    this.#pending = new Pending(deps, REGISTRATION_SECONDS * 1000);
  }

  /** Chooses an id and evaluates under it. */
  begin(blinded: string): Begun {
    const element = readBlinded(blinded);
    const id = this.#pending.add({ answered: false });
    const { secretKey, publicKey } = this.#deps.keys.evaluationKey(id);
    const { evaluated, proof } = ristretto255_oprf.voprf.blindEvaluate(secretKey, publicKey, element);
    return {
      id,
      evaluated: toBase64Url(evaluated),
      proof: toBase64Url(proof),
      evaluation_key: toBase64Url(publicKey),
    };
  }

  /**
   * Answers OPAQUE's registration request, once.
   *
   * @throws {@link ProtocolError} `guard_registration_unknown`, `guard_message_invalid`.
   */
  request(id: string, registrationRequest: string): { readonly registration_response: string } {
    const pending = this.#pending.get(id);
    if (pending === undefined || pending.answered) throw unknown();
    const { registrationResponse } = readingMessage(() =>
      server.createRegistrationResponse({
        serverSetup: this.#deps.keys.setup,
        userIdentifier: id,
        registrationRequest,
      }),
    );
    pending.answered = true;
    return { registration_response: registrationResponse };
  }

  /**
   * Keeps the record; durable when this returns.
   *
   * @param eraseHash - SHA-256 of the token that erases it, base64url.
   * @throws {@link ProtocolError} `guard_registration_unknown`.
   */
  async finish(id: string, record: string, eraseHash: string): Promise<void> {
    if (this.#pending.get(id)?.answered !== true) throw unknown();
    this.#pending.take(id);
    if (!(await insertRecord(this.#deps.database, { id, record, eraseHash }))) throw unknown();
  }

  /**
   * Deletes a record.
   *
   * @param erase - The token, base64url.
   * @throws {@link ProtocolError} `guard_record_unknown`, `guard_erase_refused`.
   */
  async erase(id: string, erase: string): Promise<void> {
    const hash = createHash('sha256').update(fromBase64Url(erase)).digest();
    const outcome = await eraseRecord(this.#deps.database, id, (stored) => {
      const known = fromBase64Url(stored);
      return known.length === hash.length && timingSafeEqual(known, hash);
    });
    if (outcome === 'unknown') throw recordUnknown();
    if (outcome === 'refused') {
      throw new ProtocolError('guard_erase_refused', 'this token does not erase that record');
    }
  }
}

/** There is no such record, or no longer. */
export function recordUnknown(): ProtocolError {
  return new ProtocolError('guard_record_unknown', 'this guard has no such record; ten wrong PINs delete one');
}
