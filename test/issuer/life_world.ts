// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An issuer with the real register behind it, one clock for both, and a person who has a passport and a
 * travel permit.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { IssuerDeps } from '../../src/issuer/app.ts';
import type { LogEvent } from '../../src/log/events.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { EPOCH_SECONDS, type Opened, openTestRegister, REGISTER_KEY, SECRETS } from '../register/harness.ts';
import { openWitnesses } from '../register/witnesses.ts';
import { type Answer, enrolmentForm, NOW, passport, PERSON, PORTRAIT, SEED, World } from './world.ts';

export const DAY = 86_400_000;

/** A travel permit as its authority would decode it; the bytes of the card are not looked at. */
const PERMIT = {
  kind: 'travel_permit_hk_macau',
  number: 'H1234567801',
  nationality: 'CHN',
  birth: PERSON.birth,
  expiry: PERSON.expiry,
  portrait: { type: 'image/jpeg', bytes: PORTRAIT },
  answered: true,
} as const;

/** Takes permits, and knows that permit and passport are one person's. */
const PARTS: Partial<IssuerDeps> = {
  decoder: { kinds: ['travel_permit_hk_macau'], decode: () => Promise.resolve(PERMIT) },
  registry: {
    covers: ({ kind }) => kind === 'travel_permit_hk_macau' || kind === 'passport',
    personNumber: ({ kind, own }) =>
      Promise.resolve(kind === 'travel_permit_hk_macau' ? `CHN${String(PERSON.personalNumber)}` : own),
  },
};

export type Session = Awaited<ReturnType<World['enrolment']>>;
export type Wished = Record<string, unknown>;

/** See the module's description. */
export class LifeWorld extends World {
  readonly log: Opened;

  private constructor(log: Opened) {
    super();
    this.log = log;
  }

  /**
   * @param url - Of the issuer's database.
   * @param change - Parts of the issuer that are not the usual ones.
   * @param isWatched - Whether witnesses cosign checkpoints, as wallets demand.
   */
  static async make(url = ':memory:', change: Partial<IssuerDeps> = {}, isWatched = false): Promise<LifeWorld> {
    const late: { world?: LifeWorld } = {};
    const witnesses = await openWitnesses(
      { key: REGISTER_KEY, epochSeconds: EPOCH_SECONDS },
      () => late.world?.now ?? NOW,
      (path) => late.world?.log.app.request(path) ?? new Response('', { status: 503 }),
    );
    const log = await openTestRegister(':memory:', isWatched ? { witnessing: witnesses.witnessing } : {});
    const world = new LifeWorld(log);
    late.world = world;
    world.register = async (path, init) => log.app.request(path.replace('http://register.test', ''), init);
    Object.defineProperty(log.time, 'now', { get: () => world.now });
    await world.open(url, { ...PARTS, signingKey: SECRETS.issuer, ...change });
    await world.#turn();
    return world;
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.log.close();
  }

  async #turn(): Promise<void> {
    await this.log.turn();
    this.log.push.start();
    await this.log.push.settled();
  }

  /** Lets what waits become public, and the issuer look at it. */
  async nextEpoch(): Promise<void> {
    await this.issuer.tend();
    this.now += EPOCH_SECONDS * 1000;
    await this.#turn();
    this.now += 60_000;
    await this.issuer.tend();
  }

  /** Document and face of the same person, with the travel permit. */
  async acceptedPermit(): Promise<Session> {
    const session = await this.enrolment();
    const body = JSON.stringify({ kind: PERMIT.kind, card: 'AAAA' });
    const { token } = session;
    const path = `/v1/enrolments/${session.id}/document`;
    expect(await this.call('PUT', path, { token, body, type: 'application/json' })).toMatchObject({ status: 200 });
    expect(await this.face(session)).toMatchObject({ status: 200 });
    return session;
  }

  /** Asks with a fresh blinding. */
  async ask(session: Session, seed: FieldElement = SEED, wish: Wished = {}): Promise<Answer> {
    return this.send(session, { ...(await enrolmentForm(session.session, seed, freshBlinding())), ...wish });
  }

  /** Enrols or renews with the passport; the leaf. */
  async issued(seed: FieldElement = SEED, wish: Wished = {}, session?: Session): Promise<string> {
    const answer = await this.ask(session ?? (await this.accepted(passport())), seed, wish);
    expect(answer).toMatchObject({ status: 202 });
    return answer.body['leaf'] as string;
  }

  /** The latest events of a kind. */
  async events<Kind extends LogEvent['kind']>(kind: Kind): Promise<readonly Extract<LogEvent, { kind: Kind }>[]> {
    const events = await this.log.events();
    return events.filter((event): event is Extract<LogEvent, { kind: Kind }> => event.kind === kind);
  }

  /** What the register says of a leaf. */
  async standing(leaf: string): Promise<string> {
    const { status } = await this.log.json<{ status: string | 404 }>(`/v1/leaves/${leaf}`);
    return status === 404 ? 'unknown' : status;
  }

  /** Leaves that the issuer holds for anyone, with what it holds of each. */
  async rows() {
    return this.database.kysely.selectFrom('credential').selectAll().orderBy('leaf').execute();
  }
}

export function freshBlinding(): FieldElement {
  return toField(BigInt(`0x${randomBytes(31).toString('hex')}`));
}
