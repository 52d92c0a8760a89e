// SPDX-License-Identifier: GPL-3.0-or-later
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { openCheckpoint } from '../../src/log/checkpoint.ts';
import { createPlatformApp } from '../../src/platform/app.ts';
import { createLocalVerifier } from '../../src/platform/batch_verifier.ts';
import { createCollector } from '../../src/platform/collector.ts';
import type { CreatedVerification, CreateVerification, Verification } from '../../src/platform/client/messages.ts';
import type { Presentation } from '../../src/protocol/presentation.ts';
import { parseVpToken } from '../../src/protocol/presentation.ts';
import type { RequestObject } from '../../src/protocol/request.ts';
import { subOf } from '../../src/protocol/scope.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { platformMigrations, type PlatformSchema } from '../../src/storage/platform.ts';
import { loadVerificationKey } from '../../src/verifying/groth16.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import { enrol } from '../../src/wallet/enrol.ts';
import {
  armPresentation,
  consentOf,
  decline,
  deliver,
  discard,
  firePresentation,
  type PendingRequest,
  present,
  readRequest,
} from '../../src/wallet/present.ts';
import type { Prover } from '../../src/wallet/prover.ts';
import { sync, type Synced } from '../../src/wallet/sync.ts';
import { committedArtifacts } from '../proving/sample.ts';
import { pendingFor, PLATFORM, requestFor } from './requests.ts';
import { EPOCH_SECONDS, fakeProver, NO_PROOF, random, realProver, World } from './world.ts';

const MARKET = 'https://market.example';
const EVIDENCE = {
  sod: Uint8Array.of(1),
  dg1: Uint8Array.of(2),
  dg2: Uint8Array.of(3),
  face: { type: 'image/png', bytes: Uint8Array.of(4) },
} as const;

let world: World;
let credential: Credential;
let synced: Synced;

const syncNow = (): Promise<Synced> =>
  sync(credential, world.registerConfig, { fetch: world.fetch, clock: world.clock, random, poseidon });

beforeAll(async () => {
  world = await World.open();
  world.misbehaviour.trusting = true;
  for (const origin of [PLATFORM, MARKET]) await addPlatform(origin);
  const deps = world.enrolDeps(fakeProver);
  credential = await enrol(deps, EVIDENCE, { save: () => world.turnEpoch() });
  synced = await syncNow();
});

beforeEach(() => {
  world.sent.length = 0;
});

/** The real verifier under an origin of its own. */
async function addPlatform(origin: string): Promise<void> {
  const artifacts = await committedArtifacts();
  const database = await openDatabase<PlatformSchema>(':memory:');
  await migrate(database, platformMigrations);
  const { name, key: registerKey } = world.registerConfig;
  const key = await loadVerificationKey(await artifacts.verificationKey('show'));
  const app = createPlatformApp({
    origin,
    apiKeys: ['key-of-a-backend-in-tests'],
    walletUrl: 'https://wallet.example/present',
    manifest: artifacts.manifest,
    checkProof: createCollector(createLocalVerifier(key, random)).checkProof,
    checkpoints: async () => {
      const answer = (await (await world.callRegister('/v1/checkpoints')).json()) as { checkpoints: string[] };
      return answer.checkpoints.map((note) => openCheckpoint(note, { name, publicKey: registerKey }));
    },
    database,
    clock: world.clock,
    random,
    timeZone: 'Asia/Shanghai',
  });
  world.handlers.set(origin, (request) => app.request(request));
}

type BackendInit = Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> };

const backend = (origin: string, path: string, init: BackendInit = {}): Promise<Response> =>
  Promise.resolve(
    world.handlers.get(origin)?.(
      new Request(origin + path, {
        ...init,
        headers: { authorization: 'Bearer key-of-a-backend-in-tests', ...init.headers },
      }),
    ) ?? Response.error(),
  );

async function ask(origin: string, body: CreateVerification): Promise<{ created: CreatedVerification; link: string }> {
  const headers = { 'content-type': 'application/json' };
  const response = await backend(origin, '/v1/verifications', { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.status, await response.clone().text()).toBe(201);
  const created = (await response.json()) as CreatedVerification;
  return { created, link: new URL(created.request_url).hash };
}

const read = (link: string): Promise<PendingRequest> =>
  readRequest(link, { fetch: world.fetch, clock: world.clock, timeZone: 'Asia/Shanghai', version: 1 });

async function resultOf(origin: string, created: CreatedVerification, redirectUri = ''): Promise<Verification> {
  const code = new URLSearchParams(new URL(redirectUri).hash.slice(1)).get('response_code') ?? '';
  const headers = { 'browser-token': created.browser_token };
  const response = await backend(origin, `/v1/verifications/${created.id}?response_code=${code}`, { headers });
  return (await response.json()) as Verification;
}

/** A prover of no proofs that tells what it was asked, and may act while it proves. */
function spyingProver(whileProving: () => void = () => undefined): { prover: Prover; released: number[] } {
  const released: number[] = [];
  const prover: Prover = {
    ...fakeProver,
    fire: () => {
      whileProving();
      return Promise.resolve({ proof: NO_PROOF, publicSignals: [] });
    },
    release: (handle) => Promise.resolve(void released.push(handle)),
  };
  return { prover, released };
}

const armDeps = (prover: Prover): { prover: Prover; poseidon: typeof poseidon; clock: () => number } => ({
  prover,
  poseidon,
  clock: world.clock,
});

describe('present', () => {
  it(
    'logs in, shows an age elsewhere without a pseudonym, and comes back under the same pseudonym',
    { timeout: 120_000 },
    async () => {
      const login = async (origin: string, what: CreateVerification['ask']): Promise<Verification['result']> => {
        const { created, link } = await ask(origin, { ask: what });
        const pending = await read(link);
        const deps = armDeps(realProver());
        const armed = await armPresentation(pending, credential, synced, deps);
        const before = world.sent.length;
        const presentation = await firePresentation(armed, deps);
        expect(world.sent).toHaveLength(before);
        const { redirectUri } = await deliver(pending, presentation, world);
        const { status, result } = await resultOf(origin, created, redirectUri);
        expect(status).toBe('verified');
        expect(result?.sub).toBe(consentOf(pending, credential, poseidon).sub);
        return result;
      };
      const first = await login(PLATFORM, { age_over: 18, reveal: ['nationality', 'document'] });
      const other = await login(MARKET, { age_over: 18, pseudonym: false });
      const again = await login(PLATFORM, {});
      expect(first?.claims).toMatchObject({ age_over_18: true, nationality: 'CHN', document: 'passport' });
      expect(first?.sub).toHaveLength(43);
      expect(again?.sub).toBe(first?.sub);
      expect(other).toMatchObject({ claims: { age_over_18: true } });
      expect(other?.sub).toBeUndefined();
      const tokens = world.sent
        .map(({ init: { body } }) => new URLSearchParams(typeof body === 'string' ? body : '').get('vp_token'))
        .filter((text) => text !== null);
      expect(tokens.map((text) => parseVpToken(text).nullifier === '0')).toEqual([false, true, false]);
      expect(new Set(world.sent.map(({ url }) => new URL(url).origin))).toEqual(new Set([PLATFORM, MARKET]));
    },
  );

  it('sends nothing between the start of arming and the delivery', async () => {
    const pending = pendingFor(requestFor());
    const counts: number[] = [];
    const { prover } = spyingProver(() => counts.push(world.sent.length));
    const armed = await armPresentation(pending, credential, synced, armDeps(prover));
    await firePresentation(armed, armDeps(prover));
    expect(counts).toEqual([0]);
    expect(world.sent).toEqual([]);
  });

  it("passes the platform's refusal on by its code", async () => {
    const { link } = await ask(PLATFORM, { ask: {} });
    const deps = { ...armDeps(fakeProver), fetch: world.fetch };
    const presenting = present(await read(link), credential, synced, deps);
    await expect(presenting).rejects.toMatchObject({ name: 'ProtocolError' });
    const { link: second } = await ask(PLATFORM, { ask: {} });
    const [position] = synced.positions;
    const stale: Synced = { ...synced, positions: [{ ...position, size: position.size + 1000 }] };
    const late = present(await read(second), credential, stale, deps);
    await expect(late).rejects.toMatchObject({ code: 'checkpoint_not_accepted' });
  });

  it('tells the platform when the holder declines, and nothing else', async () => {
    const { created, link } = await ask(PLATFORM, { ask: {} });
    const pending = await read(link);
    world.sent.length = 0;
    const { redirectUri } = await decline(pending, world);
    expect(world.sent.map(({ init }) => init.body)).toEqual([
      new URLSearchParams({ error: 'access_denied', state: pending.request.state }).toString(),
    ]);
    expect(await resultOf(PLATFORM, created, redirectUri)).toMatchObject({ status: 'rejected' });
  });
});

describe('armPresentation refuses', () => {
  const arm = (request: RequestObject): Promise<unknown> => {
    const untouched: Prover = { ...fakeProver, arm: () => Promise.reject(new Error('not to be asked')) };
    return armPresentation(pendingFor(request), credential, synced, armDeps(untouched));
  };

  it('what the credential does not meet', async () => {
    await expect(arm(requestFor({ age_over: 60 }, { now: world.now }))).rejects.toMatchObject({ code: 'policy_unmet' });
  });

  it('a step-up of another account', async () => {
    const options = { now: world.now, purpose: 'step_up' as const };
    const own = consentOf(pendingFor(requestFor()), credential, poseidon).sub ?? '';
    const other = subOf(7n as never);
    const request = (expect_sub: string): RequestObject => requestFor({}, { ...options, expect_sub });
    await expect(arm(request(other))).rejects.toMatchObject({ code: 'other_account' });
    await expect(arm(request(own))).rejects.toThrow('not to be asked');
  });

  it('a request that has expired', async () => {
    const request = requestFor({}, { now: world.now - 300_000 });
    await expect(arm(request)).rejects.toMatchObject({ code: 'request_expired' });
  });
});

describe('an armed presentation', () => {
  it('is wiped when fired, when it failed, and when it was declined', async () => {
    const pending = pendingFor(requestFor({}, { now: world.now }));
    const failing = new Error('out of memory');
    for (const use of [
      (prover: Prover) =>
        armPresentation(pending, credential, synced, armDeps(prover)).then((armed) =>
          firePresentation(armed, armDeps(prover)),
        ),
      (prover: Prover) =>
        armPresentation(pending, credential, synced, armDeps(prover))
          .then((armed) => firePresentation(armed, armDeps({ ...prover, fire: () => Promise.reject(failing) })))
          .catch((error: unknown) => expect(error).toBe(failing)),
      (prover: Prover) =>
        armPresentation(pending, credential, synced, armDeps(prover)).then((armed) => discard(armed, armDeps(prover))),
    ]) {
      const { prover, released } = spyingProver();
      await use(prover);
      expect(released).toEqual([1]);
    }
  });

  it('is not fired after its request has expired', async () => {
    const { prover, released } = spyingProver(() => expect.unreachable());
    const pending = pendingFor(requestFor({}, { now: world.now }));
    const armed = await armPresentation(pending, credential, synced, armDeps(prover));
    const late = { ...armDeps(prover), clock: () => pending.expiresAt };
    await expect(firePresentation(armed, late)).rejects.toMatchObject({ code: 'request_expired' });
    expect(released).toEqual([1]);
  });
});

describe('deliver', () => {
  const presentation: Presentation = {
    format: 'bauta_zk_v1',
    circuit: 'show',
    version: 1,
    checkpoint: 3,
    proof: NO_PROOF,
    nullifier: '5',
    disclosed: {},
  };
  const deliverTo = (answer: unknown, now = world.now): Promise<unknown> =>
    deliver(pendingFor(requestFor({}, { now: world.now })), presentation, {
      fetch: () => Promise.resolve(Response.json(answer)),
      clock: () => now,
    });

  it('refuses to send the browser anywhere but to the platform', async () => {
    for (const redirect_uri of [
      'https://evil.example/',
      `${PLATFORM}.evil.example/`,
      'https://photo.example@evil.example/',
      'http://photo.example/',
      'https://photo.example:444/',
      'javascript:alert(1)',
      '/relative',
    ]) {
      await expect(deliverTo({ redirect_uri }), redirect_uri).rejects.toMatchObject({ code: 'redirect_refused' });
    }
    const redirect_uri = `${PLATFORM}/return#response_code=abc`;
    await expect(deliverTo({ redirect_uri })).resolves.toMatchObject({ redirectUri: redirect_uri });
  });

  it('passes on the code for another device', async () => {
    await expect(deliverTo({ confirmation_code: '4711-0815' })).resolves.toEqual({
      redirectUri: undefined,
      confirmationCode: '4711-0815',
    });
  });

  it('tells once that the answer leaves, whatever comes back, and not of one that is too late', async () => {
    const answers = [
      () => Promise.reject(new TypeError('no answer')),
      () => Promise.resolve(new Response('failed', { status: 500 })),
      () => Promise.resolve(new Response('{')),
    ];
    let told = 0;
    const request = pendingFor(requestFor({}, { now: world.now }));
    const deps = { clock: () => world.now, random, onSend: () => (told += 1) };
    for (const fetch of answers) await expect(deliver(request, presentation, { ...deps, fetch })).rejects.toThrow();
    expect(told).toBe(answers.length);
    const late = { ...deps, clock: () => world.now + 301_000, fetch: () => Promise.resolve(Response.json({})) };
    await expect(deliver(request, presentation, late)).rejects.toMatchObject({ code: 'request_expired' });
    expect(told).toBe(answers.length);
  });

  it('does not deliver late, and takes no other answer', async () => {
    await expect(deliverTo({}, world.now + 301_000)).rejects.toMatchObject({ code: 'request_expired' });
    await expect(deliverTo({ redirect_uri: 5 })).rejects.toMatchObject({ code: 'response_invalid' });
    await expect(deliverTo([])).rejects.toMatchObject({ code: 'response_invalid' });
  });
});

describe('a revoked credential', () => {
  it('is refused by the platform once the epoch has turned, and by the wallet at its next sync', async () => {
    await world.revoke(credential.leaf);
    await world.turnEpoch();
    world.now += 10 * 60 * 1000 + EPOCH_SECONDS * 1000;
    const { link } = await ask(PLATFORM, { ask: {} });
    const deps = { ...armDeps(fakeProver), fetch: world.fetch };
    const old = present(await read(link), credential, synced, deps);
    await expect(old).rejects.toMatchObject({ code: 'checkpoint_not_accepted' });
    await expect(syncNow()).rejects.toMatchObject({ code: 'credential_revoked' });
  });
});
