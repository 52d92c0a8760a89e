// SPDX-License-Identifier: GPL-3.0-or-later
import { server } from '@serenity-kit/opaque';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toField } from '../../src/protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { openBackup, readBackup, sealBackup } from '../../src/wallet/backup.ts';
import type { Fetch, GuardConfig } from '../../src/wallet/environment.ts';
import type { GuardClientDeps } from '../../src/wallet/guard_client.ts';
import { blindPin, passwordAt, unblind } from '../../src/wallet/guard_password.ts';
import { changePin, enrolAtGuards, eraseAtGuards, type GuardKeyring, openAtGuards } from '../../src/wallet/guards.ts';
import { openWorld, type World } from '../guard/world.ts';
import { random } from './world.ts';

const PIN = '20471936';
const WRONG = '83920175';
const OTHER = '60417258';
const SEED = toField(0x1234_5678_9abcn);

/** Two guards, the wallet's way to them, and what can go wrong on it. */
interface Town {
  readonly worlds: readonly World[];
  readonly guards: readonly GuardConfig[];
  readonly deps: GuardClientDeps;
  /** Calls as `1 logins/begin`, with their bodies. */
  readonly calls: { readonly name: string; readonly body: string }[];
  /** Whether a call does not arrive. */
  lost: (name: string) => boolean;
  now: number;
}

async function openTown(count = 2): Promise<Town> {
  const worlds = await Promise.all(Array.from({ length: count }, () => openWorld()));
  const hosts = worlds.map((_, i) => `https://guard${String(i + 1)}.example`);
  const calls: Town['calls'] = [];
  const fetch: Fetch = async (url, init) => {
    const { origin, pathname } = new URL(url);
    const i = hosts.indexOf(origin);
    const name = `${String(i + 1)} ${pathname.replace('/v1/', '')}`;
    calls.push({ name, body: typeof init.body === 'string' ? init.body : '' });
    const world = worlds[i];
    if (world === undefined || town.lost(name)) throw new TypeError('fetch failed');
    world.now = town.now;
    return world.app.request(url, init);
  };
  const town: Town = {
    worlds,
    guards: worlds.map(({ keys }, i) => ({ url: hosts[i] ?? '', key: fromBase64Url(keys.publicKey) })),
    deps: { fetch, clock: () => town.now, random },
    calls,
    lost: () => false,
    now: Date.UTC(2026, 8, 1),
  };
  return town;
}

const recordsIn = (world: World | undefined): Promise<{ id: string; failures: number }[]> =>
  world?.database.kysely.selectFrom('guard_record').select(['id', 'failures']).execute() ?? Promise.resolve([]);
const failuresIn = async (town: Town): Promise<number[][]> =>
  Promise.all(town.worlds.map(async (world) => (await recordsIn(world)).map(({ failures }) => failures)));

describe('two guards', () => {
  let town: Town;
  let keyring: GuardKeyring;
  const open = (pin: string): ReturnType<typeof openAtGuards> =>
    openAtGuards(town.deps, town.guards, keyring.records, pin);
  beforeEach(async () => {
    town = await openTown();
    keyring = await enrolAtGuards(town.deps, town.guards, PIN, 19900314);
    town.calls.splice(0);
  });
  afterEach(async () => {
    for (const world of town.worlds) await world.close();
  });

  it('bring a backup back on a new device, which knows the PIN and the sealed bytes alone', async () => {
    const backup = await sealBackup(SEED, { kind: 'guards', ...keyring }, random);
    const { records } = readBackup(backup);
    const opening = await openAtGuards(town.deps, [...town.guards].reverse(), records, PIN);
    expect(opening).toEqual({ outcome: 'opened', keyring });
    if (opening.outcome !== 'opened') return;
    expect(await openBackup(backup, { kind: 'guards', ...opening.keyring })).toBe(SEED);
    expect(await failuresIn(town)).toEqual([[0], [0]]);
  });

  it('know the person under ids that have nothing in common, and never see the PIN', async () => {
    await enrolAtGuards(town.deps, town.guards, PIN);
    await open(PIN);
    expect(town.calls.length).toBeGreaterThan(10);
    const [one, two] = keyring.records.map(({ id }) => toBase64Url(id));
    expect(one).not.toBe(two);
    expect(toBase64Url(keyring.exportKeys[0] ?? random(1))).not.toBe(toBase64Url(keyring.exportKeys[1] ?? random(1)));
    for (const { body } of town.calls) expect(body).not.toContain(PIN);
  });

  it('say that a PIN is wrong, how often it may still be tried, and when', async () => {
    expect(await open(WRONG)).toEqual({ outcome: 'wrong_pin', attemptsLeft: 9, until: town.now });
    await open(WRONG);
    expect(await open(WRONG)).toEqual({ outcome: 'wrong_pin', attemptsLeft: 7, until: town.now + 300_000 });
    town.calls.splice(0);
    expect(await open(PIN)).toMatchObject({ outcome: 'wait', until: town.now + 300_000 });
    expect(town.calls.map(({ name }) => name)).toEqual(['1 records/status', '2 records/status']);
    town.now += 300_000;
    expect((await open(PIN)).outcome).toBe('opened');
    expect(await failuresIn(town)).toEqual([[0], [0]]);
  });

  it('say that a record is gone, and count nothing at the other', async () => {
    await town.worlds[1]?.database.kysely.deleteFrom('guard_record').execute();
    expect(await open(PIN)).toMatchObject({ outcome: 'record_deleted', guard: town.guards[1] });
    expect(await failuresIn(town)).toEqual([[0], []]);
  });

  it('count no guess anywhere while one does not answer', async () => {
    town.lost = (name) => name.startsWith('2');
    expect(await open(PIN)).toMatchObject({ outcome: 'unreachable', guard: town.guards[1] });
    expect(await failuresIn(town)).toEqual([[0], [0]]);
    town.lost = () => false;
    expect((await open(PIN)).outcome).toBe('opened');
  });

  it('cost one guess where a guard fails in the middle, given back by the next right PIN', async () => {
    for (const [lost, failures] of [
      ['2 logins/evaluate', [[1], [0]]],
      ['1 logins/begin', [[2], [1]]],
      ['2 logins/begin', [[0], [2]]],
    ] as const) {
      town.lost = (name) => name === lost;
      expect((await open(PIN)).outcome).toBe('unreachable');
      expect(await failuresIn(town)).toEqual(failures);
    }
    town.lost = () => false;
    expect((await open(PIN)).outcome).toBe('opened');
    expect(await failuresIn(town)).toEqual([[0], [0]]);
  });

  it('open although the last message is lost: the PIN was right', async () => {
    town.lost = (name) => name.endsWith('finish');
    expect((await open(PIN)).outcome).toBe('opened');
    expect(await failuresIn(town)).toEqual([[1], [1]]);
  });

  it('are asked nothing for what is no PIN, and refuse weak ones at the registration', async () => {
    await expect(open('2047193')).rejects.toMatchObject({ code: 'pin_form' });
    await expect(enrolAtGuards(town.deps, town.guards, '14031990', 19900314)).rejects.toMatchObject({
      code: 'pin_birth_date',
    });
    await expect(enrolAtGuards(town.deps, [], PIN)).rejects.toMatchObject({ code: 'guard_unknown' });
    expect(town.calls).toEqual([]);
  });

  it('are known by their keys: another guard at the address is noticed', async () => {
    const swapped = town.guards.map(({ key }, i) => ({ key, url: town.guards[1 - i]?.url ?? '' }));
    await expect(enrolAtGuards(town.deps, swapped, PIN)).rejects.toMatchObject({ code: 'guard_key_mismatch' });
    expect((await openAtGuards(town.deps, swapped, keyring.records, PIN)).outcome).toBe('record_deleted');
    const unknown = openAtGuards(town.deps, town.guards.slice(1), keyring.records, PIN);
    await expect(unknown).rejects.toMatchObject({ code: 'guard_unknown' });
    // It evaluates with another key than at the registration.
    const [first, ...rest] = keyring.records;
    const odd = [...rest, first]
      .flatMap((record) => (record === undefined ? [] : [record]))
      .map((record, i, all) => ({ ...record, evaluationKey: all[1 - i]?.evaluationKey ?? random(32) }));
    await expect(openAtGuards(town.deps, town.guards, odd, PIN)).rejects.toMatchObject({
      code: 'guard_answer_invalid',
    });
  });

  it('leave nothing behind where an enrolment fails at the second', async () => {
    town.lost = (name) => name === '2 registrations/finish';
    await expect(enrolAtGuards(town.deps, town.guards, PIN)).rejects.toMatchObject({ code: 'guard_unreachable' });
    expect(await failuresIn(town)).toEqual([[0], [0]]); // those of the first enrolment
  });

  it('change the PIN under new ids; old and new are whole until the backup is stored, then the old goes', async () => {
    let during: number[][] = [];
    const changed = await changePin(town.deps, town.guards, [keyring], { pin: OTHER }, async () => {
      during = await failuresIn(town);
      expect((await open(PIN)).outcome).toBe('opened');
    });
    expect(during).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(changed.left).toEqual([]);
    expect((await open(PIN)).outcome).toBe('record_deleted');
    const { records } = changed.keyring;
    expect((await openAtGuards(town.deps, town.guards, records, OTHER)).outcome).toBe('opened');
    expect(await failuresIn(town)).toEqual([[0], [0]]);
  });

  it('keep the old PIN where the new backup could not be stored, and erase later where a guard was away', async () => {
    const store = (): Promise<void> => Promise.reject(new Error('the issuer does not answer'));
    await expect(changePin(town.deps, town.guards, [keyring], { pin: OTHER }, store)).rejects.toThrow('issuer');
    expect((await open(PIN)).outcome).toBe('opened');
    town.lost = (name) => name === '2 records/erase';
    const changed = await changePin(town.deps, town.guards, [keyring], { pin: OTHER }, () => Promise.resolve());
    expect(changed.left).toEqual([keyring]);
    town.lost = () => false;
    expect(await eraseAtGuards(town.deps, town.guards, keyring)).toBe(true);
    expect((await open(PIN)).outcome).toBe('record_deleted');
  });

  it('are both needed for a search: with records and keys of one, the right PIN looks like a wrong one', async () => {
    const [one, two] = town.worlds;
    const [guard] = town.guards;
    if (one === undefined || two === undefined || guard === undefined) throw new Error('two guards');
    const row = await one.database.kysely.selectFrom('guard_record').selectAll().executeTakeFirstOrThrow();
    /** What a thief does with the first guard's record and keys, and evaluations under some keys. */
    const search = async (outputs: Uint8Array[]): Promise<boolean> => {
      const { client } = await import('@serenity-kit/opaque');
      const password = passwordAt(guard, PIN, outputs);
      const { clientLoginState, startLoginRequest } = client.startLogin({ password });
      const { loginResponse } = server.startLogin({
        serverSetup: one.keys.setup,
        userIdentifier: row.id,
        registrationRecord: row.record,
        startLoginRequest,
      });
      const stretching = { keyStretching: 'memory-constrained' } as const;
      return client.finishLogin({ password, clientLoginState, loginResponse, ...stretching }) !== undefined;
    };
    const { ristretto255_oprf } = await import('@noble/curves/ed25519.js');
    const output = (world: World, id: string): Uint8Array => {
      const blinded = blindPin(PIN, random);
      const { secretKey, publicKey } = world.keys.evaluationKey(id);
      const { evaluated, proof } = ristretto255_oprf.voprf.blindEvaluate(secretKey, publicKey, blinded.blinded);
      return unblind(blinded, { evaluated: toBase64Url(evaluated), proof: toBase64Url(proof) }, publicKey);
    };
    const [first, second] = keyring.records.map(({ id }) => toBase64Url(id));
    const own = output(one, first ?? '');
    expect(await search([own])).toBe(false);
    expect(await search([own, random(64)])).toBe(false);
    expect(await search([own, output(one, second ?? '')])).toBe(false);
    // Both guards' keys together do allow it: docs/threat-model.md says so.
    expect(await search([own, output(two, second ?? '')])).toBe(true);
  });
});

describe('three guards', () => {
  it('are all needed', async () => {
    const town = await openTown(3);
    const keyring = await enrolAtGuards(town.deps, town.guards, PIN);
    expect(await openAtGuards(town.deps, town.guards, keyring.records, PIN)).toEqual({ outcome: 'opened', keyring });
    const fewer = openAtGuards(town.deps, town.guards, keyring.records.slice(0, 2), PIN);
    expect((await fewer).outcome).toBe('wrong_pin');
    for (const world of town.worlds) await world.close();
  });
});
