// SPDX-License-Identifier: GPL-3.0-or-later
/** The wallet's part of a credential's life, against the real issuer and register. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { sealBackup } from '../../src/wallet/backup.ts';
import type { SignedCredential } from '../../src/wallet/credential.ts';
import { type EnrolDeps, type Enrolment, openEnrolment, requestCredential } from '../../src/wallet/enrol.ts';
import type { Fetch, GuardConfig } from '../../src/wallet/environment.ts';
import type { Erasable } from '../../src/wallet/guards.ts';
import {
  changeBackupPin,
  fetchBackups,
  issueAgain,
  openWithPasskey,
  openWithPhrase,
  openWithPin,
  RESET,
  restore,
  RESTORED,
  sealWithPin,
  storeBackups,
  withSeed,
} from '../../src/wallet/life.ts';
import { phraseWords } from '../../src/wallet/phrase.ts';
import { fromBase64Url } from '../../src/protocol/scope.ts';
import { openWorld, type World as GuardWorld } from '../guard/world.ts';
import { DAY, LifeWorld } from '../issuer/life_world.ts';
import { passport, ZONE } from '../issuer/world.ts';
import { EPOCH_SECONDS, ORIGIN, publicKey, SECRETS } from '../register/harness.ts';
import { POLICY } from '../register/witnesses.ts';
import { random, realProver } from './world.ts';

const ENTROPY = Uint8Array.from({ length: 16 }, (_, i) => i);
const WORDS = phraseWords(ENTROPY, 'en').join(' ');

let world: LifeWorld;
let deps: EnrolDeps;
/** What happens to answers on their way to the wallet. */
let lose: (url: string) => boolean;

const network: Fetch = async (url, init) => {
  const { origin, pathname, search } = new URL(url);
  const app = origin === 'http://issuer.test' ? world.issuer.app : world.log.app;
  const answer = await app.request(pathname + search, { ...init, duplex: 'half' } as RequestInit);
  if (lose(url)) throw new TypeError('connection lost');
  return answer;
};

beforeEach(async () => {
  world = await LifeWorld.make(':memory:', {}, true);
  lose = () => false;
  deps = {
    issuer: { url: 'http://issuer.test', key: ed25519.getPublicKey(SECRETS.issuer) },
    register: {
      url: 'http://register.test',
      name: ORIGIN,
      key: publicKey('register'),
      timeZone: ZONE,
      epochSeconds: EPOCH_SECONDS,
      turn: 'on_demand',
      witnesses: POLICY.keys,
      threshold: POLICY.threshold,
    },
    fetch: network,
    clock: () => world.now,
    random,
    prover: realProver(),
    poseidon,
  };
});
afterEach(async () => {
  await world.close();
});

async function identify({ id, token }: Enrolment): Promise<void> {
  expect((await world.document({ id, token }, passport())).status).toBe(200);
  expect((await world.face({ id, token })).status).toBe(200);
}

async function first(backups = {}): Promise<SignedCredential> {
  const enrolment = await openEnrolment(deps);
  await identify(enrolment);
  const signed = await requestCredential(deps, enrolment, { backups });
  await world.nextEpoch();
  return signed;
}

describe('a renewal', () => {
  it('has the seed of before, another blinding, and the age of the seed', async () => {
    const old = await first();
    world.now += 40 * DAY;
    const fresh = await issueAgain(deps, old, identify);
    expect(fresh.seed).toBe(old.seed);
    expect(fresh.blinding).not.toBe(old.blinding);
    expect(fresh.attributes).toMatchObject({ secretSince: old.attributes.secretSince, generation: 0 });
    await world.nextEpoch();
    expect(await world.standing(String(old.leaf))).toBe('replaced');
  });

  it('is refused by the wallet when the issuer shows another age of the seed', async () => {
    const old = await first();
    const refused = { code: 'attributes_refused' };
    const as = (change: object) => ({ ...old, attributes: { ...old.attributes, ...change } });
    await expect(issueAgain(deps, as({ secretSince: 20250101 }), identify)).rejects.toMatchObject(refused);
    await expect(issueAgain(deps, as({ generation: 1 }), identify)).rejects.toMatchObject(refused);
    // A later month is no way to take someone for new.
    world.now += 40 * DAY;
    const enrolment = await openEnrolment(deps, { seed: old.seed });
    await identify(enrolment);
    await expect(requestCredential(deps, enrolment)).rejects.toMatchObject(refused);
  });
});

describe('a lost answer', () => {
  it('is given again in the same session', async () => {
    const enrolment = await openEnrolment(deps);
    await identify(enrolment);
    lose = (url) => url.endsWith('/credential');
    await expect(requestCredential(deps, enrolment)).rejects.toMatchObject({ code: 'network_failed' });
    lose = () => false;
    const signed = await requestCredential(deps, enrolment);
    await world.nextEpoch();
    expect(await world.rows()).toMatchObject([{ leaf: String(signed.leaf) }]);
  });

  it('costs nobody their person when the wallet was killed: the seed was kept, and is asked for again', async () => {
    const kept: Enrolment[] = [];
    const enrolment = await openEnrolment(deps);
    await identify(enrolment);
    lose = (url) => url.endsWith('/credential');
    const keep = (pending: Enrolment): Promise<void> => {
      kept.push(pending);
      return Promise.resolve();
    };
    await expect(requestCredential(deps, enrolment, { keep })).rejects.toMatchObject({ code: 'network_failed' });
    lose = () => false;
    expect(kept).toEqual([enrolment]);
    // Weeks later, over a month's end.
    world.now += 40 * DAY;
    const again = await openEnrolment(deps, { seed: enrolment.seed });
    await identify(again);
    const signed = await requestCredential(deps, again, { age: 'unknown' });
    expect(signed.attributes).toMatchObject({ secretSince: 20261201, generation: 0, issued: 20270101 });
    for (let i = 0; i < 2; i++) await world.nextEpoch();
    expect((await world.log.checkpoint()).counts.active).toBe(1);
    expect(await world.standing(String(signed.leaf))).toBe('published');
  });

  it('nothing is sent before the secrets are kept', async () => {
    const enrolment = await openEnrolment(deps);
    await identify(enrolment);
    const keep = (): Promise<void> => Promise.reject(new Error('disk full'));
    await expect(requestCredential(deps, enrolment, { keep })).rejects.toThrow('disk full');
    expect(await world.rows()).toEqual([]);
  });

  it('of a reset: the same seed again gets what it got', async () => {
    await first();
    const enrolment = await openEnrolment(deps);
    await identify(enrolment);
    lose = (url) => url.endsWith('/credential');
    await expect(requestCredential(deps, enrolment, RESET)).rejects.toMatchObject({ code: 'network_failed' });
    lose = () => false;
    const again = await openEnrolment(deps, { seed: enrolment.seed });
    await identify(again);
    const signed = await requestCredential(deps, again, { ...RESET, age: 'unknown' });
    expect(signed.attributes.generation).toBe(1);
    for (let i = 0; i < 3; i++) await world.nextEpoch();
    expect((await world.log.checkpoint()).counts).toMatchObject({ active: 1, resets: 1 });
  });
});

describe('a new phone', () => {
  it('gets the seed from the phrase, and the old one is dead', async () => {
    const enrolment = await openEnrolment(deps);
    const phrase = await sealBackup(enrolment.seed, { kind: 'phrase', entropy: ENTROPY }, random);
    await identify(enrolment);
    const old = await requestCredential(deps, enrolment, { backups: { phrase } });
    await world.nextEpoch();
    const fresh = await restore(deps, identify, (backups) => openWithPhrase(backups, WORDS));
    expect(fresh.seed).toBe(old.seed);
    await world.nextEpoch();
    expect(await world.standing(String(old.leaf))).toBe('replaced');
  });

  it('or from a passkey that was added later, and not from one that was taken away', async () => {
    const old = await first();
    const missing = { code: 'backup_missing' };
    await expect(restore(deps, identify, (backups) => openWithPhrase(backups, WORDS))).rejects.toMatchObject(missing);
    const prf = random(32);
    const passkey = await sealBackup(old.seed, { kind: 'passkey', prf }, random);
    await storeBackups(deps, old.seed, { passkey });
    const enrolment = await openEnrolment(deps);
    await identify(enrolment);
    const backups = await fetchBackups(deps, enrolment);
    expect(backups).toEqual({ passkey });
    expect(await openWithPasskey(backups, prf)).toBe(old.seed);
    await expect(openWithPasskey(backups, random(32))).rejects.toMatchObject({ code: 'backup_wrong_key' });
    await expect(openWithPhrase(backups, WORDS)).rejects.toMatchObject(missing);
    const fresh = await requestCredential(deps, withSeed(enrolment, old.seed, random), RESTORED);
    expect(fresh.seed).toBe(old.seed);
    await storeBackups(deps, old.seed, { passkey: null });
    const other = await openEnrolment(deps);
    await identify(other);
    await expect(fetchBackups(deps, other)).rejects.toMatchObject(missing);
  });
});

describe('another PIN', () => {
  const [PIN, OTHER] = ['20471936', '60417258'];
  let guards: readonly (GuardConfig & { readonly world: GuardWorld })[];
  beforeEach(async () => {
    const worlds = await Promise.all([openWorld(), openWorld()]);
    guards = worlds.map((one, i) => ({
      ...{ url: `http://guard${String(i + 1)}.test`, key: fromBase64Url(one.keys.publicKey), world: one },
    }));
  });
  afterEach(async () => {
    for (const guard of guards) await guard.world.close();
  });

  it('seals the kept backup anew: at each moment one PIN brings the seed back, and at the end only the new one', async () => {
    const atGuards: Fetch = (url, init) => {
      const guard = guards.find((one) => url.startsWith(one.url));
      return guard === undefined ? network(url, init) : Promise.resolve(guard.world.app.request(url, init));
    };
    const here = { ...deps, fetch: atGuards };
    const old = await first();
    const { keyring, backup } = await sealWithPin(here, guards, old.seed, { pin: PIN });
    await storeBackups(here, old.seed, { guards: backup });
    const opened = async (pin: string): Promise<string> => {
      const enrolment = await openEnrolment(here);
      await identify(enrolment);
      const opening = await openWithPin(here, guards, await fetchBackups(here, enrolment), pin);
      return opening.outcome === 'opened' && opening.seed === old.seed ? 'the seed' : opening.outcome;
    };
    const steps: string[] = [];
    let fresh: Erasable | undefined;
    const change = (): ReturnType<typeof changeBackupPin> =>
      changeBackupPin(
        here,
        guards,
        { seed: old.seed, old: fresh ? [keyring, fresh] : [keyring] },
        { pin: OTHER },
        {
          keep: async (records) => {
            fresh = records;
            steps.push(`kept: ${await opened(PIN)}`);
          },
          stored: async () => {
            steps.push(`stored: ${await opened(OTHER)}`);
          },
        },
      );

    // The issuer's answer is lost before it has anything: the old PIN is still the right one.
    const send = here.fetch;
    here.fetch = (url, init) =>
      url.endsWith('/backup') && init.method === 'PUT' ? Promise.reject(new TypeError('lost')) : send(url, init);
    await expect(change()).rejects.toMatchObject({ code: 'network_failed' });
    expect(steps).toEqual(['kept: the seed']);
    here.fetch = send;
    expect(await opened(PIN)).toBe('the seed');

    expect(await change()).toEqual([]);
    expect(steps.slice(1)).toEqual(['kept: the seed', 'stored: the seed']);
    expect(await opened(PIN)).toBe('wrong_pin');
    expect(await opened(OTHER)).toBe('the seed');
    for (const { world: one } of guards) {
      expect(await one.database.kysely.selectFrom('guard_record').select('id').execute()).toHaveLength(1);
    }
  }, 60_000);
});

describe('everything lost', () => {
  const reset = async (): Promise<SignedCredential> => {
    const enrolment = await openEnrolment(deps);
    await identify(enrolment);
    return requestCredential(deps, enrolment, RESET);
  };

  it('is another person to every platform, in the next generation', async () => {
    const old = await first();
    const fresh = await reset();
    expect(fresh.seed).not.toBe(old.seed);
    expect(fresh.attributes).toMatchObject({ generation: 1, secretSince: 20261201 });
    await world.nextEpoch();
    expect(await world.standing(String(old.leaf))).toBe('replaced');
    // Who still holds the old seed gets nothing with it.
    await expect(issueAgain(deps, old, identify)).rejects.toMatchObject({ code: 'seed_already_enrolled' });
    await expect(storeBackups(deps, old.seed, {})).rejects.toMatchObject({ code: 'person_unknown' });
  });

  it('has nothing to give up where there was nothing', async () => {
    await expect(reset()).rejects.toMatchObject({ code: 'person_unknown' });
  });
});
